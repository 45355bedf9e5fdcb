"""How late the event loop comes: the one figure that says whether everything else is in time.

A tick is due every 20 ms; how much later it runs is the lag that any message would have met. While
the loop stands still no tick runs at all, so the ticks that should have been are counted with what
they would have waited: a stall of a second is fifty late messages, not one.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable

from kernel.infra.log import get

TICK_S = 0.02
TELL_EVERY_S = 15.0
BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 35.0, 50.0, 75.0, 100.0, 150.0, 250.0, 500.0, 1000.0)
"""A lag is told as the bound that it does not exceed; beyond the last one, as the largest."""

log = get("loop")


class LagCounts:
    """Lags of one stretch of time, counted by bound."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_MS) + 1)
        self.ticks = 0
        self.max_ms = 0.0

    def add(self, lag_s: float, tick_s: float = TICK_S) -> None:
        """One late tick, and those that it kept from running."""
        lag_ms, tick_ms = max(0.0, lag_s * 1000), tick_s * 1000
        self.max_ms = max(self.max_ms, lag_ms)
        while True:
            self._counts[bisect_left(BOUNDS_MS, lag_ms)] += 1
            self.ticks += 1
            lag_ms -= tick_ms
            if lag_ms <= 0:
                return

    def at_most(self, fraction: float) -> float:
        """Milliseconds that so large a part of the ticks did not exceed, as a bound; 0 without
        ticks."""
        wanted, seen = fraction * self.ticks, 0
        for bound, count in zip(BOUNDS_MS, self._counts, strict=False):
            seen += count
            if seen >= wanted:
                return min(bound, self.max_ms)
        return self.max_ms

    def over(self, bound_ms: float) -> int:
        """How many ticks were later than `bound_ms`, one of `BOUNDS_MS`."""
        return sum(self._counts[BOUNDS_MS.index(bound_ms) + 1 :])


class LoopLag:
    """Ticks from `start` to `stop`, and tells the log every 15 s."""

    def __init__(self, told: Callable[[LagCounts], None] | None = None) -> None:
        self._told = told or _to_log
        self._counts = LagCounts()
        self._due = 0.0
        self._tell_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """In the running loop."""
        loop = asyncio.get_running_loop()
        self._tell_at = loop.time() + TELL_EVERY_S
        self._next(loop)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + TICK_S
        self._timer = loop.call_at(self._due, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self._counts.add(now - self._due)
        if now >= self._tell_at:
            counts, self._counts = self._counts, LagCounts()
            self._tell_at = now + TELL_EVERY_S
            self._told(counts)
        self._next(loop)


def _to_log(counts: LagCounts) -> None:
    log.info(
        "loop_lag",
        ticks=counts.ticks,
        over_50_ms=counts.over(50.0),
        p99_ms=counts.at_most(0.99),
        p999_ms=counts.at_most(0.999),
        max_ms=round(counts.max_ms, 1),
    )
