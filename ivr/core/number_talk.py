"""Whose number is called: the caller's own, or one that is typed and read back. Pure.

The same short dialogue stands behind a callback and behind a message, for callers in the line
(`ivr.core.waiting`) and in the menu (`ivr.core.letting_go`). Only a number that may be called, and
that the caller has confirmed, comes out of it:

    own number callable ──▶ own ──1──▶ given
                             │2
    else ─────────────────▶ typing ──digits#──▶ typed ──1──▶ given
                             ▲────────2───────────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from ivr.core.numerals import digit_names
from kernel.language import Language
from kernel.phone import PhoneNumber, callable_number
from kernel.telephony import CallerInput, Collect, InputKind, Prompt

YES, OTHER = "1", "2"
LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Own:
    """Asked whether the number the call came from shall be called."""

    number: PhoneNumber


@dataclass(frozen=True, slots=True)
class Typing:
    """Asked for a number; `tries` are left after this one."""

    tries: int


@dataclass(frozen=True, slots=True)
class Typed:
    """The number was read back."""

    number: PhoneNumber
    tries: int


@dataclass(frozen=True, slots=True)
class Given:
    """Confirmed: this number is called."""

    number: PhoneNumber


Asked = Own | Typing | Typed


@dataclass(frozen=True, slots=True)
class Speaking:
    """The number is settled, and a message is spoken; `number` is whom to call about it."""

    number: PhoneNumber


def first(ani: PhoneNumber, tries: int) -> Asked:
    """The first question; a number may be typed `tries` times."""
    return Own(ani) if callable_number(ani) else Typing(tries - 1)


def answered(asked: Asked, key: str, tries: int) -> Asked | Given | None:
    """What follows `key` (empty: silence); None for whoever gives no number. A number that may not
    be called is asked for again (`Typing` after `Typing`) while tries are left."""
    match asked:
        case Own(number=number):
            if key == YES:
                return Given(number)
            return Typing(tries - 1) if key == OTHER else None
        case Typing(tries=left):
            number = PhoneNumber(key)
            if callable_number(number):
                return Typed(number, left)
            return replace(asked, tries=left - 1) if key and left > 0 else None
        case Typed(number=number, tries=left):
            if key == YES:
                return Given(number)
            return Typing(left - 1) if key == OTHER and left > 0 else None
        case _:
            assert_never(asked)


@dataclass(frozen=True, slots=True)
class Asking:
    """How the question is put: the phrases about the caller's own number, how long one key and each
    digit of a number are waited for."""

    own: tuple[str, ...]
    one_key: timedelta
    each_digit: timedelta


def asks(
    asked: Asked, asking: Asking, language: Language, before: tuple[Prompt, ...] = ()
) -> Collect:
    """The question as the caller hears it, after what is said `before` it."""
    match asked:
        case Own():
            names = asking.own
        case Typing():
            names = ("waiting_callback_type",)
        case Typed(number=number):
            digits = digit_names(number.digits)
            names = ("waiting_callback_typed", *digits, "waiting_callback_right")
        case _:
            assert_never(asked)
    prompts = (*before, *spoken(language, *names))
    if isinstance(asked, Typing):
        return Collect(prompts, LONGEST_NUMBER, asking.each_digit, fresh=bool(before))
    # A key lets the caller go: it is pressed by whoever has heard for which number.
    return Collect(prompts, 1, asking.one_key, fresh=True)


def refused(asked: Asked, after: Asked, language: Language) -> tuple[Prompt, ...]:
    """What is said first when a number was typed that may not be called."""
    wrong = isinstance(asked, Typing) and isinstance(after, Typing)
    return spoken(language, "waiting_callback_not_callable") if wrong else ()


def message_spoken(said: CallerInput, shortest: timedelta) -> bool:
    """A message was left, and it is long enough to be kept."""
    seconds = int(said.digits) if said.digits.isdecimal() else 0
    return said.kind is InputKind.MESSAGE and timedelta(seconds=seconds) >= shortest


def spoken(language: Language, *names: str) -> tuple[Prompt, ...]:
    return tuple(Prompt(name, language) for name in names)
