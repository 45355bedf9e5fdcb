"""Notices in the database. Fills `ivr.ports.NoticeStore`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from ivr.adapters.tables import NoticeRow
from ivr.core.notices import Notice
from kernel.ids import TeamId
from kernel.infra.database import Database
from kernel.language import Language


class SqlNoticeStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, notice: Notice) -> None:
        async with self._database.session() as session:
            session.add(_row(notice))

    async def end(self, notice: Notice) -> None:
        async with self._database.session() as session:
            row = await session.get(NoticeRow, notice.notice_id)
            if row is not None and row.ended_at is None:
                row.ended_by, row.ended_at = notice.ended_by, notice.ended_at

    async def notice(self, notice_id: str) -> Notice | None:
        async with self._database.reading() as session:
            row = await session.get(NoticeRow, notice_id)
            return _notice(row) if row else None

    async def not_over(self, now: datetime) -> list[Notice]:
        query = (
            select(NoticeRow)
            .where(NoticeRow.ends_at > now, NoticeRow.ended_at.is_(None))
            .order_by(NoticeRow.begins_at.desc(), NoticeRow.notice_id)
        )
        async with self._database.reading() as session:
            return [_notice(row) for row in await session.scalars(query)]

    async def listed(self, limit: int) -> list[Notice]:
        query = (
            select(NoticeRow)
            .order_by(NoticeRow.created_at.desc(), NoticeRow.notice_id.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [_notice(row) for row in await session.scalars(query)]


def _notice(row: NoticeRow) -> Notice:
    return Notice(
        notice_id=row.notice_id,
        texts={
            Language.MANDARIN: row.text_zh,
            Language.CANTONESE: row.text_yue,
            Language.ENGLISH: row.text_en,
        },
        team=TeamId(row.team) if row.team else None,
        district=row.district,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        created_by=row.created_by,
        created_at=row.created_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )


def _row(notice: Notice) -> NoticeRow:
    return NoticeRow(
        notice_id=notice.notice_id,
        text_zh=notice.texts[Language.MANDARIN],
        text_yue=notice.texts[Language.CANTONESE],
        text_en=notice.texts[Language.ENGLISH],
        team=notice.team,
        district=notice.district,
        begins_at=notice.begins_at,
        ends_at=notice.ends_at,
        created_by=notice.created_by,
        created_at=notice.created_at,
        ended_by=notice.ended_by,
        ended_at=notice.ended_at,
    )
