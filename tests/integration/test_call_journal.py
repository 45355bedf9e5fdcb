"""The journal on a real database: written once, read back whole, listed by keyset."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from cti.adapters.journal_store import SqlJournalStore, list_query
from cti.journal import CallFilter, CallJournal
from hotline.migrate import migrate
from kernel.errors import BadInput
from kernel.events import ConversationSpoken
from kernel.ids import CallId, EventId, TeamId
from kernel.infra.database import Database
from tests.unit.cti.test_call_record import CALL, T0, answered_call


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'journal.db'}")
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> SqlJournalStore:
    return SqlJournalStore(database)


async def test_timeline_comes_back_as_it_was_published(store: SqlJournalStore) -> None:
    await store.write(answered_call())

    assert await store.timeline(CALL) == answered_call()


async def test_the_same_batch_written_twice_leaves_one_record(store: SqlJournalStore) -> None:
    await store.write(answered_call())
    await store.write(answered_call())

    assert len(await store.timeline(CALL)) == len(answered_call())
    record = await store.record(CALL)
    assert record is not None
    assert record.talk_s == 60.0


async def test_what_is_said_in_a_conversation_is_not_written_down(store: SqlJournalStore) -> None:
    journal = CallJournal(store, lambda error, waiting: None)
    await journal.start()
    spoken = ConversationSpoken(
        event_id=EventId("said"),
        occurred_at=T0,
        call_id=CALL,
        team=TeamId("labour"),
        side="caller",
        text="我的身份证号码是",
        confidence_fraction=0.9,
        from_s=1.0,
        to_s=3.0,
    )
    for event in (*answered_call(), spoken):
        await journal.on_event(event)
    await journal.stop()

    assert await store.timeline(CALL) == answered_call()


async def test_list_pages_by_keyset_without_gap_or_repeat(store: SqlJournalStore) -> None:
    arrived = answered_call()[0]
    await store.write(
        [
            replace(
                arrived,
                event_id=EventId(f"n{n}"),
                call_id=CallId(f"gz1-1-{n}"),
                occurred_at=T0 + timedelta(seconds=n // 2),
            )
            for n in range(25)
        ]
    )
    seen: list[str] = []
    cursor = None
    while True:
        page = await store.calls(CallFilter(), cursor, 10)
        seen += [r.call_id for r in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 25
    assert seen[0] == "gz1-1-24"


async def test_calls_without_an_end_are_found_oldest_first(store: SqlJournalStore) -> None:
    arrived = answered_call()[0]
    later = replace(
        arrived,
        event_id=EventId("later"),
        call_id=CallId("gz1-2-2"),
        occurred_at=T0 + timedelta(seconds=9),
    )
    sooner = replace(arrived, event_id=EventId("sooner"), call_id=CallId("gz1-2-1"))
    await store.write([later, sooner, *answered_call()])

    assert [r.call_id for r in await store.left_open(T0)] == ["gz1-2-1", "gz1-2-2"]
    assert [r.call_id for r in await store.left_open(T0 + timedelta(seconds=5))] == ["gz1-2-2"]


async def test_a_forged_cursor_is_refused(store: SqlJournalStore) -> None:
    with pytest.raises(BadInput):
        await store.calls(CallFilter(), "not-a-cursor", 10)


@pytest.mark.parametrize("name", ["ani", "team", "agent_id", "outcome", "dnis"])
async def test_every_filter_of_the_list_has_its_index(database: Database, name: str) -> None:
    changes: dict[str, Any] = {name: "x"}
    query = list_query(replace(CallFilter(), **changes), None).limit(51)
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    async with database.connection() as connection:
        plan = " ".join(
            str(row[3]) for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
        )

    assert "USING INDEX ix_calls_" in plan
    assert "TEMP B-TREE" not in plan


async def test_events_are_kept_and_written_when_the_database_is_back() -> None:
    faults: list[int] = []

    class Flaky(SqlJournalStore):
        def __init__(self) -> None:
            self.written: list[str] = []

        async def write(self, events: object) -> None:
            if not faults:
                raise ConnectionError("database is away")
            self.written += [e.event_id for e in events]  # type: ignore[attr-defined]

    store = Flaky()
    journal = CallJournal(store, lambda error, waiting: faults.append(waiting))
    await journal.start()
    for event in answered_call():
        await journal.on_event(event)
    await journal.drain()
    await journal.stop()

    assert store.written == [e.event_id for e in answered_call()]
    assert faults
