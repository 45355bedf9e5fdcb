"""Timers that expire when the test says so (port `acd.ports.Timers`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from acd.core.inputs import TimerKey


class HandTimers:
    def __init__(self) -> None:
        self.running: dict[TimerKey, datetime] = {}
        self._callback: Callable[[TimerKey], None] | None = None

    def start(self, timer: TimerKey, at: datetime) -> None:
        self.running[timer] = at

    def cancel(self, timer: TimerKey) -> None:
        self.running.pop(timer, None)

    def on_expiry(self, callback: Callable[[TimerKey], None]) -> None:
        self._callback = callback

    def stop(self) -> None:
        self.running.clear()

    def due(self) -> datetime | None:
        """When the next timer expires."""
        return min(self.running.values(), default=None)

    def expire_until(self, now: datetime) -> int:
        """Expire what is due at `now`, earliest first; how many."""
        assert self._callback is not None
        due = sorted(
            (at, timer.kind, timer.of, timer) for timer, at in self.running.items() if at <= now
        )
        for _, _, _, timer in due:
            if self.running.pop(timer, None) is not None:
                self._callback(timer)
        return len(due)
