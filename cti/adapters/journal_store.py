"""The journal's store on the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Row, Select, Table, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.tables import CallEventRow, CallRow
from cti.core.call_record import CallRecord, fold
from cti.journal import CallFilter
from kernel.errors import BadInput
from kernel.event_wire import decode, encode
from kernel.events import Event
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from kernel.paging import Page, decode_cursor, encode_cursor

_EVENTS = cast(Table, CallEventRow.__table__)
_CALLS = cast(Table, CallRow.__table__)
_FIELDS = tuple(f.name for f in fields(CallRecord))
_LIMITS = {"ani": 32, "caller_name": 80, "dnis": 32, "line_name": 120, "menu_path": 200}
# What runs several times in each call is made once, and without the ORM.
_KNOWN_EVENTS = select(_EVENTS.c.event_id).where(
    _EVENTS.c.event_id.in_(bindparam("ids", expanding=True))
)
_CALLS_NAMED = select(_CALLS).where(_CALLS.c.call_id.in_(bindparam("ids", expanding=True)))
_CONTACTS = (
    select(_CALLS)
    .where(_CALLS.c.ani == bindparam("number"))
    .order_by(_CALLS.c.arrived_at.desc(), _CALLS.c.call_id.desc())
    .limit(bindparam("most"))
)


class SqlJournalStore:
    """Implements `cti.journal.JournalStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = sqlite_insert if database.is_sqlite else postgresql_insert
        self._add_events = insert(_EVENTS).on_conflict_do_nothing()
        put = insert(_CALLS)
        self._put_calls = put.on_conflict_do_update(
            index_elements=["call_id"], set_={name: put.excluded[name] for name in _FIELDS[1:]}
        )

    async def write(self, events: Sequence[Event]) -> None:
        async with self._database.connection() as connection:
            ids = [e.event_id for e in events]
            known = set(await connection.scalars(_KNOWN_EVENTS, {"ids": ids}))
            fresh = [e for e in events if e.event_id not in known]
            if not fresh:
                return
            await connection.execute(self._add_events, [_event_row(e) for e in fresh])
            records = await _load(connection, sorted({e.call_id for e in fresh if e.call_id}))
            for event in fresh:
                if event.call_id is not None:
                    records[event.call_id] = fold(records.get(event.call_id), event)
            rows = [_to_row(record) for record in records.values() if record is not None]
            if rows:
                await connection.execute(self._put_calls, rows)

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

    async def left_open(self, since: datetime) -> list[CallRecord]:
        query = (
            select(CallRow)
            .where(CallRow.arrived_at >= since, CallRow.ended_at.is_(None))
            .order_by(CallRow.arrived_at, CallRow.call_id)
        )
        async with self._database.reading() as session:
            return [_to_record(r) for r in await session.scalars(query)]

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
        async with self._database.reading() as session:
            rows = await session.execute(_CONTACTS, {"number": ani, "most": limit})
            return [_to_record(r) for r in rows]


async def _load(
    connection: AsyncConnection, call_ids: Sequence[CallId]
) -> dict[CallId, CallRecord | None]:
    rows = await connection.execute(_CALLS_NAMED, {"ids": call_ids})
    return {CallId(r.call_id): _to_record(r) for r in rows}


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "call_id": event.call_id,
        "occurred_at": event.occurred_at,
        "type": type(event).__name__,
        "body": encode(event),
    }


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


def _to_record(row: CallRow | Row[Any]) -> CallRecord:
    data = {name: getattr(row, name) for name in _FIELDS}
    data["call_id"] = CallId(row.call_id)
    data["language"] = Language(row.language) if row.language else None
    data["team"] = TeamId(row.team) if row.team else None
    data["agent_id"] = AgentId(row.agent_id) if row.agent_id else None
    return CallRecord(**data)
