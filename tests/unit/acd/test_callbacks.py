"""Citizens who are called back: their turn, who is held for them, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acd.core import agent as ag
from acd.core import callback as cb
from acd.core import inputs as inp
from acd.core.rules import CallbackRules, Rules
from kernel import events as ev
from kernel.errors import Conflict, NotFound, Unavailable
from kernel.ids import AgentId, CallbackId, CallId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallbackAsked,
    CallEntered,
    CallHungUp,
    DialResult,
    EndedBy,
    MessageLeft,
)
from tests.unit.acd.cast import arrive, ringing, seat, seat_busy
from tests.unit.acd.invariants import check, check_metrics, check_timers
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

ANNA, BEN = AgentId("anna"), AgentId("ben")
FIRST = CallbackId("cb-first")
NUMBER = "13700137000"


def hall(rules: Rules | None = None) -> World:
    """Nobody is free; one citizen asked to be called back and a younger caller waits."""
    world = World(rules or make_rules())
    seat(world, "anna", {GENERAL: 5}, ready=False)
    arrive(world, "first", ani=NUMBER)
    world.exchange.ask_for_callback(CallId("first"))
    world.drain()
    arrive(world, "younger", ani="13600136000")
    return world


def told(world: World, kind: type[ev.Event]) -> list[ev.Event]:
    return [e for e in world.events if type(e) is kind]


def ready(world: World, name: str = "anna") -> None:
    world.command(inp.ChooseReady(AgentId(name)))
    world.drain()


def checked(world: World) -> None:
    check(world.floor)
    check_timers(world.floor, set(world.timers))
    check_metrics(world.floor, world.metrics)


def test_who_asks_leaves_the_line_without_abandoning_and_keeps_the_place() -> None:
    world = hall()
    assert told(world, ev.CallAbandoned) == []
    [left] = told(world, ev.CallDiverted)
    assert isinstance(left, ev.CallDiverted) and left.cause == "callback"
    assert world.ended[CallId("first")].outcome == "callback"
    # The younger caller is second: one citizen stands before.
    assert world.floor.position(world.floor.calls[CallId("younger")]) == 2
    checked(world)


def test_a_citizen_is_dialled_in_turn_and_offered_to_the_agent_who_was_held() -> None:
    world = hall()
    ready(world)
    assert list(world.exchange.dialling) == [FIRST]
    assert ringing(world) == {}
    assert isinstance(world.floor.agents[ANNA].activity, ag.Dialling)
    checked(world)
    world.exchange.citizen_picks_up(FIRST, "again")
    world.drain()
    assert ringing(world) == {"anna": "again"}
    offer = [e for e in world.events if isinstance(e, ev.CallOffered)][-1]
    assert offer.why is not None and offer.why.choice == "held"
    assert offer.waited_s >= 1, "since the first arrival"
    [end] = told(world, ev.CallbackEnded)
    assert isinstance(end, ev.CallbackEnded)
    assert (end.outcome, end.call_id, end.new_call_id) == ("answered", "first", "again")
    [back] = told(world, ev.CallbackReturned)
    assert isinstance(back, ev.CallbackReturned)
    assert (back.call_id, back.first_call_id, back.dialled) == ("again", "first", True)
    checked(world)


def test_an_older_live_caller_goes_before_a_citizen_who_is_to_be_called_back() -> None:
    world = World(make_rules())
    seat(world, "anna", {GENERAL: 5}, ready=False)
    arrive(world, "older")
    arrive(world, "first", ani=NUMBER)
    world.exchange.ask_for_callback(CallId("first"))
    world.drain()
    ready(world)
    assert ringing(world) == {"anna": "older"}
    assert world.exchange.dialling == {}


def test_there_are_never_more_dials_than_agents_held() -> None:
    world = World(make_rules())
    for name in ("anna", "ben"):
        seat(world, name, {GENERAL: 5}, ready=False)
    for n in range(5):
        arrive(world, f"c-{n}", ani=f"1370013700{n}")
        world.exchange.ask_for_callback(CallId(f"c-{n}"))
        world.drain()
    ready(world)
    assert sorted(world.exchange.dialling) == ["cb-c-0"]
    ready(world, "ben")
    assert sorted(world.exchange.dialling) == ["cb-c-0", "cb-c-1"]
    checked(world)


def test_nobody_answers_and_the_agent_is_free_at_once_for_the_next_caller() -> None:
    world = hall()
    ready(world)
    world.exchange.citizen_not_had(FIRST)
    world.drain()
    assert ringing(world) == {"anna": "younger"}
    checked(world)


def test_after_three_attempts_with_intervals_it_is_given_up() -> None:
    world = hall()
    world.exchange.caller_hangs_up(CallId("younger"))
    ready(world)
    dialled_at = []
    for _ in range(3):
        dialled_at.append(world.now)
        world.exchange.citizen_not_had(FIRST, DialResult.BUSY)
        world.drain()
        world.pass_time(301 if len(dialled_at) == 1 else 901)
        world.drain()
    between = [b - a for a, b in zip(dialled_at, dialled_at[1:], strict=False)]
    assert between == [timedelta(seconds=301), timedelta(seconds=901)]
    assert world.callbacks == {FIRST: "gave_up"}
    missed = [e.again_at is None for e in world.events if isinstance(e, ev.CallbackMissed)]
    assert missed == [False, False, True]
    checked(world)


def test_who_refuses_is_not_rung_again_by_a_machine() -> None:
    world = hall()
    ready(world)
    world.exchange.citizen_declines(FIRST, "again")
    world.drain()
    assert world.callbacks == {FIRST: "gave_up"}
    assert world.ended[CallId("again")].outcome == "left_in_menu"


def test_who_picks_up_and_leaves_before_the_line_is_tried_again() -> None:
    world = hall()
    ready(world)
    call_id = world.exchange.citizen_picks_up(FIRST, "again")
    # Gone before the line: the waiting loop was not reached.
    del world.facts[-1]
    world.exchange.caller_hangs_up(call_id)
    world.drain()
    [missed] = told(world, ev.CallbackMissed)
    assert isinstance(missed, ev.CallbackMissed)
    assert (missed.result, missed.attempts) == ("hung_up", 1)
    assert world.floor.agents[ANNA].activity.kind is not ag.ActivityKind.DIALLING
    checked(world)


def test_a_citizen_who_calls_again_takes_over_the_place() -> None:
    world = hall()
    arrive(world, "again", ani=NUMBER)
    assert world.callbacks == {FIRST: "caller_called_again"}
    assert world.floor.position(world.floor.calls[CallId("again")]) == 1
    ready(world)
    assert ringing(world) == {"anna": "again"}
    assert world.exchange.dialling == {}
    checked(world)


def test_a_citizen_who_calls_again_while_being_dialled_is_not_rung_any_more() -> None:
    world = hall()
    ready(world)
    arrive(world, "again", ani=NUMBER)
    assert world.exchange.dialling == {}
    assert ringing(world) == {"anna": "again"}
    assert world.callbacks == {FIRST: "caller_called_again"}
    checked(world)


def test_the_same_number_asked_twice_is_called_once() -> None:
    world = hall()
    arrive(world, "other", ani="13500135000")
    world.exchange.ask_for_callback(CallId("other"), NUMBER)
    world.drain()
    notes = [e for e in world.events if isinstance(e, ev.CallbackNoted)]
    assert [(n.call_id, n.callback_id, n.joined) for n in notes] == [
        ("first", FIRST, False),
        ("other", FIRST, True),
    ]
    assert list(world.floor.callbacks) == [FIRST]
    assert world.ended[CallId("other")].outcome == "callback"


def test_the_agent_who_was_held_is_gone_and_the_next_is_held() -> None:
    world = hall()
    seat(world, "ben", {GENERAL: 3}, ready=False)
    ready(world)
    ready(world, "ben")  # takes the younger caller
    world.exchange.pick_up("booth-ben")
    world.drain()
    seat(world, "carl", {GENERAL: 3})
    world.feed(inp.ConnectionLost(ANNA))
    world.drain()
    assert list(world.exchange.dialling) == [FIRST]
    assert isinstance(world.floor.agents[AgentId("carl")].activity, ag.Dialling)
    world.exchange.citizen_picks_up(FIRST, "again")
    world.drain()
    assert ringing(world) == {"carl": "again"}
    checked(world)


def test_without_anybody_to_be_held_the_dial_is_taken_back_and_the_place_is_kept() -> None:
    world = hall()
    ready(world)
    world.feed(inp.ConnectionLost(ANNA))
    assert isinstance(world.floor.callbacks[FIRST].state, cb.TakenBack)
    checked(world)
    world.drain()
    assert world.exchange.dialling == {}
    assert isinstance(world.floor.callbacks[FIRST].state, cb.Due)
    assert world.floor.callbacks[FIRST].attempts == 0
    world.feed(inp.ConnectionBack(ANNA))
    world.drain()
    assert list(world.exchange.dialling) == [FIRST]
    checked(world)


def test_a_citizen_who_answers_while_nobody_is_held_stands_first() -> None:
    world = hall()
    ready(world)
    world.exchange.citizen_picks_up(FIRST, "again")
    world.feed(inp.ConnectionLost(ANNA))
    world.drain()
    assert world.callbacks == {FIRST: "answered"}
    assert world.floor.position(world.floor.calls[CallId("again")]) == 1
    world.feed(inp.ConnectionBack(ANNA))
    world.drain()
    assert ringing(world) == {"anna": "again"}
    checked(world)


def test_a_forced_state_lets_the_citizen_go_to_nobody() -> None:
    world = hall()
    ready(world)
    world.feed(inp.ForceState(ANNA, inp.ForcedState.NOT_READY, "换班", "supervisor", "chen"))
    world.drain()
    assert world.exchange.dialling == {}
    assert isinstance(world.floor.agents[ANNA].activity, ag.Idle)
    assert world.floor.agents[ANNA].status.reason == ag.FORCED


def test_at_night_nobody_is_rung_and_the_agent_takes_the_next_caller() -> None:
    world = hall(replace(make_rules(), callbacks=CallbackRules(closes=timedelta(hours=11))))
    ready(world)
    assert ringing(world) == {"anna": "younger"}
    [put_off] = told(world, ev.CallbackPostponed)
    assert isinstance(put_off, ev.CallbackPostponed)
    assert put_off.again_at == datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    checked(world)


@pytest.mark.parametrize(
    ("at", "opens"),
    [("06:59", "07:00"), ("07:00", "07:00"), ("21:59", "21:59"), ("22:00", "+07:00")],
)
def test_the_hours_are_those_of_the_city(at: str, opens: str) -> None:
    def city(text: str) -> datetime:
        hour, minute = map(int, text.removeprefix("+").split(":"))
        day = datetime(2026, 11, 25 if text.startswith("+") else 24, tzinfo=UTC)
        return day + timedelta(hours=hour - 8, minutes=minute)

    assert CallbackRules().open_at(city(at)) == city(opens)


def test_what_is_not_reached_in_time_expires_once() -> None:
    world = hall()
    world.pass_time(4 * 3600)
    assert world.callbacks == {FIRST: "expired"}
    checked(world)


def test_a_supervisor_cancels_and_the_agent_is_free() -> None:
    world = hall()
    ready(world)
    world.feed(inp.CancelCallback(FIRST, "chen"))
    world.drain()
    assert world.exchange.dialling == {}
    assert ringing(world) == {"anna": "younger"}
    assert world.callbacks == {FIRST: "cancelled"}
    with pytest.raises(NotFound):
        world.feed(inp.CancelCallback(FIRST, "chen"))


def test_a_citizen_who_has_answered_cannot_be_cancelled() -> None:
    world = hall()
    ready(world)
    world.exchange.citizen_picks_up(FIRST, "again")
    world.carry_fact()
    world.carry_fact()
    with pytest.raises(Conflict):
        world.feed(inp.CancelCallback(FIRST, "chen"))


def test_a_number_that_may_not_be_called_is_left_to_a_person() -> None:
    world = World(make_rules())
    seat(world, "anna", {GENERAL: 5}, ready=False)
    arrive(world, "first", ani="110")
    world.exchange.ask_for_callback(CallId("first"))
    world.drain()
    ready(world)
    assert world.callbacks == {FIRST: "gave_up"}
    assert isinstance(world.floor.agents[ANNA].activity, ag.Idle)


def test_an_order_that_the_line_swallowed_costs_one_attempt_and_no_agent() -> None:
    world = hall()
    world.exchange.fail_next("dial_back", Unavailable("中断"))
    ready(world)
    assert world.floor.callbacks[FIRST].attempts == 1
    assert ringing(world) == {"anna": "younger"}
    checked(world)


def test_a_silent_telephone_holds_the_agent_for_a_minute_and_a_half_at_most() -> None:
    world = hall()
    world.command(inp.ChooseReady(ANNA))
    world.orders.clear()
    world.pass_time(90)
    assert isinstance(world.floor.callbacks[FIRST].state, cb.Resting)
    world.drain()
    assert ringing(world) == {"anna": "younger"}


def test_a_break_of_the_line_ends_no_dial_that_still_rings() -> None:
    world = hall()
    ready(world)
    world.lose_line()
    world.exchange.restore()
    world.drain()
    assert isinstance(world.floor.callbacks[FIRST].state, cb.Dialling)
    world.exchange.citizen_picks_up(FIRST, "again")
    world.drain()
    assert ringing(world) == {"anna": "again"}
    checked(world)


def test_a_citizen_who_came_while_the_line_was_cut_has_come_back() -> None:
    world = hall()
    ready(world)
    world.lose_line()
    world.exchange.citizen_picks_up(FIRST, "again")
    world.exchange.restore()
    world.drain()
    assert world.callbacks == {FIRST: "answered"}
    assert ringing(world) == {"anna": "again"}
    checked(world)


def test_an_offer_that_crosses_the_wish_gives_the_place_back() -> None:
    """The caller was let go in the instant in which a phone was told to ring, was fetched back by
    the offer's end and stands in the loop again: in line, and not to be called any more."""
    world = World(make_rules())
    seat(world, "anna", {GENERAL: 5}, ready=False)
    arrive(world, "first", ani=NUMBER)
    caller = world.exchange.callers[CallId("first")]
    world.exchange.ask_for_callback(CallId("first"))
    world.facts.pop()  # it did not hang up after all
    world.exchange.callers[CallId("first")] = caller
    world.drain()
    assert list(world.floor.callbacks) == [FIRST]
    world.exchange._waits(caller)
    world.drain()
    assert world.callbacks == {FIRST: "caller_called_again"}
    world.exchange.caller_hangs_up(CallId("first"), EndedBy.CALLER)
    world.drain()
    assert world.ended[CallId("first")].outcome == "abandoned"
    checked(world)


def test_a_citizen_of_another_team_waits_until_that_team_may_help() -> None:
    world = World(make_rules(general_after=60))
    seat(world, "anna", {GENERAL: 5})
    seat_busy(world, "lao", LABOUR)
    arrive(world, "first", LABOUR, ani=NUMBER)
    world.exchange.ask_for_callback(CallId("first"))
    world.drain()
    assert world.exchange.dialling == {}
    world.pass_time(60)
    world.drain()
    assert list(world.exchange.dialling) == [FIRST]
    checked(world)


def test_who_could_have_served_the_citizen_before_may_do_so_on_the_return() -> None:
    world = World(make_rules(general_after=60))
    seat(world, "anna", {GENERAL: 5}, ready=False)
    seat_busy(world, "lao", LABOUR)
    arrive(world, "first", LABOUR, ani=NUMBER)
    world.exchange.ask_for_callback(CallId("first"))
    world.drain()
    world.pass_time(61)
    ready(world)
    world.exchange.citizen_picks_up(FIRST, "again")
    world.drain()
    world.exchange.ring_out("booth-anna")
    world.drain()
    assert ringing(world) == {}
    seat(world, "ben", {GENERAL: 5})
    assert ringing(world) == {"ben": "again"}, "without another minute in the first ring"
    checked(world)


# --- another run ----------------------------------------------------------------------------


def in_the_next_run(world: World) -> World:
    again = next_run(world)
    again.callbacks = dict(world.callbacks)
    again.exchange.restore()
    again.drain()
    return again


def test_a_new_run_knows_who_is_to_be_called_back_and_where_each_stands() -> None:
    again = in_the_next_run(hall())
    assert again.floor.position(again.floor.calls[CallId("younger")]) == 2
    again.command(inp.ConnectionBack(ANNA))
    ready(again)
    assert list(again.exchange.dialling) == [FIRST]
    check(again.floor)
    check_timers(again.floor, set(again.timers))


def test_a_citizen_who_rings_for_nobody_in_a_new_run_is_left_and_dialled_in_turn() -> None:
    world = hall()
    ready(world)
    again = in_the_next_run(world)
    assert again.exchange.dialling == {}, "nobody of this run is held for the citizen"
    assert isinstance(again.floor.callbacks[FIRST].state, cb.Due)
    again.command(inp.ConnectionBack(ANNA))
    again.drain()
    assert list(again.exchange.dialling) == [FIRST]
    check(again.floor)
    check_timers(again.floor, set(again.timers))


def test_a_dial_whose_end_nobody_saw_costs_no_attempt_and_is_not_repeated_at_once() -> None:
    world = hall()
    ready(world)
    world.exchange.sinks.clear()
    world.exchange.citizen_not_had(FIRST)
    again = in_the_next_run(world)
    callback = again.floor.callbacks[FIRST]
    assert isinstance(callback.state, cb.Resting)
    assert (callback.attempts, callback.state.until) == (0, again.now + timedelta(minutes=5))
    check(again.floor)
    check_timers(again.floor, set(again.timers))


def test_a_citizen_who_answered_while_the_platform_was_dead_has_come_back() -> None:
    world = hall()
    ready(world)
    world.exchange.sinks.clear()
    world.exchange.citizen_picks_up(FIRST, "again")
    again = in_the_next_run(world)
    assert again.callbacks == {FIRST: "answered"}
    assert again.floor.position(again.floor.calls[CallId("again")]) == 1
    check(again.floor)
    check_timers(again.floor, set(again.timers))


def test_attempts_and_the_rest_between_them_outlive_the_run() -> None:
    world = hall()
    ready(world)
    world.exchange.citizen_not_had(FIRST)
    world.drain()
    again = in_the_next_run(world)
    callback = again.floor.callbacks[FIRST]
    assert (callback.attempts, callback.state) == (1, world.floor.callbacks[FIRST].state)
    check(again.floor)
    check_timers(again.floor, set(again.timers))


def test_who_leaves_a_message_is_neither_answered_nor_lost() -> None:
    world = hall()
    world.exchange.leave_message(CallId("younger"))
    world.drain()
    assert told(world, ev.CallAbandoned) == []
    left = told(world, ev.CallDiverted)[-1]
    assert isinstance(left, ev.CallDiverted) and left.cause == "message"
    assert world.ended[CallId("younger")].outcome == "message"
    checked(world)


# --- asked in the menu, before any line ----------------------------------------------------------


def asked_in_the_menu(world: World, call: str = "first", waited: timedelta = timedelta(0)) -> None:
    """Whoever chose the callback `waited` ago has just confirmed the number."""
    call_id, now = CallId(call), world.clock.now()
    world.exchange.tell(CallEntered(call_id, PhoneNumber(NUMBER), "", "12345", now - waited))
    asked = CallbackAsked(
        call_id, PhoneNumber(NUMBER), LABOUR, Language.CANTONESE, 0, now - waited, now
    )
    world.exchange.tell(asked)
    world.exchange.tell(CallHungUp(call_id, EndedBy.PLATFORM, 16, now))
    world.drain()


def test_a_citizen_who_never_waited_is_called_back_in_turn() -> None:
    world = World(make_rules())
    seat(world, "anna", {LABOUR: 5}, ready=False)
    arrive(world, "later", team=LABOUR)
    asked_in_the_menu(world, waited=timedelta(minutes=1))
    assert world.ended[CallId("first")].outcome == "callback"
    assert told(world, ev.CallDiverted) == [], "nobody left a line"
    [noted] = told(world, ev.CallbackNoted)
    assert isinstance(noted, ev.CallbackNoted)
    assert (noted.team, noted.language) == (LABOUR, Language.CANTONESE)
    ready(world)
    assert list(world.exchange.dialling) == [FIRST], "before the caller who came later"
    checked(world)


def test_a_message_left_in_the_menu_is_how_the_call_ends() -> None:
    world = World(make_rules())
    call_id, now = CallId("first"), world.clock.now()
    world.exchange.tell(CallEntered(call_id, PhoneNumber(NUMBER), "", "12345", now))
    spoken = timedelta(seconds=9)
    number = PhoneNumber(NUMBER)
    world.exchange.tell(MessageLeft(call_id, number, LABOUR, Language.MANDARIN, spoken, now))
    world.exchange.tell(CallHungUp(call_id, EndedBy.CALLER, 16, now))
    world.drain()
    assert world.ended[call_id].outcome == "message"
    assert told(world, ev.CallAbandoned) == []
    assert world.floor.menu == {}
