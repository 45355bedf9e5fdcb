"""The contract of `MessageStore`, on the fake and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from recordings.adapters.message_store import TableMessageStore
from recordings.adapters.store import TableRecordingStore
from recordings.core.message import Message, Writing
from recordings.core.transcript import Side, Utterance
from recordings.ports import MessageStore, RecordingStore, Written
from tests.fakes.clock import NOON
from tests.fakes.message_store import DictMessageStore
from tests.fakes.recording_store import DictRecordingStore

CALL, OTHER, THIRD = CallId("gz-1-1"), CallId("gz-1-2"), CallId("gz-1-3")
ZH, YUE = Language.MANDARIN, Language.CANTONESE
HELLO = Utterance(Side.CALLER, "社保卡丢了", 0.9, 0.4, 2.0)
BYE = Utterance(Side.CALLER, "请回电", 0.4, 3.0, 4.25)
LATER = NOON + timedelta(minutes=1)


@dataclass
class Shelf:
    recordings: RecordingStore
    messages: MessageStore

    async def left(
        self,
        call_id: CallId = CALL,
        seconds: float = 0,
        language: Language = ZH,
        *,
        archived: bool = True,
    ) -> Message:
        at = NOON + timedelta(seconds=seconds)
        message = Message(
            call_id=call_id,
            left_at=at,
            language=language,
            team=TeamId("labour"),
            spoken=timedelta(seconds=8.5),
            again_at=at,
        )
        await self.recordings.arrived(call_id, at, ani="13800138000", dnis="12345", line_name=None)
        await self.recordings.message_left(message)
        if archived:
            await self.archive(call_id)
        return message

    async def archive(self, call_id: CallId) -> None:
        written = Written(
            file_name=f"2026/11/24/{call_id}.wav",
            duration=timedelta(seconds=9.5),
            size_bytes=304_044,
            sha256="a" * 64,
            source_sha256="b" * 64,
            caller_level_dbfs=-21.5,
            operator_level_dbfs=None,
        )
        await self.recordings.archived(call_id, NOON, written, NOON)

    async def due(self, *languages: Language, limit: int = 20) -> list[CallId]:
        found = await self.messages.due(languages or (ZH,), LATER, limit)
        return [due.message.call_id for due in found]


@pytest.fixture
async def shelf(kept_in: str | None) -> AsyncIterator[Shelf]:
    if kept_in is None:
        recordings = DictRecordingStore()
        yield Shelf(recordings, DictMessageStore(recordings))
        return
    database = Database(kept_in)
    yield Shelf(TableRecordingStore(database), TableMessageStore(database))
    await database.close()


async def test_a_message_is_due_when_its_recording_is_archived(shelf: Shelf) -> None:
    message = await shelf.left(archived=False)
    assert await shelf.due() == []
    assert await shelf.messages.next_at([ZH]) is None
    await shelf.archive(CALL)
    (due,) = await shelf.messages.due([ZH], LATER, 20)
    assert due.message == message == await shelf.messages.message(CALL)
    assert (due.file_name, due.duration, due.answered) == (
        "2026/11/24/gz-1-1.wav",
        timedelta(seconds=9.5),
        False,
    )
    await shelf.recordings.answered(CALL, NOON, AgentId("op0001"), TeamId("urban"))
    assert [d.answered for d in await shelf.messages.due([ZH], LATER, 20)] == [True]


async def test_the_oldest_come_first_in_the_languages_that_are_asked_for(shelf: Shelf) -> None:
    await shelf.left(OTHER, 2)
    await shelf.left(CALL, 1)
    await shelf.left(THIRD, 3, YUE)
    assert await shelf.due() == [CALL, OTHER]
    assert await shelf.due(ZH, YUE, limit=2) == [CALL, OTHER]
    assert await shelf.due(YUE) == [THIRD]
    assert await shelf.messages.due([], LATER, 20) == []
    assert await shelf.messages.next_at([YUE, ZH]) == NOON + timedelta(seconds=1)


async def test_a_message_is_not_tried_before_its_time(shelf: Shelf) -> None:
    message = await shelf.left()
    resting = replace(message, attempts=1, again_at=LATER + timedelta(seconds=1))
    await shelf.messages.keep(resting)
    assert await shelf.due() == []
    assert await shelf.messages.next_at([ZH]) == resting.again_at
    assert await shelf.messages.message(CALL) == resting
    await shelf.messages.keep(replace(resting, state=Writing.GIVEN_UP))
    assert await shelf.messages.next_at([ZH]) is None


async def test_words_are_kept_once_in_place_of_what_was_known(shelf: Shelf) -> None:
    await shelf.left()
    before = Utterance(Side.CALLER, "喂", 0.9, 0.2, 0.3)
    operator = Utterance(Side.OPERATOR, "您好", 0.9, 0.4, 1.0)
    for said in (before, operator, replace(HELLO, text="社保卡"), replace(BYE, from_s=3.1)):
        await shelf.recordings.spoken(CALL, NOON, said)
    assert await shelf.messages.written(CALL, 0.4, [HELLO, BYE], LATER)
    expected = [before, HELLO, operator, BYE]
    assert list(await shelf.recordings.transcript(CALL)) == expected
    assert not await shelf.messages.written(CALL, 0.0, [], LATER)
    assert list(await shelf.recordings.transcript(CALL)) == expected
    message = await shelf.messages.message(CALL)
    assert message is not None and (message.state, message.from_s) == (Writing.WRITTEN, 0.4)
    assert await shelf.due() == []


async def test_a_second_message_of_a_call_changes_nothing(shelf: Shelf) -> None:
    first = await shelf.left()
    await shelf.messages.written(CALL, 0.0, [HELLO], LATER)
    await shelf.left(seconds=5, language=YUE)
    message = await shelf.messages.message(CALL)
    assert message == replace(first, state=Writing.WRITTEN, from_s=0.0)


async def test_the_row_of_a_message_outlasts_the_end_of_its_call(shelf: Shelf) -> None:
    await shelf.left(archived=False)
    await shelf.recordings.arrived(OTHER, NOON, ani="", dnis="12345", line_name=None)
    for call_id in (CALL, OTHER):
        await shelf.recordings.ended(call_id, LATER)
    row = await shelf.recordings.get(CALL)
    assert row is not None and (row.ani, row.team, row.ended_at) == ("13800138000", "labour", LATER)
    assert await shelf.recordings.get(OTHER) is None


async def test_a_message_and_its_words_go_with_the_recording(shelf: Shelf) -> None:
    await shelf.left()
    await shelf.left(OTHER)
    await shelf.messages.written(CALL, 0.0, [HELLO], LATER)
    await shelf.recordings.remove(CALL)
    await shelf.recordings.remove(OTHER)
    assert await shelf.messages.message(CALL) is None
    assert list(await shelf.recordings.transcript(CALL)) == []
    assert not await shelf.messages.written(OTHER, 0.0, [BYE], LATER)
    assert list(await shelf.recordings.transcript(OTHER)) == []
    assert await shelf.messages.beginnings([CALL, OTHER]) == {}


async def test_beginnings_are_the_first_words_of_each(shelf: Shelf) -> None:
    for call_id in (CALL, OTHER, THIRD):
        await shelf.left(call_id)
    await shelf.recordings.spoken(CALL, NOON, Utterance(Side.CALLER, "喂", 0.9, 0.1, 0.3))
    await shelf.recordings.spoken(THIRD, NOON, HELLO)
    await shelf.messages.written(CALL, 0.4, [HELLO, BYE], LATER)
    await shelf.messages.written(OTHER, 0.0, [], LATER)
    assert await shelf.messages.beginnings([CALL, OTHER, THIRD]) == {CALL: HELLO}
