"""The contract of `RecordingStore`, on the fake and on both databases; the listening log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kernel.errors import BadInput
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from recordings.adapters.store import TableListeningLog, TableRecordingStore
from recordings.core.recording import Status
from recordings.core.search import Wanted
from recordings.core.transcript import LONGEST_TEXT, Side, Utterance
from recordings.ports import RecordingStore, Written
from tests.fakes.clock import NOON
from tests.fakes.ids import CountedIds
from tests.fakes.recording_store import DictRecordingStore

CALL = CallId("gz-1795521600-1")
WRITTEN = Written(
    file_name="2026/11/24/gz-1795521600-1.wav",
    duration=timedelta(milliseconds=61_250),
    size_bytes=1_960_044,
    sha256="a" * 64,
    source_sha256="b" * 64,
    caller_level_dbfs=-21.5,
    operator_level_dbfs=None,
)


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[RecordingStore]:
    if kept_in is None:
        yield DictRecordingStore()
        return
    database = Database(kept_in)
    yield TableRecordingStore(database)
    await database.close()


async def whole_call(
    store: RecordingStore,
    call_id: CallId = CALL,
    minutes: int = 0,
    *,
    agent: str = "op0001",
    team: str = "labour",
    ani: str = "13800138000",
    seconds: float = 60,
    score: int | None = None,
) -> None:
    at = NOON + timedelta(minutes=minutes)
    await store.arrived(call_id, at, ani=ani, dnis="12345", line_name=None)
    await store.joined_team(call_id, at, TeamId(team))
    await store.answered(call_id, at, AgentId(agent), TeamId(team))
    await store.add_connected(call_id, at, timedelta(seconds=seconds))
    if score is not None:
        await store.scored(call_id, at, score)
    written = Written(
        file_name=f"2026/11/24/{call_id}.wav",
        duration=timedelta(seconds=seconds),
        size_bytes=44,
        sha256="a" * 64,
        source_sha256="b" * 64,
        caller_level_dbfs=-20,
        operator_level_dbfs=-20,
    )
    await store.archived(call_id, at, written, at)
    await store.ended(call_id, at + timedelta(seconds=seconds))


async def found(store: RecordingStore, wanted: Wanted) -> list[str]:
    return [row.call_id for row in (await store.search(wanted, None, 50)).rows]


async def test_what_is_written_together_is_taken_as_a_whole(store: RecordingStore) -> None:
    async with store.together():
        await store.arrived(CALL, NOON, ani="13800138000", dnis="12345", line_name=None)
        await store.answered(CALL, NOON, AgentId("op0001"), TeamId("labour"))
    row = await store.get(CALL)
    assert row is not None and (row.ani, row.agent_id) == ("13800138000", "op0001")


async def test_what_is_written_together_is_refused_as_a_whole(store: RecordingStore) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.together():
            await store.arrived(CALL, NOON, ani="13800138000", dnis="12345", line_name=None)
            await store.answered(CALL, NOON, AgentId("op0001"), TeamId("labour"))
            raise ZeroDivisionError
    assert await store.get(CALL) is None
    assert list(await store.agents_of(CALL)) == []
    await store.scored(CALL, NOON, 1)
    assert await store.get(CALL) is not None, "what comes later is a transaction of its own"


async def test_row_is_filled_whichever_event_comes_first(store: RecordingStore) -> None:
    later = NOON + timedelta(seconds=5)
    await store.archived(CALL, later, WRITTEN, later)
    await store.scored(CALL, later, 1)
    await store.answered(CALL, later, AgentId("op0001"), TeamId("labour"))
    await store.arrived(CALL, NOON, ani="13800138000", dnis="12333", line_name="人社咨询热线")
    row = await store.get(CALL)
    assert row is not None
    assert (row.started_at, row.ani, row.dnis, row.line_name) == (
        NOON,
        "13800138000",
        "12333",
        "人社咨询热线",
    )
    assert (row.team, row.agent_id, row.score) == ("labour", "op0001", 1)
    assert row.status is Status.ARCHIVED
    assert row.duration == timedelta(milliseconds=61_250)
    assert (row.caller_level_dbfs, row.operator_level_dbfs) == (-21.5, None)
    assert row.playable


async def test_transferred_call_is_found_by_everyone_who_talked(store: RecordingStore) -> None:
    await whole_call(store, agent="op0001")
    await store.answered(CALL, NOON + timedelta(minutes=1), AgentId("op0002"), TeamId("urban"))
    await store.answered(CALL, NOON + timedelta(minutes=2), AgentId("op0001"), TeamId("labour"))
    assert await found(store, Wanted(agent_id="op0001")) == [CALL]
    assert await found(store, Wanted(agent_id="op0002")) == [CALL]
    assert await found(store, Wanted(agent_id="op0003")) == []
    assert list(await store.agents_of(CALL)) == ["op0001", "op0002"]
    row = await store.get(CALL)
    assert row is not None
    assert row.answered_at == NOON


async def test_time_talked_with_several_operators_adds_up(store: RecordingStore) -> None:
    await store.add_connected(CALL, NOON, timedelta(seconds=10.5))
    await store.add_connected(CALL, NOON, timedelta(seconds=20))
    row = await store.get(CALL)
    assert row is not None
    assert row.connected == timedelta(seconds=30.5)


async def test_what_was_said_is_kept_in_order_and_once(store: RecordingStore) -> None:
    later = Utterance(Side.OPERATOR, "请稍等", 0.5, 12.1, 13.0)
    first = Utterance(Side.CALLER, "粤" * LONGEST_TEXT, 0.95, 2.5, 4.25)
    both = Utterance(Side.CALLER, "好 <b>😀</b>", 1.0, 12.1, 12.4)
    for said in (later, first, both, first):
        await store.spoken(CALL, NOON, said)
    await store.spoken(CallId("other"), NOON, later)
    assert list(await store.transcript(CALL)) == [first, both, later]
    await store.answered(CALL, NOON, AgentId("op0001"), TeamId("labour"))
    row = await store.get(CALL)
    assert row is not None and row.agent_id == "op0001"


async def test_what_was_said_goes_with_the_recording(store: RecordingStore) -> None:
    said = Utterance(Side.CALLER, "你好", 0.9, 0.0, 1.0)
    for call_id in (CALL, CallId("other")):
        await whole_call(store, call_id)
        await store.spoken(call_id, NOON, said)
    await store.remove(CALL)
    assert list(await store.transcript(CALL)) == []
    assert list(await store.transcript(CallId("other"))) == [said]


async def test_call_that_nobody_answered_leaves_no_row(store: RecordingStore) -> None:
    await store.arrived(CALL, NOON, ani="", dnis="12345", line_name=None)
    await store.ended(CALL, NOON)
    assert await store.get(CALL) is None


async def test_call_that_still_goes_on_is_not_listed(store: RecordingStore) -> None:
    await store.arrived(CALL, NOON, ani="", dnis="12345", line_name=None)
    await store.answered(CALL, NOON, AgentId("op0001"), TeamId("labour"))
    assert await found(store, Wanted()) == []
    assert [row.call_id for row in await store.unfinished()] == [CALL]
    await store.ended(CALL, NOON)
    assert await found(store, Wanted()) == [CALL]


async def test_missing_recording_is_listed_with_its_reason(store: RecordingStore) -> None:
    await store.answered(CALL, NOON, AgentId("op0001"), TeamId("labour"))
    await store.ended(CALL, NOON)
    await store.faulty(CALL, NOON, Status.MISSING, "absent")
    row = await store.get(CALL)
    assert row is not None
    assert (row.status, row.fault, row.playable) == (Status.MISSING, "absent", False)
    assert await found(store, Wanted(problem=True)) == [CALL]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["c3", "c2", "c1"]),
        (Wanted(team="urban"), ["c2"]),
        (Wanted(number="02083330000"), ["c3"]),
        (Wanted(call_id="c1"), ["c1"]),
        (Wanted(score=5), ["c2"]),
        (Wanted(shortest=timedelta(seconds=60)), ["c3", "c1"]),
        (Wanted(longest=timedelta(seconds=60)), ["c2", "c1"]),
        (Wanted(since=NOON + timedelta(minutes=10)), ["c3", "c2"]),
        (Wanted(until=NOON + timedelta(minutes=10)), ["c1"]),
        (Wanted(problem=True), []),
        (Wanted(agent_id="op0002", team="labour"), []),
    ],
)
async def test_conditions_narrow_the_list(
    store: RecordingStore, wanted: Wanted, expected: list[str]
) -> None:
    await whole_call(store, CallId("c1"), 0)
    await whole_call(store, CallId("c2"), 10, agent="op0002", team="urban", seconds=30, score=5)
    await whole_call(store, CallId("c3"), 20, ani="02083330000", seconds=600)
    assert await found(store, wanted) == expected


async def test_pages_follow_one_another_without_gap_or_double(store: RecordingStore) -> None:
    calls = [CallId(f"c{n:02}") for n in range(7)]
    for call_id in calls:
        await whole_call(store, call_id)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.search(Wanted(), cursor, 3)
        seen += [row.call_id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(calls, reverse=True)


@pytest.mark.parametrize("cursor", ["xyz", "WzFd", "WyJhIiwiYiJd", "WyIyMDI2LTExLTI0IiwiYiJd"])
async def test_forged_cursor_is_refused(cursor: str, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(BadInput):
        await TableRecordingStore(database).search(Wanted(), cursor, 10)
    await database.close()


async def test_listenings_are_kept_newest_first(database_url: str) -> None:
    database = Database(database_url)
    log = TableListeningLog(database, CountedIds())
    for minute, account in enumerate(("qa01", "qa02", "sup01")):
        await log.note(
            account=account,
            call_id=CALL,
            at=NOON + timedelta(minutes=minute),
            from_s=minute * 10,
            act="played",
        )
    await log.note(account="qa01", call_id=CallId("other"), at=NOON, from_s=0, act="fetched")
    entries = await log.of_call(CALL, 2)
    assert [(e.account, e.from_s, e.act) for e in entries] == [
        ("sup01", 20, "played"),
        ("qa02", 10, "played"),
    ]
    await database.close()
