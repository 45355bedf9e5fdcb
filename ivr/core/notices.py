"""Broadcast notices: who hears which, and when. Pure.

A notice (a typhoon, a power cut) is heard once in a call, before the caller begins to wait, and a
key skips it. It may be for one team's callers, and for one district's: whoever is known to be of
another district is spared it, whoever is of none known hears it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import BadInput, InvalidTransition
from kernel.ids import TeamId
from kernel.language import Language

AT_ONCE = 2
"""So many notices are heard in one call at most, the newest first: a caller wants a person."""
TEXT_LIMITS = {Language.MANDARIN: 120, Language.CANTONESE: 120, Language.ENGLISH: 300}
"""Characters; each takes about half a minute to read."""
LONGEST = timedelta(days=14)
FOLDER = "notices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`team` None: for everybody; `district` empty: for all. It is heard from `begins_at` on and
    before `ends_at`, or until `ended_at`, when somebody has ended it."""

    notice_id: str
    texts: Mapping[Language, str]
    team: TeamId | None
    district: str
    begins_at: datetime
    ends_at: datetime
    created_by: str
    created_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def prompt(self) -> str:
        """Its name among the recorded phrases."""
        return f"{FOLDER}/{self.notice_id}"

    def active(self, now: datetime) -> bool:
        return self.ended_at is None and self.begins_at <= now < self.ends_at

    def over(self, now: datetime) -> bool:
        return self.ended_at is not None or now >= self.ends_at


def heard_by(
    notices: Collection[Notice], team: TeamId, district: str, now: datetime
) -> tuple[Notice, ...]:
    """The notices for a caller who is about to wait for `team`, the newest first. `district` is
    empty where it is not known."""
    found = [
        notice
        for notice in notices
        if notice.active(now)
        and notice.team in (None, team)
        and ("" in (notice.district, district) or notice.district == district)
    ]
    found.sort(key=lambda notice: (notice.begins_at, notice.notice_id), reverse=True)
    return tuple(found[:AT_ONCE])


def checked(notice: Notice, now: datetime) -> Notice:
    """Raises BadInput for a notice that may not be made."""
    for language, field in ((Language.MANDARIN, "zh"), (Language.ENGLISH, "en")):
        if not notice.texts.get(language, "").strip():
            raise BadInput("普通话和英语的内容都要填写", field)
    for language, text in notice.texts.items():
        if len(text) > TEXT_LIMITS[language]:
            raise BadInput("内容太长，念完不能超过半分钟", language.value)
    if not notice.begins_at < notice.ends_at:
        raise BadInput("结束时间要晚于开始时间", "ends")
    if notice.ends_at <= now:
        raise BadInput("结束时间已经过去", "ends")
    if notice.ends_at - notice.begins_at > LONGEST:
        raise BadInput("通知最长14天，更久的内容请改流程", "ends")
    return notice


def demand_running(notice: Notice, now: datetime) -> None:
    """Raises InvalidTransition for one that is over already."""
    if notice.over(now):
        raise InvalidTransition("这条通知已经结束")
