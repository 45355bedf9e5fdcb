"""How the value of a slot is said: numbers, days and stages as phrases of the catalogue. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import assert_never

from ivr.core.conditions import CITY_ZONE
from ivr.core.flow import Reading

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


def prompts_of(reading: Reading, value: str, now: datetime) -> tuple[str, ...]:
    """Names of the phrases that say `value`; none for a value that cannot be read so."""
    match reading:
        case Reading.DIGITS:
            return tuple(f"digit_{d}" for d in value if d in "0123456789")
        case Reading.STAGE:
            return (f"order_{value}",) if value in set(Stage) else ()
        case Reading.DAY:
            return _day(value, now)
        case _:
            assert_never(reading)


def _day(value: str, now: datetime) -> tuple[str, ...]:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return ()
    if at.tzinfo is None:
        return ()
    ago = (now.astimezone(CITY_ZONE).date() - at.astimezone(CITY_ZONE).date()).days
    if ago <= 0:
        return ("day_today",)
    if ago == 1:
        return ("day_yesterday",)
    return (f"day_ago_{ago}",) if ago <= DAYS_COUNTED else ("day_long_ago",)


def all_prompts(reading: Reading) -> tuple[str, ...]:
    """Every phrase that `reading` may need, for the validation of a flow."""
    match reading:
        case Reading.DIGITS:
            return tuple(f"digit_{d}" for d in range(10))
        case Reading.STAGE:
            return tuple(f"order_{stage}" for stage in Stage)
        case Reading.DAY:
            counted = tuple(f"day_ago_{n}" for n in range(2, DAYS_COUNTED + 1))
            return ("day_today", "day_yesterday", *counted, "day_long_ago")
        case _:
            assert_never(reading)
