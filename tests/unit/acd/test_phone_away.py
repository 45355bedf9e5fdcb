"""A phone that disappears from the network, and one that comes back in time or too late."""

from __future__ import annotations

import pytest

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import inputs as inp
from acd.core.views import agent_view
from kernel.ids import AgentId, CallId
from tests.unit.acd.cast import arrive, ringing, seat
from tests.unit.acd.invariants import check
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.world import World

ME, PHONE = AgentId("me"), "booth-me"


def at_work() -> World:
    world = World(make_rules())
    seat(world, "me", {GENERAL: 5})
    return world


def talking() -> World:
    world = at_work()
    arrive(world, "c-1")
    world.exchange.pick_up(PHONE)
    world.drain()
    return world


def lose(world: World) -> None:
    world.exchange.unregister(PHONE)
    world.drain()


def find(world: World) -> None:
    world.exchange.register(PHONE)
    world.drain()


def status(world: World) -> tuple[str, str | None]:
    check(world.floor)
    found = world.floor.agents[ME].status
    return found.kind.value, found.reason


def to_the_end(world: World) -> None:
    world.exchange.put_down(PHONE)
    world.drain()
    world.feed(inp.FinishWrapUp(ME, "answered"))
    world.drain()


def test_within_the_grace_nothing_is_offered_and_the_state_is_as_before() -> None:
    world = at_work()
    lose(world)
    arrive(world, "c-1")
    world.pass_time(55)
    assert ringing(world) == {}
    assert status(world) == ("ready", None)
    find(world)
    assert ringing(world) == {"me": "c-1"}
    world.pass_time(10)
    assert status(world) == ("ready", None)


def test_after_the_grace_the_operator_is_not_ready_until_he_says_so() -> None:
    world = at_work()
    lose(world)
    world.pass_time(61)
    assert status(world) == ("not_ready", ag.PHONE_UNREACHABLE)
    find(world)
    arrive(world, "c-1")
    assert ringing(world) == {}
    world.feed(inp.ChooseReady(ME))
    world.drain()
    assert ringing(world) == {"me": "c-1"}


def test_a_caller_for_whom_it_rang_does_not_wait_for_a_phone_that_is_gone() -> None:
    # The phone was gone, and the caller was kept from everybody else for the whole ring time.
    world = at_work()
    arrive(world, "c-1")
    assert ringing(world) == {"me": "c-1"}
    lose(world)
    call = world.floor.calls[CallId("c-1")]
    assert isinstance(call.state, ca.Waiting)
    assert ringing(world) == {}
    seat(world, "other", {GENERAL: 5})
    assert ringing(world) == {"other": "c-1"}
    assert status(world) == ("ready", None), "the grace holds for a ringing phone, too"
    find(world)
    arrive(world, "c-2")
    assert ringing(world) == {"other": "c-1", "me": "c-2"}


@pytest.mark.parametrize("away_s", [10, 200])
def test_a_conversation_survives_and_is_written_up(away_s: float) -> None:
    world = talking()
    lose(world)
    world.pass_time(away_s)
    assert isinstance(world.floor.agents[ME].activity, ag.Talk)
    world.exchange.put_down(PHONE)
    world.drain()
    assert isinstance(world.floor.agents[ME].activity, ag.WrapUp)


def test_who_comes_out_of_a_conversation_without_a_phone_is_not_ready() -> None:
    # He stayed ready for ever, and his team counted on him.
    world = talking()
    lose(world)
    world.pass_time(61)
    view = agent_view(world.floor, ME)
    assert (view.next_status, view.next_reason) == ("not_ready", ag.PHONE_UNREACHABLE)
    to_the_end(world)
    assert status(world) == ("not_ready", ag.PHONE_UNREACHABLE)


def test_a_phone_that_is_back_before_the_conversation_ends_changes_nothing() -> None:
    world = talking()
    lose(world)
    world.pass_time(61)
    find(world)
    to_the_end(world)
    assert status(world) == ("ready", None)


def test_who_insists_on_being_ready_without_a_phone_has_the_grace_again() -> None:
    world = talking()
    lose(world)
    world.pass_time(61)
    world.feed(inp.ChooseReady(ME))
    to_the_end(world)
    assert status(world) == ("ready", None)
    arrive(world, "c-2")
    assert ringing(world) == {}
    world.pass_time(61)
    assert status(world) == ("not_ready", ag.PHONE_UNREACHABLE)


def test_an_own_choice_for_after_the_call_is_kept() -> None:
    world = talking()
    world.feed(inp.ChooseNotReady(ME, "meal"))
    lose(world)
    world.pass_time(61)
    find(world)
    to_the_end(world)
    assert status(world) == ("not_ready", "meal")


def test_the_browser_that_comes_back_does_not_bring_the_phone_back() -> None:
    world = talking()
    world.feed(inp.ConnectionLost(ME))
    lose(world)
    world.pass_time(15)  # both gone: after 20 s the caller would be taken to a colleague
    world.feed(inp.ConnectionBack(ME))
    world.pass_time(61)
    assert agent_view(world.floor, ME).next_reason == ag.PHONE_UNREACHABLE
    to_the_end(world)
    assert status(world) == ("not_ready", ag.PHONE_UNREACHABLE)
