"""Who goes home: at once, with a phone still ringing, or after the call and the write-up in hand;
and what a restart of the platform leaves of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import inputs as inp
from acd.core.inputs import ForcedState
from acd.core.rules import Rules, WrapUpMode
from acd.core.views import agent_view
from kernel import events as ev
from kernel.errors import Conflict, Unavailable
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from kernel.language import Language
from tests.unit.acd.cast import arrive, ringing, seat
from tests.unit.acd.invariants import check
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

ME = AgentId("me")


def at_work(rules: Rules | None = None) -> World:
    world = World(rules or make_rules())
    seat(world, "me", {GENERAL: 5})
    return world


def talking(rules: Rules | None = None) -> World:
    world = at_work(rules)
    arrive(world, "c-1")
    world.exchange.pick_up("booth-me")
    world.drain()
    return world


def writing_up(rules: Rules | None = None) -> World:
    world = talking(rules)
    world.exchange.put_down("booth-me")
    world.drain()
    return world


def gone(world: World) -> bool:
    check(world.floor)
    assert (ME in world.floor.agents) is (BoothId("me") in world.floor.booths)
    return ME not in world.floor.agents


def chosen(world: World) -> tuple[str | None, str | None]:
    view = agent_view(world.floor, ME)
    return view.next_status, view.next_reason


def back(world: World) -> World:
    """The platform was killed and is there again; so is the telephone, and the browser."""
    again = next_run(world, world.floor.rules)
    again.exchange.restore()
    again.drain()
    again.feed(inp.ConnectionBack(ME))
    again.drain()
    check(again.floor)
    return again


# --- leaving --------------------------------------------------------------------------------


def test_who_leaves_while_the_phone_rings_declines_and_the_caller_keeps_the_place() -> None:
    world = at_work()
    arrive(world, "c-1")
    arrive(world, "c-2")
    assert ringing(world) == {"me": "c-1"}
    world.feed(inp.LogOut(ME))
    world.drain()
    assert gone(world)
    assert ringing(world) == {}
    call = world.floor.calls[CallId("c-1")]
    assert isinstance(call.state, ca.Waiting)
    assert world.floor.position(call) == 1
    [ended] = [e for e in world.events if isinstance(e, ev.OfferEnded)]
    assert ended.outcome == "declined"
    [out] = [e for e in world.events if isinstance(e, ev.AgentLoggedOut)]
    assert (out.cause, out.actor) == ("agent", "")


def test_the_next_operator_at_the_booth_gets_the_call_that_rang_there() -> None:
    world = at_work()
    arrive(world, "c-1")
    world.feed(inp.LogOut(ME))
    world.drain()
    skills, languages = ((GENERAL, 5),), (Language.MANDARIN,)
    other = AgentId("other")
    world.feed(inp.LogIn(other, BoothId("me"), Endpoint("booth-me"), skills, languages))
    assert ringing(world) == {}, "who comes is not ready yet"
    world.feed(inp.ChooseReady(other))
    world.drain()
    assert world.floor.agents[other].activity.kind is ag.ActivityKind.OFFERED


def test_who_leaves_amid_a_conversation_leaves_after_the_write_up() -> None:
    world = talking()
    world.feed(inp.LogOut(ME))
    assert not gone(world)
    assert chosen(world) == ("logged_out", None)
    world.exchange.put_down("booth-me")
    world.drain()
    assert not gone(world)
    world.feed(inp.FinishWrapUp(ME, "answered"))
    assert gone(world)


def test_who_leaves_amid_the_write_up_leaves_when_its_time_is_over() -> None:
    world = writing_up()
    world.feed(inp.LogOut(ME))
    arrive(world, "c-2")
    world.pass_time(61)
    assert gone(world)
    assert ringing(world) == {}


def test_who_has_changed_his_mind_stays() -> None:
    world = talking()
    world.feed(inp.LogOut(ME))
    world.feed(inp.ChooseReady(ME))
    assert chosen(world) == ("ready", None)
    world.exchange.put_down("booth-me")
    world.drain()
    world.feed(inp.FinishWrapUp(ME, "answered"))
    assert not gone(world)


def test_who_is_asked_by_a_colleague_leaves_after_that() -> None:
    world = talking()
    seat(world, "other", {GENERAL: 5})
    world.feed(inp.BeginConsult(ME, AgentId("other")))
    world.drain()
    world.exchange.pick_up("booth-other")
    world.drain()
    world.feed(inp.LogOut(AgentId("other")))
    assert AgentId("other") in world.floor.agents
    world.feed(inp.AbortConsult(ME))
    world.drain()
    assert AgentId("other") not in world.floor.agents
    check(world.floor)


def test_who_leaves_while_a_colleagues_question_rings_lets_the_colleague_go_on() -> None:
    world = talking()
    seat(world, "other", {GENERAL: 5})
    world.feed(inp.BeginConsult(ME, AgentId("other")))
    world.drain()
    world.feed(inp.LogOut(AgentId("other")))
    world.drain()
    assert AgentId("other") not in world.floor.agents
    assert isinstance(world.floor.agents[ME].activity, ag.Talk)
    check(world.floor)


def test_who_was_ordered_something_else_does_not_evade_it() -> None:
    world = talking()
    world.feed(inp.ForceState(ME, ForcedState.NOT_READY, "到办公室", "supervisor", "chen"))
    with pytest.raises(Conflict):
        world.feed(inp.LogOut(ME))
    assert chosen(world) == ("not_ready", ag.FORCED)


def test_nobody_leaves_a_ringing_phone_while_the_line_is_away() -> None:
    world = at_work()
    arrive(world, "c-1")
    world.lose_line()
    world.drain()
    with pytest.raises(Unavailable):
        world.feed(inp.LogOut(ME))
    assert not gone(world)


def test_moving_to_another_booth_keeps_the_turn() -> None:
    world = at_work()
    seat(world, "other", {GENERAL: 5})
    since = world.floor.agents[ME].handled_at
    world.pass_time(100)
    world.feed(inp.LogOut(ME))
    world.exchange.register("booth-new")
    world.drain()
    arrived = inp.LogIn(
        ME, BoothId("new"), Endpoint("booth-new"), ((GENERAL, 5),), (Language.MANDARIN,)
    )
    with pytest.raises(Conflict):
        world.feed(replace(arrived, booth_id=BoothId("other")))
    world.feed(arrived)
    world.feed(inp.ChooseReady(ME))
    world.drain()
    assert BoothId("me") not in world.floor.booths
    assert world.floor.agents[ME].session.booth_id == "new"
    assert world.floor.agents[ME].handled_at >= since
    check(world.floor)


# --- over a restart ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (inp.ChooseNotReady(ME, "meal"), ("not_ready", "meal")),
        (inp.LogOut(ME), ("logged_out", None)),
    ],
)
def test_what_was_chosen_for_after_the_call_outlives_the_platform(
    choice: inp.Command, found: tuple[str, str | None]
) -> None:
    world = talking()
    world.feed(choice)
    again = back(world)
    assert isinstance(again.floor.agents[ME].activity, ag.Talk)
    assert chosen(again) == found


def test_a_choice_that_was_carried_out_is_not_remembered() -> None:
    world = writing_up()
    world.feed(inp.ChooseNotReady(ME, "meal"))
    world.feed(inp.FinishWrapUp(ME, "answered"))
    world.feed(inp.ChooseReady(ME))
    arrive(world, "c-2")
    world.exchange.pick_up("booth-me")
    world.drain()
    again = back(world)
    assert isinstance(again.floor.agents[ME].activity, ag.Talk)
    assert again.floor.agents[ME].stays_ready


def test_a_write_up_goes_on_as_long_as_it_would_have() -> None:
    # Whoever wrote a call up when the platform died was offered the next one at once.
    world = writing_up()
    since = world.now
    world.pass_time(20)
    again = back(world)
    arrive(again, "c-2")
    assert ringing(again) == {}
    view = agent_view(again.floor, ME)
    assert (view.activity, view.call_id, view.activity_since) == ("wrap_up", "c-1", since)
    again.pass_time((since - again.now).total_seconds() + 60.5)
    again.drain()
    assert ringing(again) == {"me": "c-2"}
    [finished] = [e for e in again.events if isinstance(e, ev.WrapUpFinished)]
    assert (finished.call_id, finished.timed_out) == ("c-1", True)


def test_a_write_up_whose_time_ran_out_meanwhile_is_over_at_once() -> None:
    world = writing_up()
    world.clock.advance(world.floor.rules.grace * 2)
    again = back(world)
    again.pass_time(0.001)
    assert isinstance(again.floor.agents[ME].activity, ag.Idle)


def test_an_extended_one_is_found_extended_and_a_fixed_one_with_what_was_noted() -> None:
    usual = make_rules()
    teams = tuple(replace(t, wrap_up_mode=WrapUpMode.FIXED) for t in usual.teams)
    world = writing_up(replace(usual, teams=teams))
    world.feed(inp.ExtendWrapUp(ME))
    world.feed(inp.FinishWrapUp(ME, "order_filed"))
    before = world.floor.agents[ME].activity
    assert back(world).floor.agents[ME].activity == before


def test_a_write_up_that_ended_is_not_remembered() -> None:
    world = writing_up()
    world.feed(inp.FinishWrapUp(ME, "answered"))
    assert isinstance(back(world).floor.agents[ME].activity, ag.Idle)


def test_who_leaves_while_a_citizen_is_rung_lets_the_citizen_go_to_a_colleague() -> None:
    world = at_work()
    world.feed(inp.ChooseNotReady(ME, "break"))
    arrive(world, "c-1")
    world.exchange.ask_for_callback(CallId("c-1"))
    world.drain()
    world.feed(inp.ChooseReady(ME))
    world.drain()
    assert isinstance(world.floor.agents[ME].activity, ag.Dialling)
    seat(world, "other", {GENERAL: 5})
    world.feed(inp.LogOut(ME))
    world.drain()
    assert gone(world)
    assert isinstance(world.floor.agents[AgentId("other")].activity, ag.Dialling)
    assert len(world.exchange.dialling) == 1
