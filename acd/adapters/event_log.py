"""The append-only log on the database (ADR 0004): written by one task, read at a start.

Entries are handed over as values and turned to JSON by the writer, off the path of a step. A batch
is one transaction; a batch that fails is kept and tried again, so entries are neither lost nor
reordered while the process lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.adapters.tables import AcdEventRow
from acd.core import codec
from acd.core.floor import microseconds
from acd.core.inputs import LogIn
from acd.core.metrics import DAY_MINUTES, MINUTE_US, ClosedMinute
from acd.core.restore import Recollection
from acd.ports import Entry, Log, LoggedInput, Memory
from kernel.events import Event
from kernel.events import decode as decode_event
from kernel.events import encode as encode_event
from kernel.infra.database import Database

BATCH_LIMIT = 200
"""About 5 ms of work on one core: the loop stays free for the next call."""
RETRY_AFTER_S = 1.0
EVENTS_BACK = timedelta(minutes=60)
"""So far back events are read one by one; before that, closed minutes are."""
KEEP = timedelta(days=30)


class SqlEventLog:
    """Implements `acd.ports.EventLog`. `start` before the first entry, `stop` last."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log = log
        self._queue: asyncio.Queue[tuple[str, datetime, Entry]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._pruned_at: datetime | None = None

    # --- writing ---------------------------------------------------------------------------

    def append(self, run: str, at: datetime, entry: Entry) -> None:
        self._queue.put_nowait((run, at, entry))

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._write(), name="acd-log")

    async def stop(self) -> None:
        """Write what is waiting (for at most 10 s), then end."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self.drain(), 10)
        except TimeoutError:
            self._log.warning("acd_log_incomplete", entries=self._queue.qsize())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def drain(self) -> None:
        """Return when everything appended so far is on disk."""
        await self._queue.join()

    @property
    def backlog(self) -> int:
        """Entries not yet on disk."""
        return self._queue.qsize()

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH_LIMIT and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._write_until_done([_row(*item) for item in batch])
            await self._prune(batch[-1][1])
            for _ in batch:
                self._queue.task_done()

    async def _write_until_done(self, rows: list[dict[str, Any]]) -> None:
        while True:
            try:
                async with self._database.connection() as connection:
                    await connection.execute(_INSERT, rows)
            except Exception as error:
                # Whatever the database's fault is, the log must not lose entries: keep and retry.
                self._log.warning(
                    "acd_log_unwritten",
                    reason=str(error)[:200],
                    entries=len(rows) + self._queue.qsize(),
                )
                await asyncio.sleep(RETRY_AFTER_S)
            else:
                return

    async def _prune(self, now: datetime) -> None:
        """Once a day, drop what is older than 30 days."""
        if self._pruned_at is not None and now - self._pruned_at < timedelta(days=1):
            return
        self._pruned_at = now
        try:
            async with self._database.session() as session:
                await session.execute(delete(AcdEventRow).where(AcdEventRow.at < now - KEEP))
        except Exception as error:
            # Old rows do no harm; the next day is soon enough.
            self._log.warning("acd_log_unpruned", reason=str(error)[:200])

    # --- reading ---------------------------------------------------------------------------

    async def recall(self, now: datetime) -> Memory:
        """Closed minutes up to an hour ago, events since, and what had not ended."""
        first_minute = microseconds(now - EVENTS_BACK) // MINUTE_US
        since = _EPOCH + timedelta(minutes=first_minute)
        day_ago = now - timedelta(minutes=DAY_MINUTES + 1)
        async with self._database.session() as session:
            minutes = await _select(session, "minute", (ClosedMinute.__name__,), day_ago)
            rows = await _select(session, "input", (LogIn.__name__,), day_ago)
            rows += await _select(session, "event", _SESSIONS, day_ago)
            rows += await _select(session, "event", _CALLS, since)
            waits = await _select(session, "event", _WAITS, day_ago)
        rows.sort(key=lambda r: r.number)
        memory, events = Recollection(), []
        for row in rows:
            if row.kind == "input":
                memory.hear_log_in(codec.decode(row.body), row.at)
                continue
            event = decode_event(row.body)
            memory.hear(event)
            if row.at >= since:
                events.append(event)
        closed = (codec.decode(row.body) for row in minutes)
        return Memory(
            minutes=[m for m in closed if m.minute < first_minute],
            events=events,
            agents=memory.agents(),
            calls=memory.calls(),
            open_rings=memory.open_rings(),
            handled=memory.handled(),
            wrap_up_limits=memory.wrap_up_limits(),
            waits=[decode_event(row.body) for row in waits],
        )

    async def replay(self, run: str) -> AsyncIterator[LoggedInput]:
        """All inputs of a run, in the order in which they were stepped."""
        async with self._database.session() as session:
            rows = await session.stream_scalars(
                select(AcdEventRow)
                .where(AcdEventRow.run == run, AcdEventRow.kind == "input")
                .order_by(AcdEventRow.sequence)
            )
            async for row in rows:
                yield LoggedInput(row.run, row.sequence or 0, row.at, codec.decode(row.body))


# Without the ORM: this is written at every step.
_INSERT = insert(cast(Table, AcdEventRow.__table__))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SESSIONS = (
    "AgentLoggedOut",
    "AgentStatusChanged",
    "AgentForced",
    "RingOpened",
    "WrapUpRestricted",
)
_WAITS = ("WaitForecastsScored",)
_CALLS = (
    "AgentLoggedIn",
    "AgentActivityChanged",
    "CallQueued",
    "CallOffered",
    "OfferEnded",
    "CallAnswered",
    "CallAbandoned",
    "CallDiverted",
    "TalkFinished",
    "WrapUpFinished",
)


async def _select(
    session: AsyncSession, kind: str, types: Sequence[str], since: datetime
) -> list[AcdEventRow]:
    """Rows of these types since then, by number; served by one index."""
    found = await session.scalars(
        select(AcdEventRow)
        .where(AcdEventRow.kind == kind, AcdEventRow.type.in_(types), AcdEventRow.at >= since)
        .order_by(AcdEventRow.number)
    )
    return list(found)


def _row(run: str, at: datetime, entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run": run,
        "sequence": None,
        "at": at,
        "kind": "event",
        "type": type(entry).__name__,
        "call_id": getattr(entry, "call_id", None),
    }
    if isinstance(entry, Event):
        return {**row, "body": encode_event(entry)}
    if isinstance(entry, LoggedInput):
        return {
            **row,
            "kind": "input",
            "sequence": entry.sequence,
            "type": type(entry.input).__name__,
            "call_id": getattr(entry.input, "call_id", None),
            "body": codec.encode(entry.input),
        }
    return {**row, "kind": "minute", "body": codec.encode(entry)}
