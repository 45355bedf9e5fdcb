"""Messages are written down one by one, whatever dies meanwhile, and are read on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.audit import AuditValue
from kernel.errors import NotFound, Unavailable
from kernel.events import CallEnded, MessageTranscribed, RecordingArchived
from kernel.ids import CallId, EventId, TeamId
from kernel.language import Language
from recordings import messages as module
from recordings.core.measure import Peaks
from recordings.core.message import PAUSES, Message, Shown, Writing
from recordings.core.recording import Status
from recordings.core.transcript import Side, Utterance
from recordings.messages import MessageWords, MessageWriter
from recordings.ports import ScribeBusy, ScribeFailed
from recordings.service import Listening
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.listening_log import ListedListenings
from tests.fakes.log import KeptLog
from tests.fakes.message_store import DictMessageStore
from tests.fakes.recording_store import DictRecordingStore
from tests.fakes.scribe import HandScribe
from tests.unit.recordings.rows import row

FIRST, SECOND = CallId("gz1-1-1"), CallId("gz1-1-2")
HELLO = Utterance(Side.CALLER, "社保卡丢了", 0.9, 0.4, 2.0)
BYE = Utterance(Side.CALLER, "请回电", 0.4, 3.0, 4.0)
LABOUR = TeamId("labour")
ARCHIVED = RecordingArchived(
    event_id=EventId("e1"), occurred_at=NOON, call_id=FIRST,
    file_name="x.wav", duration_s=9.0, size_bytes=1, sha256="0" * 64,
)  # fmt: skip


class Files:
    """Fills `AudioReader`: every file is there, but for those that are gone."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def path(self, name: str) -> Path:
        if Path(name).stem in self.gone:
            raise NotFound("录音文件不存在")
        return Path("/archive") / name

    def peaks(self, name: str) -> Peaks:
        raise AssertionError("nobody draws here")


class BrokenTrail(KeptAudit):
    async def record(
        self,
        *,
        who: str,
        action: str,
        object_id: str,
        detail: Mapping[str, AuditValue] | None = None,
    ) -> None:
        raise Unavailable("broken")


class Desk:
    def __init__(self, scribe: HandScribe, *, wanted: bool = True) -> None:
        self.scribe = scribe
        self.recordings = DictRecordingStore()
        self.store = DictMessageStore(self.recordings)
        self.files, self.clock = Files(), SetClock()
        self.bus, self.log, self.trail = CollectingBus(), KeptLog(), KeptAudit()
        self.listenings = ListedListenings()
        self.writer = self.another(wanted=wanted)
        self.words = self.shelf(self.trail)

    def another(self, *, wanted: bool = True) -> MessageWriter:
        return MessageWriter(
            store=self.store,
            files=self.files,
            scribe=self.scribe,
            wanted=wanted,
            bus=self.bus,
            clock=self.clock,
            ids=CountedIds(),
            log=self.log,
        )

    def shelf(self, trail: KeptAudit) -> MessageWords:
        return MessageWords(
            store=self.store,
            recordings=self.recordings,
            writer=self.writer,
            listening=Listening(log=self.listenings, audit=trail, clock=self.clock),
        )

    async def left(
        self,
        call_id: CallId = FIRST,
        language: Language = Language.MANDARIN,
        after_s: float = 0,
        **changes: object,
    ) -> None:
        """A message whose recording is archived."""
        at = NOON + timedelta(seconds=after_s)
        name = f"2026/11/26/{call_id}.wav"
        self.recordings.rows[call_id] = row(
            **{"call_id": call_id, "file_name": name, "started_at": at, **changes}
        )
        await self.recordings.message_left(
            Message(
                call_id=call_id,
                left_at=at,
                language=language,
                team=LABOUR,
                spoken=timedelta(seconds=8),
                again_at=NOON,
            )
        )

    def state(self, call_id: CallId = FIRST) -> Writing:
        return self.recordings.messages[call_id].state

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while True:
                if holds():
                    return
                await asyncio.sleep(0.001)

    async def tried(self, times: int) -> None:
        await self.until(lambda: self.recordings.messages[FIRST].attempts == times)

    async def idle(self) -> None:
        """It has looked since, and waits for something."""
        asked = self.store.asked
        self.writer.look()
        await self.until(lambda: self.store.asked > asked)
        await self.until(lambda: not self.writer._news.is_set())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.002)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk(HandScribe([HELLO, BYE]))
    yield made
    await made.writer.stop()


async def test_a_message_is_written_down_when_its_recording_is_archived(desk: Desk) -> None:
    await desk.writer.start()
    await desk.left(status=Status.EXPECTED)
    await desk.idle()
    assert desk.scribe.asked == []
    await desk.left()
    await desk.writer.on_event(ARCHIVED)
    await desk.until(lambda: len(desk.bus.published) == 1)
    assert desk.scribe.asked == [(Language.MANDARIN, f"{FIRST}.wav", 0.0)]
    assert list(await desk.recordings.transcript(FIRST)) == [HELLO, BYE]
    (told,) = desk.bus.of(MessageTranscribed)
    assert (told.call_id, told.sentences) == (FIRST, 2)


async def test_no_word_of_it_is_logged_or_told(desk: Desk) -> None:
    await desk.left()
    await desk.writer.start()
    await desk.until(lambda: len(desk.bus.published) == 1)
    left_traces = f"{desk.log.lines} {desk.bus.published}"
    assert "message_transcribed" in left_traces
    assert HELLO.text not in left_traces and BYE.text not in left_traces


async def test_the_oldest_is_written_down_first_and_one_after_the_other(desk: Desk) -> None:
    await desk.left(SECOND, after_s=1)
    await desk.left(FIRST)
    await desk.writer.start()
    await desk.until(lambda: len(desk.bus.published) == 2)
    assert [name for _, name, _ in desk.scribe.asked] == [f"{FIRST}.wav", f"{SECOND}.wav"]


async def test_a_message_waits_while_the_recogniser_has_no_time(desk: Desk) -> None:
    desk.scribe.outcomes = [ScribeBusy(), ScribeBusy(), [HELLO]]
    await desk.left()
    await desk.writer.start()
    await desk.until(lambda: desk.state() is Writing.WRITTEN)
    assert len(desk.scribe.asked) == 3
    assert desk.log.events == ["message_transcribed"]


async def test_while_one_language_has_no_time_another_is_written_down(desk: Desk) -> None:
    both = frozenset({Language.MANDARIN, Language.ENGLISH})
    desk.scribe.able = desk.scribe.awake = both
    desk.scribe.outcomes = [ScribeBusy(), [HELLO]]
    await desk.left(FIRST)
    await desk.left(SECOND, Language.ENGLISH, after_s=1)
    await desk.writer.start()
    await desk.until(lambda: desk.state(FIRST) is desk.state(SECOND) is Writing.WRITTEN)
    languages = [language for language, _, _ in desk.scribe.asked]
    assert languages == [Language.MANDARIN, Language.ENGLISH, Language.MANDARIN]


async def test_a_message_waits_for_a_recogniser_of_its_language_to_be_installed(desk: Desk) -> None:
    await desk.left(language=Language.CANTONESE)
    await desk.writer.start()
    await desk.idle()
    assert desk.scribe.asked == []
    desk.scribe.able = desk.scribe.awake = frozenset({Language.CANTONESE})
    await desk.until(lambda: desk.state() is Writing.WRITTEN)


async def test_a_recogniser_that_is_away_comes_back_to_what_waits(desk: Desk) -> None:
    desk.scribe.awake = frozenset()
    await desk.left()
    await desk.writer.start()
    await desk.idle()
    assert desk.scribe.asked == []
    desk.scribe.awake = desk.scribe.able
    await desk.until(lambda: desk.state() is Writing.WRITTEN)


async def test_what_broke_off_is_tried_again_after_a_pause(desk: Desk) -> None:
    desk.scribe.outcomes = [ScribeFailed("its worker ended"), [HELLO]]
    await desk.left()
    await desk.writer.start()
    await desk.until(lambda: desk.recordings.messages[FIRST].attempts == 1)
    await desk.idle()
    assert len(desk.scribe.asked) == 1
    desk.clock.advance(PAUSES[0])
    await desk.until(lambda: desk.state() is Writing.WRITTEN)
    assert desk.log.events == ["message_not_transcribed", "message_transcribed"]


async def test_a_message_at_which_the_recogniser_dies_each_time_is_given_up(desk: Desk) -> None:
    desk.scribe.outcomes = [ScribeFailed("its worker ended")]
    await desk.left()
    await desk.writer.start()
    for tried in range(1, len(PAUSES) + 2):
        await desk.tried(tried)
        desk.clock.advance(PAUSES[-1])
    await desk.idle()
    assert desk.state() is Writing.GIVEN_UP
    assert len(desk.scribe.asked) == len(PAUSES) + 1


async def test_what_an_earlier_run_left_is_written_down_by_the_next(desk: Desk) -> None:
    desk.scribe.outcomes = [ScribeFailed("its worker ended"), [HELLO]]
    await desk.left()
    await desk.writer.start()
    await desk.until(lambda: desk.recordings.messages[FIRST].attempts == 1)
    await desk.writer.stop()
    desk.writer = desk.another()
    await desk.writer.start()
    await desk.idle()
    assert desk.state() is Writing.WAITING
    desk.clock.advance(PAUSES[0])
    await desk.until(lambda: desk.state() is Writing.WRITTEN)


async def test_a_fault_of_the_database_costs_no_message(desk: Desk) -> None:
    desk.store.refusals = 3
    await desk.left()
    await desk.writer.start()
    await desk.until(lambda: desk.state() is Writing.WRITTEN)
    assert desk.log.events == ["messages_wait"] * 3 + ["message_transcribed"]


async def test_a_recording_that_was_removed_amid_it_leaves_no_word(desk: Desk) -> None:
    class Removing(HandScribe):
        async def write_down(
            self, language: Language, file: Path, from_s: float
        ) -> list[Utterance]:
            await desk.recordings.remove(FIRST)
            return await super().write_down(language, file, from_s)

    desk.writer._scribe = Removing([HELLO])
    await desk.left()
    await desk.writer.start()
    await desk.until(lambda: FIRST not in desk.recordings.rows)
    await desk.idle()
    assert desk.recordings.said == {} and desk.bus.published == []


async def test_a_file_that_is_gone_is_not_the_end_of_the_others(desk: Desk) -> None:
    desk.files.gone = {FIRST}
    await desk.left(FIRST)
    await desk.left(SECOND, after_s=1)
    await desk.writer.start()
    await desk.until(lambda: desk.state(SECOND) is Writing.WRITTEN)
    assert desk.recordings.messages[FIRST].attempts == 1


async def test_an_idle_writer_asks_the_database_nothing(desk: Desk) -> None:
    await desk.writer.start()
    await desk.idle()
    asked, looks = desk.store.asked, desk.scribe.looks
    await desk.until(lambda: desk.scribe.looks > looks + 10)
    await desk.writer.on_event(CallEnded(
        event_id=EventId("e"), occurred_at=NOON, call_id=FIRST, outcome="message",
        ended_by="caller", cause=16,
    ))  # fmt: skip
    looks = desk.scribe.looks
    await desk.until(lambda: desk.scribe.looks > looks + 10)
    assert desk.store.asked == asked


async def test_nothing_is_written_down_where_it_is_not_wanted() -> None:
    desk = Desk(HandScribe([HELLO]), wanted=False)
    await desk.left()
    await desk.writer.start()
    await desk.writer.on_event(ARCHIVED)
    await desk.writer.stop()
    assert desk.store.asked == 0 and desk.scribe.asked == []
    assert (await desk.words.text("qa01", FIRST, None, None)).shown is Shown.OFF


# --- reading ---------------------------------------------------------------------------------


async def written(desk: Desk, call_id: CallId = FIRST, **changes: object) -> None:
    await desk.left(call_id, **changes)  # type: ignore[arg-type]
    if desk.writer._task is None:
        await desk.writer.start()
    desk.writer.look()
    await desk.until(lambda: desk.state(call_id) is Writing.WRITTEN)


async def test_words_are_read_on_record(desk: Desk) -> None:
    await written(desk)
    found = await desk.words.text("sup01", FIRST, Language.MANDARIN, LABOUR)
    assert (found.shown, list(found.words)) == (Shown.WORDS, [HELLO, BYE])
    assert desk.trail.actions == ["recording_read"]


async def test_words_that_cannot_be_put_on_record_are_not_shown(desk: Desk) -> None:
    await written(desk)
    refused = desk.shelf(BrokenTrail())
    with pytest.raises(Unavailable):
        await refused.text("sup01", FIRST, None, None)
    with pytest.raises(Unavailable):
        await refused.beginnings("sup01", [FIRST], "callbacks")


async def test_what_was_said_to_an_operator_before_is_no_part_of_the_message(desk: Desk) -> None:
    earlier = Utterance(Side.CALLER, "喂你好", 0.9, 1.0, 2.0)
    await desk.recordings.spoken(FIRST, NOON, earlier)
    message = replace(HELLO, from_s=51.0, to_s=52.0)
    desk.scribe.outcomes = [[message]]
    await written(desk, answered_at=NOON, duration=timedelta(seconds=60))
    assert desk.scribe.asked == [(Language.MANDARIN, f"{FIRST}.wav", 50.0)]
    assert list((await desk.words.text("sup01", FIRST, None, None)).words) == [message]
    assert await desk.words.beginnings("sup01", [FIRST], "callbacks") == {FIRST: message}
    assert list(await desk.recordings.transcript(FIRST)) == [earlier, message]


async def test_a_list_shows_how_messages_begin_with_one_entry_of_the_trail(desk: Desk) -> None:
    await written(desk)
    await written(desk, SECOND)
    wanted = [FIRST, SECOND, CallId("gz1-1-3")]
    for _ in range(2):
        found = await desk.words.beginnings("sup01", wanted, "callbacks")
        assert found == {FIRST: HELLO, SECOND: HELLO}
    (entry,) = desk.trail.entries
    assert (entry.action, entry.object_id) == ("recordings_glanced", "callbacks")
    assert entry.detail == {"calls": f"{FIRST} {SECOND}"}
    assert [(call, e.act) for call, e in desk.listenings.entries] == [
        (FIRST, "glanced"),
        (SECOND, "glanced"),
    ]
    assert await desk.words.beginnings("sup01", [], "callbacks") == {}


async def test_a_message_that_nobody_noted_is_made_up_for_when_it_is_looked_at(desk: Desk) -> None:
    # A run that was killed in the fifth of a second between the task and the row.
    desk.recordings.rows[FIRST] = row(call_id=FIRST)
    await desk.writer.start()
    found = await desk.words.text("sup01", FIRST, Language.MANDARIN, LABOUR)
    assert found.shown is Shown.BEING_WRITTEN and desk.trail.actions == []
    await desk.until(lambda: desk.state() is Writing.WRITTEN)
    assert (await desk.words.text("sup01", FIRST, None, None)).words == [HELLO, BYE]


async def test_the_recordings_page_knows_a_message_from_a_conversation(desk: Desk) -> None:
    desk.recordings.rows[SECOND] = talk = row(call_id=SECOND, answered_at=NOON)
    assert await desk.words.shown(talk, words=True) is None
    await desk.left(language=Language.ENGLISH)
    message = desk.recordings.rows[FIRST]
    assert await desk.words.shown(message, words=False) is Shown.NO_RECOGNISER
