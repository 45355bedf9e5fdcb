"""Peak-hour contingency plans: when each starts and when it ends. Pure.

Theory of operation: a plan watches figures of one team or of the whole hall. Each of its triggers
has two thresholds: what starts a plan is further out than what keeps it running (hysteresis), so
that a figure which swings about one value changes nothing. On top of that the condition must hold
for `start_after`, calm must last `end_after`, a plan lasts at least `least`, and after its end no
trigger starts it again for `cool_down`. A plan that a supervisor started ignores its triggers: it
ends by a supervisor or after `by_hand_for`. What plans change is told by `acd.core.plan_levers`.
Source: ADR 0417.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import assert_never

from kernel.errors import Conflict, NotFound
from kernel.ids import TeamId

HALL = TeamId("")
"""The whole hall, where a team could stand."""
ABANDONS_MINUTES = 5
_CITY = timezone(timedelta(hours=8))
"""China keeps one time without summer time (since 1991)."""

LOOK_WHILE_RUNNING = timedelta(seconds=5)
"""Windows slide without any event; only the end of a plan depends on that."""
LOOK_AT_REST = timedelta(seconds=30)


class Measure(StrEnum):
    """`service_level` alone starts a plan by falling."""

    WAITING = "waiting"  # callers in line
    LONGEST_WAIT = "longest_wait_s"  # seconds
    SERVICE_LEVEL = "service_level"  # projected, 0..1 (`acd.core.sharing`)
    ABANDONS = "abandons"  # in the last five minutes, short ones left out


@dataclass(frozen=True, slots=True)
class Figures:
    """One team's or the hall's at one moment; `service_level` is None when too few came to tell."""

    waiting: int = 0
    longest_since: datetime | None = None
    service_level: float | None = None
    abandons: int = 0

    def value(self, measure: Measure, now: datetime) -> float | None:
        match measure:
            case Measure.WAITING:
                return float(self.waiting)
            case Measure.LONGEST_WAIT:
                since = self.longest_since
                return max((now - since).total_seconds(), 0.0) if since is not None else 0.0
            case Measure.SERVICE_LEVEL:
                return self.service_level
            case Measure.ABANDONS:
                return float(self.abandons)
            case _:
                assert_never(measure)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Over at `start` or beyond; it holds until the figure is back at `end`."""

    measure: Measure
    start: float
    end: float

    @property
    def falling(self) -> bool:
        return self.measure is Measure.SERVICE_LEVEL

    def over(self, value: float | None) -> bool:
        """A figure that nobody knows starts nothing and keeps nothing running."""
        if value is None:
            return False
        return value <= self.start if self.falling else value >= self.start

    def holds(self, value: float | None) -> bool:
        if value is None:
            return False
        return value < self.end if self.falling else value > self.end


class Combine(StrEnum):
    ANY = "any"
    ALL = "all"


# --- what a plan does -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenRingTo:
    """Each call of the teams is at least in this ring."""

    ring: int


@dataclass(frozen=True, slots=True)
class WrapUpAtMost:
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Announce:
    """Prompts for waiting callers, by name: what goes on, and where else they may turn."""

    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferCallback:
    """Waiting callers are told at once that they may be called back."""


@dataclass(frozen=True, slots=True)
class OpenMessageBox:
    """Waiting callers are told at once that they may leave a message."""


@dataclass(frozen=True, slots=True)
class Summon:
    """Operators who are not ready for one of these reasons are asked to come back."""

    reasons: tuple[str, ...]


Action = OpenRingTo | WrapUpAtMost | Announce | OfferCallback | OpenMessageBox | Summon


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`measured` is whose figures count (`HALL`: all together), `teams` whom the actions concern.

    Triggers start it only between `hours` (city time, the end left out) and on `dates` (both ends
    counted), where these are given.
    """

    plan_id: str
    zh: str
    en: str
    measured: TeamId
    teams: tuple[TeamId, ...]
    triggers: tuple[Trigger, ...]
    combine: Combine
    actions: tuple[Action, ...]
    start_after: timedelta
    end_after: timedelta
    least: timedelta
    cool_down: timedelta
    by_hand_for: timedelta
    hours: tuple[time, time] | None = None
    dates: tuple[date, date] | None = None

    def armed(self, now: datetime) -> bool:
        """May triggers start it at this time of the year and of the day?"""
        here = now.astimezone(_CITY)
        if self.dates is not None and not self.dates[0] <= here.date() <= self.dates[1]:
            return False
        return self.hours is None or self.hours[0] <= here.time() < self.hours[1]

    def over(self, figures: Figures, now: datetime) -> bool:
        found = (t.over(figures.value(t.measure, now)) for t in self.triggers)
        return any(found) if self.combine is Combine.ANY else all(found)

    def holds(self, figures: Figures, now: datetime) -> bool:
        found = (t.holds(figures.value(t.measure, now)) for t in self.triggers)
        return any(found) if self.combine is Combine.ANY else all(found)


# --- the states of a plan -------------------------------------------------------------------


class Cause(StrEnum):
    TRIGGER = "trigger"
    SUPERVISOR = "supervisor"


class EndCause(StrEnum):
    CALM = "calm"  # back at the end thresholds
    SUPERVISOR = "supervisor"
    TIME_OVER = "time_over"  # started by hand, and nobody ended it
    REMOVED = "removed"  # no plan of the file any more


@dataclass(frozen=True, slots=True)
class Resting:
    """`over_since`: the condition is met since then. Triggers wait until `cool_until`."""

    over_since: datetime | None = None
    cool_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """`calm_since`: no trigger holds since then."""

    since: datetime
    cause: Cause
    calm_since: datetime | None = None


PlanState = Resting | Running


@dataclass(frozen=True, slots=True)
class Started:
    plan: Plan
    cause: Cause


@dataclass(frozen=True, slots=True)
class Ended:
    plan: Plan
    cause: EndCause


Effect = Started | Ended


@dataclass(frozen=True, slots=True)
class Book:
    """Every plan of the file, in its order, and its state."""

    plans: tuple[Plan, ...]
    states: Mapping[str, PlanState] = field(default_factory=dict)

    def state(self, plan_id: str) -> PlanState:
        return self.states.get(plan_id, Resting())

    def plan(self, plan_id: str) -> Plan:
        """Raises NotFound."""
        found = next((p for p in self.plans if p.plan_id == plan_id), None)
        if found is None:
            raise NotFound("没有这个预案")
        return found

    def running(self) -> tuple[Plan, ...]:
        """In the order of the file."""
        return tuple(p for p in self.plans if isinstance(self.state(p.plan_id), Running))

    def put(self, plan_id: str, state: PlanState) -> Book:
        return replace(self, states={**self.states, plan_id: state})


# --- the steps ------------------------------------------------------------------------------


def judge(
    book: Book, figures: Mapping[TeamId, Figures], now: datetime
) -> tuple[Book, tuple[Effect, ...]]:
    """Look at every plan once. A plan whose figures are missing stays as it is."""
    effects: list[Effect] = []
    for plan in book.plans:
        of_plan = figures.get(plan.measured)
        if of_plan is None:
            continue
        before = book.state(plan.plan_id)
        after, effect = (
            _at_rest(plan, before, of_plan, now)
            if isinstance(before, Resting)
            else _at_work(plan, before, of_plan, now)
        )
        if after != before:
            book = book.put(plan.plan_id, after)
        if effect is not None:
            effects.append(effect)
    return book, tuple(effects)


def _at_rest(
    plan: Plan, state: Resting, figures: Figures, now: datetime
) -> tuple[PlanState, Effect | None]:
    if state.cool_until is not None and now < state.cool_until:
        return Resting(None, state.cool_until), None
    if not (plan.armed(now) and plan.over(figures, now)):
        return Resting(), None
    since = state.over_since or now
    if now - since < plan.start_after:
        return Resting(since), None
    return Running(now, Cause.TRIGGER), Started(plan, Cause.TRIGGER)


def _at_work(
    plan: Plan, state: Running, figures: Figures, now: datetime
) -> tuple[PlanState, Effect | None]:
    if state.cause is Cause.SUPERVISOR:
        if now - state.since < plan.by_hand_for:
            return state, None
        return _rest(plan, now), Ended(plan, EndCause.TIME_OVER)
    if plan.holds(figures, now):
        return replace(state, calm_since=None), None
    since = state.calm_since or now
    if now - since < plan.end_after or now - state.since < plan.least:
        return replace(state, calm_since=since), None
    return _rest(plan, now), Ended(plan, EndCause.CALM)


def _rest(plan: Plan, now: datetime) -> Resting:
    return Resting(None, now + plan.cool_down)


def begin(book: Book, plan_id: str, now: datetime) -> tuple[Book, Started]:
    """Start a plan by hand. Raises NotFound, or Conflict when it runs already."""
    plan = book.plan(plan_id)
    if isinstance(book.state(plan_id), Running):
        raise Conflict("该预案已在执行")
    return book.put(plan_id, Running(now, Cause.SUPERVISOR)), Started(plan, Cause.SUPERVISOR)


def end(book: Book, plan_id: str, now: datetime) -> tuple[Book, Ended]:
    """End a plan by hand, whoever started it. Raises NotFound, or Conflict when it rests."""
    plan = book.plan(plan_id)
    if not isinstance(book.state(plan_id), Running):
        raise Conflict("该预案没有在执行")
    return book.put(plan_id, _rest(plan, now)), Ended(plan, EndCause.SUPERVISOR)


def next_look(book: Book, figures: Mapping[TeamId, Figures], now: datetime) -> datetime:
    """When to look again though nothing happens in the hall; always later than `now`."""
    moments = [now + (LOOK_WHILE_RUNNING if book.running() else LOOK_AT_REST)]
    for plan in book.plans:
        state = book.state(plan.plan_id)
        match state:
            case Running():
                moments.append(state.since + plan.least)
                moments.append(state.since + plan.by_hand_for)
                if state.calm_since is not None:
                    moments.append(state.calm_since + plan.end_after)
            case Resting():
                moments += _start_moments(plan, state, figures.get(plan.measured))
            case _:
                assert_never(state)
    return min(at for at in moments if at > now)


def _start_moments(plan: Plan, state: Resting, figures: Figures | None) -> list[datetime]:
    moments = []
    if state.cool_until is not None:
        moments.append(state.cool_until)
    if state.over_since is not None:
        moments.append(state.over_since + plan.start_after)
    since = figures.longest_since if figures is not None else None
    if since is not None:
        waits = (t.start for t in plan.triggers if t.measure is Measure.LONGEST_WAIT)
        moments += [since + timedelta(seconds=wait) for wait in waits]
    return moments
