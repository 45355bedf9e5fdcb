"""The SQLite driver that begins with the first statement: the same transactions in fewer trips."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.infra.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'trips.db'}")
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
        await connection.execute(
            text("INSERT INTO numbers VALUES (:n)"), [{"n": n} for n in range(5)]
        )
    yield database
    await database.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every function that is sent to a connection's thread, by name."""
    sent: list[str] = []
    real = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, function: Any, *arguments: Any) -> Any:
        sent.append(function.__name__)
        return await real(self, function, *arguments)  # type: ignore[no-untyped-call]

    # At a third party's border: what is counted is the traffic with its thread.
    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return sent


async def test_a_transaction_of_one_statement_takes_two_trips(
    database: Database, trips: list[str]
) -> None:
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM numbers")) == 5

    assert trips == ["_execute", "commit"]


async def test_a_transaction_without_a_statement_takes_none(
    database: Database, trips: list[str]
) -> None:
    async with database.connection():
        pass

    assert trips == []


async def test_all_statements_of_a_reader_see_one_moment(database: Database) -> None:
    async with database.reading() as reader:
        before = await reader.scalar(text("SELECT count(*) FROM numbers"))
        async with database.connection() as writer:
            await writer.execute(text("INSERT INTO numbers VALUES (99)"))

        assert await reader.scalar(text("SELECT count(*) FROM numbers")) == before == 5

    async with database.reading() as reader:
        assert await reader.scalar(text("SELECT count(*) FROM numbers")) == 6


async def test_a_statement_that_fails_takes_back_those_before_it(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.connection() as connection:
            await connection.execute(text("INSERT INTO numbers VALUES (50)"))
            await connection.execute(text("INSERT INTO numbers VALUES (1)"))

    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM numbers WHERE n = 50")) == 0


async def test_a_first_statement_that_fails_leaves_the_connection_usable(
    database: Database,
) -> None:
    for _ in range(20):
        with pytest.raises(IntegrityError):
            async with database.connection() as connection:
                await connection.execute(text("INSERT INTO numbers VALUES (1)"))

    async with database.connection() as connection:
        await connection.execute(text("INSERT INTO numbers VALUES (7)"))


async def test_a_stream_reads_within_its_transaction(database: Database) -> None:
    async with database.reading() as session:
        rows = await session.stream_scalars(text("SELECT n FROM numbers ORDER BY n"))
        first = await anext(rows)
        async with database.connection() as writer:
            await writer.execute(text("DELETE FROM numbers"))

        assert [first] + [n async for n in rows] == [0, 1, 2, 3, 4]
