"""The messages that were left, and their words. Fills `recordings.ports.MessageStore`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update

from kernel.ids import CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from recordings.adapters.store import utterance_of, utterance_values
from recordings.adapters.tables import MessageRow, RecordingRow, UtteranceRow
from recordings.core.message import Due, Message, Writing
from recordings.core.recording import Status
from recordings.core.transcript import Side, Utterance

_MS = timedelta(milliseconds=1)


class TableMessageStore:
    """On SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(
        self, languages: Collection[Language], now: datetime, limit: int
    ) -> Sequence[Due]:
        query = (
            select(
                MessageRow,
                RecordingRow.file_name,
                RecordingRow.duration_ms,
                RecordingRow.answered_at,
            )
            .join(RecordingRow, RecordingRow.call_id == MessageRow.call_id)
            .where(*_ready(languages), MessageRow.again_at <= now)
            .order_by(MessageRow.left_at, MessageRow.call_id)
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [
                Due(_message_of(row), file_name or "", duration_ms * _MS, answered_at is not None)
                for row, file_name, duration_ms, answered_at in await session.execute(query)
            ]

    async def next_at(self, languages: Collection[Language]) -> datetime | None:
        query = (
            select(MessageRow.again_at)
            .join(RecordingRow, RecordingRow.call_id == MessageRow.call_id)
            .where(*_ready(languages))
            .order_by(MessageRow.again_at)
            .limit(1)
        )
        async with self._database.reading() as session:
            return await session.scalar(query)

    async def keep(self, message: Message) -> None:
        statement = (
            update(MessageRow)
            .where(MessageRow.call_id == message.call_id)
            .values(state=message.state.value, attempts=message.attempts, again_at=message.again_at)
        )
        async with self._database.session() as session:
            await session.execute(statement)

    async def written(
        self, call_id: CallId, from_s: float, said: Sequence[Utterance], at: datetime
    ) -> bool:
        from_ms = round(from_s * 1000)
        noted = (
            update(MessageRow)
            .where(MessageRow.call_id == call_id, MessageRow.state == Writing.WAITING.value)
            .values(state=Writing.WRITTEN.value, from_ms=from_ms, written_at=at)
            .returning(MessageRow.call_id)
        )
        before = delete(UtteranceRow).where(
            UtteranceRow.call_id == call_id,
            UtteranceRow.side == Side.CALLER.value,
            UtteranceRow.from_ms >= from_ms,
        )
        rows = {round(u.from_s * 1000): utterance_values(call_id, u) for u in said}
        async with self._database.session() as session:
            if await session.scalar(noted) is None:
                return False
            await session.execute(before)
            if rows:
                await session.execute(insert(UtteranceRow), list(rows.values()))
            return True

    async def message(self, call_id: CallId) -> Message | None:
        async with self._database.reading() as session:
            row = await session.get(MessageRow, call_id)
            return _message_of(row) if row is not None else None

    async def beginnings(self, calls: Collection[CallId]) -> Mapping[CallId, Utterance]:
        said = UtteranceRow
        first = (
            select(said.call_id, func.min(said.from_ms).label("from_ms"))
            .join(MessageRow, MessageRow.call_id == said.call_id)
            .where(
                said.call_id.in_(list(calls)),
                said.side == Side.CALLER.value,
                MessageRow.state == Writing.WRITTEN.value,
                said.from_ms >= MessageRow.from_ms,
            )
            .group_by(said.call_id)
            .subquery()
        )
        of_first = and_(
            said.call_id == first.c.call_id,
            said.from_ms == first.c.from_ms,
            said.side == Side.CALLER.value,
        )
        async with self._database.reading() as session:
            rows = await session.scalars(select(said).join(first, of_first))
            return {CallId(row.call_id): utterance_of(row) for row in rows}


def _ready(languages: Collection[Language]) -> tuple[ColumnElement[bool], ...]:
    return (
        MessageRow.state == Writing.WAITING.value,
        MessageRow.language.in_([language.value for language in languages]),
        RecordingRow.status == Status.ARCHIVED.value,
    )


def _message_of(row: MessageRow) -> Message:
    return Message(
        call_id=CallId(row.call_id),
        left_at=row.left_at,
        language=Language(row.language),
        team=TeamId(row.team) if row.team else None,
        spoken=row.spoken_ms * _MS,
        again_at=row.again_at,
        state=Writing(row.state),
        attempts=row.attempts,
        from_s=None if row.from_ms is None else row.from_ms / 1000,
    )
