"""The rows of the recordings, and the log of who listened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.errors import BadInput
from kernel.ids import AgentId, CallId, IdSource, TeamId
from kernel.infra.database import Database
from kernel.paging import Page, decode_cursor, encode_cursor
from recordings.adapters.tables import (
    ListeningRow,
    MessageRow,
    RecordingAgentRow,
    RecordingRow,
    UtteranceRow,
)
from recordings.core.coverage import TOLERATED_GAP
from recordings.core.message import Message
from recordings.core.recording import Recording, Status
from recordings.core.search import Wanted
from recordings.core.transcript import Side, Utterance
from recordings.ports import ListeningEntry, Written

_TABLE = cast(Table, RecordingRow.__table__)
_AGENTS = cast(Table, RecordingAgentRow.__table__)
_UTTERANCES = cast(Table, UtteranceRow.__table__)
_MESSAGES = cast(Table, MessageRow.__table__)
_MS = timedelta(milliseconds=1)
_NEW: dict[str, Any] = {
    "status": Status.EXPECTED.value,
    "ani": "",
    "dnis": "",
    "connected_ms": 0,
    "duration_ms": 0,
    "size_bytes": 0,
}
_END = update(_TABLE).where(_TABLE.c.call_id == bindparam("ended"))
_DROP_UNANSWERED = delete(_TABLE).where(
    _TABLE.c.call_id == bindparam("ended"),
    _TABLE.c.answered_at.is_(None),
    _TABLE.c.status == Status.EXPECTED.value,
    # The sound of a message comes after the end of its call.
    ~select(_MESSAGES.c.call_id).where(_MESSAGES.c.call_id == bindparam("ended")).exists(),
)
_FAULT_LENGTH = 200


class TableRecordingStore:
    """Fills `recordings.ports.RecordingStore` on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert: Any = sqlite_insert if database.is_sqlite else postgresql_insert
        self._note_agent = self._insert(_AGENTS).on_conflict_do_nothing()
        self._note_call = self._insert(_TABLE).on_conflict_do_nothing()
        self._note_utterance = self._insert(_UTTERANCES).on_conflict_do_nothing()
        self._note_message = self._insert(_MESSAGES).on_conflict_do_nothing()
        # One statement for each set of columns, made once: these run several times in each call.
        self._puts: dict[tuple[str, ...], Any] = {}
        # Each task has its own: a write of another task is no part of this one's transaction.
        self._shared: ContextVar[AsyncConnection | None] = ContextVar("shared", default=None)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        async with self._database.connection() as connection:
            token = self._shared.set(connection)
            try:
                yield
            finally:
                self._shared.reset(token)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        shared = self._shared.get()
        if shared is not None:
            yield shared
            return
        async with self._database.connection() as connection:
            yield connection

    # --- a call fills its row -------------------------------------------------------------------

    async def arrived(
        self, call_id: CallId, at: datetime, *, ani: str, dnis: str, line_name: str | None
    ) -> None:
        await self._set(
            call_id, at, started_at=at, ani=ani[:32], dnis=dnis[:32], line_name=line_name
        )

    async def joined_team(self, call_id: CallId, at: datetime, team: TeamId) -> None:
        await self._set(call_id, at, team=team)

    async def answered(
        self, call_id: CallId, at: datetime, agent_id: AgentId, team: TeamId
    ) -> None:
        row = {**_NEW, "call_id": call_id, "started_at": at}
        answer = {"agent_id": agent_id, "team": team, "answered_at": at}
        talked = {"call_id": call_id, "agent_id": agent_id, "joined_at": at}
        async with self._writing() as connection:
            await connection.execute(self._put("agent_id", "team", "answered_at"), row | answer)
            await connection.execute(self._note_agent, talked)

    async def add_connected(self, call_id: CallId, at: datetime, talked: timedelta) -> None:
        await self._set(call_id, at, connected_ms=talked // _MS)

    async def scored(self, call_id: CallId, at: datetime, score: int) -> None:
        await self._set(call_id, at, score=score)

    async def spoken(self, call_id: CallId, at: datetime, said: Utterance) -> None:
        async with self._writing() as connection:
            await connection.execute(
                self._note_call, {**_NEW, "call_id": call_id, "started_at": at}
            )
            await connection.execute(self._note_utterance, utterance_values(call_id, said))

    async def message_left(self, message: Message) -> None:
        call_id, at = message.call_id, message.left_at
        async with self._writing() as connection:
            await connection.execute(
                self._note_call, {**_NEW, "call_id": call_id, "started_at": at}
            )
            if message.team is not None:
                await connection.execute(
                    self._put("team"),
                    {**_NEW, "call_id": call_id, "started_at": at, "team": message.team},
                )
            await connection.execute(self._note_message, _message_values(message))

    async def ended(self, call_id: CallId, at: datetime) -> None:
        async with self._writing() as connection:
            await connection.execute(_END, {"ended": call_id, "ended_at": at})
            await connection.execute(_DROP_UNANSWERED, {"ended": call_id})

    # --- what became of the audio ---------------------------------------------------------------

    async def archived(
        self, call_id: CallId, started_at: datetime, written: Written, at: datetime
    ) -> None:
        await self._set(
            call_id,
            started_at,
            status=Status.ARCHIVED.value,
            file_name=written.file_name,
            duration_ms=written.duration // _MS,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            source_sha256=written.source_sha256,
            caller_level_dbfs=written.caller_level_dbfs,
            operator_level_dbfs=written.operator_level_dbfs,
            fault=None,
            archived_at=at,
        )

    async def faulty(self, call_id: CallId, at: datetime, status: Status, reason: str) -> None:
        await self._set(call_id, at, status=status.value, fault=reason[:_FAULT_LENGTH])

    async def remove(self, call_id: CallId) -> None:
        async with self._writing() as connection:
            await connection.execute(delete(_TABLE).where(_TABLE.c.call_id == call_id))

    async def _set(self, call_id: CallId, at: datetime, **values: Any) -> None:
        """Fill in the row, or make it: whichever of the call's events comes first."""
        async with self._writing() as connection:
            await connection.execute(
                self._put(*values), {**_NEW, "call_id": call_id, "started_at": at, **values}
            )

    def _put(self, *names: str) -> Any:
        """Inserts a new row, or sets the named columns of the one that is there."""
        if names not in self._puts:
            statement = self._insert(_TABLE)
            fresh = statement.excluded
            values: dict[str, Any] = {name: fresh[name] for name in names}
            if "connected_ms" in values:
                values["connected_ms"] = _TABLE.c.connected_ms + fresh.connected_ms
            if "answered_at" in values:
                # The first answer counts.
                values["answered_at"] = func.coalesce(_TABLE.c.answered_at, fresh.answered_at)
            self._puts[names] = statement.on_conflict_do_update(
                index_elements=["call_id"], set_=values
            )
        return self._puts[names]

    # --- reading --------------------------------------------------------------------------------

    async def get(self, call_id: CallId) -> Recording | None:
        async with self._database.reading() as session:
            row = await session.get(RecordingRow, call_id)
            return _recording(row) if row else None

    async def unfinished(self) -> Sequence[Recording]:
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(RecordingRow)
                .where(RecordingRow.status.in_((Status.EXPECTED.value, Status.FAILED.value)))
                .order_by(RecordingRow.started_at, RecordingRow.call_id)
            )
            return [_recording(row) for row in rows]

    async def agents_of(self, call_id: CallId) -> Sequence[AgentId]:
        async with self._database.reading() as session:
            found = await session.scalars(
                select(RecordingAgentRow.agent_id)
                .where(RecordingAgentRow.call_id == call_id)
                .order_by(RecordingAgentRow.joined_at, RecordingAgentRow.agent_id)
            )
            return [AgentId(agent_id) for agent_id in found]

    async def transcript(self, call_id: CallId) -> Sequence[Utterance]:
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(UtteranceRow)
                .where(UtteranceRow.call_id == call_id)
                .order_by(UtteranceRow.from_ms, UtteranceRow.side)
            )
            return [utterance_of(row) for row in rows]

    async def search(self, wanted: Wanted, cursor: str | None, size: int) -> Page[Recording]:
        # Calls that still go on are no recordings yet.
        conditions = [
            RecordingRow.answered_at.is_not(None) | RecordingRow.file_name.is_not(None),
            RecordingRow.ended_at.is_not(None) | RecordingRow.file_name.is_not(None),
            *_conditions(wanted),
        ]
        if cursor:
            at, call_id = _position(cursor)
            conditions.append(
                or_(
                    RecordingRow.started_at < at,
                    and_(RecordingRow.started_at == at, RecordingRow.call_id < call_id),
                )
            )
        statement = (
            select(RecordingRow)
            .where(and_(*conditions))
            .order_by(RecordingRow.started_at.desc(), RecordingRow.call_id.desc())
            .limit(size + 1)
        )
        async with self._database.reading() as session:
            rows = [_recording(row) for row in await session.scalars(statement)]
        if len(rows) <= size:
            return Page(rows, None)
        last = rows[size - 1]
        return Page(rows[:size], encode_cursor((last.started_at.isoformat(), last.call_id)))


def _position(cursor: str) -> tuple[datetime, str]:
    match decode_cursor(cursor):
        case (str(at), str(call_id)):
            try:
                found = datetime.fromisoformat(at)
            except ValueError as error:
                raise BadInput("翻页位置无效", "cursor") from error
            if found.tzinfo is not None:
                return found, call_id
    raise BadInput("翻页位置无效", "cursor")


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    row = RecordingRow
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(row.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(row.started_at < wanted.until)
    if wanted.agent_id is not None:
        talked = select(RecordingAgentRow.call_id).where(
            RecordingAgentRow.agent_id == wanted.agent_id
        )
        found.append(row.call_id.in_(talked))
    if wanted.team is not None:
        found.append(row.team == wanted.team)
    if wanted.number is not None:
        found.append(row.ani == wanted.number)
    if wanted.call_id is not None:
        found.append(row.call_id == wanted.call_id)
    if wanted.shortest is not None:
        found.append(row.duration_ms >= wanted.shortest // _MS)
    if wanted.longest is not None:
        found.append(row.duration_ms <= wanted.longest // _MS)
    if wanted.score is not None:
        found.append(row.score == wanted.score)
    if wanted.problem:
        short = row.connected_ms - row.duration_ms > TOLERATED_GAP // _MS
        found.append(or_(row.status != Status.ARCHIVED.value, short))
    return found


def _recording(row: RecordingRow) -> Recording:
    return Recording(
        call_id=CallId(row.call_id),
        started_at=row.started_at,
        status=Status(row.status),
        ani=row.ani,
        dnis=row.dnis,
        line_name=row.line_name,
        team=TeamId(row.team) if row.team else None,
        agent_id=AgentId(row.agent_id) if row.agent_id else None,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        connected=row.connected_ms * _MS,
        score=row.score,
        file_name=row.file_name,
        duration=row.duration_ms * _MS,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        source_sha256=row.source_sha256,
        caller_level_dbfs=row.caller_level_dbfs,
        operator_level_dbfs=row.operator_level_dbfs,
        fault=row.fault,
        archived_at=row.archived_at,
    )


def _message_values(message: Message) -> dict[str, Any]:
    return {
        "call_id": message.call_id,
        "left_at": message.left_at,
        "language": message.language.value,
        "team": message.team,
        "spoken_ms": message.spoken // _MS,
        "again_at": message.again_at,
        "state": message.state.value,
        "attempts": message.attempts,
    }


def utterance_values(call_id: CallId, said: Utterance) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "side": said.side.value,
        "from_ms": round(said.from_s * 1000),
        "to_ms": round(said.to_s * 1000),
        "text": said.text,
        "confidence_fraction": said.confidence_fraction,
    }


def utterance_of(row: UtteranceRow) -> Utterance:
    return Utterance(
        side=Side(row.side),
        text=row.text,
        confidence_fraction=row.confidence_fraction,
        from_s=row.from_ms / 1000,
        to_s=row.to_ms / 1000,
    )


class TableListeningLog:
    """Fills `recordings.ports.ListeningLog`."""

    def __init__(self, database: Database, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def note(
        self, *, account: str, call_id: CallId, at: datetime, from_s: float, act: str
    ) -> None:
        async with self._database.session() as session:
            session.add(
                ListeningRow(
                    listening_id=self._ids.new(),
                    account=account,
                    call_id=call_id,
                    at=at,
                    from_s=from_s,
                    act=act,
                )
            )

    async def of_call(self, call_id: CallId, limit: int) -> Sequence[ListeningEntry]:
        async with self._database.session() as session:
            rows = await session.scalars(
                select(ListeningRow)
                .where(ListeningRow.call_id == call_id)
                .order_by(ListeningRow.at.desc(), ListeningRow.listening_id.desc())
                .limit(limit)
            )
            return [ListeningEntry(r.account, r.at, r.from_s, r.act) for r in rows]
