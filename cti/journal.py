"""The call journal: hears every event of every call, keeps its timeline and its record.

Writing is off the call path: events are collected and written in batches, one transaction each.
An event is written once, whatever happens (its id is the key), so a batch may be tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cti.core.call_record import CallRecord
from kernel.events import Event
from kernel.ids import CallId
from kernel.paging import Page

BATCH_LIMIT = 500
RETRY_AFTER_S = 1.0
GATHER_S = 0.1
"""How long the first event of a batch waits for others. A call makes some twenty events; one
transaction for each was the platform's greatest work at 10 calls a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """What the list of calls may be narrowed by; all that are set must hold."""

    since: datetime | None = None
    until: datetime | None = None
    team: str | None = None
    agent_id: str | None = None
    outcome: str | None = None
    ani: str | None = None
    dnis: str | None = None


class JournalStore(Protocol):
    """Where events and records are kept."""

    async def write(self, events: Sequence[Event]) -> None:
        """Append events and bring the records up to date, in one transaction; known ids are
        passed over."""

    async def record(self, call_id: CallId) -> CallRecord | None: ...

    async def timeline(self, call_id: CallId) -> list[Event]:
        """All events of a call, oldest first."""

    async def left_open(self, since: datetime) -> list[CallRecord]:
        """Records of calls that arrived since then and have no end, oldest first."""

    async def calls(self, wanted: CallFilter, cursor: str | None, size: int) -> Page[CallRecord]:
        """Newest first."""

    async def contacts(self, ani: str, limit: int) -> list[CallRecord]:
        """The last calls from a number, newest first; empty for an anonymous number."""


class JournalFault(Protocol):
    """Told when a batch could not be written (it is kept and tried again)."""

    def __call__(self, error: Exception, waiting: int) -> None: ...


class CallJournal:
    """Owns the queue of events to be written. `start` before the first event, `stop` last."""

    def __init__(self, store: JournalStore, on_fault: JournalFault) -> None:
        self._store = store
        self._on_fault = on_fault
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def on_event(self, event: Event) -> None:
        """Subscriber for all events; those without a call are passed over."""
        if event.call_id is not None:
            self._queue.put_nowait(event)

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._write(), name="call-journal")

    async def stop(self) -> None:
        """Write what is waiting (for at most 10 s), then end."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self.drain(), 10)
        except TimeoutError as error:
            self._on_fault(error, self._queue.qsize())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def drain(self) -> None:
        """Return when all events heard so far are on disk."""
        await self._queue.join()

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            await asyncio.sleep(GATHER_S)
            while len(batch) < BATCH_LIMIT and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._write_until_done(batch)
            for _ in batch:
                self._queue.task_done()

    async def _write_until_done(self, batch: list[Event]) -> None:
        while True:
            try:
                await self._store.write(batch)
            except Exception as error:
                # Whatever the database's fault is, the events must not be lost: keep and retry.
                self._on_fault(error, len(batch) + self._queue.qsize())
                await asyncio.sleep(RETRY_AFTER_S)
            else:
                return

    # --- reads -----------------------------------------------------------------------------

    async def record(self, call_id: CallId) -> CallRecord | None:
        return await self._store.record(call_id)

    async def left_open(self, since: datetime) -> list[CallRecord]:
        return await self._store.left_open(since)

    async def timeline(self, call_id: CallId) -> list[Event]:
        return await self._store.timeline(call_id)

    async def calls(self, wanted: CallFilter, cursor: str | None, size: int) -> Page[CallRecord]:
        return await self._store.calls(wanted, cursor, size)

    async def contacts(self, ani: str, limit: int = 10) -> list[CallRecord]:
        return await self._store.contacts(ani, limit) if ani else []
