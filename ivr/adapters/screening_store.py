"""The guard's lists and levels in the database. Fills `ivr.ports.ScreeningStore`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, or_, select

from ivr.adapters.tables import GuardLevelRow, KnownNumberRow, ScreeningEntryRow
from ivr.core.screening.levels import LevelCause, LevelChange
from ivr.core.screening.listed import ListEntry, ListKind, Treatment
from ivr.core.screening.policy import Level
from kernel.infra.database import Database


class SqlScreeningStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, now: datetime) -> list[ListEntry]:
        query = (
            select(ScreeningEntryRow)
            .where(ScreeningEntryRow.until > now, ScreeningEntryRow.ended_at.is_(None))
            .order_by(ScreeningEntryRow.made_at, ScreeningEntryRow.entry_id)
        )
        async with self._database.reading() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def changes(self, limit: int) -> list[LevelChange]:
        query = (
            select(GuardLevelRow)
            .order_by(GuardLevelRow.at.desc(), GuardLevelRow.change_id.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [_change(row) for row in await session.scalars(query)]

    async def known(self, now: datetime, after: str, limit: int) -> dict[str, datetime]:
        query = (
            select(KnownNumberRow.number, KnownNumberRow.until)
            .where(KnownNumberRow.number > after, KnownNumberRow.until > now)
            .order_by(KnownNumberRow.number)
            .limit(limit)
        )
        async with self._database.reading() as session:
            rows = await session.execute(query)
            return {row.number: row.until for row in rows}

    async def keep(
        self,
        entries: list[ListEntry],
        changes: list[LevelChange],
        known: Mapping[str, datetime],
    ) -> None:
        async with self._database.session() as session:
            for number, until in known.items():
                await session.merge(KnownNumberRow(number=number, until=until))
            for entry in entries:
                await session.merge(_entry_row(entry))
            for change in changes:
                await session.merge(_change_row(change))

    async def forget(self, before: datetime, now: datetime) -> None:
        async with self._database.session() as session:
            over = or_(ScreeningEntryRow.until < before, ScreeningEntryRow.ended_at < before)
            await session.execute(delete(ScreeningEntryRow).where(over))
            await session.execute(delete(GuardLevelRow).where(GuardLevelRow.at < before))
            await session.execute(delete(KnownNumberRow).where(KnownNumberRow.until <= now))


def _entry(row: ScreeningEntryRow) -> ListEntry:
    return ListEntry(
        entry_id=row.entry_id,
        kind=ListKind(row.kind),
        number=row.number,
        start=row.start,
        treatment=Treatment(row.treatment),
        reason=row.reason,
        made_by=row.made_by,
        made_at=row.made_at,
        until=row.until,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )


def _entry_row(entry: ListEntry) -> ScreeningEntryRow:
    codes = {"kind": entry.kind.value, "treatment": entry.treatment.value}
    return ScreeningEntryRow(**(asdict(entry) | codes))


def _change(row: GuardLevelRow) -> LevelChange:
    return LevelChange(
        change_id=row.change_id,
        at=row.at,
        level=Level(row.level),
        cause=LevelCause(row.cause),
        actor=row.actor,
        reason=row.reason,
        pinned_until=row.pinned_until,
    )


def _change_row(change: LevelChange) -> GuardLevelRow:
    codes = {"level": change.level.value, "cause": change.cause.value}
    return GuardLevelRow(**(asdict(change) | codes))
