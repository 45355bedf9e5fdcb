"""What a run was worth, counted from the hall's own books: the same for every policy."""

from __future__ import annotations

from dataclasses import dataclass

from acd.core.metrics import ServiceLevel, service_level
from acd.core.what_if.score import Outcome, at_part, counts
from bench.quality.hall import Hall, State, Visit

THRESHOLD_S = 15.0
SHORT_S = 5.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Fractions 0..1, waits in seconds.

    `level` in its three variants (short abandons left out, as in `acd.core.metrics`);
    `abandoned` of all callers; waits of those who were answered, by percentile; `own_team` of the
    answered; `occupancy_spread` between the 5th and the 95th of a hundred operators by busy time.
    """

    calls: int
    level: ServiceLevel
    abandoned: float
    waits: tuple[float, float, float, float]
    own_team: float
    occupancy: float
    occupancy_spread: float

    @property
    def in_time(self) -> float:
        """The strict variant: an abandoned call is a failure."""
        return self.level.abandons_negative or 0.0


PERCENTILES = (0.50, 0.90, 0.95, 0.99)


def figures(hall: Hall) -> Figures:
    """Of the callers who count, and of the operators' time meanwhile."""
    counted = [v for v in hall.visits if v.caller.counted]
    answered = [v for v in counted if v.state is State.ANSWERED]
    waits = sorted(v.waited for v in answered)
    length = hall.counted_until - hall.counted_from
    busy = sorted(b / length for b in hall.busy)
    own = sum(v.by is not None and v.by.home == v.caller.team for v in answered)
    return Figures(
        calls=len(counted),
        level=service_level(counts(map(_outcome, counted), THRESHOLD_S, SHORT_S)),
        abandoned=1 - len(answered) / len(counted),
        waits=(
            at_part(waits, PERCENTILES[0]),
            at_part(waits, PERCENTILES[1]),
            at_part(waits, PERCENTILES[2]),
            at_part(waits, PERCENTILES[3]),
        ),
        own_team=own / len(answered),
        occupancy=sum(busy) / len(busy),
        occupancy_spread=at_part(busy, 0.95) - at_part(busy, 0.05),
    )


def _outcome(visit: Visit) -> Outcome:
    return Outcome(visit.caller.team, visit.waited, visit.state is State.ANSWERED)
