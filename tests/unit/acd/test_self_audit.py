"""The figures must be found out when they are wrong: each sum is broken once, each kind told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acd.auditor import Auditor
from acd.core.inputs import LogIn, RestoredAgent
from acd.core.metrics import Count
from acd.core.self_audit import (
    Check,
    Drift,
    HeadCount,
    audit,
    callers_drift,
    head_count,
)
from acd.ports import Memory
from kernel.errors import Unavailable
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from kernel.language import Language
from tests.fakes.event_log import ListEventLog
from tests.fakes.log import KeptLog
from tests.unit.acd.cast import arrive, seat
from tests.unit.acd.hall import A, Hall
from tests.unit.acd.rules import GENERAL, make_rules
from tests.unit.acd.world import World

X, Y, Z = CallId("x"), CallId("y"), CallId("z")


@pytest.fixture
def world() -> World:
    """One operator who talks, one who is ready, one caller more than they serve."""
    world = World(make_rules())
    seat(world, "a", {GENERAL: 5})
    seat(world, "b", {GENERAL: 5})
    arrive(world, "one")
    world.exchange.pick_up("booth-a")
    world.drain()
    world.pass_time(30)
    assert found(world) == []
    return world


def found(world: World) -> list[Drift]:
    return audit(world.floor, world.metrics, world.began_at, world.now)


def test_a_visit_that_was_lost_is_found(world: World) -> None:
    world.metrics.teams[GENERAL].life[Count.ENTERED] += 1
    assert found(world) == [Drift(Check.VISITS, GENERAL, 2, 1)]


def test_a_millisecond_of_an_agent_that_was_lost_is_found(world: World) -> None:
    clock = world.metrics.times.clocks[AgentId("b")]
    clock.totals["ready"] = clock.totals.get("ready", 0) - 1000
    [drift] = found(world)
    assert (drift.check, drift.subject, drift.other - drift.ours) == (Check.AGENT_TIME, "b", 1)


def test_less_than_a_millisecond_is_no_drift(world: World) -> None:
    clock = world.metrics.times.clocks[AgentId("b")]
    clock.totals["ready"] = clock.totals.get("ready", 0) - 999
    assert found(world) == []


def test_a_clock_that_runs_for_another_state_is_found(world: World) -> None:
    world.metrics.times.clocks[AgentId("a")].activity = "idle"
    assert found(world) == [Drift(Check.AGENT_STATE, "a", 0, 0)]


def test_a_clock_of_somebody_who_left_and_one_that_is_missing_are_found(world: World) -> None:
    clocks = world.metrics.times.clocks
    clocks[AgentId("gone")] = clocks.pop(AgentId("b"))
    kinds = {(d.check, d.subject) for d in found(world)}
    assert kinds == {(Check.AGENT_TIME, "b"), (Check.AGENT_TIME, "gone")}


def test_callers_are_compared_by_two_counts_in_a_row() -> None:
    first = head_count({X, Y}, {Y, Z})
    assert first == HeadCount(frozenset({X}), frozenset({Z}))
    assert callers_drift(HeadCount(), first) == [], "who came or went during one count"
    gone_meanwhile = head_count({Y}, {Y})
    assert callers_drift(first, gone_meanwhile) == []
    again = head_count({X, Y}, {Y, Z})
    assert callers_drift(first, again) == [
        Drift(Check.GHOST_CALLERS, "x", 1, 0),
        Drift(Check.UNKNOWN_CALLERS, "z", 0, 1),
    ]


class Telephone:
    """The telephone system's own list of callers."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self.extra: set[CallId] = set()

    async def callers(self) -> dict[CallId, str]:
        if not self._hall.exchange.up:
            raise Unavailable("线路中断")
        present = {c.call_id: c.place for c in self._hall.exchange.callers.values()}
        return present | dict.fromkeys(self.extra, "waiting")


async def test_the_wallboard_turns_red_and_the_log_says_why_once(hall: Hall) -> None:
    telephone, log = Telephone(hall), KeptLog()
    auditor = Auditor(hall.acd, telephone, log)
    await hall.seat(A)
    await hall.arrive("c-1")
    for _ in range(2):
        assert await auditor.count_callers() == 1
        auditor.audit()
    assert hall.acd.wallboard().drifts == ()
    telephone.extra = {X}
    for _ in range(3):
        await auditor.count_callers()
        auditor.audit()
    assert hall.acd.wallboard().drifts == (Drift(Check.UNKNOWN_CALLERS, "x", 0, 1),)
    warnings = [fields for level, event, fields in log.lines if event == "figures_drift"]
    assert [w["subject"] for w in warnings] == ["x"]
    telephone.extra = set()
    await auditor.count_callers()
    auditor.audit()
    assert hall.acd.wallboard().drifts == ()


async def test_without_a_line_no_callers_are_compared(hall: Hall) -> None:
    telephone = Telephone(hall)
    auditor = Auditor(hall.acd, telephone, KeptLog())
    telephone.extra = {X}
    await auditor.count_callers()
    hall.exchange.lose()
    await hall.calm()
    assert await auditor.count_callers() == 0
    hall.exchange.restore()
    await hall.calm()
    await auditor.count_callers()
    auditor.audit()
    assert hall.acd.wallboard().drifts == (), "the count begins anew"


async def test_who_was_restored_from_the_log_is_counted_since_the_restart() -> None:
    """Sessions, calls and conversations of the run before: their time began to be counted now."""
    log_in = LogIn(A, BoothId("001"), Endpoint("booth001"), ((GENERAL, 5),), (Language.MANDARIN,))
    morning = Hall().clock.now() - timedelta(hours=3)
    hall = Hall(
        event_log=ListEventLog(Memory(agents=[RestoredAgent(log_in, morning, False, "meal")]))
    )
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    hall.clock.advance(timedelta(minutes=10))
    assert hall.view(A).reason == "meal"
    assert hall.acd.audit() == []
    await hall.acd.stop()
