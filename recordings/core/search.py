"""What the quality listener may ask for, and how it is read from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from kernel.clock import UTC
from kernel.errors import BadInput
from kernel.phone import clean

FIELDS = (
    "from", "to", "agent", "team", "number", "call", "shortest", "longest", "score", "problem",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """All conditions hold together; None means any. `since` is included, `until` is not.

    `problem`: only recordings that are missing, failed, damaged or shorter than the call.
    """

    since: datetime | None = None
    until: datetime | None = None
    agent_id: str | None = None
    team: str | None = None
    number: str | None = None
    call_id: str | None = None
    shortest: timedelta | None = None
    longest: timedelta | None = None
    score: int | None = None
    problem: bool = False


def read(query: Mapping[str, str], zone: tzinfo) -> Wanted:
    """The conditions in an address; empty ones are ignored. Days are days of the city.

    Raises:
        BadInput: with the field that cannot be understood.
    """
    said = {name: query.get(name, "").strip() for name in FIELDS}
    last = _day(said["to"], "to")
    wanted = Wanted(
        since=_midnight(_day(said["from"], "from"), zone),
        until=_midnight(last + timedelta(days=1) if last else None, zone),
        agent_id=said["agent"] or None,
        team=said["team"] or None,
        number=_number(said["number"]),
        call_id=said["call"] or None,
        shortest=_seconds(said["shortest"], "shortest"),
        longest=_seconds(said["longest"], "longest"),
        score=_score(said["score"]),
        problem=said["problem"] == "1",
    )
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise BadInput("开始日期不能晚于结束日期", "from")
    return wanted


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("日期应写成年-月-日", field) from error
    if not 2000 <= found.year <= 2100:
        raise BadInput("日期应写成年-月-日", field)
    return found


def _midnight(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)


def _number(text: str) -> str | None:
    if not text:
        return None
    number = clean(text)
    if number.anonymous:
        raise BadInput("号码里没有数字", "number")
    return number.digits


def _seconds(text: str, field: str) -> timedelta | None:
    """`90` (seconds) or `1:30`."""
    if not text:
        return None
    minutes, colon, rest = text.rpartition(":")
    try:
        total = int(minutes or 0) * 60 + int(rest)
    except ValueError as error:
        raise BadInput("时长应写成秒数，或“分:秒”", field) from error
    if not 0 <= total <= 86_400 or (colon and not minutes):
        raise BadInput("时长应写成秒数，或“分:秒”", field)
    return timedelta(seconds=total)


def _score(text: str) -> int | None:
    if not text:
        return None
    if text not in ("1", "2", "3", "4", "5"):
        raise BadInput("评分应为1到5", "score")
    return int(text)
