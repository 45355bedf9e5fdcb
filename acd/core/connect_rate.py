"""When the connect rate will fall below its limit, or be above it again. Pure.

The standard's window is a continuous 24 hours, so what was good this morning falls out of it
tomorrow morning, whatever happens until then. The projection lets the window roll on minute by
minute: known minutes leave it, and minutes like those of the last half hour enter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from acd.core.metrics import (
    DAY_MINUTES,
    Bucket,
    Count,
    Metrics,
    TeamMetrics,
    connect_rate,
    summed,
)
from acd.core.rules import DECISION_WINDOW
from kernel.ids import TeamId

CONNECT_RATE_LIMIT = 0.95
"""Source: GB/T 33358-2016, at least 95 % in each continuous 24 h (contact-centre notes 2.4)."""


@dataclass(frozen=True, slots=True)
class Projection:
    """`rate`, 0..1, is the window's now; `breached`: it is below the limit now. `crosses_in`: after
    how long the rate falls below the limit (or, once breached, is back); None: not within the next
    24 h at the present pace, or nobody called."""

    rate: float | None
    breached: bool
    crosses_in: timedelta | None


Minute = tuple[int, int, int]
"""A closed minute's number, its answered and its abandoned."""


def minutes_of(closed: Iterable[tuple[int, Bucket]]) -> list[Minute]:
    """What the projection needs of a ring's buckets."""
    return [(m, b[Count.ANSWERED], b[Count.ABANDONED]) for m, b in closed]


def project(
    closed: Iterable[Minute],
    window: Bucket,
    recent: Bucket,
    *,
    minute: int,
    recent_minutes: float,
    limit: float = CONNECT_RATE_LIMIT,
) -> Projection:
    """Let the window of 24 h that ends with the open `minute` roll on at the present pace.

    Args:
        closed: the window's closed minutes, oldest first.
        window: the window's sums, the open minute included.
        recent: sums of the last `recent_minutes`, which set the pace.

    Costs one pass over the closed minutes and one over the 1,440 to come.
    """
    answered, abandoned = float(window[Count.ANSWERED]), float(window[Count.ABANDONED])
    rate = connect_rate(window)
    breached = rate is not None and rate < limit
    pace = max(recent_minutes, 1.0)
    more_answered = recent[Count.ANSWERED] / pace
    more_abandoned = recent[Count.ABANDONED] / pace
    leaving = sorted(closed)
    gone = 0
    for ahead in range(1, DAY_MINUTES + 1):
        answered += more_answered
        abandoned += more_abandoned
        while gone < len(leaving) and leaving[gone][0] <= minute + ahead - DAY_MINUTES:
            answered -= leaving[gone][1]
            abandoned -= leaving[gone][2]
            gone += 1
        asked = answered + abandoned
        # A window without callers breaks no limit: the rate of nobody is no rate.
        below = asked > 1e-9 and answered / asked < limit - 1e-12
        if below != breached:
            return Projection(rate, breached, timedelta(minutes=ahead))
    return Projection(rate, breached, None)


class ConnectRates:
    """The projections of each team and of the whole centre, made once a minute when asked for."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._minute = -1
        self._found: dict[TeamId | None, Projection] = {}

    def of(self, team: TeamId | None) -> Projection:
        """Of one team; None: of all together. As of the metrics' open minute."""
        if self._minute != self._metrics.minute:
            self._minute = self._metrics.minute
            self._found = {}
        found = self._found.get(team)
        if found is None:
            teams = self._metrics.teams
            chosen = list(teams.values()) if team is None else [teams[team]]
            found = self._found[team] = self._project(chosen)
        return found

    def _project(self, teams: Sequence[TeamMetrics]) -> Projection:
        closed = [m for t in teams for m in minutes_of(t.rolling)]
        oldest = min((m[0] for m in closed), default=self._minute)
        window = DECISION_WINDOW / timedelta(minutes=1)
        return project(
            closed,
            summed(t.window(t.rolling) for t in teams),
            summed(t.window(t.now_ring) for t in teams),
            minute=self._minute,
            recent_minutes=min(window, self._minute - oldest + 1),
        )
