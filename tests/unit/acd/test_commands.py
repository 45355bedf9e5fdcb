"""Every command in every situation of an agent: done, or refused with nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from acd.core import inputs as inp
from acd.core.effects import Effect
from acd.core.floor import Floor
from acd.core.inputs import ForcedState
from acd.core.step import step
from kernel.errors import HotlineError, Unavailable
from kernel.ids import AgentId, BoothId, Endpoint, OfferId, TeamId
from kernel.language import Language
from tests.unit.acd.invariants import check
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules
from tests.unit.acd.world import World

ME, OTHER, AWAY = AgentId("op1"), AgentId("op2"), AgentId("op9")
PHONE, OTHER_PHONE = Endpoint("booth001"), Endpoint("booth002")


def sit(world: World, agent: AgentId, booth: str, phone: Endpoint) -> None:
    world.exchange.register(phone)
    world.drain()
    world.feed(inp.LogIn(agent, BoothId(booth), phone, ((GENERAL, 5),), (Language.MANDARIN,)))


def logged_out(world: World) -> None:
    """Nobody is there."""


def not_ready(world: World) -> None:
    sit(world, ME, "001", PHONE)


def ready(world: World) -> None:
    not_ready(world)
    world.feed(inp.ChooseReady(ME))


def offered(world: World) -> None:
    ready(world)
    world.exchange.arrive("c-1")
    world.drain()


def talking(world: World) -> None:
    offered(world)
    world.exchange.pick_up(PHONE)
    world.drain()
    sit(world, OTHER, "002", OTHER_PHONE)
    world.feed(inp.ChooseReady(OTHER))


def holding(world: World) -> None:
    talking(world)
    world.exchange.hold(PHONE, True)
    world.drain()


def moving(world: World) -> None:
    talking(world)
    world.feed(inp.TransferToTeam(ME, LABOUR))


def consulting(world: World) -> None:
    talking(world)
    world.feed(inp.BeginConsult(ME, OTHER))
    world.drain()


def consulting_answered(world: World) -> None:
    consulting(world)
    world.exchange.pick_up(OTHER_PHONE)
    world.drain()


def consulted(world: World) -> None:
    """The same, seen by the colleague: the roles are exchanged."""
    sit(world, OTHER, "002", OTHER_PHONE)
    world.feed(inp.ChooseReady(OTHER))
    world.exchange.arrive("c-1")
    world.drain()
    world.exchange.pick_up(OTHER_PHONE)
    ready(world)
    world.feed(inp.BeginConsult(OTHER, ME))
    world.drain()
    world.exchange.pick_up(PHONE)
    world.drain()


def wrap_up(world: World) -> None:
    talking(world)
    world.exchange.put_down(PHONE)
    world.drain()


def extended(world: World) -> None:
    wrap_up(world)
    world.feed(inp.ExtendWrapUp(ME))


def in_grace(world: World) -> None:
    ready(world)
    world.feed(inp.ConnectionLost(ME))


def absent(world: World) -> None:
    in_grace(world)
    world.pass_time(61)


SITUATIONS: tuple[Callable[[World], None], ...] = (
    logged_out, not_ready, ready, offered, talking, holding, moving, consulting,
    consulting_answered, consulted, wrap_up, extended, in_grace, absent,
)  # fmt: skip


def force(state: ForcedState, reason: str = "换班") -> inp.ForceState:
    return inp.ForceState(ME, state, reason, "supervisor", "chen")


COMMANDS: dict[str, tuple[inp.Command, set[str]]] = {
    "log in": (
        inp.LogIn(ME, BoothId("001"), PHONE, ((GENERAL, 5),), (Language.MANDARIN,)),
        {s.__name__ for s in SITUATIONS},
    ),
    "log in elsewhere": (
        inp.LogIn(ME, BoothId("007"), Endpoint("booth007"), (), ()),
        {"logged_out"},
    ),
    "log out": (inp.LogOut(ME), {s.__name__ for s in SITUATIONS} - {"logged_out"}),
    "ready": (inp.ChooseReady(ME), {s.__name__ for s in SITUATIONS} - {"logged_out"}),
    "not ready": (
        inp.ChooseNotReady(ME, "meal"),
        {s.__name__ for s in SITUATIONS} - {"logged_out"},
    ),
    "force ready": (
        force(ForcedState.READY),
        {s.__name__ for s in SITUATIONS} - {"logged_out", "in_grace", "absent"},
    ),
    "force not ready": (
        force(ForcedState.NOT_READY),
        {s.__name__ for s in SITUATIONS} - {"logged_out"},
    ),
    "force out": (
        force(ForcedState.LOGGED_OUT),
        {s.__name__ for s in SITUATIONS} - {"logged_out"},
    ),
    "force, no reason": (force(ForcedState.NOT_READY, " "), set()),
    "not ready, machine's reason": (inp.ChooseNotReady(ME, "ring_no_answer"), set()),
    "not ready, no reason": (inp.ChooseNotReady(ME, ""), set()),
    "decline": (inp.DeclineOffer(ME, OfferId("c-1.1")), {"offered"}),
    "decline another offer": (inp.DeclineOffer(ME, OfferId("c-7.1")), set()),
    "release": (inp.ReleaseCall(ME), {"talking", "holding", "moving", "consulted"}),
    "finish wrap-up": (inp.FinishWrapUp(ME, "answered"), {"wrap_up", "extended"}),
    "finish wrap-up, no disposition": (inp.FinishWrapUp(ME, ""), set()),
    "extend wrap-up": (inp.ExtendWrapUp(ME), {"wrap_up"}),
    "transfer to team": (inp.TransferToTeam(ME, LABOUR), {"talking", "holding"}),
    "transfer to an unknown team": (
        inp.TransferToTeam(ME, TeamId("nobody")),
        set(),
    ),
    "transfer to agent": (inp.TransferToAgent(ME, OTHER), {"talking", "holding"}),
    "transfer to an absent agent": (inp.TransferToAgent(ME, AWAY), set()),
    "transfer to oneself": (inp.TransferToAgent(ME, ME), set()),
    "consult": (inp.BeginConsult(ME, OTHER), {"talking", "holding"}),
    "consult an absent agent": (inp.BeginConsult(ME, AWAY), set()),
    "consult oneself": (inp.BeginConsult(ME, ME), set()),
    "complete consult": (inp.EndConsultByTransfer(ME), {"consulting_answered"}),
    "cancel consult": (inp.AbortConsult(ME), {"consulting", "consulting_answered"}),
    "connection lost": (
        inp.ConnectionLost(ME),
        {s.__name__ for s in SITUATIONS} - {"logged_out"},
    ),
    "connection back": (
        inp.ConnectionBack(ME),
        {s.__name__ for s in SITUATIONS} - {"logged_out"},
    ),
}


def picture(floor: Floor) -> dict[str, Any]:
    """All that the floor holds, copied."""
    return {
        name: deepcopy(getattr(floor, name))
        for name in ("agents", "calls", "offers", "booths", "endpoints", "speakers")
    }


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.__name__)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_done_or_refused_with_nothing_changed(
    name: str, situation: Callable[[World], None]
) -> None:
    command, allowed = COMMANDS[name]
    world = World(make_rules())
    situation(world)
    before = picture(world.floor)
    if situation.__name__ in allowed:
        world.feed(command)
        world.drain()
        check(world.floor)
        return
    with pytest.raises(HotlineError) as refused:
        world.feed(command)
    assert any("\u4e00" <= c <= "\u9fff" for c in refused.value.message)
    assert picture(world.floor) == before
    check(world.floor)


NEEDS_LINE = ("decline", "release", "transfer to team", "transfer to agent", "consult",
              "complete consult", "cancel consult")  # fmt: skip


@pytest.mark.parametrize("name", NEEDS_LINE)
def test_what_needs_the_line_is_refused_without_it(name: str) -> None:
    command, allowed = COMMANDS[name]
    for situation in SITUATIONS:
        if situation.__name__ not in allowed:
            continue
        world = World(make_rules())
        situation(world)
        world.lose_line()
        world.drain()
        before = picture(world.floor)
        with pytest.raises(Unavailable):
            world.feed(command)
        assert picture(world.floor) == before


def test_a_skill_level_outside_one_to_ten_is_refused() -> None:
    world = World(make_rules())
    for level in (0, 11):
        with pytest.raises(HotlineError):
            world.feed(inp.LogIn(ME, BoothId("001"), PHONE, ((GENERAL, level),), ()))
    assert world.floor.agents == {}


def test_a_skill_of_a_team_that_is_not_served_is_left_out() -> None:
    world = World(make_rules())
    skills = ((GENERAL, 3), (TeamId("nobody"), 9))
    world.feed(inp.LogIn(ME, BoothId("001"), PHONE, skills, (Language.MANDARIN,)))
    assert world.floor.agents[ME].skills == ((GENERAL, 3),)


def test_the_same_log_gives_the_same_effects_bit_for_bit() -> None:
    """A whole hour of people doing things, then its log stepped again from nothing."""
    for situation in SITUATIONS:
        world = World(make_rules())
        situation(world)
        world.clock.advance(timedelta(seconds=3))
        world.pass_time(3600)
        world.drain()
        floor = Floor(make_rules())
        again: list[tuple[Effect, ...]] = []
        for now, item in world.log:
            floor, effects = step(floor, item, now)
            again.append(effects)
        assert repr(again) == repr(world.effects)
        assert picture(floor) == picture(world.floor)
