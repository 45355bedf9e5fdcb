"""The working calendar: which days and hours count. Pure; the data is `config/calendar.yaml`.

Weekends are free and weekdays are worked unless the year's official arrangement says otherwise
(holidays on weekdays, make-up days on weekends). A year is *official* once the State Council's
arrangement is in the file, else *provisional*; a year that is not in the file at all counts as
provisional with plain weekends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

_ONE_DAY = timedelta(days=1)
# No reviewed term is longer than a year; a longer search means that the data is wrong.
_SEARCH_LIMIT_DAYS = 800


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year's arrangement. `source` names the official notice, or why it is provisional."""

    year: int
    official: bool
    holidays: frozenset[date]
    make_up_days: frozenset[date]
    source: str


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """One stretch of a working day, in the city's local time; `start` < `end`."""

    start: time
    end: time


@dataclass(frozen=True)
class WorkCalendar:
    """All years and the daily hours. Raises ValueError when the hours overlap or are unordered."""

    zone: ZoneInfo
    hours: tuple[WorkingHours, ...]
    years: tuple[CalendarYear, ...]

    def __post_init__(self) -> None:
        if not self.hours or any(h.start >= h.end for h in self.hours):
            raise ValueError("working hours need a start before an end")
        if any(a.end > b.start for a, b in pairwise(self.hours)):
            raise ValueError("working hours overlap or are out of order")

    @cached_property
    def _by_year(self) -> dict[int, CalendarYear]:
        return {y.year: y for y in self.years}

    def is_official(self, year: int) -> bool:
        found = self._by_year.get(year)
        return found is not None and found.official

    def is_working_day(self, day: date) -> bool:
        year = self._by_year.get(day.year)
        if year is not None:
            if day in year.holidays:
                return False
            if day in year.make_up_days:
                return True
        return day.weekday() < 5

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; `day` itself is never counted."""
        if count < 1:
            raise ValueError("count working days from 1")
        current, left = day, count
        for _ in range(_SEARCH_LIMIT_DAYS):
            current += _ONE_DAY
            if self.is_working_day(current):
                left -= 1
                if left == 0:
                    return current
        raise ValueError("no such working day within the search limit")

    def next_working_day(self, day: date) -> date:
        """`day` itself if it is worked, else the first working day after it."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def close_of(self, day: date) -> datetime:
        """When business ends on `day`, aware."""
        return datetime.combine(day, self.hours[-1].end, self.zone)

    def add_working_time(self, start: datetime, amount: timedelta) -> datetime:
        """The instant at which `amount` of working time has passed since `start`.

        A zero amount gives `start` itself, even outside working hours.
        """
        if amount <= timedelta(0):
            return start
        left, day = amount, start.astimezone(self.zone).date()
        for _ in range(_SEARCH_LIMIT_DAYS):
            for begin, end in self._stretches(day):
                begin = max(begin, start)
                if begin >= end:
                    continue
                if end - begin >= left:
                    return begin + left
                left -= end - begin
            day += _ONE_DAY
        raise ValueError("no such working time within the search limit")

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; zero when `end` is not after `start`."""
        total, day = timedelta(0), start.astimezone(self.zone).date()
        last = end.astimezone(self.zone).date()
        while day <= last:
            for begin, close in self._stretches(day):
                total += max(min(close, end) - max(begin, start), timedelta(0))
            day += _ONE_DAY
        return total

    def _stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_working_day(day):
            return []
        return [
            (
                datetime.combine(day, h.start, self.zone),
                datetime.combine(day, h.end, self.zone),
            )
            for h in self.hours
        ]
