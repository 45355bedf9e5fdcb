"""One team's callers of the last minutes whose wait has ended, counted as they come and go."""

from __future__ import annotations

from collections import deque


class Decided:
    """When each wait ended (microseconds since 1970, ascending), and whether in time."""

    __slots__ = ("_ends", "in_time")

    def __init__(self) -> None:
        self._ends: deque[tuple[int, bool]] = deque()
        self.in_time = 0

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, at_us: int, in_time: bool) -> None:
        self._ends.append((at_us, in_time))
        self.in_time += in_time

    def forget(self, before_us: int) -> None:
        """Drop what ended earlier."""
        while self._ends and self._ends[0][0] < before_us:
            self.in_time -= self._ends.popleft()[1]
