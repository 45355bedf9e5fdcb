"""The guard's lists and levels in dictionaries (port `ivr.ports.ScreeningStore`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ivr.core.screening.levels import LevelChange
from ivr.core.screening.listed import ListEntry
from kernel.errors import Unavailable


class DictScreeningStore:
    """`away`: the database does not answer."""

    def __init__(self) -> None:
        self.kept: dict[str, ListEntry] = {}
        self.told: dict[str, LevelChange] = {}
        self.trusted: dict[str, datetime] = {}
        self.away = False
        self.writes = 0

    async def entries(self, now: datetime) -> list[ListEntry]:
        self._demand()
        found = [entry for entry in self.kept.values() if entry.active(now)]
        return sorted(found, key=lambda e: (e.made_at, e.entry_id))

    async def changes(self, limit: int) -> list[LevelChange]:
        self._demand()
        found = sorted(self.told.values(), key=lambda c: (c.at, c.change_id), reverse=True)
        return found[:limit]

    async def known(self, now: datetime, after: str, limit: int) -> dict[str, datetime]:
        self._demand()
        found = sorted((n, u) for n, u in self.trusted.items() if u > now and n > after)
        return dict(found[:limit])

    async def keep(
        self,
        entries: list[ListEntry],
        changes: list[LevelChange],
        known: Mapping[str, datetime],
    ) -> None:
        self._demand()
        self.writes += 1
        self.kept.update((entry.entry_id, entry) for entry in entries)
        self.told.update((change.change_id, change) for change in changes)
        self.trusted.update(known)

    async def forget(self, before: datetime, now: datetime) -> None:
        self._demand()
        self.trusted = {number: until for number, until in self.trusted.items() if until > now}
        self.kept = {
            k: e
            for k, e in self.kept.items()
            if e.until >= before and (e.ended_at is None or e.ended_at >= before)
        }
        self.told = {k: c for k, c in self.told.items() if c.at >= before}

    def _demand(self) -> None:
        if self.away:
            raise Unavailable("数据库暂时不可用")
