"""The messages of `/wallboard/ws`: whole snapshots, so that a reader may miss any of them.

Moments are ISO 8601 with offset, rates 0..1. The list of all booths is part of the page; a snapshot
names the occupied ones only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from agent_desktop.protocol import Part


class TeamRow(Part):
    """`service_rate`: answered within 15 s in the last 30 minutes; `connect_rate`: the last 24 h;
    `entered`, `answered`, `abandoned`: today; `asa_s`: average speed of answer, last 30 minutes.
    `trend`: most callers waiting in each of the last 60 minutes, oldest first."""

    team: str
    zh: str
    en: str
    waiting: int
    longest_since: datetime | None
    entered: int
    answered: int
    abandoned: int
    service_rate: float | None
    asa_s: float | None
    connect_rate: float | None
    ready: int
    busy: int
    trend: tuple[int | None, ...]


class BoothCell(Part):
    """`state`: ready, not_ready, offered, talking, consulting, wrap_up. `teams`: the team of the
    call in hand, or all teams the operator serves."""

    booth: str
    state: str
    agent: str
    name: str
    name_en: str
    reason: str | None
    since: datetime
    teams: tuple[str, ...]
    reachable: bool


class ExceptionLine(Part):
    """About a team, or about a booth and the operator there (`name`)."""

    kind: str
    level: Literal["danger", "warn"]
    team: str | None
    booth: str | None
    name: str | None
    name_en: str | None
    since: datetime | None
    value: float | None


class Snapshot(Part):
    type: Literal["snapshot"] = "snapshot"
    at: datetime
    line_up: bool
    balanced: bool
    teams: tuple[TeamRow, ...]
    booths: tuple[BoothCell, ...]
    exceptions: tuple[ExceptionLine, ...]


class OperatorDayOut(Part):
    """One operator's day so far. `counted_since`: since when this process has been counting;
    `first_at`: the first log-in it saw; `declined`: refused or let ring."""

    agent: str
    counted_since: datetime
    first_at: datetime | None
    calls: int
    talk_s: float
    wrap_up_s: float
    declined: int
