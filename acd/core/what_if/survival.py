"""How long things last, learnt from a day on which most were cut off: patience, ringing. Pure.

Who hung up after `w` seconds showed his or her patience; who was answered after `w` seconds showed
only that it was longer than `w` (censored). The Kaplan-Meier estimate takes both into account
without supposing a shape: S(t) = product over the ends at t_i <= t of (1 - d_i / n_i), with n_i
that lasted at least t_i and d_i of them ending then. Beyond the last end nothing is known; from
there on it goes on exponentially with the mean rate, ends / seconds watched.

Sources: E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53
(1958); for call centres L. Brown et al., "Statistical analysis of a telephone call center", JASA
100 (2005).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from math import inf, log

Sample = tuple[float, bool]
"""Seconds watched, and whether it ended then (False: it was cut off, and would have lasted)."""


class Survival:
    """Of things that are taken as alike. `ended` and `censored` are the numbers of samples."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        watched = list(samples)
        ends = Counter(seconds for seconds, ended in watched if ended)
        self.ended = sum(ends.values())
        self.censored = len(watched) - self.ended
        total = sum(seconds for seconds, _ in watched)
        self.rate = self.ended / total if total > 0 else 0.0
        ordered = sorted(seconds for seconds, _ in watched)
        # Moments at which something ended, and the part that still lasts after each.
        self._times = sorted(ends)
        self._parts: list[float] = []
        part = 1.0
        for moment in self._times:
            at_risk = len(ordered) - bisect_left(ordered, moment)
            part *= 1 - ends[moment] / at_risk
            self._parts.append(part)

    def part(self, seconds: float) -> float:
        """The part (0..1) that lasts longer than that, as far as was seen."""
        before = bisect_right(self._times, seconds)
        return self._parts[before - 1] if before else 1.0

    @property
    def longest(self) -> float:
        """Seconds up to which the estimate rests on what was seen."""
        return self._times[-1] if self._times else 0.0

    def beyond(self, watched: float, draw: float) -> float:
        """How long something lasts in all that has lasted `watched` seconds.

        `draw`, between 0 and 1, says where in the distribution of such: near 1 it ends soon.
        Infinite when nothing was ever seen to end.
        """
        target = draw * self.part(watched)
        low, high = bisect_right(self._times, watched), len(self._times)
        while low < high:
            middle = (low + high) // 2
            if self._parts[middle] <= target:
                high = middle
            else:
                low = middle + 1
        if low < len(self._times):
            return self._times[low]
        if self.rate == 0:
            return inf
        last = max(watched, self.longest)
        there = self.part(last)
        return last - log(min(target / there if there > 0 else draw, 1.0)) / self.rate
