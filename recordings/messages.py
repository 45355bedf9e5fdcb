"""Decides when a message is written down, and shows its words to whoever may listen to it.

Theory of operation: the table of the messages is the line, so it is as long as it is and survives
every restart; in memory are a few of it. One task takes them out, oldest first, one after the
other. It asks the table when a recording was archived, when a recogniser came or went, and when a
message may be tried again; else it asks nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.events import Event, MessageTranscribed, RecordingArchived
from kernel.ids import CallId, EventId, IdSource, TeamId
from kernel.language import Language
from recordings.core.message import Due, Message, Shown, broke_off, shown
from recordings.core.recording import Recording
from recordings.core.transcript import Side, Utterance
from recordings.ports import (
    AudioReader,
    Log,
    MessageStore,
    RecordingStore,
    Scribe,
    ScribeBusy,
    ScribeFailed,
)
from recordings.service import Listening

LOOK_EVERY_S = 2.0
AT_ONCE = 20
"""So many of the line are in memory."""


class MessageWriter:
    """Writes messages down. `wanted`: whether any are. `start` after the archive, `stop` before
    the recogniser."""

    def __init__(
        self,
        *,
        store: MessageStore,
        files: AudioReader,
        scribe: Scribe,
        wanted: bool,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
        log: Log,
    ) -> None:
        self._store = store
        self._files = files
        self._scribe = scribe
        self.wanted = wanted
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._log = log
        self._news = asyncio.Event()
        self._next_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def listens(self, language: Language) -> bool:
        """A recogniser of this language is installed, whether it works at the moment or not."""
        return language in self._scribe.installed()

    async def on_event(self, event: Event) -> None:
        """Hears `RecordingArchived`, ignores the rest."""
        if isinstance(event, RecordingArchived):
            self.look()

    def look(self) -> None:
        """There may be something to write down."""
        self._news.set()

    async def start(self) -> None:
        """What an earlier run left undone comes first."""
        if self.wanted:
            self._task = asyncio.get_running_loop().create_task(self._work(), name="messages")

    async def stop(self) -> None:
        """What is in hand is left to the next run."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _work(self) -> None:
        while True:
            self._news.clear()
            ready = self._scribe.ready()
            try:
                await self._round(ready)
            except Exception as error:
                # Whatever the database's fault is, no message may be forgotten.
                self._next_at = self._clock.now()
                self._log.error("messages_wait", reason=type(error).__name__)
            await self._until_something(ready)

    async def _until_something(self, ready: frozenset[Language]) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()
                    return
            due = self._next_at is not None and self._next_at <= self._clock.now()
            if due or self._scribe.ready() != ready:
                return

    async def _round(self, ready: frozenset[Language]) -> None:
        """Until nothing is due, or the recogniser has no time for what is."""
        refused: set[Language] = set()
        while found := await self._store.due(ready - refused, self._clock.now(), AT_ONCE):
            for due in found:
                language = due.message.language
                if language not in refused and not await self._try(due):
                    refused.add(language)
        self._next_at = await self._store.next_at(ready)

    async def _try(self, due: Due) -> bool:
        """False when the recogniser has no time for it."""
        message = due.message
        try:
            path = await asyncio.to_thread(self._files.path, due.file_name)
            said = await self._scribe.write_down(message.language, path, due.from_s)
        except ScribeBusy:
            return False
        except (ScribeFailed, NotFound) as error:
            await self._broke_off(message, str(error))
            return True
        if await self._store.written(message.call_id, due.from_s, said, self._clock.now()):
            self._tell(message, len(said))
        return True

    async def _broke_off(self, message: Message, reason: str) -> None:
        after = broke_off(message, self._clock.now())
        await self._store.keep(after)
        self._log.warning(
            "message_not_transcribed",
            call_id=message.call_id,
            attempts=after.attempts,
            reason=reason[:200],
        )

    def _tell(self, message: Message, sentences: int) -> None:
        self._log.info("message_transcribed", call_id=message.call_id, sentences=sentences)
        self._bus.publish(
            MessageTranscribed(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=message.call_id,
                sentences=sentences,
            )
        )


@dataclass(frozen=True, slots=True)
class MessageText:
    """`words` in order, empty unless `shown` is WORDS; seconds since the recording began."""

    shown: Shown
    words: Sequence[Utterance] = ()


class MessageWords:
    """What whoever may listen to a message may read of it."""

    def __init__(
        self,
        *,
        store: MessageStore,
        recordings: RecordingStore,
        writer: MessageWriter,
        listening: Listening,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._writer = writer
        self._listening = listening

    async def shown(self, row: Recording, words: bool) -> Shown | None:
        """What the page of a recording says of its message; None when there is none. `words`: the
        caller is known to have said something."""
        message = await self._store.message(row.call_id)
        return None if message is None else self._shown(message, row, message.language, words)

    async def text(
        self, account: str, call_id: CallId, language: Language | None, team: TeamId | None
    ) -> MessageText:
        """The words of a message, on record before one of them is shown; what there is instead, if
        there are none. `language`, `team`: as the message's task knows them. Raises what the trail
        raises."""
        row = await self._recordings.get(call_id)
        message = await self._store.message(call_id)
        language = language or Language.MANDARIN
        if message is None and row is not None and row.playable:
            # The run that heard of it was killed before it was noted: it is made up for here.
            message = _noted_late(row, language, team)
            await self._recordings.message_left(message)
            self._writer.look()
        words = await self._words(message)
        if words:
            await self._listening.read(account, call_id)
        return MessageText(
            self._shown(message, row, message.language if message else language, bool(words)), words
        )

    async def beginnings(
        self, account: str, calls: Sequence[CallId], where: str
    ) -> Mapping[CallId, Utterance]:
        """How these messages begin, as far as words were understood; on record before. `where`:
        the list that shows it. Raises what the trail raises."""
        found = await self._store.beginnings(calls) if calls else {}
        if found:
            await self._listening.glanced(account, sorted(found), where)
        return found

    async def _words(self, message: Message | None) -> Sequence[Utterance]:
        if message is None or message.from_s is None:
            return ()
        return [
            said
            for said in await self._recordings.transcript(message.call_id)
            if said.side is Side.CALLER and said.from_s >= message.from_s
        ]

    def _shown(
        self, message: Message | None, row: Recording | None, language: Language, words: bool
    ) -> Shown:
        return shown(
            message,
            row,
            words=words,
            listens=self._writer.listens(language),
            wanted=self._writer.wanted,
        )


def _noted_late(row: Recording, language: Language, team: TeamId | None) -> Message:
    """It is what is left of the recording beside the conversation, if there was one."""
    left_at = row.ended_at or row.started_at
    return Message(
        call_id=row.call_id,
        left_at=left_at,
        language=language,
        team=team,
        spoken=max(timedelta(), row.duration - row.connected),
        again_at=left_at,
    )
