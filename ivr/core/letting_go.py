"""A caller in a flow who is let go: with the promise of a callback, or with a message. Pure.

Theory of operation: the step asks for the number (`ivr.core.number_talk`), and for a message lets
the caller speak. Each answer is either the next thing to say, or a way on: whoever gives no number,
or no message, takes the step's way of silence, and is never dropped for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ivr.core.flow import Callback, Message
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
from ivr.core.numerals import digit_names
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallerInput,
    Collect,
    InputKind,
    KeepMessage,
    PlaceInLine,
    PromiseCallback,
    Prompt,
    TakeMessage,
)

BETWEEN_DIGITS = timedelta(seconds=8)

Talk = Asked | Speaking
LettingGo = Collect | TakeMessage | PromiseCallback | KeepMessage


@dataclass(frozen=True, slots=True)
class Said:
    """The next thing the caller hears; `talk` None: nothing more is asked."""

    talk: Talk | None
    instruction: LettingGo


@dataclass(frozen=True, slots=True)
class WayOn:
    """The caller goes on in the flow, to `target`."""

    target: str


def begin(
    step: Callback | Message, ani: PhoneNumber, place: PlaceInLine, said: tuple[Prompt, ...]
) -> Said:
    """`said`: the step's own phrases; `place`: what the caller would have had by waiting."""
    asked = first(ani, step.attempts)
    if isinstance(step, Message) and isinstance(asked, Own):
        return _speak(step, asked.number, place, said)
    return _ask(step, asked, place.language, said)


def answer(
    step: Callback | Message, talk: Talk | None, given: CallerInput, place: PlaceInLine
) -> Said | WayOn:
    """What follows what the caller pressed or spoke."""
    key = given.digits if given.kind is InputKind.DIGITS else ""
    if key in step.keys:
        return WayOn(step.keys[key])
    if talk is None:
        return WayOn(step.silence)
    if isinstance(talk, Speaking):
        assert isinstance(step, Message)
        return _spoken(step, talk.number, given, place)
    after = answered(talk, key, step.attempts)
    if after is None:
        return WayOn(step.silence)
    if not isinstance(after, Given):
        return _ask(step, after, place.language, refused(talk, after, place.language))
    if isinstance(step, Message):
        return _speak(step, after.number, place, ())
    promised = spoken(place.language, "waiting_callback_promised")
    return Said(None, PromiseCallback(after.number, promised, place))


def _ask(
    step: Callback | Message, asked: Asked, language: Language, before: tuple[Prompt, ...]
) -> Said:
    own = digit_names(asked.number.digits) if isinstance(asked, Own) else ()
    asking = Asking(("own_number", *own, "own_number_right"), step.timeout, BETWEEN_DIGITS)
    return Said(asked, asks(asked, asking, language, before))


def _speak(
    step: Message, number: PhoneNumber, place: PlaceInLine, before: tuple[Prompt, ...]
) -> Said:
    prompts = (*before, *spoken(place.language, "waiting_message_speak"))
    message = TakeMessage(number, prompts, step.shortest, step.quiet, step.longest, place)
    return Said(Speaking(number), message)


def _spoken(
    step: Message, number: PhoneNumber, given: CallerInput, place: PlaceInLine
) -> Said | WayOn:
    if message_spoken(given, step.shortest):
        kept = spoken(place.language, "waiting_message_kept")
        return Said(None, KeepMessage(number, kept, place))
    return WayOn(step.silence)
