"""The SQLite driver with one trip to a connection's thread for each statement.

SQLAlchemy's own adapter of aiosqlite opens a cursor, executes, fetches and closes, and begins the
same way: eight trips to the thread and back through the event loop for a transaction that reads
one row. Here it is two: the first statement takes the beginning along, the commit is the second.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import immutabledict


@dataclass(slots=True)
class _Executed:
    """What is left of a cursor after its statement; stands where the driver's cursor stood."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1


class _OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """Rows are fetched with the statement, as the driver's adapter does; nothing stays open."""

    __slots__ = ()

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        # Not the base's: it would open a cursor in the thread, the first of the trips saved.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = _Executed()
        self._rows = deque()
        self._soft_closed_memoized = immutabledict()

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._trip("execute", operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._trip("executemany", operation, seq_of_parameters)

    async def _trip(self, kind: str, operation: str, parameters: Any) -> None:
        connection: Any = self._adapt_connection
        async with connection._execute_mutex:
            begin, connection.begin_with = connection.begin_with, ""
            self._cursor, rows = await connection.driver_connection._execute(
                _execute, connection.driver_connection._conn, begin, kind, operation, parameters
            )
            self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """The thread's cursor is closed already, the rows stay."""

    def close(self) -> None:
        self._rows.clear()


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """`begin_with`: the statement that begins a transaction; it goes with the next one, and not
    at all if there is none."""

    __slots__ = ("begin_with",)
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = _OneTripCursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.begin_with = ""

    def cursor(self, server_side: bool = False) -> Any:
        if server_side and self.begin_with:
            begin, self.begin_with = self.begin_with, ""
            self.execute(begin)
        return super().cursor(server_side)

    def commit(self) -> None:
        if self._has_begun():
            super().commit()

    def rollback(self) -> None:
        """The pool asks for one at each return, after a commit, too."""
        if self._has_begun():
            super().rollback()

    def _has_begun(self) -> bool:
        self.begin_with = ""
        driver: Any = self.driver_connection
        return driver._connection is not None and bool(driver.in_transaction)


class OneTripSqlite(AsyncAdapt_aiosqlite_dbapi):
    """The `module` argument of `create_async_engine` for `sqlite+aiosqlite` addresses."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> OneTripConnection:
        adapted = super().connect(*arg, **kw)
        return OneTripConnection(self, adapted.driver_connection)


def _execute(
    connection: sqlite3.Connection, begin: str, kind: str, operation: str, parameters: Any
) -> tuple[_Executed, Sequence[Any]]:
    """In the connection's thread."""
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        if kind == "executemany":
            cursor.executemany(operation, parameters)
        else:
            cursor.execute(operation, parameters)
        rows = cursor.fetchall() if cursor.description else ()
        return _Executed(cursor.description, cursor.rowcount, cursor.lastrowid), rows
    finally:
        cursor.close()
