"""The proof that a conversation was recorded as long as it lasted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

TOLERATED_GAP = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`gap`: how much longer the parties were connected than was recorded, never negative."""

    recorded: timedelta
    connected: timedelta

    @property
    def gap(self) -> timedelta:
        return max(self.connected - self.recorded, timedelta())

    @property
    def complete(self) -> bool:
        """True if the gap is at most 2 s: hanging up and closing the file take that long."""
        return self.gap <= TOLERATED_GAP
