"""One run at a time, on both databases; an older one, even if it wakes up late, writes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, insert, select, text

from kernel.errors import Superseded, Unavailable
from kernel.infra import term
from kernel.infra.database import Database
from kernel.infra.term import Tenure, TermRow
from tests.fakes.clock import SetClock


class Run:
    """A tenure, and the database as its services see it."""

    def __init__(self, url: str) -> None:
        self.lost: list[str] = []
        self.gone = asyncio.Event()
        self.tenure = Tenure(url, SetClock(), self._on_lost)
        self.database = Database(url, run=True)

    def _on_lost(self, why: str) -> None:
        self.lost.append(why)
        self.gone.set()

    async def begin(self) -> int:
        number = await self.tenure.begin()
        self.database.guard(number)
        return number

    async def end(self) -> None:
        await self.database.close()
        await self.tenure.end()

    async def write(self) -> None:
        async with self.database.session() as session:
            await session.execute(
                text("CREATE TABLE IF NOT EXISTS written (term INTEGER NOT NULL)")
            )
            await session.execute(
                text("INSERT INTO written VALUES (:term)"), {"term": self.tenure.number}
            )

    async def written(self) -> list[int]:
        async with self.database.reading() as session:
            return list(await session.scalars(text("SELECT term FROM written")))


async def raise_the_term(url: str) -> None:
    """What another run does, without asking for the lock: as if ours had been lost unnoticed."""
    database = Database(url)
    async with database.session() as session:
        await session.execute(
            insert(TermRow).values(began_at=SetClock().now(), host="elsewhere", pid=1)
        )
    await database.close()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as the database shows it."""
    deadline = time.monotonic() + 20
    while not await holds():
        assert time.monotonic() < deadline, "not within 20 s"
        await asyncio.sleep(0.02)  # the interval between two looks at the condition


async def test_each_run_has_the_next_number(database_url: str) -> None:
    for number in (1, 2, 3):
        run = Run(database_url)
        assert await run.begin() == number
        await run.write()
        await run.end()


async def test_a_second_run_is_refused_while_the_first_lasts(database_url: str) -> None:
    first, second = Run(database_url), Run(database_url)
    await first.begin()
    with pytest.raises(Unavailable, match="already runs on this database"):
        await second.begin()
    await second.end()
    await first.write()
    await first.end()


async def test_a_superseded_run_writes_nothing_and_is_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term, "LOOK_EVERY_S", 0.05)
    run = Run(database_url)
    await run.begin()
    await run.write()
    await raise_the_term(database_url)
    with pytest.raises(Superseded):
        await run.write()
    with pytest.raises(Superseded):
        async with run.database.connection():
            raise AssertionError("a stale run may not even begin")
    assert await run.written() == [1], "it may still read"
    async with asyncio.timeout(20):
        await run.gone.wait()
    assert run.lost == ["Run 2 has taken over from run 1."]
    await run.end()


async def test_a_run_paused_amid_a_transaction_cannot_finish_it(postgres_url: str) -> None:
    older, newer = Run(postgres_url), Run(postgres_url)
    await older.begin()
    await older.write()
    with pytest.raises(Exception, match="terminat|closed"):
        async with older.database.session() as session:
            await session.execute(text("INSERT INTO written VALUES (1)"))
            # It has looked and written, and is paused here. Its lock is lost with its connection,
            # as after a fail-over of the database; the newer run begins.
            assert older.tenure._held is not None
            await older.tenure._held.invalidate()
            await newer.begin()
    assert await newer.written() == [1]
    with pytest.raises(Superseded):
        await older.write()
    await older.end()
    await newer.end()


async def test_a_run_whose_lock_was_cut_takes_it_again_and_goes_on(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term, "LOOK_EVERY_S", 0.05)
    run = Run(postgres_url)
    await run.begin()
    other = Database(postgres_url)
    async with other.session() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )

    async def held() -> bool:
        async with other.reading() as session:
            holders = await session.scalar(
                text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
            )
            return bool(holders == 1)

    await eventually(held)
    await run.write()
    assert run.lost == []
    await other.close()
    await run.end()


async def test_tools_beside_a_run_may_write(database_url: str) -> None:
    run = Run(database_url)
    await run.begin()
    tool = Database(database_url)
    async with tool.session() as session:
        assert await session.scalar(select(func.count()).select_from(TermRow)) == 1
    await tool.close()
    await run.end()
