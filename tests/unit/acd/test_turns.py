"""The longest since the last handled call comes first: what counts as one, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acd.core import inputs as inp
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from tests.unit.acd.cast import ZH, arrive, ringing, seat
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

FIRST, SECOND = AgentId("first"), AgentId("second")


def two() -> World:
    """`first` has waited longer than `second`; both are ready."""
    world = World(make_rules())
    seat(world, "first", {GENERAL: 5})
    world.clock.advance(timedelta(seconds=10))
    seat(world, "second", {GENERAL: 5})
    world.clock.advance(timedelta(seconds=10))
    return world


def next_one(world: World) -> str:
    """Whose phone rings for a caller who arrives now."""
    before = set(ringing(world))
    arrive(world, "next")
    [name] = set(ringing(world)) - before
    return name


def take_a_call(world: World, name: str, call: str) -> None:
    """From arrival to the end of the talk."""
    arrive(world, call)
    assert ringing(world) == {name: call}
    world.exchange.pick_up(f"booth-{name}")
    world.drain()
    world.clock.advance(timedelta(seconds=60))
    world.exchange.put_down(f"booth-{name}")
    world.drain()


def test_a_break_does_not_move_anybody_back() -> None:
    world = two()
    world.feed(inp.ChooseNotReady(FIRST, "meal"))
    world.clock.advance(timedelta(minutes=30))
    world.feed(inp.ChooseReady(FIRST))
    assert next_one(world) == "first"


def test_a_handled_call_moves_behind_everybody_when_its_wrap_up_ends() -> None:
    world = two()
    take_a_call(world, "first", "c-1")
    world.clock.advance(timedelta(seconds=30))
    world.feed(inp.FinishWrapUp(FIRST, "answered"))
    ended = world.now
    assert world.floor.agents[FIRST].handled_at == ended
    assert next_one(world) == "second"


@pytest.mark.parametrize("how", ["ring_out", "refuse"])
def test_a_call_that_was_not_answered_moves_nobody_back(how: str) -> None:
    world = two()
    arrive(world, "c-1")
    world.feed(inp.ChooseNotReady(SECOND, "meal"))
    getattr(world.exchange, how)("booth-first")
    world.drain()
    world.exchange.caller_hangs_up(CallId("c-1"))
    world.drain()
    world.feed(inp.ChooseReady(SECOND))
    world.feed(inp.ChooseReady(FIRST))
    assert next_one(world) == "first"


def test_a_colleague_who_was_only_asked_has_handled_no_call() -> None:
    world = two()
    seat(world, "third", {GENERAL: 5})
    arrive(world, "c-1")
    assert ringing(world) == {"first": "c-1"}
    world.exchange.pick_up("booth-first")
    world.drain()
    world.feed(inp.BeginConsult(FIRST, SECOND))
    world.drain()
    world.exchange.pick_up("booth-second")
    world.drain()
    world.clock.advance(timedelta(minutes=1))
    world.feed(inp.AbortConsult(FIRST))
    world.drain()
    assert next_one(world) == "second"


def test_a_colleague_who_took_the_caller_over_has_handled_a_call() -> None:
    world = two()
    seat(world, "third", {GENERAL: 5})
    arrive(world, "c-1")
    world.exchange.pick_up("booth-first")
    world.drain()
    world.feed(inp.BeginConsult(FIRST, SECOND))
    world.drain()
    world.exchange.pick_up("booth-second")
    world.drain()
    world.feed(inp.EndConsultByTransfer(FIRST))
    world.drain()
    world.exchange.put_down("booth-second")
    world.drain()
    world.feed(inp.FinishWrapUp(SECOND, "answered"))
    assert next_one(world) == "third"


def test_another_booth_does_not_move_anybody() -> None:
    """Hot-desking: out here, in there; the old booth is free for the next at once."""
    world = two()
    world.feed(inp.ChooseReady(SECOND))
    take_a_call(world, "first", "c-1")
    world.feed(inp.FinishWrapUp(FIRST, "answered"))
    take_a_call(world, "second", "c-2")
    world.feed(inp.FinishWrapUp(SECOND, "answered"))
    world.feed(inp.LogOut(FIRST))
    world.clock.advance(timedelta(minutes=20))
    world.exchange.register("booth-77")
    world.drain()
    world.feed(inp.LogIn(FIRST, BoothId("77"), Endpoint("booth-77"), ((GENERAL, 5),), (ZH,)))
    world.feed(inp.ChooseReady(FIRST))
    seat(world, "third", {GENERAL: 5}, ready=False)
    world.feed(inp.LogIn(AgentId("fourth"), BoothId("first"), Endpoint("booth-first"), (), (ZH,)))
    assert next_one(world) == "77"


def test_the_turn_is_remembered_over_a_restart() -> None:
    world = two()
    take_a_call(world, "first", "c-1")
    world.feed(inp.FinishWrapUp(FIRST, "answered"))
    handled = world.now
    take_a_call(world, "second", "c-2")
    again = next_run(world)
    assert again.floor.agents[FIRST].handled_at == handled
    assert again.floor.agents[SECOND].handled_at == world.now
    again.exchange.restore()
    again.drain()
    for agent in (FIRST, SECOND):
        again.feed(inp.ConnectionBack(agent))
        again.feed(inp.ChooseReady(agent))
    assert next_one(again) == "first"


def test_who_has_handled_nothing_counts_from_the_log_in_over_a_restart() -> None:
    world = two()
    since = world.floor.agents[FIRST].handled_at
    again = next_run(world)
    assert again.floor.agents[FIRST].handled_at == since
