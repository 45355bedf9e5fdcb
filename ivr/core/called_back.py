"""What a citizen hears who was called back: who calls, and one question. Pure.

A machine that picks up presses no key, so that no operator is given to it; a person presses 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.core.waiting import WaitingRules
from kernel.language import Language
from kernel.telephony import (
    CallerInput,
    Collect,
    Disconnect,
    GreetingAnswer,
    InputKind,
    KeepWaiting,
    Prompt,
)

CONNECT, NOT_WANTED = ("1", "0"), "2"
ASKED_AT_MOST = 2
"""With the phrases and the time for a key this is some 30 s; the distribution waits for 45 s."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The question was asked `asked` times."""

    language: Language
    asked: int = 1


Turn = tuple[Greeting | None, GreetingAnswer]


def greet(rules: WaitingRules, language: Language) -> Turn:
    """Who calls, and the question."""
    return Greeting(language), _ask(rules, language, "callback_greeting", "callback_choice")


def step(rules: WaitingRules, greeting: Greeting, said: CallerInput) -> Turn:
    """1 (or 0) leads into the line, 2 ends it; silence and other keys are asked again, not for
    ever."""
    language = greeting.language
    key = said.digits if said.kind is InputKind.DIGITS else ""
    if key in CONNECT:
        return None, KeepWaiting((Prompt("callback_connecting", language),))
    if key == NOT_WANTED:
        return None, Disconnect((Prompt("callback_not_wanted", language),))
    if greeting.asked >= ASKED_AT_MOST:
        return None, Disconnect((Prompt("callback_unheard", language),))
    again = Greeting(language, greeting.asked + 1)
    return again, _ask(rules, language, "callback_greeting", "callback_choice")


def _ask(rules: WaitingRules, language: Language, *names: str) -> Collect:
    # A key may end the call: it is pressed by whoever has heard who calls.
    prompts = tuple(Prompt(name, language) for name in names)
    return Collect(prompts, 1, rules.key_timeout, fresh=True)
