"""The clock as a port. Pure code takes `now` as an argument and never asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["CITY_ZONE_NAME", "UTC", "Clock", "require_aware", "seconds"]
CITY_ZONE_NAME = "Asia/Shanghai"


class Clock(Protocol):
    """`now()` is aware UTC and never runs backwards within one process."""

    def now(self) -> datetime: ...


def require_aware(value: datetime) -> datetime:
    """Return `value`, or raise ValueError if it carries no time zone."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError("naive datetime")
    return value


def seconds(value: timedelta) -> float:
    return value.total_seconds()
