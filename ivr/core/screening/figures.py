"""What the guard counts: the last ten seconds, minute and hour of the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivr.core.screening.windows import Meter


class Count(StrEnum):
    ENTERED = "entered"  # calls
    STRANGERS = "strangers"  # of numbers that are not known, over no limit and on no list
    ANONYMOUS = "anonymous"  # without a number
    SUSPICIOUS = "suspicious"  # over a limit, or on the grey list
    CHALLENGED = "challenged"  # asked for a key
    PASSED = "passed"  # pressed it
    FAILED = "failed"  # did not
    LEFT = "left"  # hung up instead
    EMERGENCY = "emergency"  # took the way to the emergency numbers instead
    AFTER_OTHERS = "after_others"  # went on behind the others
    REFUSED = "refused"  # heard why, and was let go


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of the last ten seconds, minute and hour; `occupied`: part of the line's calls."""

    ten_seconds: Mapping[Count, int]
    minute: Mapping[Count, int]
    hour: Mapping[Count, int]
    occupied: float


class Counters:
    def __init__(self) -> None:
        self._moments = {count: Meter(10, 0.5) for count in Count}
        self._seconds = {count: Meter(5, 2.0) for count in Count}
        self._minutes = {count: Meter(12, 5.0) for count in Count}
        self._hours = {count: Meter(12, 300.0) for count in Count}

    def add(self, count: Count, at: float) -> None:
        self._moments[count].add(at)
        self._seconds[count].add(at)
        self._minutes[count].add(at)
        self._hours[count].add(at)

    def five_seconds(self, count: Count, at: float) -> int:
        return self._moments[count].count(at)

    def ten_seconds(self, count: Count, at: float) -> int:
        return self._seconds[count].count(at)

    def minute(self, count: Count, at: float) -> int:
        return self._minutes[count].count(at)

    def figures(self, at: float, occupied: float) -> Figures:
        return Figures(
            {count: meter.count(at) for count, meter in self._seconds.items()},
            {count: meter.count(at) for count, meter in self._minutes.items()},
            {count: meter.count(at) for count, meter in self._hours.items()},
            occupied,
        )
