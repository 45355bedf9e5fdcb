"""The database: engine, metadata, sessions. SQLite (WAL, FULL) or PostgreSQL by URL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, MetaData, event, text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from kernel.errors import ConfigurationError, Superseded, Unavailable
from kernel.infra.sqlite import OneTripSqlite

RUN_NAME = "hotline run"
WRITER_WITHIN_S = 20.0
_NEWEST_TERM = text("SELECT max(number) FROM terms")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    """Base of every department's tables; one metadata, so that migrations see all."""

    metadata = metadata


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out, on both databases. A naive value is a ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime written to the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One engine and its sessions. A session is one transaction: committed on a clean exit,
    rolled back on an exception; nobody else calls `commit`.

    `session` and `connection` may write, `reading` may not. On SQLite there is one writer at a
    time: writers of this process queue for it here, in order, and begin with `BEGIN IMMEDIATE`,
    so that a transaction which reads first and writes later never fails with "database is locked"
    (a deferred one does, at once, whatever the busy timeout, when another wrote in between).
    A session inside another session of the same task is a mistake: it waits in vain.

    `run` marks the connections of a running platform, so that a newer one can end them; `guard`
    makes every transaction that may write look first whether this is still the newest run.
    """

    def __init__(self, url: str, *, run: bool = False) -> None:
        self.url = url
        self.name = f"{RUN_NAME} {os.getpid()} {os.urandom(4).hex()}" if run else "hotline"
        self._term: int | None = None
        self.is_sqlite = url.startswith("sqlite")
        # As many connections stay open as are read from at a busy moment: opening one is dear.
        options: dict[str, Any] = {"pool_size": 10, "max_overflow": 10}
        if self.is_sqlite:
            options.update(module=OneTripSqlite(), connect_args={"timeout": 15})
        else:
            options["pool_pre_ping"] = True
            options["connect_args"] = {"server_settings": {"application_name": self.name}}
        try:
            self.engine: AsyncEngine = create_async_engine(url, **options)
        except (ArgumentError, ImportError) as error:
            # The address may hold a password, so it is not repeated.
            raise ConfigurationError("The address of the database is no such address.") from error
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(writes=True)
        self._reads = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writes = async_sessionmaker(self._writing, expire_on_commit=False)
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write. Raises what the body raises, after rolling back, and
        Unavailable when SQLite's one writer does not become free within 20 s."""
        async with self._turn(), self._writes() as session, session.begin():
            await self._demand_newest(await session.connection())
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads: it waits for no writer, and no writer waits for it."""
        async with self._reads() as session, session.begin():
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write, without the ORM: for what is written at every call."""
        async with self._turn(), self._writing.begin() as connection:
            await self._demand_newest(connection)
            yield connection

    def guard(self, term: int) -> None:
        """Refuse every write from now on unless `term` is the newest run (`kernel.infra.term`)."""
        self._term = term

    async def _demand_newest(self, connection: AsyncConnection) -> None:
        """Raises Superseded."""
        if self._term is not None and await connection.scalar(_NEWEST_TERM) != self._term:
            raise Superseded("另一个运行实例已经接管，本实例停止写入")

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """The one writer's place on SQLite; PostgreSQL needs none."""
        if not self.is_sqlite:
            yield
            return
        try:
            async with asyncio.timeout(WRITER_WITHIN_S):
                await self._writer.acquire()
        except TimeoutError as error:
            raise Unavailable("数据库正忙，请稍后再试") from error
        try:
            yield
        finally:
            self._writer.release()

    async def close(self) -> None:
        await self.engine.dispose()


def _prepare_sqlite(dbapi_connection: Any, _: object) -> None:
    """WAL lets readers go on while one writes; FULL loses no acknowledged commit on power loss."""
    # The driver's own BEGIN handling starts transactions too late to protect a read-then-write.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    driver: Any = connection.connection.dbapi_connection
    driver.begin_with = "BEGIN IMMEDIATE" if writes else "BEGIN"
