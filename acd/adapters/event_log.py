"""The append-only log on the database (ADR 0004), written by one task.

Entries are handed over as values and turned to JSON by the writer, off the path of a step. A batch
is one transaction; a batch that fails is kept and tried again, so entries are neither lost nor
reordered while the process lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select

from acd.adapters.recall import recall
from acd.adapters.tables import AcdEventRow
from acd.core import codec
from acd.core.effects import decided
from acd.core.metrics import ClosedMinute
from acd.ports import Entry, Log, LoggedInput, Memory
from kernel.batches import Batches
from kernel.event_wire import decode as decode_event
from kernel.event_wire import encode as encode_event
from kernel.events import CallbackEnded, Event
from kernel.infra.database import Database

BATCH_LIMIT = 200
"""About 5 ms of work on one core: the loop stays free for the next call."""
KEEP = timedelta(days=30)
_Given = tuple[str, datetime, Entry]


class SqlEventLog:
    """Implements `acd.ports.EventLog`. `start` before the first entry, `stop` last."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log = log
        self._batches = Batches[_Given](
            "acd-log", self._write, limit=BATCH_LIMIT, unwritten=self._unwritten
        )
        self._pruned_at: datetime | None = None

    # --- writing ---------------------------------------------------------------------------

    def append(self, run: str, at: datetime, entry: Entry) -> None:
        self._batches.put((run, at, entry))

    async def start(self) -> None:
        await self._batches.start()

    async def stop(self) -> None:
        """Write what is waiting (for at most 10 s), then end."""
        await self._batches.stop()

    async def drain(self) -> None:
        """Return when everything appended so far is on disk."""
        await self._batches.drain()

    @property
    def backlog(self) -> int:
        """Entries not yet on disk."""
        return self._batches.waiting

    async def _write(self, given: Sequence[_Given]) -> None:
        rows = [_row(*item) for item in given]
        async with self._database.connection() as connection:
            await connection.execute(_INSERT, rows)
        await self._prune(*given[-1][:2])

    def _unwritten(self, error: Exception, waiting: int) -> None:
        self._log.warning("acd_log_unwritten", reason=repr(error)[:200], entries=waiting)

    async def _prune(self, run: str, now: datetime) -> None:
        """Once a day, drop what is older than 30 days. The run that goes on is kept whole, because
        a replay begins where its run began."""
        if self._pruned_at is not None and now - self._pruned_at < timedelta(days=1):
            return
        self._pruned_at = now
        try:
            async with self._database.session() as session:
                await session.execute(
                    delete(AcdEventRow).where(AcdEventRow.at < now - KEEP, AcdEventRow.run != run)
                )
        except Exception as error:
            # Old rows do no harm; the next day is soon enough.
            self._log.warning("acd_log_unpruned", reason=str(error)[:200])

    # --- reading ---------------------------------------------------------------------------

    async def recall(self, now: datetime) -> Memory:
        """Closed minutes up to an hour ago, events since, and what had not ended."""
        async with self._database.session() as session:
            return await recall(session, now)

    async def callbacks_ended(self, since: datetime) -> list[CallbackEnded]:
        """Callbacks that ended since then, oldest first."""
        query = (
            select(AcdEventRow)
            .where(
                AcdEventRow.kind == "event",
                AcdEventRow.type == CallbackEnded.__name__,
                AcdEventRow.at >= since,
            )
            .order_by(AcdEventRow.number)
        )
        async with self._database.reading() as session:
            found = [decode_event(row.body) for row in await session.scalars(query)]
        return [event for event in found if isinstance(event, CallbackEnded)]


# Without the ORM: this is written at every step.
_INSERT = insert(cast(Table, AcdEventRow.__table__))


def _row(run: str, at: datetime, entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run": run,
        "sequence": None,
        "at": at,
        "kind": "event",
        "type": type(entry).__name__,
        "call_id": getattr(entry, "call_id", None),
        "decided": None,
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
            "decided": entry.crash or [codec.encode(e) for e in decided(entry.effects)],
        }
    kind = "minute" if isinstance(entry, ClosedMinute) else "shown"
    return {**row, "kind": kind, "body": codec.encode(entry)}
