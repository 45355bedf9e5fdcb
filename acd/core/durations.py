"""How long things last, learnt as they end: means, and what remains of one that is under way. Pure.

A histogram of geometric bins forgets by halving: some hundred recent samples weigh, older ones
fade. No sample is kept, so the cost does not grow.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

_SHORTEST_S, _RATIO, _BINS = 4.0, 1.35, 24
EDGES = tuple(_SHORTEST_S * _RATIO**n for n in range(_BINS))
"""Upper edges in seconds, 4 s to about an hour; the last bin is open."""
HALVED_ABOVE = 400.0


class Durations:
    """Durations in seconds. `weight` is the number of samples, the faded ones counted in part."""

    __slots__ = ("_above", "_sums", "_weights", "total", "weight")

    def __init__(self) -> None:
        self._weights = [0.0] * (_BINS + 1)
        self._sums = [0.0] * (_BINS + 1)
        self.weight = 0.0
        self.total = 0.0
        # For each bin: weight and sum of all later bins; None after a change.
        self._above: list[tuple[float, float]] | None = None

    def add(self, seconds: float) -> None:
        if self.weight >= HALVED_ABOVE:
            self._weights = [w / 2 for w in self._weights]
            self._sums = [s / 2 for s in self._sums]
            self.weight, self.total = self.weight / 2, self.total / 2
        at = bisect_right(EDGES, seconds)
        self._weights[at] += 1
        self._sums[at] += seconds
        self.weight += 1
        self.total += seconds
        self._above = None

    def mean(self) -> float | None:
        """None without a sample."""
        return self.total / self.weight if self.weight else None

    def remaining(self, elapsed: float) -> float | None:
        """The mean of what is left of one that has lasted `elapsed` seconds; None without a sample.

        Formula: mean residual life, the elapsed one's own bin taken as evenly filled. Of one that
        lasts longer than any seen, half of what it has lasted is expected to be left.
        """
        if not self.weight:
            return None
        at = bisect_right(EDGES, elapsed)
        weight, total = self._later()[at]
        if at < _BINS and self._weights[at]:
            low, high = (EDGES[at - 1] if at else 0.0), EDGES[at]
            part = self._weights[at] * (high - elapsed) / (high - low)
            weight, total = weight + part, total + part * (high + elapsed) / 2
        return total / weight - elapsed if weight > 1e-9 else elapsed / 2

    def _later(self) -> list[tuple[float, float]]:
        if self._above is None:
            weights = list(accumulate(reversed(self._weights), initial=0.0))[:-1]
            sums = list(accumulate(reversed(self._sums), initial=0.0))[:-1]
            self._above = list(zip(reversed(weights), reversed(sums), strict=True))
        return self._above
