"""Counting calls in windows of time, in bounded memory. Times are seconds of any one clock.

Theory of operation: a number's calls are kept as moments, as many as its hourly limit can ask for;
a block's and the line's are counted in buckets. Buckets are counted whole, and never one that is
partly older than the window, so a count is never higher than the truth: who is below a limit is
below it here, too. A clock that goes backward adds to the newest bucket.

`Watched` forgets who was seen longest ago, first those who were not seen for an hour (nothing is
lost: all their calls are out of every window), then, when the table is full, anybody.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Generic, Protocol, TypeVar

MINUTE_S = 60.0
HOUR_S = 3600.0
NOTABLE = 3
"""From so many calls in an hour on, a number is listed among those that call most."""
NOTABLE_KEPT = 500
_SWEPT_AT_ONCE = 4


class Meter:
    """How many in the last `buckets` * `width_s` seconds; O(buckets) memory, O(1) amortised."""

    __slots__ = ("_counts", "_newest", "_total", "_width_s")

    def __init__(self, buckets: int, width_s: float) -> None:
        self._counts = [0] * buckets
        self._width_s = width_s
        self._newest = 0
        self._total = 0

    def add(self, at: float) -> int:
        """One more; the count with it."""
        self._advance(at)
        self._counts[self._newest % len(self._counts)] += 1
        self._total += 1
        return self._total

    def count(self, at: float) -> int:
        self._advance(at)
        return self._total

    def _advance(self, at: float) -> None:
        bucket = int(at // self._width_s)
        size = len(self._counts)
        for number in range(max(self._newest + 1, bucket - size + 1), bucket + 1):
            self._total -= self._counts[number % size]
            self._counts[number % size] = 0
        self._newest = max(self._newest, bucket)


class Track(Protocol):
    """What is kept of one key."""

    seen_at: float

    def add(self, at: float) -> None: ...

    def in_hour(self, at: float) -> int: ...


@dataclass(slots=True)
class NumberTrack:
    """The moments of a number's last calls, oldest first."""

    calls: deque[float]
    seen_at: float = 0.0
    run: int = 0  # calls since `run_from`, at most an hour ago
    run_from: float = 0.0

    def add(self, at: float) -> None:
        at = max(at, self.seen_at)
        if at - self.run_from >= HOUR_S:
            self.run, self.run_from = 0, at
        self.calls.append(at)
        self.run += 1
        self.seen_at = at

    def over(self, limit: int, within_s: float, at: float) -> bool:
        """Whether there were more than `limit` calls in the last `within_s`."""
        return len(self.calls) > limit and self.calls[-limit - 1] > at - within_s

    def in_hour(self, at: float) -> int:
        return self.run if at - self.run_from < HOUR_S else 0


@dataclass(slots=True)
class BlockTrack:
    """The calls of a block, counted."""

    minute: Meter = field(default_factory=lambda: Meter(6, 10.0))
    hour: Meter = field(default_factory=lambda: Meter(12, 300.0))
    seen_at: float = 0.0

    def add(self, at: float) -> None:
        self.minute.add(at)
        self.hour.add(at)
        self.seen_at = max(at, self.seen_at)

    def over(self, per_minute: int, per_hour: int, at: float) -> bool:
        return self.minute.count(at) > per_minute or self.hour.count(at) > per_hour

    def in_hour(self, at: float) -> int:
        return self.hour.count(at)


T = TypeVar("T", bound=Track)


class Watched(Generic[T]):
    """Tracks by key, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tracks: OrderedDict[str, T] = OrderedDict()
        self._notable: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tracks)

    def get(self, key: str) -> T | None:
        return self._tracks.get(key)

    def note(self, key: str, fresh: T, at: float) -> T:
        """One call of `key`; `fresh` is its track if it was not watched yet."""
        track = self._tracks.setdefault(key, fresh)
        track.add(at)
        self._tracks.move_to_end(key)
        self._sweep(at)
        if track.in_hour(at) >= NOTABLE:
            self._notable[key] = None
            self._notable.move_to_end(key)
            if len(self._notable) > NOTABLE_KEPT:
                self._notable.popitem(last=False)
        return track

    def busiest(self, how_many: int, at: float) -> list[tuple[str, int]]:
        """Those that called most in about the last hour, with the number of calls; of the latest
        500 that called at least three times."""
        tracks = ((key, self._tracks.get(key)) for key in self._notable)
        counts = [(key, track.in_hour(at)) for key, track in tracks if track is not None]
        often = [count for count in counts if count[1] >= NOTABLE]
        return nlargest(how_many, often, key=lambda count: (count[1], count[0]))

    def _sweep(self, at: float) -> None:
        if len(self._tracks) > self._most:
            self._tracks.popitem(last=False)
        for _ in range(_SWEPT_AT_ONCE):
            oldest = next(iter(self._tracks))
            if self._tracks[oldest].seen_at > at - HOUR_S:
                return
            del self._tracks[oldest]
