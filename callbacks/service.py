"""Keeps the tasks: hears what makes and ends them, lets people claim and close them.

Events are taken into a queue at once and written by one task, tried again until the database takes
them. Each call makes at most one task of a kind, so an event that is heard twice does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from callbacks.core import task as tasks
from callbacks.core.intake import Intake, Missed, Reached
from callbacks.core.task import Act, Entry, Kind, Result, State, Task
from callbacks.ports import Line, Log, PastCalls, TaskFilter, TaskStore, WaitingCallback
from kernel.audit import AuditTrail
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import BadInput, Conflict, NotFound
from kernel.events import CallbackTaskClosed, CallbackTaskMade, Event
from kernel.ids import CallbackId, CallId, EventId, IdSource
from kernel.paging import Page
from kernel.phone import mask

RETRY_AFTER_S = 1.0
STOP_WITHIN_S = 10.0
LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts. A supervisor may take back and undo what is another's."""

    account: str
    supervisor: bool = False


class DutyCallbacks:
    """`start` before the first event, `stop` last."""

    def __init__(
        self,
        *,
        store: TaskStore,
        past: PastCalls,
        line: Line,
        audit: AuditTrail,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
        log: Log,
    ) -> None:
        self._store = store
        self._past = past
        self._line = line
        self._audit = audit
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._log = log
        self._intake = Intake()
        self._queue: asyncio.Queue[Missed | Reached] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    # --- what is heard ---------------------------------------------------------------------

    async def hear(self, event: Event) -> None:
        """Subscriber for all events."""
        wish = self._intake.hear(event)
        if wish is not None:
            self._queue.put_nowait(wish)

    def take(self, missed: Missed) -> None:
        """A citizen nobody spoke with, told by another department (a message was left)."""
        self._queue.put_nowait(missed)

    async def start(self) -> None:
        """Begin to write, first what an earlier run may have heard and not written."""
        self._task = asyncio.get_running_loop().create_task(self._write(), name="duty-callbacks")

    async def stop(self) -> None:
        """Write what was heard (for at most 10 s), then end."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self.drain(), STOP_WITHIN_S)
        except TimeoutError:
            self._log.warning("callback_tasks_unwritten", waiting=self._queue.qsize())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def drain(self) -> None:
        """Return when everything heard so far is written."""
        await self._queue.join()

    async def _write(self) -> None:
        await self._catch_up()
        while True:
            wish = await self._queue.get()
            try:
                await self._until_written(wish)
            finally:
                self._queue.task_done()

    async def _catch_up(self) -> None:
        """A run that broke off may have heard of somebody and not written it: the records of the
        last day are looked through once. Who is known already stays as he or she is."""
        try:
            for missed in await self._past.unspoken(self._clock.now() - LOOK_BACK):
                await self._until_written(missed)
        except Exception as error:
            self._log.warning("callback_tasks_not_caught_up", reason=str(error)[:200])

    async def _until_written(self, wish: Missed | Reached) -> None:
        while True:
            try:
                await (self._missed(wish) if isinstance(wish, Missed) else self._reached(wish))
            except Exception as error:
                # Whatever the database's fault is, nobody may be forgotten: keep and try again.
                self._log.warning(
                    "callback_task_unwritten", call_id=wish.call_id, reason=str(error)[:200]
                )
                await asyncio.sleep(RETRY_AFTER_S)
            else:
                return

    async def _missed(self, missed: Missed) -> None:
        number = missed.number
        if number is None:
            number = await self._past.number(missed.call_id)
        if not number and missed.kind is not Kind.MESSAGE:
            return  # an anonymous caller cannot be called; a message is heard all the same
        number = number or ""
        if missed.kind not in tasks.ALONE and await self._join(missed, number):
            return
        task = tasks.new_task(
            self._ids.new(),
            missed.kind,
            number,
            missed.call_id,
            missed.team,
            missed.language,
            missed.at,
            missed.about,
        )
        entry = self._entry(missed, Act.CREATE)
        if await self._store.add(task, entry):
            self._tell_made(task, missed)
            self._log.info(
                "callback_task_made",
                task_id=task.task_id,
                call_id=missed.call_id,
                kind=missed.kind.value,
            )

    async def _join(self, missed: Missed, number: str) -> bool:
        """One citizen, one task: what does not stand alone joins the unfinished one of the
        number."""
        for known in await self._store.unfinished(number):
            if known.kind in tasks.ALONE:
                continue
            joined = tasks.joined(known, missed.call_id)
            if not await self._store.join(joined, missed.kind, self._entry(missed, Act.JOIN)):
                # Known already, or a person changed it this moment: look again.
                return await self._is_known(missed) or await self._join(missed, number)
            self._tell_made(joined, missed)
            return True
        return False

    async def _is_known(self, missed: Missed) -> bool:
        return await self._store.of_call(missed.call_id) is not None

    @staticmethod
    def _entry(missed: Missed, act: Act) -> Entry:
        return Entry(at=missed.at, who=tasks.BY_ITSELF, act=act, call_id=missed.call_id)

    async def _reached(self, reached: Reached) -> None:
        number = reached.number
        if number is None:
            number = await self._past.number(reached.call_id)
        if not number:
            return
        for known in await self._store.unfinished(number):
            if known.kind in tasks.ALONE or known.created_at > reached.at:
                continue  # a message is heard, and a reason learnt, whatever else was said
            entry = Entry(
                at=reached.at,
                who=tasks.BY_ITSELF,
                act=Act.REACH,
                result=Result.REACHED_MEANWHILE,
                call_id=reached.call_id,
            )
            closed = tasks.reached(known, reached.at)
            await self._store.change(closed, entry)
            self._tell_closed(closed)

    def _tell_made(self, task: Task, missed: Missed) -> None:
        self._bus.publish(
            CallbackTaskMade(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=missed.call_id,
                task_id=task.task_id,
                kind=missed.kind.value,
            )
        )

    def _tell_closed(self, task: Task) -> None:
        self._bus.publish(
            CallbackTaskClosed(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=task.last_call_id,
                task_id=task.task_id,
                result=task.result.value if task.result else "",
                closed_by=task.closed_by or tasks.BY_ITSELF,
            )
        )

    # --- what people do ----------------------------------------------------------------------

    async def search(self, wanted: TaskFilter, cursor: str | None, size: int) -> Page[Task]:
        return await self._store.search(wanted, cursor, size)

    async def unfinished(self) -> int:
        """How many tasks nobody has closed."""
        return await self._store.count((State.OPEN, State.CLAIMED))

    async def task(self, task_id: str) -> Task:
        """Raises NotFound."""
        found = await self._store.task(task_id)
        if found is None:
            raise NotFound("没有这项回拨任务")
        return found

    async def course(self, task_id: str) -> Sequence[Entry]:
        return await self._store.course(task_id)

    async def calls(self, task_id: str) -> Sequence[CallId]:
        return await self._store.calls(task_id)

    async def of_call(self, call_id: CallId) -> Task | None:
        return await self._store.of_call(call_id)

    async def claim(self, task_id: str, person: Person) -> Task:
        """From now on the person sees the number; on record before that."""
        task = await self.task(task_id)
        changed = tasks.claimed(task, person.account, self._clock.now())
        await self._record("callback_claimed", changed, person)
        await self._keep(changed, person, Act.CLAIM)
        return changed

    async def release(self, task_id: str, person: Person) -> Task:
        task = await self.task(task_id)
        changed = tasks.released(task, person.account, supervisor=person.supervisor)
        await self._record("callback_released", changed, person)
        await self._keep(changed, person, Act.RELEASE)
        return changed

    async def attempt(self, task_id: str, person: Person, note: str) -> Task:
        """Tried, not reached; another attempt follows."""
        task = await self.task(task_id)
        changed = tasks.attempted(task, person.account)
        await self._keep(changed, person, Act.ATTEMPT, note=_checked(note))
        return changed

    async def close(self, task_id: str, person: Person, result: str, note: str) -> Task:
        """Raises BadInput without a result."""
        if result not in {r.value for r in tasks.CHOSEN}:
            raise BadInput("请选择回拨结果", "result")
        task, chosen, note = await self.task(task_id), Result(result), _checked(note)
        changed = tasks.closed(task, person.account, chosen, note, self._clock.now())
        await self._record("callback_closed", changed, person)
        await self._keep(changed, person, Act.CLOSE, result=chosen, note=note)
        self._tell_closed(changed)
        return changed

    async def undo(self, task_id: str, person: Person) -> Task:
        """The task is claimed by the person again."""
        task, now = await self.task(task_id), self._clock.now()
        changed = tasks.undone(task, person.account, now, supervisor=person.supervisor)
        if any(t.task_id != task_id for t in await self._others(task)):
            raise Conflict("该号码已有新的回拨任务，请处理新任务")
        await self._record("callback_reopened", changed, person)
        await self._keep(changed, person, Act.UNDO)
        return changed

    async def _others(self, task: Task) -> Sequence[Task]:
        if task.kind in tasks.ALONE:
            return ()
        unfinished = await self._store.unfinished(task.number)
        return [t for t in unfinished if t.kind not in tasks.ALONE]

    async def _keep(
        self, task: Task, person: Person, act: Act, result: Result | None = None, note: str = ""
    ) -> None:
        entry = Entry(at=self._clock.now(), who=person.account, act=act, result=result, note=note)
        await self._store.change(task, entry)

    async def _record(self, action: str, task: Task, person: Person) -> None:
        await self._audit.record(
            who=person.account,
            action=action,
            object_id=task.task_id,
            detail={
                "number": mask(task.number),
                "result": task.result.value if task.result else None,
            },
        )

    # --- callbacks that keep their place -----------------------------------------------------

    def in_line(self) -> Sequence[WaitingCallback]:
        """Whom the distribution is to call back, in the order of their turn."""
        return self._line.waiting()

    async def cancel(self, callback_id: CallbackId, person: Person) -> None:
        """Raises NotFound when it is over, Conflict when the citizen has answered."""
        await self._line.cancel(callback_id, person.account)
        await self._audit.record(
            who=person.account, action="callback_cancelled", object_id=callback_id
        )


def _checked(note: str) -> str:
    note = note.strip()
    if len(note) > tasks.NOTE_LENGTH:
        raise BadInput("说明最多500字", "note")
    return note
