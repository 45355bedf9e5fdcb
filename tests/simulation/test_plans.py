"""A typhoon hour with and without its plan: the real core, the shipped plan, virtual time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from acd.adapters.plans_file import Known, load_plans
from acd.adapters.rules_file import load_rules
from acd.core.connect_rate import ConnectRates
from acd.core.inputs import OpenRing, RestrictWrapUp
from acd.core.metrics import Count, service_level, summed
from acd.core.plan_levers import NO_LIMIT, Held, LeverKey, LeverKind, pull, target, wants
from acd.core.plans import Book, Ended, Plan, Started, judge
from acd.core.views import Sources, wallboard
from acd.core.waits import Waits
from acd.plans import figures_of
from tests.simulation.shift import Habits, Shift
from tests.unit.acd.invariants import check, check_metrics

CONFIG = Path(__file__).parents[2] / "config"
RULES = load_rules(CONFIG / "acd.yaml")
PROMPTS = ("busy_now", "busy_storm", "busy_elsewhere")
REASONS = ("break", "meal", "paperwork", "training", "meeting", "equipment")
SEATS = 100
USUAL = 0.5
"""Calls a second that the seats carry at 85 %: 170 s for each, write-up included."""
LOOK_EVERY_S = 5


def shipped(plan_id: str) -> Plan:
    """The shipped plan at any hour; thresholds in callers are those of a hall of 506."""
    plans = load_plans(CONFIG / "plans.yaml", Known(RULES, PROMPTS, REASONS))
    plan = next(p for p in plans if p.plan_id == plan_id)
    scale = SEATS / 506
    return replace(
        plan,
        hours=None,
        triggers=tuple(
            t if t.falling else replace(t, start=t.start * scale, end=t.end * scale)
            for t in plan.triggers
        ),
    )


class PlannedShift(Shift):
    """A shift whose plans are looked at every five seconds."""

    def __init__(self, plans: tuple[Plan, ...]) -> None:
        self.book = Book(plans)
        self.held: dict[LeverKey, Held] = {}
        self.happened: list[tuple[datetime, type]] = []
        super().__init__(RULES, seed=12345, habits=Habits(talk=120, wrap_up=60, patience=150))
        self._judge = False
        self.sources = Sources(self.metrics, ConnectRates(self.metrics), Waits(RULES))
        self.after(LOOK_EVERY_S, self.look)

    def look(self) -> None:
        self.metrics.advance(self.now)
        board = wallboard(self.floor, self.sources, self.now)
        self.book, effects = judge(self.book, figures_of(board), self.now)
        self.happened += [(self.now, type(e)) for e in effects]
        wanted = wants(self.book.running()).levers
        for key in sorted({*wanted, *self.held}):
            actual, before = self.lever(key), self.held.pop(key, None)
            after = pull(key[0], actual, before, wanted.get(key))
            if after is not None:
                self.held[key] = after
            self.move(key, target(actual, before, after))
        self.after(LOOK_EVERY_S, self.look)

    def lever(self, key: LeverKey) -> float:
        kind, team = key
        if kind is LeverKind.RING:
            return self.floor.open_rings[team]
        limit = self.floor.wrap_up_limits.get(team)
        return NO_LIMIT if limit is None else limit / timedelta(seconds=1)

    def move(self, key: LeverKey, to: float) -> None:
        kind, team = key
        if to == self.lever(key):
            return
        if kind is LeverKind.RING:
            self.feed(OpenRing(team, int(to), "plan", "typhoon"))
        else:
            limit = None if to == NO_LIMIT else timedelta(seconds=to)
            self.feed(RestrictWrapUp(team, limit, "plan", "typhoon"))


@dataclass(frozen=True)
class Hour:
    level: float
    answered: int
    abandoned: int
    shift: PlannedShift

    @property
    def answered_part(self) -> float:
        return self.answered / (self.answered + self.abandoned)


def hour_of(peak: float, *plans: Plan) -> Hour:
    """Ten usual minutes, twenty with so many callers a second, then forty of calm."""
    shift = PlannedShift(plans)
    for number in range(1, SEATS + 1):
        shift.seat(number)
    for per_second, seconds in ((USUAL, 600), (peak, 1200), (USUAL / 2, 2400)):
        shift.arrivals(per_second=per_second, seconds=seconds)
        shift.run_for(seconds)
        check(shift.floor)
    check_metrics(shift.floor, shift.metrics)
    day = summed(t.day for t in shift.metrics.teams.values())
    level = service_level(day).abandons_negative
    assert level is not None
    return Hour(level, day[Count.ANSWERED], day[Count.ABANDONED], shift)


def test_a_typhoon_hour_is_better_with_its_plan_which_comes_once_and_leaves_no_trace() -> None:
    plan = shipped("typhoon")
    without, with_plan = hour_of(4 * USUAL), hour_of(4 * USUAL, plan)
    assert without.shift.happened == []
    shift = with_plan.shift
    # Once started and once ended, whatever the figures did in an hour.
    assert [kind for _, kind in shift.happened] == [Started, Ended]
    (started_at, _), (ended_at, _) = shift.happened
    storm = shift.began_at + timedelta(minutes=10)
    assert storm < started_at < storm + timedelta(minutes=5)
    assert ended_at - started_at >= plan.least
    # Everything as it was.
    assert set(shift.floor.open_rings.values()) == {1}
    assert shift.floor.wrap_up_limits == {}
    # As many callers in the same hour (chance takes other turns), a larger part of them answered.
    # In time nobody is at four times the load: that part is what the calm before and after gives.
    assert with_plan.answered_part > without.answered_part + 0.02
    assert with_plan.level > without.level - 0.01


def test_a_busy_morning_is_answered_in_time_by_more_with_its_plan() -> None:
    """A quarter more callers than usual, which is a little more than the seats carry."""
    plan = shipped("morning_peak")
    without, with_plan = hour_of(1.24 * USUAL), hour_of(1.24 * USUAL, plan)
    assert [kind for _, kind in with_plan.shift.happened] == [Started, Ended]
    assert with_plan.level > without.level + 0.02
    assert with_plan.shift.floor.wrap_up_limits == {}
