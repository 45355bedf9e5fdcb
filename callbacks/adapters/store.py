"""The tasks in the database. Fills `callbacks.ports.TaskStore` on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from callbacks.adapters.tables import CallbackTaskCallRow, CallbackTaskEntryRow, CallbackTaskRow
from callbacks.core.task import Act, Entry, Kind, Result, State, Task
from callbacks.ports import TaskFilter
from kernel.errors import BadInput, Conflict
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from kernel.paging import Page, decode_cursor, encode_cursor

UNFINISHED = (State.OPEN.value, State.CLAIMED.value)


class TableTaskStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert: Any = sqlite_insert if database.is_sqlite else postgresql_insert

    # --- writing ---------------------------------------------------------------------------

    async def add(self, task: Task, entry: Entry) -> bool:
        async with self._database.session() as session:
            known = select(CallbackTaskCallRow.task_id).where(
                CallbackTaskCallRow.call_id == task.last_call_id,
                CallbackTaskCallRow.kind == task.kind.value,
            )
            if await session.scalar(known) is not None:
                return False
            await session.execute(insert(CallbackTaskRow).values(**_values(task)))
            await self._note_call(session, task, task.kind, entry)
            await _note(session, task.task_id, entry)
            return True

    async def join(self, task: Task, kind: Kind, entry: Entry) -> bool:
        try:
            async with self._database.session() as session:
                if not await self._note_call(session, task, kind, entry):
                    return False
                await _update(session, task)
                await _note(session, task.task_id, entry)
                return True
        except Conflict:
            return False

    async def change(self, task: Task, entry: Entry) -> None:
        async with self._database.session() as session:
            await _update(session, task)
            await _note(session, task.task_id, entry)

    async def _note_call(self, session: AsyncSession, task: Task, kind: Kind, entry: Entry) -> bool:
        """False when the call is noted for this kind already."""
        statement = (
            self._insert(CallbackTaskCallRow)
            .values(call_id=task.last_call_id, kind=kind.value, task_id=task.task_id, at=entry.at)
            .on_conflict_do_nothing(index_elements=["call_id", "kind"])
            .returning(CallbackTaskCallRow.call_id)
        )
        return (await session.scalar(statement)) is not None

    # --- reading ---------------------------------------------------------------------------

    async def task(self, task_id: str) -> Task | None:
        async with self._database.reading() as session:
            row = await session.get(CallbackTaskRow, task_id)
            return _task(row) if row is not None else None

    async def course(self, task_id: str) -> Sequence[Entry]:
        query = (
            select(CallbackTaskEntryRow)
            .where(CallbackTaskEntryRow.task_id == task_id)
            .order_by(CallbackTaskEntryRow.number)
        )
        async with self._database.reading() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def calls(self, task_id: str) -> Sequence[CallId]:
        query = (
            select(CallbackTaskCallRow.call_id)
            .where(CallbackTaskCallRow.task_id == task_id)
            .group_by(CallbackTaskCallRow.call_id)
            .order_by(func.min(CallbackTaskCallRow.at), CallbackTaskCallRow.call_id)
        )
        async with self._database.reading() as session:
            return [CallId(call_id) for call_id in await session.scalars(query)]

    async def unfinished(self, number: str) -> Sequence[Task]:
        query = (
            select(CallbackTaskRow)
            .where(CallbackTaskRow.number == number, CallbackTaskRow.state.in_(UNFINISHED))
            .order_by(CallbackTaskRow.created_at, CallbackTaskRow.task_id)
        )
        async with self._database.reading() as session:
            return [_task(row) for row in await session.scalars(query)]

    async def of_call(self, call_id: CallId) -> Task | None:
        query = (
            select(CallbackTaskRow)
            .join(CallbackTaskCallRow, CallbackTaskCallRow.task_id == CallbackTaskRow.task_id)
            .where(CallbackTaskCallRow.call_id == call_id)
            .order_by(CallbackTaskCallRow.at.desc(), CallbackTaskRow.task_id.desc())
            .limit(1)
        )
        async with self._database.reading() as session:
            row = await session.scalar(query)
            return _task(row) if row is not None else None

    async def count(self, states: tuple[State, ...]) -> int:
        query = (
            select(func.count())
            .select_from(CallbackTaskRow)
            .where(CallbackTaskRow.state.in_([s.value for s in states]))
        )
        async with self._database.reading() as session:
            return await session.scalar(query) or 0

    async def search(self, wanted: TaskFilter, cursor: str | None, size: int) -> Page[Task]:
        newest_first = wanted.states == (State.CLOSED,)
        conditions = _conditions(wanted)
        if cursor:
            conditions.append(_after(cursor, newest_first))
        key = (CallbackTaskRow.created_at, CallbackTaskRow.task_id)
        query = (
            select(CallbackTaskRow)
            .where(*conditions)
            .order_by(*(c.desc() if newest_first else c for c in key))
            .limit(size + 1)
        )
        async with self._database.reading() as session:
            rows = [_task(row) for row in await session.scalars(query)]
        if len(rows) <= size:
            return Page(rows, None)
        last = rows[size - 1]
        return Page(rows[:size], encode_cursor((last.created_at.isoformat(), last.task_id)))


def _conditions(wanted: TaskFilter) -> list[ColumnElement[bool]]:
    row = CallbackTaskRow
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(row.state.in_([s.value for s in wanted.states]))
    if wanted.kind is not None:
        found.append(row.kind == wanted.kind.value)
    if wanted.team is not None:
        found.append(row.team == wanted.team)
    if wanted.number is not None:
        found.append(row.number == wanted.number)
    if wanted.claimed_by is not None:
        found.append(row.claimed_by == wanted.claimed_by)
    return found


def _after(cursor: str, newest_first: bool) -> ColumnElement[bool]:
    """Raises BadInput for a cursor that is none of ours."""
    try:
        text, task_id = decode_cursor(cursor)
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise BadInput("翻页位置无效", "cursor") from error
    if at.tzinfo is None:
        raise BadInput("翻页位置无效", "cursor")
    created, ident = CallbackTaskRow.created_at, CallbackTaskRow.task_id
    if newest_first:
        return or_(created < at, and_(created == at, ident < str(task_id)))
    return or_(created > at, and_(created == at, ident > str(task_id)))


async def _update(session: AsyncSession, task: Task) -> None:
    """Raises Conflict when the stored version is not the one before."""
    statement = (
        update(CallbackTaskRow)
        .where(CallbackTaskRow.task_id == task.task_id, CallbackTaskRow.version == task.version - 1)
        .values(**_values(task))
        .returning(CallbackTaskRow.task_id)
    )
    if (await session.scalar(statement)) is None:
        raise Conflict("该任务刚刚有变化，请刷新后再试")


async def _note(session: AsyncSession, task_id: str, entry: Entry) -> None:
    await session.execute(
        insert(CallbackTaskEntryRow).values(
            task_id=task_id,
            at=entry.at,
            who=entry.who,
            act=entry.act.value,
            result=entry.result.value if entry.result else None,
            note=entry.note,
            call_id=entry.call_id,
        )
    )


def _values(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "kind": task.kind.value,
        "number": task.number,
        "team": task.team,
        "language": task.language.value if task.language else None,
        "last_call_id": task.last_call_id,
        "created_at": task.created_at,
        "due_at": task.due_at,
        "state": task.state.value,
        "calls": task.calls,
        "attempts": task.attempts,
        "claimed_by": task.claimed_by,
        "claimed_at": task.claimed_at,
        "result": task.result.value if task.result else None,
        "closed_by": task.closed_by,
        "closed_at": task.closed_at,
        "about_agent": task.about,
        "version": task.version,
    }


def _task(row: CallbackTaskRow) -> Task:
    return Task(
        task_id=row.task_id,
        kind=Kind(row.kind),
        number=row.number,
        team=TeamId(row.team) if row.team else None,
        language=Language(row.language) if row.language else None,
        last_call_id=CallId(row.last_call_id),
        created_at=row.created_at,
        due_at=row.due_at,
        state=State(row.state),
        calls=row.calls,
        attempts=row.attempts,
        claimed_by=row.claimed_by,
        claimed_at=row.claimed_at,
        result=Result(row.result) if row.result else None,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        about=AgentId(row.about_agent) if row.about_agent else None,
        version=row.version,
    )


def _entry(row: CallbackTaskEntryRow) -> Entry:
    return Entry(
        at=row.at,
        who=row.who,
        act=Act(row.act),
        result=Result(row.result) if row.result else None,
        note=row.note,
        call_id=CallId(row.call_id) if row.call_id else None,
    )
