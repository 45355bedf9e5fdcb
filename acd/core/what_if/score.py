"""What a day was worth: the same figures for what was recorded and for what would have been. Pure.

Counted from visits that ended within the day, answered or given up; definitions of the levels and
rates are those of `acd.core.metrics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from acd.core.agent_times import AgentTimes, Stretch
from acd.core.floor import microseconds
from acd.core.metrics import (
    Bucket,
    Count,
    ServiceLevel,
    abandon_rate,
    connect_rate,
    empty_bucket,
    ratio,
    service_level,
    short_abandon_rate,
)
from kernel import events as ev
from kernel.ids import AgentId, TeamId

PERCENTILES = (0.50, 0.90, 0.99)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one visit ended. `own`: answered by an operator whose best skill is the visit's team."""

    team: TeamId
    waited_s: float
    answered: bool
    own: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """Fractions 0..1, None where nothing was counted; `waits` are seconds of the answered, by
    `PERCENTILES`."""

    calls: int
    level: ServiceLevel
    connect_rate: float | None
    abandon_rate: float | None
    short_abandon_rate: float | None
    waits: tuple[float, ...]
    own_team: float | None
    occupancy: float | None


def counts(outcomes: Iterable[Outcome], threshold_s: float, short_s: float) -> Bucket:
    """The counts that the levels are made of: each visit once, at the first of answered, given up,
    threshold passed."""
    found = empty_bucket()
    for one in outcomes:
        found[Count.ENTERED] += 1
        found[Count.ANSWERED if one.answered else Count.ABANDONED] += 1
        if not one.answered and one.waited_s < short_s:
            found[Count.SHORT_ABANDONED] += 1
        elif one.waited_s > threshold_s:
            found[Count.OVER_THRESHOLD] += 1
        else:
            found[Count.ANSWERED_IN_TIME if one.answered else Count.ABANDONED_IN_TIME] += 1
    return found


def score(
    outcomes: Sequence[Outcome], busy_idle: tuple[int, int], threshold_s: float, short_s: float
) -> Score:
    """`busy_idle`: microseconds on calls, and ready without one."""
    found = counts(outcomes, threshold_s, short_s)
    waits = sorted(o.waited_s for o in outcomes if o.answered)
    busy, idle = busy_idle
    return Score(
        calls=len(outcomes),
        level=service_level(found),
        connect_rate=connect_rate(found),
        abandon_rate=abandon_rate(found),
        short_abandon_rate=short_abandon_rate(found),
        waits=tuple(at_part(waits, part) for part in PERCENTILES),
        own_team=ratio(sum(o.own for o in outcomes), len(waits)),
        occupancy=ratio(busy, busy + idle),
    )


def at_part(ordered: Sequence[float], part: float) -> float:
    """The value below which this part (0..1) of the ascending values lies."""
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else 0.0


class Occupancy:
    """Time on calls and time ready without one, by the team of the operators' best skill.

    Formula and population as in `acd.core.metrics.occupancy`; stretches that are still open at the
    end are counted until then.
    """

    def __init__(self, homes: Mapping[AgentId, TeamId]) -> None:
        self._homes = homes
        self._times = AgentTimes()
        self._busy_idle: dict[TeamId, tuple[int, int]] = {}

    def hear(self, event: ev.Event) -> None:
        """Any published event, in order."""
        ended = self._times.fold(event, microseconds(event.occurred_at))
        if ended is not None:
            self._add(ended)

    def close(self, at: datetime) -> dict[TeamId, tuple[int, int]]:
        """Microseconds busy and idle by team. Nothing may be heard afterwards."""
        now_us = microseconds(at)
        for agent_id, clock in self._times.clocks.items():
            length = now_us - clock.since_us
            self._add(Stretch(agent_id, clock.activity != "idle", clock.state == "ready", length))
        return self._busy_idle

    def _add(self, ended: Stretch) -> None:
        team = self._homes.get(ended.agent_id)
        if team is None or not (ended.busy or ended.ready):
            return
        busy, idle = self._busy_idle.get(team, (0, 0))
        more = ended.length_us
        self._busy_idle[team] = (busy + more, idle) if ended.busy else (busy, idle + more)
