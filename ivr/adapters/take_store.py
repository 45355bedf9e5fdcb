"""Studio takes in the database, with their sounds. Fills `ivr.ports.TakeStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.adapters.tables import TakeRow, TakeSoundRow
from ivr.core.studio import Container
from ivr.core.takes import Take, TakeState
from kernel.errors import Conflict
from kernel.infra.database import Database
from kernel.language import Language

_PRESENT = (TakeState.LIVE.value, TakeState.CANDIDATE.value)


class SqlTakeStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, take: Take, wav: bytes) -> Take:
        async with self._database.session() as session:
            if await session.get(TakeSoundRow, take.sha256) is None:
                session.add(TakeSoundRow(sha256=take.sha256, wav=wav))
            last = await session.scalar(
                select(func.max(TakeRow.number)).where(
                    TakeRow.name == take.name, TakeRow.language == take.language.value
                )
            )
            row = _row(take)
            row.number = (last or 0) + 1
            session.add(row)
            await session.flush()
            return _take(row)

    async def take(self, language: Language, name: str, number: int) -> Take | None:
        async with self._database.reading() as session:
            row = await session.get(TakeRow, (name, language.value, number))
            return _take(row) if row else None

    async def takes(self, language: Language, name: str, limit: int) -> list[Take]:
        query = (
            select(TakeRow)
            .where(TakeRow.name == name, TakeRow.language == language.value)
            .order_by(TakeRow.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [_take(row) for row in await session.scalars(query)]

    async def present(self) -> list[Take]:
        query = (
            select(TakeRow)
            .where(TakeRow.state.in_(_PRESENT))
            .order_by(TakeRow.name, TakeRow.language, TakeRow.number)
        )
        async with self._database.reading() as session:
            return [_take(row) for row in await session.scalars(query)]

    async def sound(self, take: Take) -> bytes | None:
        async with self._database.reading() as session:
            row = await session.get(TakeSoundRow, take.sha256)
            return row.wav if row else None

    async def move(self, changed: Sequence[Take], current: int | None) -> None:
        first = changed[0]
        async with self._database.session() as session:
            if await _live(session, first) != current:
                raise Conflict("这段提示音刚被别人更换过，请刷新后再操作")
            for take in changed:
                row = await session.get(TakeRow, (take.name, take.language.value, take.number))
                if row is None:
                    raise Conflict("这段提示音刚被别人更换过，请刷新后再操作")
                row.state, row.text = take.state.value, take.text
                row.used_by, row.used_at = take.used_by, take.used_at
                row.replaces = take.replaces


async def _live(session: AsyncSession, take: Take) -> int | None:
    """The number that is live now; the row is locked until the end of the transaction."""
    query = select(TakeRow.number).where(
        TakeRow.name == take.name,
        TakeRow.language == take.language.value,
        TakeRow.state == TakeState.LIVE.value,
    )
    return (await session.scalars(query.with_for_update())).one_or_none()


def _take(row: TakeRow) -> Take:
    return Take(
        name=row.name,
        language=Language(row.language),
        number=row.number,
        state=TakeState(row.state),
        text=row.text,
        sha256=row.sha256,
        source_sha256=row.source_sha256,
        container=Container(row.container),
        rate=row.rate,
        channels=row.channels,
        level_dbfs=row.level_dbfs,
        duration_ms=row.duration_ms,
        uploaded_by=row.uploaded_by,
        uploaded_at=row.uploaded_at,
        used_by=row.used_by,
        used_at=row.used_at,
        replaces=row.replaces,
    )


def _row(take: Take) -> TakeRow:
    values = asdict(take)
    values["state"] = take.state.value
    values["language"] = take.language.value
    values["container"] = take.container.value
    return TakeRow(**values)
