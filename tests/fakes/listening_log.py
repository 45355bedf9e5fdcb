"""Listenings in a list (port `recordings.ports.ListeningLog`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kernel.ids import CallId
from recordings.ports import ListeningEntry


class ListedListenings:
    def __init__(self) -> None:
        self.entries: list[tuple[CallId, ListeningEntry]] = []

    async def note(
        self, *, account: str, call_id: CallId, at: datetime, from_s: float, act: str
    ) -> None:
        self.entries.append((call_id, ListeningEntry(account, at, from_s, act)))

    async def of_call(self, call_id: CallId, limit: int) -> Sequence[ListeningEntry]:
        return [entry for of, entry in reversed(self.entries) if of == call_id][:limit]
