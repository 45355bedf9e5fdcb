"""The call journal: hears every event of every call, keeps its timeline and its record.

Writing is off the call path: events are collected and written in batches, one transaction each.
An event is written once, whatever happens (its id is the key), so a batch may be tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cti.core.call_record import CallRecord
from kernel.batches import Batches
from kernel.events import ConversationSpoken, Event
from kernel.ids import CallId
from kernel.paging import Page

BATCH_LIMIT = 500
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
    """Writes what it hears in batches. `start` before the first event, `stop` last."""

    def __init__(self, store: JournalStore, on_fault: JournalFault) -> None:
        self._store = store
        self._batches = Batches[Event](
            "call-journal",
            store.write,
            limit=BATCH_LIMIT,
            gather_s=GATHER_S,
            unwritten=on_fault,
        )

    async def on_event(self, event: Event) -> None:
        """Subscriber for all events; those without a call are passed over, and what is said in
        a conversation is nobody's record."""
        if event.call_id is not None and not isinstance(event, ConversationSpoken):
            self._batches.put(event)

    async def start(self) -> None:
        await self._batches.start()

    async def stop(self) -> None:
        """Write what is waiting (for at most 10 s), then end."""
        await self._batches.stop()

    async def drain(self) -> None:
        """Return when all events heard so far are on disk."""
        await self._batches.drain()

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
