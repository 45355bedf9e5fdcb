"""Callers in the telephone's own queue when we come back: they wait on at their old place."""

from __future__ import annotations

import pytest

from acd.core import agent as ag
from acd.core import call as ca
from kernel import events as ev
from kernel.ids import AgentId, CallId, OfferId, TeamId
from tests.unit.acd.cast import arrive, ringing, seat
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.world import World

FIRST, SECOND = CallId("c-1"), CallId("c-2")


@pytest.fixture
def world() -> World:
    """Two callers in line whom nobody can serve yet."""
    made = World(make_rules())
    arrive(made, FIRST)
    arrive(made, SECOND)
    return made


def away_and_back(world: World) -> None:
    world.lose_line()
    for call_id in (FIRST, SECOND):
        world.exchange.fall_back(call_id)
    world.pass_time(30)
    world.exchange.restore()
    world.drain()


def count(world: World, kind: type[ev.Event], call_id: CallId) -> int:
    return sum(isinstance(e, kind) and e.call_id == call_id for e in world.events)


def test_they_keep_their_places_and_are_offered_when_they_are_back(world: World) -> None:
    away_and_back(world)
    seat(world, "a", {GENERAL: 5})
    assert ringing(world) == {}, "nobody can be delivered out of the telephone's own queue"
    for call_id in (SECOND, FIRST):
        world.exchange.take_back(call_id)
    # The second is back a moment before the first, and takes the free operator.
    world.drain()
    assert ringing(world) == {"a": SECOND}
    seat(world, "b", {GENERAL: 5})
    assert ringing(world)["b"] == FIRST


def test_the_oldest_is_first_when_all_are_back(world: World) -> None:
    away_and_back(world)
    for call_id in (SECOND, FIRST):
        world.exchange.take_back(call_id)
    world.drain()
    seat(world, "a", {GENERAL: 5})
    assert ringing(world) == {"a": FIRST}


def test_who_hangs_up_there_has_abandoned_and_was_not_answered(world: World) -> None:
    away_and_back(world)
    world.exchange.caller_hangs_up(FIRST)
    world.drain()
    assert world.ended[FIRST].outcome == "abandoned"
    assert count(world, ev.CallAbandoned, FIRST) == 1
    assert count(world, ev.CallDiverted, FIRST) == 0


def test_a_booth_that_answered_there_talks_with_the_caller(world: World) -> None:
    seat(world, "a", {GENERAL: 5}, ready=False)
    away_and_back(world)
    world.exchange.fallback_answers(FIRST, "booth-a")
    world.drain()
    agent = world.floor.agents[AgentId("a")]
    assert agent.conversation is not None and agent.conversation.call_id == FIRST
    world.exchange.put_down("booth-a")
    world.drain()
    assert isinstance(agent.activity, ag.WrapUp)


def test_a_caller_we_never_knew_stands_at_the_place_of_the_arrival(world: World) -> None:
    world.lose_line()
    unknown = CallId("c-0")
    world.exchange.arrive(
        unknown, GENERAL, first_arrival_at=world.floor.calls[FIRST].first_arrival_at
    )
    world.exchange.fall_back(unknown)
    world.exchange.restore()
    world.drain()
    call = world.floor.calls[unknown]
    assert isinstance(call.state, ca.Returning) and call.in_line
    assert world.floor.position(call) == 1
    assert call.ani == "13800138000"
    world.exchange.take_back(unknown)
    world.drain()
    seat(world, "a", {GENERAL: 5})
    assert ringing(world) == {"a": unknown}


def test_an_offer_that_ended_there_frees_the_operator(world: World) -> None:
    seat(world, "a", {GENERAL: 5})
    assert ringing(world) == {"a": FIRST}
    world.lose_line()
    world.exchange.fall_back(FIRST)
    world.exchange.restore()
    world.drain()
    assert world.outcomes[OfferId(f"{FIRST}.1")] == "rescinded"
    # The one who still waits in our own loop takes the freed operator.
    assert ringing(world) == {"a": SECOND}


def test_a_conversation_that_ended_unseen_leaves_the_caller_in_line(world: World) -> None:
    seat(world, "a", {GENERAL: 5})
    world.exchange.pick_up("booth-a")
    world.drain()
    world.lose_line()
    world.exchange.fall_back(FIRST)
    world.exchange.restore()
    world.drain()
    call = world.floor.calls[FIRST]
    assert call.in_line and call.team == TeamId(GENERAL)
    assert isinstance(world.floor.agents[AgentId("a")].activity, ag.WrapUp)


def test_a_caller_nobody_heard_arrive_has_a_number_in_the_books(world: World) -> None:
    # Who came while the platform was dead had a record without a number: nobody could call back.
    world.lose_line()
    unknown = CallId("c-0")
    world.exchange.arrive(unknown, GENERAL, ani="13912345678")
    world.exchange.fall_back(unknown)
    world.exchange.restore()
    world.drain()
    [arrived] = [e for e in world.events if isinstance(e, ev.CallArrived)]
    assert (arrived.call_id, arrived.ani) == (unknown, "13912345678")


def test_a_talker_who_is_found_waiting_is_in_line_and_so_is_everybody_else(world: World) -> None:
    # The whole return of the line failed with this one caller (a transfer that was carried out
    # unseen, an operator who vanished): nobody after it was placed.
    seat(world, "a", {GENERAL: 5})
    world.exchange.pick_up("booth-a")
    world.drain()
    world.lose_line()
    caller = world.exchange.callers[FIRST]
    caller.place, caller.offer_id, caller.phone = "waiting", None, None
    world.exchange.caller_hangs_up(SECOND)
    world.exchange.restore()
    world.drain()
    assert isinstance(world.floor.calls[FIRST].state, ca.Waiting)
    assert world.floor.calls[FIRST].in_line
    assert isinstance(world.floor.agents[AgentId("a")].activity, ag.WrapUp)
    assert SECOND in world.ended
