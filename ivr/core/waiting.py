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
from typing import assert_never

from ivr.core.number_talk import (
    LONGEST_NUMBER,
    Asked,
    Given,
    Own,
    Speaking,
    Typed,
    Typing,
    answered,
    first,
)
from ivr.core.numerals import digit_names
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallerInput,
    Collect,
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
        return None, KeepWaiting((Prompt("waiting_goes_on", talk.language),))
    if isinstance(after, Given):
        if talk.message:
            return _speak(rules, talk.language, after.number)
        return None, _promise(talk.language, after.number)
    wrong = isinstance(talk.asked, Typing) and isinstance(after, Typing)
    before = ("waiting_callback_not_callable",) if wrong else ()
    return _ask(rules, replace(talk, asked=after), before)


def _speak(rules: WaitingRules, language: Language, number: PhoneNumber) -> Turn:
    prompts = (Prompt("waiting_message_speak", language),)
    answer = TakeMessage(
        number, prompts, rules.message_shortest, rules.message_silence, rules.message_longest
    )
    return Talk(language, Speaking(number)), answer


def _spoken(
    rules: WaitingRules, language: Language, number: PhoneNumber, said: CallerInput
) -> WaitingAnswer:
    """What was spoken is kept if it is long enough; else the caller, who never left, waits on."""
    seconds = int(said.digits) if said.digits.isdecimal() else 0
    enough = timedelta(seconds=seconds) >= rules.message_shortest
    if said.kind is InputKind.MESSAGE and enough:
        return KeepMessage(number, (Prompt("waiting_message_kept", language),))
    return KeepWaiting((Prompt("waiting_message_too_short", language),))


def _ask(rules: WaitingRules, talk: Talk, before: tuple[str, ...] = ()) -> Turn:
    assert not isinstance(talk.asked, Speaking)
    names = (*before, *question(talk.asked))
    prompts = tuple(Prompt(name, talk.language) for name in names)
    if isinstance(talk.asked, Typing):
        return talk, Collect(prompts, LONGEST_NUMBER, rules.number_timeout)
    return talk, Collect(prompts, 1, rules.key_timeout)


def question(asked: Asked) -> tuple[str, ...]:
    """The names of the phrases that ask."""
    match asked:
        case Own():
            return ("waiting_callback_own",)
        case Typing():
            return ("waiting_callback_type",)
        case Typed(number=number):
            digits = digit_names(number.digits)
            return ("waiting_callback_typed", *digits, "waiting_callback_right")
        case _:
            assert_never(asked)


def _promise(language: Language, number: PhoneNumber) -> PromiseCallback:
    return PromiseCallback(number, (Prompt("waiting_callback_promised", language),))
