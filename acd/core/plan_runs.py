"""One run of a plan from its cause to its effect: what the record keeps. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from acd.core.plan_levers import Held, LeverKind
from acd.core.plan_reserves import Summons
from acd.core.plans import Cause, EndCause, Figures, Measure, Plan
from kernel.ids import TeamId

MARKS: tuple[tuple[str, timedelta], ...] = (
    ("after_5", timedelta(minutes=5)),
    ("after_15", timedelta(minutes=15)),
)
"""When a run's figures are written down beside those of its start, to see what it brought."""

FigureValues = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Pulled:
    """A lever that the run holds: what the plan wanted, and what stood there before any plan."""

    kind: LeverKind
    team: TeamId
    wanted: float
    base: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRun:
    """`figures`: the four measures at "start", "after_5", "after_15" (minutes) and "end", as far as
    they are known. `actor` and `reason` are set where a supervisor started it, `end_actor` and
    `end_reason` where one ended it. `summoned`: the reserves and what they answered. `notes`:
    orders that were refused."""

    run_id: str
    plan_id: str
    team: TeamId
    started_at: datetime
    cause: Cause
    actor: str = ""
    reason: str = ""
    pulled: tuple[Pulled, ...] = ()
    figures: tuple[tuple[str, FigureValues], ...] = ()
    ended_at: datetime | None = None
    end_cause: EndCause | None = None
    end_actor: str = ""
    end_reason: str = ""
    summoned: tuple[Summons, ...] = ()
    notes: tuple[str, ...] = ()

    def marked(self, name: str) -> bool:
        return any(name == known for known, _ in self.figures)

    def note(self, text: str) -> PlanRun:
        """Each note once."""
        return self if text in self.notes else replace(self, notes=(*self.notes, text))

    def mark(self, name: str, values: FigureValues) -> PlanRun:
        return replace(self, figures=(*self.figures, (name, values)))

    def hold(self, key: tuple[LeverKind, TeamId], wanted: float, held: Held) -> PlanRun:
        """The lever's base as it is known now, in place of what was known before."""
        mine = Pulled(*key, wanted, held.base)
        others = tuple(p for p in self.pulled if (p.kind, p.team) != key)
        return self if mine in self.pulled else replace(self, pulled=(*others, mine))


def begin_run(plan: Plan, cause: Cause, figures: Figures | None, now: datetime) -> PlanRun:
    """A plan runs once at a time, so its id and its start name the run."""
    run = PlanRun(
        run_id=f"{plan.plan_id}.{now:%Y%m%dT%H%M%S.%f}",
        plan_id=plan.plan_id,
        team=plan.measured,
        started_at=now,
        cause=cause,
    )
    return run.mark("start", values(figures, now))


def values(figures: Figures | None, now: datetime) -> FigureValues:
    """The four measures by name."""
    if figures is None:
        return {}
    return {measure.value: figures.value(measure, now) for measure in Measure}


def due_marks(run: PlanRun, now: datetime) -> tuple[str, ...]:
    """The marks whose moment has come and that are not written yet."""
    return tuple(n for n, at in MARKS if now >= run.started_at + at and not run.marked(n))


def next_mark(run: PlanRun, now: datetime) -> datetime | None:
    """When the next mark is due."""
    ahead = [run.started_at + at for name, at in MARKS if not run.marked(name)]
    return min((at for at in ahead if at > now), default=None)
