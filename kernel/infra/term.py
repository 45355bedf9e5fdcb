"""Which run of the platform may write: each run has a number, and only the newest one counts.

Theory of operation
-------------------
A run begins by taking the database for itself: a session lock on PostgreSQL, a file lock beside an
SQLite database. Both are given back by whoever holds them for us, the server or the kernel, when
this process dies. A lock alone is not enough: a process that is paused, or cut off from its
database, does not know that it has lost it. So each run also enters a higher number into `terms`,
and every write transaction of the run looks that up first (`Database.guard`). On SQLite the look
and the write are one exclusive transaction. On PostgreSQL the connections of older runs are ended
when a new one begins, and with them the transactions that had already looked.

A run that finds itself superseded must do nothing more: `on_lost` is called once, and is expected
to end the process.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Integer, String, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.errors import Superseded, Unavailable
from kernel.infra.database import RUN_NAME, Base, Database, UtcDateTime

LOOK_EVERY_S = 2.0
ENDED_WITHIN_S = 10.0
LOCK_KEY = 12345_0001
_OLDER = (
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE :runs"
    " AND application_name <> :ours AND backend_start < :since"
)
_COUNT_OLDER = text(f"SELECT count(*) {_OLDER}")
_END_OLDER = text(f"SELECT pg_terminate_backend(pid) {_OLDER}")
_TAKEN = "Another hotline already runs on this database; stop it first."


class TermRow(Base):
    """One run of the platform. The highest number is the present one."""

    __tablename__ = "terms"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    host: Mapped[str] = mapped_column(String(80))
    pid: Mapped[int] = mapped_column(Integer)


class Tenure:
    """This process's right to the database. `begin` before anything is written, `end` last."""

    def __init__(self, url: str, clock: Clock, on_lost: Callable[[str], None]) -> None:
        self._database = Database(url, run=True)
        self._clock = clock
        self._on_lost = on_lost
        self._held: AsyncConnection | None = None
        self._file: IO[str] | None = None
        self._watch: asyncio.Task[None] | None = None
        self.number = 0

    async def begin(self) -> int:
        """The number of this run. Raises Unavailable when another run holds the database."""
        if not await self._lock():
            raise Unavailable(_TAKEN)
        async with self._database.session() as session:
            found = await session.scalar(
                insert(TermRow)
                .values(began_at=self._clock.now(), host=socket.gethostname()[:80], pid=os.getpid())
                .returning(TermRow.number)
            )
        assert found is not None
        self.number = found
        if not self._database.is_sqlite:
            await self._end_older_runs()
        self._watch = asyncio.get_running_loop().create_task(self._keep(), name="tenure")
        return self.number

    async def end(self) -> None:
        """Give the database back."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._held is not None:
            await self._held.close()
        if self._file is not None:
            self._file.close()
        await self._database.close()

    # --- the lock --------------------------------------------------------------------------

    async def _lock(self) -> bool:
        return self._lock_file() if self._database.is_sqlite else await self._lock_session()

    def _lock_file(self) -> bool:
        path = Path(make_url(self._database.url).database or ":memory:")
        self._file = path.with_name(f"{path.name}.lock").open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def _lock_session(self) -> bool:
        """On a connection that is kept, and outside any transaction."""
        connection = await self._database.engine.connect()
        self._held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        got = await self._held.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
        return bool(got)

    async def _end_older_runs(self) -> None:
        """Cut the connections that an older run, perhaps paused amid a transaction, still holds.
        Those it opens later find our number when they look."""
        assert self._held is not None
        others = {"runs": f"{RUN_NAME}%", "ours": self._database.name}
        others["since"] = await self._held.scalar(text("SELECT clock_timestamp()"))
        async with asyncio.timeout(ENDED_WITHIN_S):
            while await self._held.scalar(_COUNT_OLDER, others):
                await self._held.execute(_END_OLDER, others)
                await asyncio.sleep(0.02)  # until the server has ended them

    # --- as long as it lasts ---------------------------------------------------------------

    async def _keep(self) -> None:
        """Look now and then whether we are still the newest. A database that does not answer proves
        nothing: calls go on without it, and a newer run takes Asterisk away from us, too."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
            except Superseded as error:
                self._on_lost(error.message)
                return
            except (SQLAlchemyError, OSError, Unavailable):
                await self._drop_session()

    async def _look(self) -> None:
        """Raises Superseded."""
        if not self._database.is_sqlite and self._held is None and not await self._lock_session():
            raise Superseded(_TAKEN)
        if self._held is not None:
            await self._held.execute(text("SELECT 1"))
        async with self._database.reading() as session:
            newest = await session.scalar(select(TermRow.number).order_by(TermRow.number.desc()))
        if newest != self.number:
            raise Superseded(f"Run {newest} has taken over from run {self.number}.")

    async def _drop_session(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            await held.invalidate()
            await held.close()
