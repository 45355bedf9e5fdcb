"""Reads recorded runs back, in the order of writing, a page at a time (port `RecordedLog`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.adapters.recall import recall
from acd.adapters.tables import AcdEventRow
from acd.core import codec
from acd.core.inputs import Started
from acd.core.replay import Body, LogEntry, LoggedStep
from acd.ports import Memory, RecordedRun
from kernel.event_wire import decode as decode_event
from kernel.infra.database import Database

PAGE = 1000
"""Rows in memory at once. Each page is a transaction of its own, so that a long replay holds back
neither the writer's checkpoints nor a clean-up."""


class SqlLogReader:
    """Only reads; may stand beside a running hotline."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def runs(self, begin: datetime, end: datetime) -> list[RecordedRun]:
        """Runs of which something was written in [begin, end), oldest first. A run whose beginning
        was dropped is left out."""
        async with self._database.reading() as session:
            starts = (await session.execute(_STARTS)).all()
            found = []
            for row, following in zip_longest(starts, starts[1:]):
                before = following.number if following is not None else None
                if row.at >= end:
                    break
                ended_at = await _ended_at(session, row.run, before)
                if ended_at is None or ended_at < begin:
                    continue
                found.append(
                    RecordedRun(
                        run=row.run,
                        first=await _first(session, row.run, row.number),
                        before=before,
                        began_at=row.at,
                        ended_at=ended_at,
                        started=codec.decode(row.body),
                    )
                )
        return found

    async def memory(self, run: RecordedRun) -> Memory:
        """What the run found in the log when it began."""
        async with self._database.reading() as session:
            return await recall(session, run.started.recalled_at or run.began_at, run.first)

    async def entries(
        self, run: RecordedRun, types: Collection[str] = ()
    ) -> AsyncIterator[LogEntry]:
        """Entries of a run of these types (none: all), in the order of writing."""
        number = run.first - 1
        while True:
            # By number alone: with the run in the condition a database may take the index of the
            # run, and sort all of it for each page.
            query = _COLUMNS.where(AcdEventRow.number > number)
            if run.before is not None:
                query = query.where(AcdEventRow.number < run.before)
            if types:
                query = query.where(AcdEventRow.type.in_(types))
            async with self._database.reading() as session:
                page = (await session.execute(query)).all()
            for row in page:
                if row.run == run.run:
                    yield LogEntry(row.number, row.at, _body(row))
            if len(page) < PAGE:
                return
            number = page[-1].number


_STARTS = (
    select(AcdEventRow.number, AcdEventRow.run, AcdEventRow.at, AcdEventRow.body)
    .where(AcdEventRow.kind == "input", AcdEventRow.type == Started.__name__)
    .order_by(AcdEventRow.number)
)
_COLUMNS = (
    select(
        AcdEventRow.number,
        AcdEventRow.run,
        AcdEventRow.at,
        AcdEventRow.kind,
        AcdEventRow.sequence,
        AcdEventRow.body,
        AcdEventRow.decided,
    )
    .order_by(AcdEventRow.number)
    .limit(PAGE)
)


async def _ended_at(session: AsyncSession, run: str, before: int | None) -> datetime | None:
    """When the run's last entry was written; the next run's first minutes may stand after it."""
    query = select(AcdEventRow.run, AcdEventRow.at).order_by(AcdEventRow.number.desc())
    if before is not None:
        query = query.where(AcdEventRow.number < before)
    rows = await session.execute(query.limit(PAGE))
    return next((row.at for row in rows if row.run == run), None)


async def _first(session: AsyncSession, run: str, started: int) -> int:
    """Minutes that nobody had closed before stand before the first input."""
    first = await session.scalar(
        select(func.min(AcdEventRow.number)).where(
            AcdEventRow.run == run, AcdEventRow.kind == "minute", AcdEventRow.number < started
        )
    )
    return started if first is None else first


def _body(row: Row[Any]) -> Body:
    if row.kind == "event":
        return decode_event(row.body)
    decoded: Any = codec.decode(row.body)
    if row.kind != "input":
        found: Body = decoded
        return found
    decided = row.decided
    if isinstance(decided, str):
        return LoggedStep(row.sequence, decoded, None, crash=decided)
    effects = tuple(codec.decode(d) for d in decided) if decided is not None else None
    return LoggedStep(row.sequence, decoded, effects)
