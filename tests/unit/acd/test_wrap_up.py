"""The write-up after a call in each mode, and a plan that makes it shorter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from acd.core import agent as ag
from acd.core import inputs as inp
from acd.core.rules import Rules, WrapUpMode
from acd.core.views import agent_view
from kernel import events as ev
from kernel.errors import BadInput, Conflict, HotlineError, NotFound
from kernel.ids import AgentId, TeamId
from tests.unit.acd.cast import arrive, ringing, seat
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules, s
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

ME = AgentId("me")
OPTIONAL, MANDATORY, TIME_BOXED, FIXED = WrapUpMode
CAP = timedelta(minutes=15)


def rules(mode: WrapUpMode) -> Rules:
    limit = CAP if mode is MANDATORY else s(60)
    usual = make_rules()
    teams = tuple(replace(t, wrap_up_mode=mode, wrap_up_limit=limit) for t in usual.teams)
    return replace(usual, teams=teams)


def in_wrap_up(mode: WrapUpMode) -> World:
    world = World(rules(mode))
    seat(world, "me", {GENERAL: 5})
    arrive(world, "c-1")
    world.exchange.pick_up("booth-me")
    world.drain()
    world.exchange.put_down("booth-me")
    world.drain()
    assert isinstance(world.floor.agents[ME].activity, ag.WrapUp)
    return world


def ended(world: World) -> list[tuple[str | None, float, bool]]:
    return [
        (e.disposition, e.wrap_up_s, e.timed_out)
        for e in world.events
        if isinstance(e, ev.WrapUpFinished)
    ]


def done(disposition: str = "answered") -> inp.FinishWrapUp:
    return inp.FinishWrapUp(ME, disposition)


@pytest.mark.parametrize("mode", [OPTIONAL, MANDATORY, TIME_BOXED])
def test_a_disposition_ends_it(mode: WrapUpMode) -> None:
    world = in_wrap_up(mode)
    world.pass_time(7)
    world.feed(done())
    assert ended(world) == [("answered", 7.0, False)]
    assert isinstance(world.floor.agents[ME].activity, ag.Idle)


def test_only_an_optional_one_ends_without_a_disposition() -> None:
    world = in_wrap_up(OPTIONAL)
    world.feed(done(""))
    assert ended(world) == [("unrecorded", 0.0, False)]
    for mode in (MANDATORY, TIME_BOXED, FIXED):
        world = in_wrap_up(mode)
        with pytest.raises(BadInput):
            world.feed(done(""))
        assert ended(world) == []


@pytest.mark.parametrize("mode", [OPTIONAL, TIME_BOXED, FIXED])
def test_the_limit_ends_it_with_the_default_disposition(mode: WrapUpMode) -> None:
    world = in_wrap_up(mode)
    world.pass_time(59)
    assert ended(world) == []
    world.pass_time(1)
    assert ended(world) == [("unrecorded", 60.0, True)]


def test_no_limit_presses_in_a_mandatory_one_but_nobody_is_stuck_in_it() -> None:
    world = in_wrap_up(MANDATORY)
    view = agent_view(world.floor, ME)
    assert (view.deadline, view.wrap_up_mode) == (None, "mandatory")
    with pytest.raises(Conflict):
        world.feed(inp.ExtendWrapUp(ME))
    world.pass_time(899)
    assert ended(world) == []
    world.pass_time(1)
    assert ended(world) == [("unrecorded", 900.0, True)]


def test_a_fixed_one_notes_the_disposition_and_lasts_to_its_end() -> None:
    world = in_wrap_up(FIXED)
    world.pass_time(10)
    world.feed(done("answered"))
    world.feed(inp.ChooseNotReady(ME, "meal"))
    assert agent_view(world.floor, ME).disposition == "answered"
    arrive(world, "c-2")
    assert ringing(world) == {}
    world.feed(done("transferred"))
    world.pass_time(48)
    assert ended(world) == []
    world.pass_time(2)
    assert ended(world) == [("transferred", 60.0, False)]
    assert world.floor.agents[ME].status.reason == "meal"


@pytest.mark.parametrize("mode", [OPTIONAL, TIME_BOXED, FIXED])
def test_one_with_a_limit_can_be_extended_once(mode: WrapUpMode) -> None:
    world = in_wrap_up(mode)
    world.feed(inp.ExtendWrapUp(ME))
    with pytest.raises(Conflict):
        world.feed(inp.ExtendWrapUp(ME))
    world.pass_time(119)
    assert ended(world) == []
    world.pass_time(1)
    assert ended(world) == [("unrecorded", 120.0, True)]


# --- a restriction --------------------------------------------------------------------------


def plan(limit: float | None, team: TeamId = GENERAL) -> inp.RestrictWrapUp:
    return inp.RestrictWrapUp(team, s(limit) if limit is not None else None, "plan", "peak")


@pytest.mark.parametrize("mode", list(WrapUpMode))
def test_a_restriction_shortens_what_runs_and_what_comes(mode: WrapUpMode) -> None:
    world = in_wrap_up(mode)
    world.pass_time(30)
    world.feed(plan(15))
    assert agent_view(world.floor, ME).deadline == world.now + s(15)
    world.pass_time(15)
    assert ended(world) == [("unrecorded", 45.0, True)]
    arrive(world, "c-2")
    world.exchange.pick_up("booth-me")
    world.drain()
    world.exchange.put_down("booth-me")
    world.drain()
    assert agent_view(world.floor, ME).deadline == world.now + s(15)
    world.pass_time(15)
    assert ended(world)[1] == ("unrecorded", 15.0, True)


def test_a_restriction_lengthens_nothing_and_touches_no_other_team() -> None:
    world = in_wrap_up(TIME_BOXED)
    world.pass_time(50)
    deadline = agent_view(world.floor, ME).deadline
    world.feed(plan(30))
    world.feed(plan(5, LABOUR))
    assert agent_view(world.floor, ME).deadline == deadline


def test_a_restriction_is_lifted_told_and_remembered_over_a_restart() -> None:
    world = World(rules(TIME_BOXED))
    world.feed(plan(15))
    assert world.feed(plan(15)) == ()
    again = next_run(world)
    assert again.floor.wrap_up_limits == {GENERAL: s(15)}
    world.feed(plan(None))
    assert world.floor.wrap_up_limits == {}
    assert next_run(world).floor.wrap_up_limits == {}
    told = [e for e in world.events if isinstance(e, ev.WrapUpRestricted)]
    assert [(e.team, e.limit_s, e.cause, e.actor) for e in told] == [
        ("general", 15.0, "plan", "peak"),
        ("general", None, "plan", "peak"),
    ]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (plan(15, TeamId("nobody")), NotFound),
        (plan(1), BadInput),
        (plan(1000), BadInput),
    ],
)
def test_a_restriction_without_sense_is_refused(
    command: inp.RestrictWrapUp, error: type[HotlineError]
) -> None:
    world = World(rules(TIME_BOXED))
    with pytest.raises(error):
        world.feed(command)
    assert world.floor.wrap_up_limits == {}
