"""The wallboard's rules: what deserves to be seen first, and the trend of the last hour.

Limits are arguments, so that the configuration owns them. All durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

TREND_MINUTES = 60


class Level(StrEnum):
    """`danger` before `warn` on the screen."""

    DANGER = "danger"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a state is an exception. Source for the rates: GB/T 33358 (15 s; 95 % over 24 h)."""

    wait_warn_s: float = 30.0
    wait_danger_s: float = 120.0
    service_rate: float = 0.8
    connect_rate: float = 0.95
    offered_s: float = 30.0
    talking_s: float = 1800.0
    wrap_up_s: float = 180.0
    not_ready_s: float = 1800.0
    unreachable_s: float = 15.0


@dataclass(frozen=True, slots=True)
class QueueState:
    """One team's line at a moment. Rates are 0..1, None while nobody has called."""

    team: str
    waiting: int
    longest_since: datetime | None
    service_rate: float | None
    connect_rate: float | None


@dataclass(frozen=True, slots=True)
class BoothState:
    """One occupied booth at a moment."""

    booth: str
    state: str
    since: datetime
    reachable: bool
    contradiction: str | None = None
    contradiction_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One exception. `kind` chooses the sentence; `subject` is a team's or a booth's id;
    `since` lets the screen count; `value` is a rate where the kind is about one."""

    kind: str
    level: Level
    subject: str
    since: datetime | None = None
    value: float | None = None


def queue_findings(queue: QueueState, now: datetime, limits: Limits) -> tuple[Finding, ...]:
    """A caller over the limit, then rates under theirs."""
    found: list[Finding] = []
    if queue.longest_since is not None:
        waited_s = (now - queue.longest_since).total_seconds()
        if waited_s >= limits.wait_warn_s:
            level = Level.DANGER if waited_s >= limits.wait_danger_s else Level.WARN
            found.append(Finding("waiting_long", level, queue.team, queue.longest_since))
    if queue.connect_rate is not None and queue.connect_rate < limits.connect_rate:
        found.append(
            Finding("connect_rate_low", Level.DANGER, queue.team, value=queue.connect_rate)
        )
    if queue.service_rate is not None and queue.service_rate < limits.service_rate:
        found.append(Finding("service_rate_low", Level.WARN, queue.team, value=queue.service_rate))
    return tuple(found)


def booth_findings(booth: BoothState, now: datetime, limits: Limits) -> tuple[Finding, ...]:
    """A phone that does something else than the operator, one that went away under a ready
    operator, or an operator stuck in a state."""
    if booth.contradiction is not None:
        kind, since = booth.contradiction, booth.contradiction_since
        return (Finding(kind, Level.DANGER, booth.booth, since),)
    lasted_s = (now - booth.since).total_seconds()
    if not booth.reachable and booth.state != "not_ready" and lasted_s >= limits.unreachable_s:
        return (Finding("phone_lost", Level.DANGER, booth.booth, booth.since),)
    limit = _booth_limits(limits).get(booth.state)
    if limit is None or lasted_s < limit:
        return ()
    return (Finding(f"{booth.state}_long", Level.WARN, booth.booth, booth.since),)


def _booth_limits(limits: Limits) -> Mapping[str, float]:
    return {
        "offered": limits.offered_s,
        "talking": limits.talking_s,
        "consulting": limits.talking_s,
        "wrap_up": limits.wrap_up_s,
        "not_ready": limits.not_ready_s,
    }


def order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Danger first; within a level the oldest first, then by kind and subject."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                f.level is not Level.DANGER,
                f.since is None,
                f.since.timestamp() if f.since else 0.0,
                f.kind,
                f.subject,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class Trend:
    """The highest number of waiting callers in each of the last 60 minutes, oldest first.

    `minute` is the minute the last point belongs to; points before the first sample are None.
    """

    minute: datetime | None = None
    points: tuple[int | None, ...] = field(default=(None,) * TREND_MINUTES)


def sample(trend: Trend, waiting: int, now: datetime) -> Trend:
    """The trend with one more sample; minutes without any repeat nothing and stay None."""
    minute = now.replace(second=0, microsecond=0)
    if trend.minute is None:
        return Trend(minute, (*trend.points[1:], waiting))
    passed = max(int((minute - trend.minute) / timedelta(minutes=1)), 0)
    if passed == 0:
        last = trend.points[-1]
        return Trend(trend.minute, (*trend.points[:-1], max(last or 0, waiting)))
    gap: tuple[int | None, ...] = (None,) * min(passed - 1, TREND_MINUTES)
    return Trend(minute, (*trend.points, *gap, waiting)[-TREND_MINUTES:])
