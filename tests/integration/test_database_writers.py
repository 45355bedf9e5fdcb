"""Many transactions at once on SQLite: none fails because another one writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.errors import Unavailable
from kernel.infra import database as module
from kernel.infra.database import Database


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'counter.db'}")
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield database
    await database.close()


async def test_transactions_that_read_before_they_write_never_find_it_locked(
    counter: Database,
) -> None:
    async def increment() -> None:
        async with counter.session() as session:
            n = await session.scalar(text("SELECT n FROM counter"))
            await asyncio.sleep(0)
            await session.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    await asyncio.gather(*(increment() for _ in range(40)))

    async with counter.reading() as session:
        assert await session.scalar(text("SELECT n FROM counter")) == 40


async def test_a_reader_waits_for_no_writer(counter: Database) -> None:
    async with counter.session() as writer:
        await writer.execute(text("UPDATE counter SET n = 7"))
        async with asyncio.timeout(20), counter.reading() as reader:
            assert await reader.scalar(text("SELECT n FROM counter")) == 0


async def test_a_failed_transaction_leaves_nothing_and_frees_the_writers_place(
    counter: Database,
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with counter.session() as session:
            await session.execute(text("UPDATE counter SET n = 9"))
            raise ZeroDivisionError

    async with asyncio.timeout(20), counter.session() as session:
        assert await session.scalar(text("SELECT n FROM counter")) == 0


async def test_a_writer_that_never_gets_its_turn_is_told_in_a_sentence(
    counter: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITER_WITHIN_S", 0.02)
    async with counter.session():
        with pytest.raises(Unavailable):
            async with counter.session():
                raise AssertionError("two writers at once")
