"""Case and work-order numbers. Pure: the sequence comes from the database.

`GZ20261124-000123` is the 123rd case registered on that day in the city's zone; its first work
order is `GZ20261124-000123-01`. Numbers are unique; they are not promised to be without gaps.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kernel.clock import CITY_ZONE_NAME, require_aware

CITY_ZONE = ZoneInfo(CITY_ZONE_NAME)
PREFIX = "GZ"
_CASE = re.compile(r"^GZ(\d{4})(\d{2})(\d{2})-\d{6,9}$")


def city_day(at: datetime) -> date:
    """The calendar day of `at` in the city. Raises ValueError for a naive value."""
    return require_aware(at).astimezone(CITY_ZONE).date()


def case_number(day: date, sequence: int) -> str:
    """`sequence` counts from 1 within the day. Raises ValueError below 1."""
    if sequence < 1:
        raise ValueError("case sequences count from 1")
    return f"{PREFIX}{day:%Y%m%d}-{sequence:06}"


def order_number(case: str, ordinal: int) -> str:
    """`ordinal` counts the case's work orders from 1. Raises ValueError outside 1..99."""
    if not 1 <= ordinal <= 99:
        raise ValueError("a case has 1 to 99 work orders")
    return f"{case}-{ordinal:02}"


def is_case_number(text: str) -> bool:
    """True if `text` has the form of a case number and names a real day."""
    match = _CASE.match(text)
    if match is None:
        return False
    try:
        date(*(int(part) for part in match.groups()))
    except ValueError:
        return False
    return True
