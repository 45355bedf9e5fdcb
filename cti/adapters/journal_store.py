"""The journal's store on the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from cti.adapters.tables import CallEventRow, CallRow
from cti.core.call_record import CallRecord, fold
from cti.journal import CallFilter
from kernel.errors import BadInput
from kernel.events import Event, decode, encode
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from kernel.paging import Page, decode_cursor, encode_cursor

_FIELDS = tuple(f.name for f in fields(CallRecord))
_LIMITS = {"ani": 32, "caller_name": 80, "dnis": 32, "line_name": 120, "menu_path": 200}


class SqlJournalStore:
    """Implements `cti.journal.JournalStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, events: Sequence[Event]) -> None:
        async with self._database.session() as session:
            fresh = await self._append(session, events)
            records = await self._load(session, {e.call_id for e in fresh if e.call_id})
            for event in fresh:
                if event.call_id is not None:
                    records[event.call_id] = fold(records.get(event.call_id), event)
            for record in records.values():
                if record is not None:
                    await session.merge(CallRow(**_to_row(record)))

    async def _append(self, session: AsyncSession, events: Sequence[Event]) -> list[Event]:
        """Insert those not yet known; return them in their order."""
        known = set(
            await session.scalars(
                select(CallEventRow.event_id).where(
                    CallEventRow.event_id.in_([e.event_id for e in events])
                )
            )
        )
        fresh = [e for e in events if e.event_id not in known]
        if not fresh:
            return []
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        await session.execute(
            insert(CallEventRow).on_conflict_do_nothing(),
            [
                {
                    "event_id": e.event_id,
                    "call_id": e.call_id,
                    "occurred_at": e.occurred_at,
                    "type": type(e).__name__,
                    "body": encode(e),
                }
                for e in fresh
            ],
        )
        return fresh

    async def _load(
        self, session: AsyncSession, call_ids: set[CallId]
    ) -> dict[CallId, CallRecord | None]:
        rows = await session.scalars(select(CallRow).where(CallRow.call_id.in_(call_ids)))
        return {CallId(r.call_id): _to_record(r) for r in rows}

    async def record(self, call_id: CallId) -> CallRecord | None:
        async with self._database.reading() as session:
            row = await session.get(CallRow, call_id)
            return _to_record(row) if row else None

    async def timeline(self, call_id: CallId) -> list[Event]:
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(CallEventRow)
                .where(CallEventRow.call_id == call_id)
                .order_by(CallEventRow.occurred_at, CallEventRow.event_id)
            )
            return [decode(r.body) for r in rows]

    async def calls(self, wanted: CallFilter, cursor: str | None, size: int) -> Page[CallRecord]:
        query = list_query(wanted, cursor).limit(size + 1)
        async with self._database.reading() as session:
            rows = [_to_record(r) for r in await session.scalars(query)]
        more = len(rows) > size
        rows = rows[:size]
        last = rows[-1] if rows and more else None
        return Page(
            rows, encode_cursor((last.arrived_at.isoformat(), last.call_id)) if last else None
        )

    async def contacts(self, ani: str, limit: int) -> list[CallRecord]:
        query = list_query(CallFilter(ani=ani), None).limit(limit)
        async with self._database.reading() as session:
            return [_to_record(r) for r in await session.scalars(query)]


def list_query(wanted: CallFilter, cursor: str | None) -> Select[CallRow]:
    """The list's query, newest first, after the cursor. Raises BadInput for a bad cursor."""
    query = select(CallRow).order_by(CallRow.arrived_at.desc(), CallRow.call_id.desc())
    if wanted.since is not None:
        query = query.where(CallRow.arrived_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(CallRow.arrived_at < wanted.until)
    for name in ("team", "agent_id", "outcome", "ani", "dnis"):
        value = getattr(wanted, name)
        if value:
            query = query.where(getattr(CallRow, name) == value)
    if cursor:
        at, call_id = _cursor_key(cursor)
        query = query.where(tuple_(CallRow.arrived_at, CallRow.call_id) < tuple_(at, call_id))
    return query


def _cursor_key(cursor: str) -> tuple[datetime, str]:
    key = decode_cursor(cursor)
    try:
        at, call_id = key
        return datetime.fromisoformat(str(at)).astimezone(UTC), str(call_id)
    except ValueError as error:
        raise BadInput("翻页位置无效", "cursor") from error


def _to_row(record: CallRecord) -> dict[str, Any]:
    data = asdict(record)
    for name, limit in _LIMITS.items():
        if isinstance(data[name], str):
            data[name] = data[name][:limit]
    data["language"] = record.language.value if record.language else None
    return data


def _to_record(row: CallRow) -> CallRecord:
    data = {name: getattr(row, name) for name in _FIELDS}
    data["call_id"] = CallId(row.call_id)
    data["language"] = Language(row.language) if row.language else None
    data["team"] = TeamId(row.team) if row.team else None
    data["agent_id"] = AgentId(row.agent_id) if row.agent_id else None
    return CallRecord(**data)
