"""Closes the books on calls whose end nobody heard: one record for each call, and one end.

Theory of operation: while the platform is away callers come and go. Who stood in a line when it
died is remembered by the distribution, which ends those calls itself. What remains are callers who
were in the menu or the survey and left, ends that a killed process had not yet written, and callers
who came and went altogether unheard. So after each return of the line, when things have come to
rest, two lists are compared with who is on the telephone: the records that are open, and Asterisk's
own note of its native queues, which alone knows those of whom there is no record.

Everything published here has an id made of the call's, so that telling it twice is telling it once.
A caller is never closed while the telephone or the distribution knows of the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cti.core.call_record import CallRecord
from cti.core.queue_log import QueuedCaller
from cti.core.reports import begun_at
from cti.ports import Log
from kernel import events as ev
from kernel import telephony as tel
from kernel.clock import Clock
from kernel.errors import HotlineError
from kernel.ids import CallId, EventId

SETTLE_S = 5.0
LOOKS_AFTER_S = (SETTLE_S, 30.0, 120.0)
"""The archive may tell of a recording, and so open a record, a while after the return."""
LOOK_BACK = timedelta(hours=24)


class Books(Protocol):
    """The call journal."""

    async def drain(self) -> None: ...

    async def left_open(self, since: datetime) -> Sequence[CallRecord]: ...

    async def record(self, call_id: CallId) -> CallRecord | None: ...


class NativeQueues(Protocol):
    """Asterisk's own note of its queues."""

    async def read(self) -> Sequence[QueuedCaller]:
        """Everybody noted since the last `forget`, first first."""

    async def forget(self) -> None:
        """Empty the note, unless something was added since it was read."""


class CallerList(Protocol):
    async def callers(self) -> Mapping[CallId, str]:
        """Everybody on the telephone, counted anew. Raises Unavailable."""


class LeftOpen:
    """Subscribe `on_fact` to the line; `stop` before it.

    `delivered` returns when what was published has reached its hearers.
    """

    def __init__(
        self,
        *,
        books: Books,
        queues: NativeQueues,
        telephone: CallerList,
        known: Callable[[], Collection[CallId]],
        publish: Callable[[ev.Event], None],
        delivered: Callable[[], Awaitable[None]],
        clock: Clock,
        log: Log,
    ) -> None:
        self._books = books
        self._queues = queues
        self._telephone = telephone
        self._known = known
        self._publish = publish
        self._delivered = delivered
        self._clock = clock
        self._log = log
        self._task: asyncio.Task[None] | None = None

    def on_fact(self, fact: tel.TelephonyFact) -> None:
        if isinstance(fact, tel.LineRestored):
            if self._task is not None:
                self._task.cancel()
            self._task = asyncio.get_running_loop().create_task(self._look(), name="left-open")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        waited_s = 0.0
        for after_s in LOOKS_AFTER_S:
            await asyncio.sleep(after_s - waited_s)
            waited_s = after_s
            try:
                await self.close()
            except HotlineError as error:
                self._log.warning("calls_left_open", reason=error.message)
            except Exception:
                self._log.exception("calls_left_open")

    async def close(self) -> None:
        """Compare and close once. Raises Unavailable without a line."""
        began_before = self._clock.now()
        present = set(await self._telephone.callers())
        await self._written()
        present |= set(self._known())
        noted = {c.call_id: c for c in await self._queues.read() if c.call_id not in present}
        for caller in noted.values():
            if not _heard(await self._books.record(caller.call_id)):
                self._tell_unheard(caller)
        await self._written()
        for record in await self._books.left_open(began_before - LOOK_BACK):
            if record.call_id not in present and begun_at(record.call_id) < began_before:
                self._end(record, noted.get(record.call_id))
        if not present & {c.call_id for c in await self._queues.read()}:
            await self._queues.forget()

    async def _written(self) -> None:
        """What was published until now is in the books."""
        await self._delivered()
        await self._books.drain()

    def _tell_unheard(self, caller: QueuedCaller) -> None:
        """A call that came and went without us: its arrival, and that it gave up if it did."""
        self._log.info("call_unheard", call_id=caller.call_id, answered=caller.answered)
        self._publish(
            ev.CallArrived(
                event_id=ev.arrival_id(caller.call_id),
                occurred_at=caller.entered_at,
                call_id=caller.call_id,
                ani=caller.number,
                caller_name="",
                dnis="",
                line_name=None,
                team=caller.team,
            )
        )
        if not caller.answered:
            self._publish(
                ev.CallAbandoned(
                    event_id=EventId(f"{caller.call_id}:abandoned-unheard"),
                    occurred_at=caller.ended_at,
                    call_id=caller.call_id,
                    team=caller.team,
                    waited_s=(caller.ended_at - caller.entered_at).total_seconds(),
                    position=0,
                )
            )

    def _end(self, record: CallRecord, noted: QueuedCaller | None) -> None:
        answered = (
            record.answered_at is not None
            or record.recorded
            or (noted is not None and noted.answered)
        )
        self._log.info("call_end_unheard", call_id=record.call_id)
        self._publish(
            ev.CallEnded(
                event_id=EventId(f"{record.call_id}:ended-unheard"),
                occurred_at=noted.ended_at if noted is not None else self._clock.now(),
                call_id=record.call_id,
                outcome="answered" if answered else "fault",
                ended_by="fault",
                cause=0,
            )
        )


def _heard(record: CallRecord | None) -> bool:
    """Whether the arrival was heard; a record may also have been opened by its recording."""
    return record is not None and bool(record.ani or record.dnis)
