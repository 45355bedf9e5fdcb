"""The greeting of a citizen who was called back."""

from __future__ import annotations

import pytest

from ivr.adapters.waiting_file import load_waiting
from ivr.called_back import CitizenGreeting
from ivr.core.called_back import ASKED_AT_MOST, Turn, greet, step
from kernel.events import CallArrived, MenuKeyPressed
from kernel.ids import CallId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallerInput,
    Collect,
    Disconnect,
    InputKind,
    KeepWaiting,
    WaitingCaller,
)
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.unit.ivr.shipped import CONFIG, catalogue

RULES = load_waiting(CONFIG / "waiting.yaml")
CALL = CallId("gz1-1795492774-0")
CITIZEN = WaitingCaller(CALL, TeamId("labour"), Language.ENGLISH, PhoneNumber("13800138000"), NOON)


def keys(digits: str) -> CallerInput:
    kind = InputKind.DIGITS if digits else InputKind.SILENCE
    return CallerInput(kind, digits, NOON)


def after(*said: str) -> Turn:
    turn = greet(RULES, Language.ENGLISH)
    for digits in said:
        assert turn[0] is not None
        turn = step(RULES, turn[0], keys(digits))
        for prompt in turn[1].prompts:
            assert prompt.language is Language.ENGLISH
            assert catalogue().languages(prompt.name) == frozenset(Language)
    return turn


def test_the_citizen_hears_who_calls_before_anything_is_asked() -> None:
    _, answer = greet(RULES, Language.ENGLISH)
    assert isinstance(answer, Collect)
    assert [p.name for p in answer.prompts] == ["callback_greeting", "callback_choice"]


@pytest.mark.parametrize("said", [("1",), ("0",), ("", "1"), ("7", "1")])
def test_one_leads_into_the_line(said: tuple[str, ...]) -> None:
    assert isinstance(after(*said)[1], KeepWaiting)


def test_two_ends_it() -> None:
    assert isinstance(after("2")[1], Disconnect)


def test_silence_is_asked_again_but_not_for_ever() -> None:
    assert isinstance(after(*[""] * (ASKED_AT_MOST - 1))[1], Collect)
    greeting, answer = after(*[""] * ASKED_AT_MOST)
    assert greeting is None and isinstance(answer, Disconnect)


async def test_the_calls_record_begins_with_the_greeting() -> None:
    bus = CollectingBus()
    greeting = CitizenGreeting(rules=RULES, bus=bus, clock=SetClock(), ids=CountedIds())
    await greeting.begin(CITIZEN, "12345")
    await greeting.next(CALL, keys("1"))
    (arrived,) = bus.of(CallArrived)
    assert (arrived.call_id, arrived.ani, arrived.dnis) == (CALL, "13800138000", "12345")
    assert [e.keys for e in bus.of(MenuKeyPressed)] == ["1"]
    # A run that knows nothing of the greeting leads to a person.
    assert await greeting.next(CALL, keys("")) == KeepWaiting()
