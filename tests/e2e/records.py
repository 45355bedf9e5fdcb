"""What the running hotline wrote down, read from its database while it runs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOOK_EVERY_S = 0.1


class Records:
    """Rows as dictionaries; every look is a fresh read-only connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def call_of(self, ani: str) -> str | None:
        """The newest call from this number."""
        found = self.rows(
            "SELECT call_id FROM calls WHERE ani = ? ORDER BY arrived_at DESC LIMIT 1", ani
        )
        return found[0]["call_id"] if found else None

    def events(self, call_id: str) -> list[dict[str, Any]]:
        """The call's events in order, as they were published."""
        return [
            json.loads(row["body"])
            for row in self.rows(
                "SELECT body FROM call_events WHERE call_id = ? ORDER BY occurred_at, event_id",
                call_id,
            )
        ]

    def types(self, call_id: str) -> list[str]:
        return [event["type"] for event in self.events(call_id)]

    def operators(self, team: str) -> list[str]:
        """Accounts of the operators whose first team this is."""
        return [
            row["account"]
            for row in self.rows(
                "SELECT account FROM accounts JOIN operators USING (agent_id)"
                " WHERE primary_team = ? ORDER BY account",
                team,
            )
        ]

    async def call(self, ani: str, within_s: float = 30) -> str:
        """The newest call's id, as soon as its arrival is on record."""
        await until(lambda: self.call_of(ani) is not None, f"a call from {ani}", within_s)
        found = self.call_of(ani)
        assert found is not None
        return found

    async def another_call(self, ani: str, known: str | None, within_s: float = 30) -> str:
        """As `call`, for a number whose newest call until now was `known`."""
        await until(lambda: self.call_of(ani) not in (None, known), f"a call from {ani}", within_s)
        return await self.call(ani)

    async def event(
        self,
        call_id: str,
        kind: str,
        holds: Callable[[dict[str, Any]], bool] = lambda _: True,
        within_s: float = 30,
    ) -> dict[str, Any]:
        """The first such event of the call, as soon as it is on record."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [e for e in self.events(call_id) if e["type"] == kind and holds(e)]
            return bool(found)

        try:
            await until(there, f"{kind} of {call_id}", within_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}, but {self.types(call_id)}") from None
        return found[0]


async def until(holds: Callable[[], bool], what: str, within_s: float = 30) -> None:
    """Return as soon as `holds`. Raises TimeoutError naming `what` did not happen."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s} s")
        await asyncio.sleep(LOOK_EVERY_S)  # the interval between two looks at the condition
