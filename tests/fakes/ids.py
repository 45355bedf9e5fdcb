"""Identifiers that count, so that a failing test reads the same each time."""

from __future__ import annotations

from itertools import count


class CountedIds:
    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._numbers = count(1)

    def new(self) -> str:
        return f"{self._prefix}-{next(self._numbers):06}"
