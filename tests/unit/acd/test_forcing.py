"""A state ordered by a supervisor: at once or after the call, told, remembered, and not evaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import inputs as inp
from acd.core.inputs import ForcedState
from acd.core.views import agent_view
from kernel import events as ev
from kernel.errors import BadInput, Conflict, NotFound
from kernel.ids import AgentId, CallId
from tests.unit.acd.cast import arrive, ringing, seat
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

ME = AgentId("me")
READY, NOT_READY, LOGGED_OUT = ForcedState


def order(state: ForcedState, reason: str = "支援高峰") -> inp.ForceState:
    return inp.ForceState(ME, state, reason, "supervisor", "chen")


def idle(world: World) -> None:
    seat(world, "me", {GENERAL: 5})


def on_break(world: World) -> None:
    idle(world)
    world.feed(inp.ChooseNotReady(ME, "meal"))


def ringing_phone(world: World) -> None:
    idle(world)
    arrive(world, "c-1")


def talking(world: World) -> None:
    ringing_phone(world)
    world.exchange.pick_up("booth-me")
    world.drain()


def wrap_up(world: World) -> None:
    talking(world)
    world.exchange.put_down("booth-me")
    world.drain()


def world_of(situation: Callable[[World], None]) -> World:
    world = World(make_rules())
    situation(world)
    return world


def told(world: World) -> list[tuple[str, str, str, str, bool]]:
    return [
        (e.state, e.reason, e.cause, e.actor, e.at_once)
        for e in world.events
        if isinstance(e, ev.AgentForced)
    ]


def status(world: World) -> tuple[str, str | None]:
    found = world.floor.agents[ME].status
    return found.kind.value, found.reason


def test_who_is_on_a_break_is_made_ready_and_gets_the_waiting_call() -> None:
    world = world_of(on_break)
    arrive(world, "c-1")
    world.feed(order(READY))
    world.drain()
    assert ringing(world) == {"me": "c-1"}
    assert told(world) == [("ready", "支援高峰", "supervisor", "chen", True)]
    [changed] = [
        e for e in world.events if isinstance(e, ev.AgentStatusChanged) and e.cause == "supervisor"
    ]
    assert (changed.status, changed.actor) == ("ready", "chen")


def test_who_is_ready_is_made_not_ready_with_a_reason_nobody_chooses() -> None:
    world = world_of(idle)
    world.feed(order(NOT_READY))
    assert status(world) == ("not_ready", ag.FORCED)
    arrive(world, "c-1")
    assert ringing(world) == {}
    with pytest.raises(BadInput):
        world.feed(inp.ChooseNotReady(ME, ag.FORCED))
    world.feed(inp.ChooseReady(ME))
    world.drain()
    assert ringing(world) == {"me": "c-1"}


def test_who_is_idle_is_logged_out_and_the_booth_is_free() -> None:
    world = world_of(idle)
    world.feed(order(LOGGED_OUT))
    assert world.floor.agents == {}
    assert world.floor.booths == {}
    [out] = [e for e in world.events if isinstance(e, ev.AgentLoggedOut)]
    assert (out.cause, out.actor) == ("supervisor", "chen")


@pytest.mark.parametrize("state", [NOT_READY, LOGGED_OUT])
def test_a_ringing_phone_is_told_to_stop_and_the_caller_keeps_the_place(
    state: ForcedState,
) -> None:
    world = world_of(ringing_phone)
    world.feed(order(state))
    world.drain()
    assert ringing(world) == {}
    call = world.floor.calls[CallId("c-1")]
    assert isinstance(call.state, ca.Waiting)
    assert world.floor.position(call) == 1
    assert world.outcomes == {"c-1.1": "rescinded"}
    assert told(world)[0][4] is True
    assert (ME in world.floor.agents) == (state is NOT_READY)


@pytest.mark.parametrize("state", list(ForcedState))
def test_a_conversation_goes_on_and_the_order_applies_after_it(state: ForcedState) -> None:
    world = world_of(talking)
    world.feed(inp.ChooseNotReady(ME, "meal"))
    world.feed(order(state))
    world.drain()
    assert isinstance(world.floor.agents[ME].activity, ag.Talk)
    assert told(world)[0][4] is False
    view = agent_view(world.floor, ME)
    assert (view.next_status, view.next_forced) == (state.value, True)
    world.exchange.put_down("booth-me")
    world.drain()
    assert isinstance(world.floor.agents[ME].activity, ag.WrapUp)
    world.feed(inp.FinishWrapUp(ME, "answered"))
    if state is LOGGED_OUT:
        assert world.floor.agents == {}
    else:
        assert status(world)[0] == state.value


def test_what_was_ordered_for_after_the_call_is_not_changed_by_the_agent() -> None:
    world = world_of(talking)
    world.feed(order(LOGGED_OUT))
    for choice in (inp.ChooseReady(ME), inp.ChooseNotReady(ME, "meal")):
        with pytest.raises(Conflict):
            world.feed(choice)
    assert agent_view(world.floor, ME).next_status == "logged_out"
    world.feed(order(NOT_READY))
    assert agent_view(world.floor, ME).next_status == "not_ready"


@pytest.mark.parametrize("state", [READY, LOGGED_OUT])
def test_a_write_up_ends_for_who_is_called_back_or_sent_home(state: ForcedState) -> None:
    world = world_of(wrap_up)
    world.feed(inp.ChooseNotReady(ME, "meal"))
    world.feed(order(state))
    [finished] = [e for e in world.events if isinstance(e, ev.WrapUpFinished)]
    assert (finished.disposition, finished.timed_out) == ("unrecorded", True)
    if state is READY:
        assert status(world) == ("ready", None)
    else:
        assert world.floor.agents == {}


def test_a_write_up_is_not_cut_for_a_pause() -> None:
    world = world_of(wrap_up)
    world.feed(order(NOT_READY))
    assert isinstance(world.floor.agents[ME].activity, ag.WrapUp)
    world.pass_time(60)
    assert status(world) == ("not_ready", ag.FORCED)


def test_who_did_not_answer_is_not_made_ready_by_an_earlier_order() -> None:
    world = world_of(ringing_phone)
    world.feed(order(READY))
    world.exchange.ring_out("booth-me")
    world.drain()
    assert status(world) == ("not_ready", ag.RING_NO_ANSWER)


def test_an_order_to_leave_stands_though_the_phone_was_not_answered() -> None:
    """Without the line the ringing phone cannot be told; the order waits for what becomes of it."""
    world = world_of(ringing_phone)
    world.lose_line()
    world.drain()
    world.feed(order(LOGGED_OUT))
    assert told(world)[0][4] is False
    world.exchange.restore()
    world.drain()
    world.exchange.ring_out("booth-me")
    world.drain()
    assert world.floor.agents == {}


def test_nobody_is_made_ready_while_the_desktop_is_away() -> None:
    world = world_of(idle)
    world.feed(inp.ConnectionLost(ME))
    with pytest.raises(Conflict):
        world.feed(order(READY))
    world.feed(order(LOGGED_OUT))
    assert world.floor.agents == {}


def test_a_lost_browser_does_not_undo_an_order_to_leave() -> None:
    world = world_of(talking)
    world.feed(order(LOGGED_OUT))
    world.feed(inp.ConnectionLost(ME))
    world.pass_time(61)
    world.exchange.put_down("booth-me")
    world.drain()
    world.pass_time(60)
    assert world.floor.agents == {}


def test_an_order_without_a_reason_or_a_person_is_refused() -> None:
    world = world_of(idle)
    with pytest.raises(BadInput):
        world.feed(order(NOT_READY, "  "))
    with pytest.raises(NotFound):
        world.feed(inp.ForceState(AgentId("nobody"), NOT_READY, "换班", "supervisor", "chen"))
    assert told(world) == []


@pytest.mark.parametrize("state", [NOT_READY, LOGGED_OUT])
def test_what_was_ordered_for_after_the_call_is_remembered_over_a_restart(
    state: ForcedState,
) -> None:
    world = world_of(talking)
    world.feed(order(state))
    again = next_run(world)
    again.exchange.restore()
    again.drain()
    assert isinstance(again.floor.agents[ME].activity, ag.Talk)
    again.feed(inp.ConnectionBack(ME))
    again.exchange.put_down("booth-me")
    again.drain()
    again.pass_time(60)
    if state is LOGGED_OUT:
        assert again.floor.agents == {}
    else:
        assert status(again) == ("not_ready", ag.FORCED)


def test_what_was_done_is_not_done_again_after_a_restart() -> None:
    world = world_of(talking)
    world.feed(order(NOT_READY))
    world.exchange.put_down("booth-me")
    world.drain()
    world.pass_time(60)
    world.feed(inp.ChooseReady(ME))
    again = next_run(world)
    assert status(again) == ("ready", None)
