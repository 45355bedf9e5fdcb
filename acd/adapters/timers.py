"""The one source of time-outs: a heap of moments and a single handle of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from heapq import heapify, heappop, heappush

from acd.core.inputs import TimerKey
from kernel.clock import Clock

_COMPACT_ABOVE = 1024


class LoopTimers:
    """Implements `acd.ports.Timers` on the running event loop.

    The heap keeps cancelled timers until they come first; when they outnumber the running ones
    it is rebuilt, so that it never holds more than twice what runs (and 1,024).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[TimerKey, datetime] = {}
        self._heap: list[tuple[datetime, int, TimerKey]] = []
        self._number = 0
        self._handle: asyncio.TimerHandle | None = None
        self._armed_for: datetime | None = None
        self._callback: Callable[[TimerKey], None] = _nobody

    def on_expiry(self, callback: Callable[[TimerKey], None]) -> None:
        self._callback = callback

    def start(self, timer: TimerKey, at: datetime) -> None:
        self._running[timer] = at
        self._number += 1
        heappush(self._heap, (at, self._number, timer))
        if len(self._heap) > _COMPACT_ABOVE and len(self._heap) > 2 * len(self._running):
            self._compact()
        if self._armed_for is None or at < self._armed_for:
            self._arm()

    def cancel(self, timer: TimerKey) -> None:
        self._running.pop(timer, None)

    def stop(self) -> None:
        self._running.clear()
        self._heap.clear()
        self._disarm()

    def __len__(self) -> int:
        return len(self._running)

    def _compact(self) -> None:
        self._heap = [
            (at, number, timer)
            for at, number, timer in self._heap
            if self._running.get(timer) == at
        ]
        heapify(self._heap)

    def _arm(self) -> None:
        self._disarm()
        self._drop_stale()
        if not self._heap:
            return
        at = self._heap[0][0]
        wait = max((at - self._clock.now()).total_seconds(), 0.0)
        self._armed_for = at
        self._handle = asyncio.get_running_loop().call_later(wait, self._expire)

    def _disarm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._armed_for = None, None

    def _drop_stale(self) -> None:
        while self._heap and self._running.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)

    def _expire(self) -> None:
        self._handle, self._armed_for = None, None
        now = self._clock.now()
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now:
            _, _, timer = heappop(self._heap)
            del self._running[timer]
            self._callback(timer)
            self._drop_stale()
        self._arm()


def _nobody(timer: TimerKey) -> None:
    return
