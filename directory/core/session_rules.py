"""How long a signed-in session lasts, and where each role begins its work."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.policy import Role

IDLE = timedelta(minutes=30)
"""Operators have no idle limit: their desktop is one open page for a whole shift."""
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
"""How stale the stored `last_seen_at` may be; it saves a write for each request."""

_HOMES = (
    (Role.OPERATOR, "/desk"),
    (Role.SUPERVISOR, "/wallboard"),
    (Role.QUALITY, "/recordings"),
    (Role.DISPATCHER, "/cases"),
    (Role.ADMINISTRATOR, "/directory"),
)


@dataclass(frozen=True, slots=True)
class SessionTimes:
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def begun(now: datetime) -> SessionTimes:
    return SessionTimes(now, now, now + ABSOLUTE)


def alive(times: SessionTimes, roles: Set[Role], now: datetime) -> bool:
    """False after the absolute limit, or after the idle limit for all but operators."""
    if now >= times.expires_at:
        return False
    return Role.OPERATOR in roles or now - times.last_seen_at < IDLE


def needs_touch(times: SessionTimes, now: datetime) -> bool:
    return now - times.last_seen_at >= TOUCH_EVERY


def home(roles: Set[Role]) -> str:
    """The page a person begins with: the first that fits, operator before supervisor and so on."""
    return next((path for role, path in _HOMES if role in roles), "/account")


def safe_path(wanted: str) -> str | None:
    """`wanted` if it is a plain path of this site, else None: no link sends people elsewhere."""
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 500:
        return None
    # Browsers read a backslash as a slash and drop control characters before they resolve.
    return None if any(c == "\\" or ord(c) < 32 or ord(c) == 127 for c in wanted) else wanted
