"""How the value of a slot is said: numbers, days and stages as phrases of the catalogue. Pure."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import assert_never

from ivr.core import numerals
from ivr.core.conditions import CITY_ZONE
from ivr.core.flow import Reading
from kernel.language import Language

DAYS_COUNTED = 30
"""Up to so many days ago are said as a number."""


class Stage(StrEnum):
    """How far an order is, as far as it may be said to whoever holds its number: never what it is
    about, and never whose it is."""

    REGISTERED = "registered"  # waits to be sent out
    SENT = "sent"  # the authority has it and has not yet signed for it
    HANDLED = "handled"
    REVIEWED = "reviewed"  # answered, the answer is being checked
    ANSWERED = "answered"
    ENDED = "ended"  # over without an answer: withdrawn, merged, terminated


def prompts_of(reading: Reading, value: str, now: datetime, language: Language) -> tuple[str, ...]:
    """Names of the phrases that say `value`; none for a value that cannot be read so."""
    match reading:
        case Reading.DIGITS:
            return numerals.digit_names(value)
        case Reading.NUMBER | Reading.COUNT:
            if not (value.isascii() and value.isdecimal()):
                return ()
            counted = reading is Reading.COUNT
            return numerals.number_names(int(value[:12]), language, counted=counted)
        case Reading.DATE:
            day = _day_of(value)
            return numerals.date_names(day, language) if day else ()
        case Reading.TIME:
            clock = _time_of(value)
            return numerals.time_names(clock, language) if clock else ()
        case Reading.MONEY:
            return numerals.money_names(value, language)
        case Reading.STAGE:
            return (f"order_{value}",) if value in set(Stage) else ()
        case Reading.DAY:
            return _day(value, now)
        case _:
            assert_never(reading)


def _moment(value: str) -> datetime | None:
    """A moment in the city; None for what is none."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if at.tzinfo is None else at.astimezone(CITY_ZONE)


def _day_of(value: str) -> date | None:
    """The day of a moment, or one that is written alone, as 2026-11-26."""
    at = _moment(value)
    if at is not None:
        return at.date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _time_of(value: str) -> time | None:
    """The time of a moment, or one that is written alone, as 14:30."""
    at = _moment(value)
    if at is not None:
        return at.time()
    try:
        return time.fromisoformat(value)
    except ValueError:
        return None


def _day(value: str, now: datetime) -> tuple[str, ...]:
    at = _moment(value)
    if at is None:
        return ()
    ago = (now.astimezone(CITY_ZONE).date() - at.date()).days
    if ago <= 0:
        return ("day_today",)
    if ago == 1:
        return ("day_yesterday",)
    return (f"day_ago_{ago}",) if ago <= DAYS_COUNTED else ("day_long_ago",)


def all_prompts(reading: Reading) -> tuple[str, ...]:
    """Every phrase that `reading` may need, for the validation of a flow."""
    match reading:
        case Reading.DIGITS:
            return numerals.DIGITS
        case Reading.NUMBER | Reading.COUNT:
            return numerals.NUMBERS
        case Reading.DATE:
            return numerals.DATES
        case Reading.TIME:
            return numerals.TIMES
        case Reading.MONEY:
            return numerals.AMOUNTS
        case Reading.STAGE:
            return tuple(f"order_{stage}" for stage in Stage)
        case Reading.DAY:
            counted = tuple(f"day_ago_{n}" for n in range(2, DAYS_COUNTED + 1))
            return ("day_today", "day_yesterday", *counted, "day_long_ago")
        case _:
            assert_never(reading)
