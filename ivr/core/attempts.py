"""Wrong guesses are counted, so that nobody finds an order by trying. Pure: `now` is handed in."""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
WRONG_OF_ONE = 5
"""Wrong guesses of one calling number, and about one order, before both are refused. Ten thousand
endings are possible, so finding one would take about forty days."""
WRONG_OF_THE_NAMELESS = 60
"""The same for all callers without a number together."""
KEYS_KEPT = 20_000


class Attempts:
    """Wrong guesses of the last hour by key. O(1) for each question; the oldest keys go first."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[datetime, ...]] = {}

    def refused(self, key: str, most: int, now: datetime) -> bool:
        return len(self._recent(key, now)) >= most

    def wrong(self, key: str, most: int, now: datetime) -> None:
        """One more wrong guess; only the last `most` are kept."""
        recent = self._recent(key, now)
        self._wrong.pop(key, None)
        self._wrong[key] = (*recent, now)[-most:]
        if len(self._wrong) > KEYS_KEPT:
            del self._wrong[next(iter(self._wrong))]

    def _recent(self, key: str, now: datetime) -> tuple[datetime, ...]:
        return tuple(at for at in self._wrong.get(key, ()) if now - at < WINDOW)
