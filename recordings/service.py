"""Decides when recordings are archived, when one is missing, and what is written down first.

Theory of operation: facts of the telephone system come in synchronously and are only put in a line;
one task takes them out, and a thread does the work on the files, so that no call ever waits for a
disk. Rows are filled by events, which arrive in any order relative to the files; they are written
in batches, and what the database does not take is kept until it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kernel.audit import AuditTrail
from kernel.batches import Batches
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    ConversationSpoken,
    Event,
    RecordingArchived,
    RecordingMissing,
    SurveyAnswered,
    TalkFinished,
)
from kernel.ids import AgentId, CallId, EventId, IdSource, TeamId
from kernel.paging import Page
from kernel.telephony import LineRestored, MessageLeft, RecordingClosed, TelephonyFact
from recordings.core.measure import Peaks
from recordings.core.message import Message
from recordings.core.names import is_call_id
from recordings.core.recording import Recording, Status
from recordings.core.search import Wanted
from recordings.core.transcript import Utterance, utterance
from recordings.ports import (
    AudioFiles,
    AudioReader,
    ListeningEntry,
    ListeningLog,
    Log,
    MessageStore,
    NoAudio,
    RecordingStore,
    Written,
)

GRACE = timedelta(seconds=60)
"""How long after the end of an answered call its file may still be closed."""
RETRY = timedelta(seconds=60)
GATHER = timedelta(milliseconds=200)
"""How long the first event of a batch waits for others: a call fills its row six times."""
BATCH_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """For `/healthz`: `ok` False means that recordings wait in the spool for a disk."""

    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Closed:
    call_id: CallId
    started_at: datetime


@dataclass(frozen=True, slots=True)
class _Overdue:
    """The grace of a call is over: is its recording there?"""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class _Rescan:
    """Archive everything in the spool but the live calls; then judge what is still expected."""

    live: frozenset[CallId]


@dataclass(frozen=True, slots=True)
class _Retry:
    pass


_Job = _Closed | _Overdue | _Rescan | _Retry

_FILLING = (
    CallArrived,
    CallQueued,
    CallAnswered,
    ConversationSpoken,
    TalkFinished,
    SurveyAnswered,
    CallEnded,
)


class Archive:
    """Owns the spool and the archive; one task does the work in order."""

    def __init__(
        self,
        *,
        store: RecordingStore,
        messages: MessageStore,
        files: AudioFiles,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
        log: Log,
        grace: timedelta = GRACE,
        retry: timedelta = RETRY,
        gather: timedelta = GATHER,
    ) -> None:
        self._store = store
        self._messages = messages
        self._files = files
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._log = log
        self._grace = grace
        self._retry = retry
        self._heard = Batches[Event | MessageLeft](
            "recordings-rows",
            self._fill_rows,
            limit=BATCH_LIMIT,
            gather_s=gather.total_seconds(),
            unwritten=self._rows_wait,
        )
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._waiting: set[CallId] = set()
        self._awaited: set[CallId] = set()
        self._retry_set = False
        self._state = ArchiveState(ok=True, reason="")

    @property
    def state(self) -> ArchiveState:
        return self._state

    async def start(self) -> None:
        """Begin to work; what a crash left of calls that are known to have ended is done first."""
        for row in await self._store.unfinished():
            if row.ended_at is not None:
                self._jobs.put_nowait(_Closed(row.call_id, row.answered_at or row.started_at))
        await self._heard.start()
        self._task = asyncio.get_running_loop().create_task(self._work(), name="recordings")

    async def stop(self) -> None:
        """Write what was heard (for at most 10 s) and finish the file in hand; the rest stays in
        the spool for the next start."""
        await self._heard.stop()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def written(self) -> None:
        """Return when every event heard so far is in its row."""
        await self._heard.drain()

    async def drain(self) -> None:
        """Return when everything put in line so far is done."""
        await self.written()
        await self._jobs.join()

    # --- what is heard -------------------------------------------------------------------------

    def on_fact(self, fact: TelephonyFact) -> None:
        """Hears `RecordingClosed`, `MessageLeft` and `LineRestored`; returns at once."""
        match fact:
            case MessageLeft():
                # Before the end of its call, which an event tells: its row is not to go with that.
                self._heard.put(fact)
            case RecordingClosed():
                self.on_recording_closed(fact)
            case LineRestored(calls=calls):
                self._jobs.put_nowait(_Rescan(frozenset(call.call_id for call in calls)))
            case _:
                return

    def on_recording_closed(self, fact: RecordingClosed) -> None:
        """Put the call in line; the file's name is known from the call's id."""
        self._jobs.put_nowait(_Closed(fact.call_id, fact.started_at))

    async def on_event(self, event: Event) -> None:
        """Fills the row of a call, soon. Hears CallArrived, CallQueued, CallAnswered,
        ConversationSpoken, TalkFinished, SurveyAnswered and CallEnded, ignores the rest."""
        if event.call_id is not None and isinstance(event, _FILLING):
            self._heard.put(event)

    # --- the rows ------------------------------------------------------------------------------

    async def _fill_rows(self, batch: Sequence[Event | MessageLeft]) -> None:
        async with self._store.together():
            for event in batch:
                if isinstance(event, MessageLeft):
                    await self._store.message_left(_message(event))
                else:
                    await self._fill(event)
        for event in batch:
            if isinstance(event, CallEnded) and event.call_id is not None:
                self._later(self._grace, _Overdue(event.call_id))

    def _rows_wait(self, error: Exception, waiting: int) -> None:
        self._log.error("recording_rows_wait", count=waiting, reason=repr(error))

    async def _fill(self, event: Event) -> None:
        call_id, at = event.call_id, event.occurred_at
        if call_id is None:
            return
        match event:
            case CallArrived(ani=ani, dnis=dnis, line_name=line_name):
                await self._store.arrived(call_id, at, ani=ani, dnis=dnis, line_name=line_name)
            case CallQueued(team=team):
                await self._store.joined_team(call_id, at, team)
            case CallAnswered(agent_id=agent_id, team=team):
                await self._store.answered(call_id, at, agent_id, team)
            case ConversationSpoken():
                said = _said(event)
                if said is not None:
                    await self._store.spoken(call_id, at, said)
            case TalkFinished(talk_s=talk_s):
                await self._store.add_connected(call_id, at, timedelta(seconds=talk_s))
            case SurveyAnswered(score=score):
                await self._store.scored(call_id, at, score)
            case CallEnded():
                await self._store.ended(call_id, at)

    # --- the work ------------------------------------------------------------------------------

    def _later(self, after: timedelta, job: _Job) -> None:
        def due() -> None:
            self._timers.discard(handle)
            self._jobs.put_nowait(job)

        handle = asyncio.get_running_loop().call_later(after.total_seconds(), due)
        self._timers.add(handle)

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await self._do(job)
            except Exception as error:
                # One call's trouble must not end the archiving of all others.
                self._log.error("recording_job_failed", job=type(job).__name__, reason=str(error))
            finally:
                self._jobs.task_done()

    async def _do(self, job: _Job) -> None:
        match job:
            case _Closed(call_id=call_id, started_at=started_at):
                await self._archive(call_id, started_at)
            case _Overdue(call_id=call_id):
                row = await self._store.get(call_id)
                if row is not None and row.status is Status.EXPECTED:
                    await self._archive(call_id, row.started_at)
            case _Rescan(live=live):
                await self._rescan(live)
            case _Retry():
                self._retry_set = False
                for call_id in sorted(self._waiting):
                    row = await self._store.get(call_id)
                    await self._archive(call_id, row.started_at if row else self._clock.now())

    async def _rescan(self, live: frozenset[CallId]) -> None:
        await self.written()
        for call_id in await asyncio.to_thread(self._files.waiting):
            if call_id not in live:
                row = await self._store.get(call_id)
                await self._archive(call_id, row.started_at if row else self._clock.now())
        for row in await self._store.unfinished():
            if row.call_id in live or row.status is not Status.EXPECTED:
                continue
            if await self._needs_sound(row):
                await self._archive(row.call_id, row.started_at)
            else:
                await self._store.remove(row.call_id)

    async def _needs_sound(self, row: Recording) -> bool:
        """Somebody spoke in this call: with an operator, or onto the message box."""
        return row.answered_at is not None or await self._messages.message(row.call_id) is not None

    async def _archive(self, call_id: CallId, started_at: datetime) -> None:
        row = await self._store.get(call_id)
        started_at = row.started_at if row is not None else started_at
        try:
            written = await asyncio.to_thread(self._files.archive, call_id, started_at, row)
        except NoAudio as error:
            await self._no_audio(call_id, row, str(error))
            return
        except OSError as error:
            await self._disk_refuses(call_id, row, started_at, error)
            return
        if written is not None:
            await self._store.archived(call_id, started_at, written, self._clock.now())
        # The raw file goes last: until here a crash at any point loses nothing.
        await asyncio.to_thread(self._files.discard_raw, call_id)
        self._waiting.discard(call_id)
        self._awaited.discard(call_id)
        if not self._waiting:
            self._state = ArchiveState(ok=True, reason="")
        if written is not None:
            self._publish_archived(call_id, written)

    async def _no_audio(self, call_id: CallId, row: Recording | None, reason: str) -> None:
        self._waiting.discard(call_id)
        await asyncio.to_thread(self._files.discard_raw, call_id)
        if row is None or row.status in (Status.ARCHIVED, Status.MISSING, Status.DAMAGED):
            return
        if not await self._needs_sound(row):
            if row.ended_at is not None:
                await self._store.remove(call_id)
            return
        if row.answered_at is None and call_id not in self._awaited:
            # A message lies in a file of its own until the telephone hands it over, which an
            # interrupted run may have left to the next.
            self._awaited.add(call_id)
            self._later(self._grace, _Overdue(call_id))
            return
        self._awaited.discard(call_id)
        status = Status.DAMAGED if reason == "empty" else Status.MISSING
        await self._store.faulty(call_id, row.started_at, status, reason)
        self._log.error("recording_missing", call_id=call_id, reason=reason)
        self._bus.publish(
            RecordingMissing(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=call_id,
                reason=reason,
            )
        )

    async def _disk_refuses(
        self, call_id: CallId, row: Recording | None, started_at: datetime, error: OSError
    ) -> None:
        reason = error.strerror or str(error)
        self._log.error("recording_not_archived", call_id=call_id, reason=reason)
        self._state = ArchiveState(ok=False, reason=reason)
        self._waiting.add(call_id)
        if row is None or row.status is not Status.ARCHIVED:
            await self._store.faulty(call_id, started_at, Status.FAILED, reason)
        if not self._retry_set:
            self._retry_set = True
            self._later(self._retry, _Retry())

    def _publish_archived(self, call_id: CallId, written: Written) -> None:
        self._log.info(
            "recording_archived", call_id=call_id, duration_s=written.duration.total_seconds()
        )
        self._bus.publish(
            RecordingArchived(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=call_id,
                file_name=written.file_name,
                duration_s=written.duration.total_seconds(),
                size_bytes=written.size_bytes,
                sha256=written.sha256,
            )
        )


class Listening:
    """Writes down who listens and who reads, before any sound or word is handed over.

    A browser asks for a file in many ranges; those of one person and call within 30 s are one
    listening. Nothing is handed over if it cannot be written down.
    """

    _ONE_LISTENING = timedelta(seconds=30)
    _REMEMBERED = 10_000

    def __init__(self, *, log: ListeningLog, audit: AuditTrail, clock: Clock) -> None:
        self._log = log
        self._audit = audit
        self._clock = clock
        self._last: dict[tuple[str, CallId, str], datetime] = {}

    async def fetched(self, account: str, call_id: CallId, from_s: float) -> None:
        """The sound is about to be handed over. Raises what the trail raises; then do not."""
        await self._once(account, call_id, from_s, "fetched")

    async def read(self, account: str, call_id: CallId) -> None:
        """What was said is about to be shown. Raises what the trail raises; then do not."""
        await self._once(account, call_id, 0.0, "read")

    async def glanced(self, account: str, calls: Sequence[CallId], where: str) -> None:
        """How these are said to begin is about to be shown in a list: one entry of the trail for
        the list, one note for each call. Raises what the trail raises; then do not."""
        now = self._clock.now()
        fresh = [call_id for call_id in calls if not self._is_one(account, call_id, "glanced", now)]
        for call_id in fresh:
            await self._log.note(
                account=account, call_id=call_id, at=now, from_s=0.0, act="glanced"
            )
        if fresh:
            await self._audit.record(
                who=account,
                action="recordings_glanced",
                object_id=where,
                detail={"calls": " ".join(fresh)},
            )
        for call_id in calls:
            self._remember(account, call_id, "glanced", now)

    async def played(self, account: str, call_id: CallId, from_s: float) -> None:
        """A playback began at this second."""
        await self._write(account, call_id, self._clock.now(), from_s, "played")

    async def of_call(self, call_id: CallId, limit: int = 20) -> Sequence[ListeningEntry]:
        return await self._log.of_call(call_id, limit)

    async def _once(self, account: str, call_id: CallId, from_s: float, act: str) -> None:
        now = self._clock.now()
        if not self._is_one(account, call_id, act, now):
            await self._write(account, call_id, now, from_s, act)
        self._remember(account, call_id, act, now)

    def _is_one(self, account: str, call_id: CallId, act: str, now: datetime) -> bool:
        """It belongs to the last one, which is on record."""
        last = self._last.get((account, call_id, act))
        return last is not None and now - last <= self._ONE_LISTENING

    def _remember(self, account: str, call_id: CallId, act: str, now: datetime) -> None:
        if len(self._last) >= self._REMEMBERED:
            self._last.clear()
        self._last[account, call_id, act] = now

    async def _write(
        self, account: str, call_id: CallId, at: datetime, from_s: float, act: str
    ) -> None:
        await self._log.note(account=account, call_id=call_id, at=at, from_s=from_s, act=act)
        await self._audit.record(
            who=account,
            action=f"recording_{act}",
            object_id=call_id,
            detail=None if act == "read" else {"from_s": round(from_s, 1)},
        )


class Library:
    """What listeners may see, hear and read: the rows, the drawings, the files, what was said.

    `transcribed`: teams whose conversations are written down.
    """

    def __init__(
        self,
        *,
        store: RecordingStore,
        files: AudioReader,
        listening: Listening,
        transcribed: Collection[TeamId] = (),
    ) -> None:
        self._store = store
        self._files = files
        self._transcribed = frozenset(transcribed)
        self.listening = listening

    async def search(self, wanted: Wanted, cursor: str | None, size: int) -> Page[Recording]:
        """Newest first. Raises BadInput for a cursor that is not one."""
        return await self._store.search(wanted, cursor, size)

    async def recording(self, call_id: str) -> Recording:
        """Raises NotFound, also for an id that no call can have."""
        row = await self._store.get(CallId(call_id)) if is_call_id(call_id) else None
        if row is None:
            raise NotFound("没有这通来电的录音")
        return row

    async def agents_of(self, call_id: CallId) -> Sequence[AgentId]:
        return await self._store.agents_of(call_id)

    async def transcript(self, account: str, row: Recording) -> Sequence[Utterance]:
        """What was said, in order, for this reader: on record before a word of it is shown.
        Raises what the trail raises."""
        said = await self._store.transcript(row.call_id)
        if said:
            await self.listening.read(account, row.call_id)
        return said

    def transcribes(self, team: TeamId | None) -> bool:
        return team in self._transcribed

    async def peaks(self, row: Recording) -> Peaks:
        """Raises NotFound when there is no archived file."""
        return await asyncio.to_thread(self._files.peaks, _file_of(row))

    async def file(self, row: Recording) -> Path:
        """Raises NotFound when there is no archived file."""
        return await asyncio.to_thread(self._files.path, _file_of(row))


def _message(fact: MessageLeft) -> Message:
    return Message(
        call_id=fact.call_id,
        left_at=fact.at,
        language=fact.language,
        team=fact.team or None,
        spoken=fact.spoken,
        again_at=fact.at,
    )


def _said(event: ConversationSpoken) -> Utterance | None:
    return utterance(
        side=event.side,
        text=event.text,
        confidence_fraction=event.confidence_fraction,
        from_s=event.from_s,
        to_s=event.to_s,
    )


def _file_of(row: Recording) -> str:
    if not row.playable or row.file_name is None:
        raise NotFound("录音文件不存在")
    return row.file_name
