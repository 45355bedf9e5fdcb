"""Callers who are let go before they wait: the promise of a callback, a message, a plan's offer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.waiting_file import load_waiting
from ivr.core.conditions import (
    NOTHING_AROUND,
    Around,
    CallerKind,
    Known,
    Offer,
    Offered,
    PlanOn,
    holds,
)
from ivr.core.flow import CALLBACK_KEY, MESSAGE_KEY, Flow
from ivr.core.interpreter import step
from ivr.core.notices import Notice
from ivr.core.waiting import QueueOffers
from ivr.core.walk import Journey, Visit, visit_flow
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, callable_number
from kernel.telephony import (
    CallerInput,
    Collect,
    EnterQueue,
    InputKind,
    KeepMessage,
    PlaceInLine,
    PromiseCallback,
    TakeMessage,
)
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import CONFIG, TEAMS, catalogue, main_flow

LABOUR = TeamId("labour")
OWN = PhoneNumber("13800138000")
PEAK = QueueOffers(callback=True, message=True, announcement=("busy_now",), at_once=True)


def at_peak(offers: QueueOffers = PEAK, *, calls_back: bool = True, **more: object) -> Around:
    everywhere = dict.fromkeys(TEAMS, offers)
    return Around(offers=everywhere, calls_back=calls_back, **more)  # type: ignore[arg-type]


def journey(*keys: str, around: Around | None = None, ani: str = OWN.digits) -> Journey:
    visit = Visit(
        started_at=NOON,
        language=Language.CANTONESE,
        ani=PhoneNumber(ani),
        around=around or at_peak(),
    )
    return visit_flow(main_flow(), keys, visit)


def names(found: Journey, turn: int = -1) -> list[str]:
    return [prompt.name for prompt in found.turns[turn].instruction.prompts]


def test_a_plan_is_heard_before_the_wait_with_what_it_offers() -> None:
    found = journey("3")
    assert found.steps[-1] == "labour"
    assert names(found) == ["busy_now", "waiting_callback_offer", "waiting_message_offer"]
    assert isinstance(found.turns[-1].instruction, Collect)


@pytest.mark.parametrize("key", ["", "5", "0"])
def test_whoever_does_not_choose_waits(key: str) -> None:
    found = journey("3", key)
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.team == LABOUR


def test_the_own_number_is_read_out_and_confirmed() -> None:
    found = journey("3", "7")
    assert found.steps[-1] == "call_back"
    ones = "digit_1_in_row"
    digits = [ones if d == "1" else f"digit_{d}" for d in OWN.digits]
    assert names(found) == ["own_number", *digits, "own_number_right"]
    found = journey("3", "7", "1")
    promise = found.ending
    assert isinstance(promise, PromiseCallback)
    assert promise.number == OWN
    assert [p.name for p in promise.prompts] == ["waiting_callback_promised"]


def test_the_place_is_that_of_the_moment_of_choosing_and_of_the_team_chosen() -> None:
    found = journey("3", "7", "2", "02081234567", "1")
    promise = found.ending
    assert isinstance(promise, PromiseCallback)
    assert promise.number == PhoneNumber("02081234567")
    chosen_at = found.turns[found.steps.index("call_back")].session.letting_go_at
    assert chosen_at is not None
    assert promise.place == PlaceInLine(LABOUR, Language.CANTONESE, 0, chosen_at)
    assert chosen_at < NOON + timedelta(seconds=8) * len(found.turns)


def test_a_number_that_cannot_be_called_is_asked_for_again() -> None:
    found = journey("3", "7", "110", ani="")
    assert names(found) == ["waiting_callback_not_callable", "waiting_callback_type"]


@pytest.mark.parametrize("keys", [("",), ("0",), ("2", ""), ("2", "0"), ("2", "110", "110", "110")])
def test_whoever_gives_no_number_waits_for_the_team_that_was_wanted(keys: tuple[str, ...]) -> None:
    found = journey("3", "7", *keys)
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.team == LABOUR


def test_emergency_is_one_key_away_from_a_callback() -> None:
    assert journey("3", "7", "*").steps[-1] == "emergency"


def test_at_hours_without_callbacks_none_is_offered() -> None:
    found = journey("3", around=at_peak(calls_back=False))
    assert "waiting_callback_offer" not in names(found)


def test_hours_may_end_between_the_offer_and_the_key() -> None:
    found = journey("3")
    session = found.turns[-1].session
    pressed = CallerInput(InputKind.DIGITS, "7", NOON)
    turn = step(main_flow(), session, pressed, NOON, at_peak(calls_back=False))
    assert turn.session.step == "no_callback"


def test_a_message_is_spoken_and_kept() -> None:
    found = journey("3", "8")
    taken = found.turns[-1].instruction
    assert isinstance(taken, TakeMessage)
    assert taken.number == OWN
    assert taken.place is not None and taken.place.team == LABOUR
    kept = journey("3", "8", "spoken").ending
    assert isinstance(kept, KeepMessage)
    assert (kept.number, kept.place) == (OWN, taken.place)


def test_silence_is_no_message_and_leads_to_a_person() -> None:
    found = journey("3", "8", "")
    assert isinstance(found.ending, EnterQueue)


def test_without_a_number_one_is_typed_before_the_message() -> None:
    found = journey("3", "8", "13912345678", "1", ani="")
    assert isinstance(found.turns[-1].instruction, TakeMessage)


def test_notices_and_the_plan_are_heard_in_one_go() -> None:
    notice = Notice(
        notice_id="typhoon",
        texts=dict.fromkeys(Language, "…"),
        team=None,
        district="",
        begins_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(hours=1),
        created_by="admin",
        created_at=NOON,
    )
    found = journey("3", around=at_peak(notices=(notice,)))
    assert names(found)[:2] == ["notices/typhoon", "busy_now"]
    assert isinstance(journey("3", "", around=at_peak(notices=(notice,))).ending, EnterQueue)


def test_without_a_plan_nobody_is_held_up() -> None:
    found = journey("3", around=at_peak(QueueOffers(callback=True)))
    assert isinstance(found.ending, EnterQueue)


def test_whoever_is_in_need_is_offered_nothing() -> None:
    found = journey("*", "0")
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.priority > 0


@given(
    keys=st.lists(
        st.one_of(st.sampled_from(["", *"0123789*"]), st.text("0123456789*#")),
        max_size=20,
    ),
    ani=st.sampled_from(["", OWN.digits, "110"]),
)  # fmt: skip
def test_whatever_is_pressed_only_a_callable_number_is_promised(keys: list[str], ani: str) -> None:
    found = journey("3", CALLBACK_KEY, *keys, ani=ani)
    for turn in found.turns:
        for prompt in turn.instruction.prompts:
            assert prompt.language in catalogue().languages(prompt.name)
    if isinstance(found.ending, PromiseCallback | KeepMessage):
        assert callable_number(found.ending.number)
        assert found.ending.place is not None


def test_the_keys_are_those_that_the_prompts_and_the_waiting_callers_know() -> None:
    rules = load_waiting(CONFIG / "waiting.yaml")
    assert (rules.callback_key, rules.message_key) == (CALLBACK_KEY, MESSAGE_KEY)
    for name, key in (
        ("waiting_callback_offer", CALLBACK_KEY),
        ("waiting_message_offer", MESSAGE_KEY),
    ):
        assert all(key in catalogue().text(name, language) for language in Language)


# --- conditions ----------------------------------------------------------------------------------


def known(team: TeamId | None = None) -> Known:
    return Known(False, team, "12345", CallerKind.MOBILE)


@pytest.mark.parametrize(
    ("offer", "offers", "holding"),
    [
        (Offer.CALLBACK, QueueOffers(callback=True), True),
        (Offer.CALLBACK, QueueOffers(), False),
        (Offer.MESSAGE, QueueOffers(message=True), True),
        (Offer.MESSAGE, QueueOffers(callback=True), False),
        (Offer.ANNOUNCEMENT, QueueOffers(announcement=("busy_now",)), True),
        (Offer.ANNOUNCEMENT, QueueOffers(), False),
    ],
)
def test_a_flow_may_ask_what_waiting_callers_are_offered(
    offer: Offer, offers: QueueOffers, holding: bool
) -> None:
    around = Around(offers={LABOUR: offers})
    assert holds(Offered(LABOUR, offer), known(), around, NOON) is holding
    assert holds(Offered(None, offer), known(LABOUR), around, NOON) is holding
    assert not holds(Offered(None, offer), known(), around, NOON)


def test_a_callback_is_not_offered_at_hours_at_which_nobody_is_rung() -> None:
    around = Around(offers={LABOUR: QueueOffers(callback=True)}, calls_back=False)
    assert not holds(Offered(LABOUR, Offer.CALLBACK), known(), around, NOON)


def test_a_flow_may_ask_whether_one_of_some_plans_is_on() -> None:
    test = PlanOn(frozenset({"typhoon", "overrun"}))
    assert not holds(test, known(), NOTHING_AROUND, NOON)
    assert holds(test, known(), Around(plans=frozenset({"overrun.labour", "overrun"})), NOON)


def test_the_shipped_flow_offers_both_before_each_ordinary_line() -> None:
    flow: Flow = main_flow()
    for name in ("person", "consumer", "urban", "labour", "security", "general", "line_team"):
        step = flow.steps[name]
        assert (step.callback, step.message) == ("call_back", "leave_message")  # type: ignore[union-attr]
