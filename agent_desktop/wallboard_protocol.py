"""The messages of `/wallboard/ws`: whole snapshots, so that a reader may miss any of them.

Moments are ISO 8601 with offset, rates 0..1. The list of all booths is part of the page; a snapshot
names the occupied ones only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from agent_desktop.protocol import Part


class TeamRow(Part):
    """`callbacks`: citizens to be called back. `service_rate`: answered within 15 s in the last 30
    minutes, strictly; `service_ignoring`, `service_positive`: the two kinder variants;
    `connect_rate`: last 24 h, `connect_crosses_at`: when it passes its limit at the present pace;
    `entered`, `answered`, `abandoned` (of these `short_abandoned` within 5 s), `abandon_rate`:
    today; `asa_s`, `aht_s`, `occupancy`: last 30 minutes; `wait_told`: announced waits judged in 24
    h, `wait_within_rate` of them came true, `wait_mae_s` off on average. `trend`: most callers
    waiting in each of the last 60 minutes, oldest first. The row of the whole centre has an empty
    `team`."""

    team: str
    zh: str
    en: str
    waiting: int
    callbacks: int
    longest_since: datetime | None
    entered: int
    answered: int
    abandoned: int
    short_abandoned: int
    abandon_rate: float | None
    service_rate: float | None
    service_ignoring: float | None
    service_positive: float | None
    asa_s: float | None
    aht_s: float | None
    occupancy: float | None
    connect_rate: float | None
    connect_breached: bool
    connect_crosses_at: datetime | None
    wait_told: int
    wait_within_rate: float | None
    wait_mae_s: float | None
    ready: int
    busy: int
    trend: tuple[int | None, ...]


class BoothCell(Part):
    """`state`: ready, not_ready, dialling, offered, talking, consulting, wrap_up. `teams`: the team
    of the call in hand, or all teams the operator serves. `contradiction`: the phone does something
    else: no_channel, stray_channel, not_ringing, phone_unreachable."""

    booth: str
    state: str
    agent: str
    name: str
    name_en: str
    reason: str | None
    since: datetime
    teams: tuple[str, ...]
    reachable: bool
    contradiction: str | None


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


class DriftLine(Part):
    """Figures that contradict each other, about a team or a person (`name`) or the callers."""

    check: str
    team: str | None
    name: str | None
    name_en: str | None
    ours: int
    other: int


class ReserveLine(Part):
    """An operator whom a plan asked to come back. `answer`: asked, came, declined, left."""

    name: str
    name_en: str
    answer: Literal["asked", "came", "declined", "left"]


class PlanLine(Part):
    """One peak-hour plan. `team` is empty for the whole hall; `state`: running, resting, cooling
    (until `until`), starting; `since` of running and starting; `values`: its triggers' figures, in
    the order of the page. `asked` operators were asked to come back, `came` and `declined` of them
    did; `reserves` are some of them, those who came first."""

    plan: str
    zh: str
    en: str
    team: str
    state: Literal["running", "resting", "cooling", "starting"]
    since: datetime | None
    until: datetime | None
    cause: str | None
    by: str
    values: tuple[float | None, ...]
    asked: int
    came: int
    declined: int
    reserves: tuple[ReserveLine, ...]


class Snapshot(Part):
    type: Literal["snapshot"] = "snapshot"
    at: datetime
    line_up: bool
    drifts: tuple[DriftLine, ...]
    total: TeamRow
    teams: tuple[TeamRow, ...]
    booths: tuple[BoothCell, ...]
    exceptions: tuple[ExceptionLine, ...]
    plans: tuple[PlanLine, ...]


class ForceIn(Part):
    """A supervisor's order for one operator, and why."""

    state: Literal["ready", "not_ready", "logged_out"]
    reason: Annotated[str, Field(max_length=200)]


class FreeIn(Part):
    """End the contradiction between an operator's state and phone, and why."""

    reason: Annotated[str, Field(max_length=200)]


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
