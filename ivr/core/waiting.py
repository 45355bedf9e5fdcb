"""What a waiting caller may choose by key, and the short dialogue that follows. Pure.

Theory of operation
-------------------
The caller's place is kept whatever happens here, and the distribution may take the caller out of
the middle at any moment. So each dialogue is short, silence leads back to the music, and nothing is
promised before the caller has confirmed the number:

    key ── own number known ──▶ own ──1──▶ promised
     │                           │2
     └── anonymous ───────────▶ typing ──digits#──▶ typed ──1──▶ promised, or speaking
                                 ▲────────────2─────┘
    message key ── own number known ──▶ speaking ──▶ message kept, or too short: waits on
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.core.number_talk import (
    Asked,
    Asking,
    Given,
    Own,
    Speaking,
    answered,
    asks,
    first,
    message_spoken,
    refused,
    spoken,
)
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallerInput,
    InputKind,
    KeepMessage,
    KeepWaiting,
    PromiseCallback,
    Prompt,
    TakeMessage,
    WaitingAnswer,
    WaitingCaller,
)


@dataclass(frozen=True, slots=True)
class WaitingRules:
    """Reviewed data, `config/ivr/waiting.yaml`. `callback_always`: without a plan, too.

    The choice is announced after `announce_after` of waiting, then not sooner than each
    `announce_every`. `key_timeout` is for one key, `number_timeout` between the digits of a number.
    """

    callback_key: str
    callback_always: bool
    announce_after: timedelta
    announce_every: timedelta
    key_timeout: timedelta
    number_timeout: timedelta
    tries: int
    message_key: str
    message_always: bool
    message_shortest: timedelta
    message_silence: timedelta
    message_longest: timedelta


@dataclass(frozen=True, slots=True)
class QueueOffers:
    """What those who wait for a team are offered just now.

    `announcement` are names of prompts in the catalogue, heard before the choices; `at_once`: do
    not wait for the first long wait to announce.
    """

    callback: bool = False
    announcement: tuple[str, ...] = ()
    at_once: bool = False
    message: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """One dialogue: in which language, what was asked last, and whether it is about a message."""

    language: Language
    asked: Asked | Speaking
    message: bool = False


Turn = tuple[Talk | None, WaitingAnswer]
"""Without a `Talk`, the dialogue is over with this answer."""


def announcement(
    rules: WaitingRules,
    offers: QueueOffers,
    caller: WaitingCaller,
    told_at: datetime | None,
    now: datetime,
) -> tuple[Prompt, ...]:
    """What is said of the choices between the music; empty while it is not due, or nothing is."""
    waited = now - caller.first_arrival_at
    if told_at is None and waited < rules.announce_after and not offers.at_once:
        return ()
    if told_at is not None and now - told_at < rules.announce_every:
        return ()
    names = offers.announcement + (("waiting_callback_offer",) if offers.callback else ())
    names += ("waiting_message_offer",) if offers.message else ()
    return tuple(Prompt(name, caller.language) for name in names)


def begin(rules: WaitingRules, offers: QueueOffers, caller: WaitingCaller, key: str) -> Turn:
    """A key during the music. One without a meaning leads back to the music."""
    message = key == rules.message_key and offers.message
    if not message and not (key == rules.callback_key and offers.callback):
        return None, KeepWaiting()
    asked = first(caller.ani, rules.tries)
    if message and isinstance(asked, Own):
        return _speak(rules, caller.language, asked.number)
    return _ask(rules, Talk(caller.language, asked, message))


def step(rules: WaitingRules, talk: Talk, said: CallerInput) -> Turn:
    """What the caller answered. Silence and any other key lead back to the music."""
    if isinstance(talk.asked, Speaking):
        return None, _spoken(rules, talk.language, talk.asked.number, said)
    key = said.digits if said.kind is InputKind.DIGITS else ""
    after = answered(talk.asked, key, rules.tries)
    if after is None:
        return None, KeepWaiting(spoken(talk.language, "waiting_goes_on"))
    if isinstance(after, Given):
        if talk.message:
            return _speak(rules, talk.language, after.number)
        return None, _promise(talk.language, after.number)
    before = refused(talk.asked, after, talk.language)
    return _ask(rules, replace(talk, asked=after), before)


def _speak(rules: WaitingRules, language: Language, number: PhoneNumber) -> Turn:
    prompts = spoken(language, "waiting_message_speak")
    answer = TakeMessage(
        number, prompts, rules.message_shortest, rules.message_silence, rules.message_longest
    )
    return Talk(language, Speaking(number)), answer


def _spoken(
    rules: WaitingRules, language: Language, number: PhoneNumber, said: CallerInput
) -> WaitingAnswer:
    """What was spoken is kept if it is long enough; else the caller, who never left, waits on."""
    if message_spoken(said, rules.message_shortest):
        return KeepMessage(number, spoken(language, "waiting_message_kept"))
    return KeepWaiting(spoken(language, "waiting_message_too_short"))


def _ask(rules: WaitingRules, talk: Talk, before: tuple[Prompt, ...] = ()) -> Turn:
    assert not isinstance(talk.asked, Speaking)
    asking = Asking(("waiting_callback_own",), rules.key_timeout, rules.number_timeout)
    return talk, asks(talk.asked, asking, talk.language, before)


def _promise(language: Language, number: PhoneNumber) -> PromiseCallback:
    return PromiseCallback(number, spoken(language, "waiting_callback_promised"))
