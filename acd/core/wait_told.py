"""What is told of an expected wait: a range of whole minutes, or nothing. Pure.

A forecast becomes a range by how wide such forecasts were apart from the truth of late
(`acd.core.wait_scores`), rounded outward to the steps of a ladder that can be said in one breath.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

LADDER_MIN = (0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60)
"""The steps in minutes. From 0: "less than ..."; beyond the last: "more than an hour"."""
WIDEST = 3
"""A range over more steps than this tells nothing worth hearing."""


@dataclass(frozen=True, slots=True)
class Told:
    """From `low` to `high` minutes, both of the ladder; `high` is None for "more than `low`"."""

    low: int
    high: int | None

    def covers(self, seconds: float) -> bool:
        """True if a wait of so long keeps what was told."""
        return self.low * 60 <= seconds and (self.high is None or seconds <= self.high * 60)


def ranges() -> tuple[Told, ...]:
    """Everything that may ever be told; the prompts must hold each of them."""
    steps = LADDER_MIN
    return (
        *(Told(low, high) for n, low in enumerate(steps) for high in steps[n + 1 : n + 1 + WIDEST]),
        Told(steps[-1], None),
    )


def told(low_s: float, high_s: float, before: Told | None) -> Told | None:
    """The narrowest range of the ladder that holds `low_s` to `high_s` (seconds).

    It begins and ends at most one step higher than the last thing this caller was told (`before`);
    where that would leave out the middle of the forecast, nothing is told, and nothing where the
    range is too wide.
    """
    if low_s >= LADDER_MIN[-1] * 60:
        low, high = len(LADDER_MIN) - 1, len(LADDER_MIN)
    else:
        low = bisect_right(LADDER_MIN, low_s / 60) - 1
        high = bisect_left(LADDER_MIN, high_s / 60)
        high = max(high, low + 1)
    if before is not None:
        last_low, last_high = _steps(before)
        low, high = min(low, last_low + 1), min(high, last_high + 1)
        if high < len(LADDER_MIN) and (low_s + high_s) / 2 > LADDER_MIN[high] * 60:
            return None
    if high == len(LADDER_MIN):
        # Beyond the ladder: said only when even the lower end is.
        return Told(LADDER_MIN[-1], None) if low == len(LADDER_MIN) - 1 else None
    return Told(LADDER_MIN[low], LADDER_MIN[high]) if high - low <= WIDEST else None


def _steps(said: Told) -> tuple[int, int]:
    high = LADDER_MIN.index(said.high) if said.high is not None else len(LADDER_MIN)
    return LADDER_MIN.index(said.low), high
