"""Deadlines: from a term and a start to the instant it is due, with the warning instants. Pure.

Theory: minutes and hours run by the clock; working hours run within working hours; working days
and calendar days do not count the day of the start and end at the close of business of the last
day (calendar days that end on a free day are carried to the next working day).
Source: Civil Code of the PRC, articles 201 and 203.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from kernel.clock import require_aware
from workorders.core.calendar import WorkCalendar

NOTICE_FRACTION = 0.5
WARNING_FRACTION = 0.8


class Unit(StrEnum):
    MINUTES = "minutes"
    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


@dataclass(frozen=True, slots=True)
class Term:
    """How long, e.g. 5 working days. Raises ValueError unless `amount` is positive."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError("a term is at least 1")


@dataclass(frozen=True, slots=True)
class Due:
    """A running clock, all instants aware UTC.

    `notice_at`, `warning_at`, `due_at` are 50, 80 and 100 % of the term. `provisional` says that
    the calendar of a year it runs through is not official yet.
    """

    started_at: datetime
    notice_at: datetime
    warning_at: datetime
    due_at: datetime
    provisional: bool


class Alert(StrEnum):
    """How far a clock has run: before 50 %, from 50 %, from 80 %, from 100 %; or it stands."""

    ON_TIME = "on_time"
    HALFWAY = "halfway"
    SOON = "soon"
    OVERDUE = "overdue"
    DONE = "done"


ALERT_NAMES: dict[Alert, str] = {
    Alert.ON_TIME: "期限内",
    Alert.HALFWAY: "时限过半",
    Alert.SOON: "临近期限",
    Alert.OVERDUE: "已超期",
    Alert.DONE: "已办结",
}


def compute(term: Term, started_at: datetime, calendar: WorkCalendar) -> Due:
    """The clock that starts at `started_at` (aware). Raises ValueError for a naive start."""
    start = require_aware(started_at)
    due_at = _end(term, start, calendar)
    notice, warning = (
        _fraction_at(fraction, term.unit, start, due_at, calendar)
        for fraction in (NOTICE_FRACTION, WARNING_FRACTION)
    )
    first = start.astimezone(calendar.zone).year
    last = due_at.astimezone(calendar.zone).year
    by_clock = term.unit in (Unit.MINUTES, Unit.HOURS)
    provisional = not by_clock and not all(
        calendar.is_official(year) for year in range(first, last + 1)
    )
    return Due(
        started_at=start.astimezone(UTC),
        notice_at=notice.astimezone(UTC),
        warning_at=warning.astimezone(UTC),
        due_at=due_at.astimezone(UTC),
        provisional=provisional,
    )


def half(term: Term) -> Term:
    """Half a term, at least 1: what a redo gets. Source: domain notes, 2b (proposal)."""
    return Term(max(1, (term.amount + 1) // 2), term.unit)


def extended(due: Due, due_at: datetime) -> Due:
    """The same clock with a later end; the warnings move in proportion to elapsed clock time."""
    end = require_aware(due_at).astimezone(UTC)
    whole = end - due.started_at
    return Due(
        started_at=due.started_at,
        notice_at=due.started_at + whole * NOTICE_FRACTION,
        warning_at=due.started_at + whole * WARNING_FRACTION,
        due_at=end,
        provisional=due.provisional,
    )


def alert(due: Due, now: datetime) -> Alert:
    """Where a running clock stands at `now`."""
    if now >= due.due_at:
        return Alert.OVERDUE
    if now >= due.warning_at:
        return Alert.SOON
    if now >= due.notice_at:
        return Alert.HALFWAY
    return Alert.ON_TIME


def _end(term: Term, start: datetime, calendar: WorkCalendar) -> datetime:
    local_day = start.astimezone(calendar.zone).date()
    match term.unit:
        case Unit.MINUTES:
            return start + timedelta(minutes=term.amount)
        case Unit.HOURS:
            return start + timedelta(hours=term.amount)
        case Unit.WORKING_HOURS:
            return calendar.add_working_time(start, timedelta(hours=term.amount))
        case Unit.WORKING_DAYS:
            return calendar.close_of(calendar.add_working_days(local_day, term.amount))
        case Unit.CALENDAR_DAYS:
            last = local_day + timedelta(days=term.amount)
            return calendar.close_of(calendar.next_working_day(last))
        case _:
            assert_never(term.unit)


def _fraction_at(
    fraction: float, unit: Unit, start: datetime, due_at: datetime, calendar: WorkCalendar
) -> datetime:
    """When `fraction` of the time has run: working time for the working units, else the clock."""
    if unit in (Unit.WORKING_HOURS, Unit.WORKING_DAYS):
        whole = calendar.working_time(start, due_at)
        return calendar.add_working_time(start, whole * fraction)
    return start + (due_at - start) * fraction
