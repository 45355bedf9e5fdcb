"""Which questions of the shipped flows take keys that were pressed before them, and which forget
them: where they were meant for another way, or would do more than their caller can know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.adapters.waiting_file import load_waiting
from ivr.core import called_back, waiting
from ivr.core.conditions import Around
from ivr.core.flow import Flow, Listening, calls_for_help
from ivr.core.interpreter import Session, Turn, begin, step
from ivr.core.screening import challenge
from ivr.core.waiting import QueueOffers
from kernel.ids import CallId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import CallerInput, Collect, InputKind, Listen, TakeMessage, WaitingCaller
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import CONFIG, TEAMS, main_flow, survey_flow

RULES = load_waiting(CONFIG / "waiting.yaml")
ANI = PhoneNumber("13800138000")
PEAK = Around(offers=dict.fromkeys(TEAMS, QueueOffers(callback=True, message=True, at_once=True)))
HEARS = Around(hearing=frozenset(Language))


def after(
    *keys: str, flow: Flow | None = None, around: Around = PEAK, ani: PhoneNumber = ANI
) -> Turn:
    """The turn after these keys; "" is silence."""
    found = flow or main_flow()
    turn = begin(found, language=None, line_team=None, now=NOON, ani=ani, around=around)
    for key in keys:
        kind = InputKind.DIGITS if key else InputKind.SILENCE
        turn = step(found, turn.session, CallerInput(kind, key, NOON), NOON, around)
    return turn


def asked(turn: Turn) -> tuple[str, bool]:
    """The step, and whether it is asked afresh."""
    assert isinstance(turn.instruction, Collect | Listen)
    return turn.session.step, turn.instruction.fresh


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ([], "greeting_three"),
        ([""], "menu_own"),
        (["6"], "self_service"),
        (["6", "1"], "progress"),
        (["6", "1", "123456789"], "progress_phone"),
        (["9"], "language"),
        (["9", "2"], "menu_own"),
        (["1"], "one"),
        (["*", "1"], "emergency_one"),
        (["3"], "labour"),
        (["3", "8"], "leave_message"),
    ],
)
def test_on_the_ways_that_callers_know_keys_may_be_typed_ahead(keys: list[str], where: str) -> None:
    nameless = after(*keys, ani=PhoneNumber(""))
    assert asked(nameless) == (where, False)


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        (["7"], "menu_again"),
        (["6", "9"], "self_service"),
        (["6", "1", "12"], "progress"),
        (["9", "7"], "menu_own"),
        (["6", "1", "123456789", "12"], "progress_phone"),
    ],
)
def test_after_a_wrong_key_what_was_typed_ahead_is_forgotten(keys: list[str], where: str) -> None:
    assert asked(after(*keys)) == (where, True)


@pytest.mark.parametrize("around", [PEAK, HEARS])
def test_the_menu_in_which_one_key_calls_for_help_is_always_asked_afresh(around: Around) -> None:
    assert asked(after("*", around=around)) == ("emergency", True)
    fresh = {name for name, s in main_flow().steps.items() if calls_for_help(main_flow(), s)}
    # Typed numbers (1-1-0) are taken at once wherever they begin.
    assert fresh == {"emergency"}


def test_what_lets_a_caller_go_is_confirmed_after_it_was_heard() -> None:
    assert asked(after("3", "7")) == ("call_back", True)
    typing = after("3", "7", "2")
    assert asked(typing) == ("call_back", False)
    assert asked(after("3", "7", "2", "1")) == ("call_back", True), "no number: asked again"
    assert asked(after("3", "7", "2", "13900139000")) == ("call_back", True)
    assert isinstance(after("3", "8").instruction, TakeMessage)


def test_what_was_said_is_asked_back_afresh() -> None:
    flow = main_flow()
    turn = after("", around=HEARS)
    assert asked(turn) == ("menu_own", False)
    unsure = CallerInput(InputKind.HEARD, "", NOON, "社保", 0.1)
    turn = step(flow, turn.session, unsure, NOON, HEARS)
    assert turn.session.asked is not None
    assert asked(turn) == ("menu_own", True)


def test_words_that_are_not_understood_are_a_wrong_key() -> None:
    session: Session = after("", around=HEARS).session
    assert isinstance(main_flow().steps[session.step], Listening)
    mumbled = CallerInput(InputKind.HEARD, "", NOON, "啊", 0.9)
    assert asked(step(main_flow(), session, mumbled, NOON, HEARS)) == ("menu_again", True)


def test_scores_of_the_survey_may_be_typed_one_after_the_other() -> None:
    assert asked(after(flow=survey_flow()))[1] is False
    assert asked(after("1", flow=survey_flow()))[1] is False


def test_whoever_waits_confirms_a_callback_after_it_was_heard() -> None:
    offers = QueueOffers(callback=True)
    caller = WaitingCaller(CallId("gz1-1-1"), TeamId("labour"), Language.MANDARIN, ANI, NOON)
    talk, own = waiting.begin(RULES, offers, caller, RULES.callback_key)
    assert isinstance(own, Collect) and own.fresh
    assert talk is not None
    talk, typing = waiting.step(RULES, talk, CallerInput(InputKind.DIGITS, "2", NOON))
    assert isinstance(typing, Collect) and not typing.fresh
    assert talk is not None
    _, typed = waiting.step(RULES, talk, CallerInput(InputKind.DIGITS, "13900139000", NOON))
    assert isinstance(typed, Collect) and typed.fresh


def test_a_citizen_who_was_called_decides_after_hearing_who_calls() -> None:
    _, greeting = called_back.greet(RULES, Language.MANDARIN)
    assert isinstance(greeting, Collect) and greeting.fresh


def test_the_key_of_the_screening_is_pressed_after_it_was_named() -> None:
    second = timedelta(seconds=1)
    heard = challenge.ask("4", 2, second, None)
    assert heard.collect.fresh
    half = challenge.answer(heard.hearing, "1")
    # The rest of 1-1-0 may be there already.
    assert isinstance(half, challenge.Hear) and not half.collect.fresh
