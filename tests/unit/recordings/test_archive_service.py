"""When recordings are archived, when one is missing, and what a restart or a full disk does."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    ConversationSpoken,
    RecordingArchived,
    RecordingMissing,
    SurveyAnswered,
    TalkFinished,
)
from kernel.ids import AgentId, BoothId, CallId, EventId, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import LineRestored, LiveCall, MessageLeft, RecordingClosed
from recordings.core.recording import Status
from recordings.service import Archive
from tests.fakes.audio_files import MemoryAudioFiles
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.message_store import DictMessageStore
from tests.fakes.recording_store import DictRecordingStore

CALL = CallId("gz-1795521600-7")
SECOND = bytes(4 * 8000)
ARRIVED = CallArrived(
    event_id=EventId("e1"), occurred_at=NOON, call_id=CALL,
    ani="13800138000", caller_name="", dnis="12345", line_name=None, team=None,
)  # fmt: skip
QUEUED = CallQueued(
    event_id=EventId("e2"), occurred_at=NOON, call_id=CALL, team=TeamId("labour"),
    language=Language.MANDARIN, priority=0, position=1, cause="entry", first_arrival_at=NOON,
)  # fmt: skip
ANSWERED = CallAnswered(
    event_id=EventId("e3"), occurred_at=NOON, call_id=CALL, offer_id=OfferId("o"),
    agent_id=AgentId("op0001"), booth_id=BoothId("001"), team=TeamId("labour"), waited_s=1,
)  # fmt: skip
TALKED = TalkFinished(
    event_id=EventId("e4"), occurred_at=NOON, call_id=CALL, offer_id=OfferId("o"),
    agent_id=AgentId("op0001"), team=TeamId("labour"), talk_s=60, held_s=0,
)  # fmt: skip
SCORED = SurveyAnswered(
    event_id=EventId("e5"), occurred_at=NOON, call_id=CALL, agent_id=AgentId("op0001"), score=2
)
ENDED = CallEnded(
    event_id=EventId("e6"), occurred_at=NOON, call_id=CALL,
    outcome="answered", ended_by="caller", cause=16,
)  # fmt: skip
SPOKEN = ConversationSpoken(
    event_id=EventId("e7"), occurred_at=NOON, call_id=CALL, team=TeamId("labour"),
    side="caller", text="我要查询社保", confidence_fraction=0.9, from_s=2.5, to_s=4.0,
)  # fmt: skip
CLOSED = RecordingClosed(CALL, f"{CALL}.raw", NOON, NOON)


class Room:
    """An archive with everything around it in memory."""

    def __init__(self) -> None:
        self.store = DictRecordingStore()
        self.files = MemoryAudioFiles()
        self.bus = CollectingBus()
        self.log = KeptLog()
        self.archive = self.another()

    def another(self) -> Archive:
        return Archive(
            store=self.store,
            messages=DictMessageStore(self.store),
            files=self.files,
            bus=self.bus,
            clock=SetClock(),
            ids=CountedIds(),
            log=self.log,
            grace=timedelta(milliseconds=10),
            retry=timedelta(milliseconds=10),
            gather=timedelta(),
        )

    async def hear(self, *events: object) -> None:
        for event in events:
            await self.archive.on_event(event)  # type: ignore[arg-type]
        await self.archive.written()

    async def until(self, status: Status | None) -> None:
        """Wait until the row of the call has this status (None: is gone)."""
        async with asyncio.timeout(5):
            while True:
                row = self.store.rows.get(CALL)
                if (row.status if row else None) is status:
                    return
                await asyncio.sleep(0.002)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    await made.archive.start()
    yield made
    await made.archive.stop()


async def test_closed_recording_is_archived_and_announced(room: Room) -> None:
    await room.hear(ARRIVED, QUEUED, ANSWERED)
    room.files.raw[CALL] = SECOND * 60
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    (event,) = room.bus.of(RecordingArchived)
    assert (event.call_id, event.duration_s) == (CALL, 60.0)
    assert event.file_name == f"2026/11/24/{CALL}.wav"
    assert room.files.raw == {}
    row = room.store.rows[CALL]
    assert (row.ani, row.team, row.agent_id) == ("13800138000", "labour", "op0001")
    assert row.status is Status.ARCHIVED


async def test_events_after_the_archiving_still_fill_the_row(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = SECOND * 50
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    await room.hear(TALKED, SCORED, ENDED)
    row = room.store.rows[CALL]
    assert row.score == 2
    assert row.coverage.gap == timedelta(seconds=10)
    assert not row.coverage.complete


async def test_what_the_database_refuses_is_kept_and_written_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The row of a call used to stay without what happened while the database was away.
    monkeypatch.setattr("kernel.batches.RETRY_AFTER_S", 0.001)
    room.store.refusals = 3
    await room.hear(ARRIVED, ANSWERED, TALKED)
    row = room.store.rows[CALL]
    assert (row.ani, row.agent_id) == ("13800138000", "op0001")
    assert row.connected == timedelta(seconds=TALKED.talk_s)
    assert room.log.events.count("recording_rows_wait") == 3


async def test_what_was_said_is_kept_with_the_recording_and_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.batches.RETRY_AFTER_S", 0.001)
    room.store.refusals = 2
    answer = replace(SPOKEN, side="operator", text="请稍等", from_s=4.5)
    await room.hear(ARRIVED, ANSWERED, answer, SPOKEN, SPOKEN)
    said = await room.store.transcript(CALL)
    assert [(s.side, s.text, s.from_s) for s in said] == [
        ("caller", "我要查询社保", 2.5),
        ("operator", "请稍等", 4.5),
    ]


async def test_nonsense_of_a_recogniser_holds_nobody_elses_row_up(room: Room) -> None:
    for text, side in (("\x00", "caller"), ("\ud800", "operator"), ("好", "third")):
        await room.hear(replace(SPOKEN, text=text, side=side))
    await room.hear(replace(SPOKEN, text="好\x00的\udfff", from_s=math.nan), ANSWERED)
    assert [(s.text, s.from_s) for s in await room.store.transcript(CALL)] == [("好的", 0.0)]
    assert room.store.rows[CALL].agent_id == "op0001"
    assert room.log.events == []


async def test_what_was_heard_is_in_its_row_before_the_end() -> None:
    room = Room()
    await room.archive.start()
    await room.archive.on_event(ARRIVED)
    await room.archive.stop()
    assert room.store.rows[CALL].ani == "13800138000"


async def test_answered_call_without_a_file_is_missing_after_the_grace(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED, ENDED)
    await room.until(Status.MISSING)
    (event,) = room.bus.of(RecordingMissing)
    assert (event.call_id, event.reason) == (CALL, "absent")


async def test_file_closed_within_the_grace_is_not_missing(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED, ENDED)
    room.files.raw[CALL] = SECOND
    room.archive.on_fact(CLOSED)
    await room.until(Status.ARCHIVED)
    assert room.bus.of(RecordingMissing) == []


async def test_empty_file_of_an_answered_call_is_damaged(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = b""
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    assert room.store.rows[CALL].status is Status.DAMAGED
    assert [e.reason for e in room.bus.of(RecordingMissing)] == ["empty"]


async def test_abandoned_call_leaves_neither_row_nor_complaint(room: Room) -> None:
    await room.hear(ARRIVED, QUEUED)
    room.files.raw[CALL] = b""
    room.archive.on_fact(CLOSED)
    await room.hear(ENDED)
    await room.until(None)
    await room.archive.drain()
    assert room.files.raw == {}
    assert room.bus.published == []


async def test_recording_closed_twice_is_archived_once(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = SECOND
    room.archive.on_fact(CLOSED)
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    assert len(room.bus.of(RecordingArchived)) == 1
    assert room.bus.of(RecordingMissing) == []


async def test_crash_before_the_raw_file_is_removed_does_not_double_the_recording(
    room: Room,
) -> None:
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = SECOND
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    room.files.raw[CALL] = SECOND
    room.archive.on_fact(LineRestored((), frozenset(), NOON))
    await room.archive.drain()
    assert room.store.rows[CALL].duration == timedelta(seconds=1)
    assert room.files.raw == {}


async def test_later_part_of_the_same_call_is_put_behind_the_first(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = SECOND
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    room.files.raw[CALL] = b"\x01\x00\x01\x00" * 16_000
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    assert room.store.rows[CALL].duration == timedelta(seconds=3)


async def test_restart_archives_what_a_crash_left_in_the_spool(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED)
    await room.store.ended(CALL, NOON)
    room.files.raw[CALL] = SECOND
    again = room.another()
    await again.start()
    await room.until(Status.ARCHIVED)
    await again.stop()


async def test_reconnect_archives_ended_calls_and_leaves_live_ones_alone(room: Room) -> None:
    live = CallId("gz-1795521600-8")
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = SECOND
    room.files.raw[live] = SECOND
    still_there = LiveCall(
        live, "talking", PhoneNumber(""), "12345", None, Language.MANDARIN, 0, None, None, None
    )
    room.archive.on_fact(LineRestored((still_there,), frozenset(), NOON))
    await room.archive.drain()
    assert room.store.rows[CALL].status is Status.ARCHIVED
    assert set(room.files.raw) == {live}


async def test_reconnect_clears_calls_that_ended_unheard(room: Room) -> None:
    other = CallId("gz-1795521600-9")
    await room.hear(ARRIVED, ANSWERED)
    await room.store.arrived(other, NOON, ani="", dnis="12345", line_name=None)
    room.archive.on_fact(LineRestored((), frozenset(), NOON))
    await room.archive.drain()
    assert room.store.rows[CALL].status is Status.MISSING
    assert other not in room.store.rows


async def test_full_disk_keeps_the_raw_file_says_so_and_tries_again(room: Room) -> None:
    await room.hear(ARRIVED, ANSWERED)
    room.files.raw[CALL] = SECOND
    room.files.disk_full = True
    room.archive.on_fact(CLOSED)
    await room.until(Status.FAILED)
    assert not room.archive.state.ok
    assert CALL in room.files.raw
    assert room.bus.published == []
    room.files.disk_full = False
    await room.until(Status.ARCHIVED)
    await room.archive.drain()
    assert room.archive.state.ok
    assert room.files.raw == {}


async def test_one_broken_recording_does_not_stop_the_others(room: Room) -> None:
    other = CallId("gz-1795521600-9")

    def fails(call_id: CallId) -> None:
        raise RuntimeError(f"broken {call_id}")

    room.files.raw[CALL] = SECOND
    room.files.raw[other] = SECOND
    keep, room.files.discard_raw = room.files.discard_raw, fails  # type: ignore[method-assign]
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    room.files.discard_raw = keep  # type: ignore[method-assign]
    room.archive.on_fact(RecordingClosed(other, f"{other}.raw", NOON, NOON))
    await room.archive.drain()
    assert room.store.rows[other].status is Status.ARCHIVED
    assert "recording_job_failed" in room.log.events


async def test_recording_of_a_call_nobody_heard_of_is_archived_all_the_same(room: Room) -> None:
    room.files.raw[CALL] = SECOND
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    assert room.store.rows[CALL].status is Status.ARCHIVED


LEFT = MessageLeft(
    CALL, PhoneNumber("13800138000"), TeamId("labour"), Language.CANTONESE,
    timedelta(seconds=9), NOON,
)  # fmt: skip
LET_GO = replace(ENDED, outcome="message")


async def test_recording_of_a_message_keeps_who_left_it(room: Room) -> None:
    # The row of a call that nobody answered goes with the end of the call, half a second before
    # the sound of a message is archived: the list then showed an anonymous caller of no team.
    room.archive.on_fact(LEFT)
    await room.hear(ARRIVED, QUEUED, LET_GO)
    room.files.raw[CALL] = SECOND * 9
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    row = room.store.rows[CALL]
    assert (row.ani, row.team, row.status) == ("13800138000", "labour", Status.ARCHIVED)
    assert room.store.messages[CALL].language is Language.CANTONESE
    assert room.store.messages[CALL].spoken == timedelta(seconds=9)


async def test_a_message_of_a_caller_who_never_waited_belongs_to_no_team(room: Room) -> None:
    room.archive.on_fact(replace(LEFT, team=TeamId("")))
    await room.hear(ARRIVED, LET_GO)
    assert room.store.messages[CALL].team is None


async def test_a_message_without_sound_is_missing_after_a_second_look(room: Room) -> None:
    room.archive.on_fact(LEFT)
    await room.hear(ARRIVED, QUEUED, LET_GO)
    await room.until(Status.MISSING)
    assert [e.reason for e in room.bus.of(RecordingMissing)] == ["absent"]


async def test_a_message_that_an_interrupted_run_left_is_waited_for(room: Room) -> None:
    room.archive.on_fact(LEFT)
    await room.hear(ARRIVED, QUEUED)
    room.archive.on_fact(LineRestored((), frozenset(), NOON))
    await room.archive.drain()
    assert room.store.rows[CALL].status is Status.EXPECTED
    room.files.raw[CALL] = SECOND * 9
    room.archive.on_fact(CLOSED)
    await room.archive.drain()
    assert room.store.rows[CALL].status is Status.ARCHIVED
    assert room.bus.of(RecordingMissing) == []
