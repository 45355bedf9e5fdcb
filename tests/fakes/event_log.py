"""An event log in a list (port `acd.ports.EventLog`)."""

from __future__ import annotations

from datetime import datetime

from acd.ports import Entry, LoggedInput, Memory


class ListEventLog:
    def __init__(self, memory: Memory | None = None) -> None:
        self.entries: list[Entry] = []
        self.memory = memory or Memory()

    def append(self, run: str, at: datetime, entry: Entry) -> None:
        self.entries.append(entry)

    async def recall(self, now: datetime) -> Memory:
        return self.memory

    @property
    def inputs(self) -> list[LoggedInput]:
        return [e for e in self.entries if isinstance(e, LoggedInput)]
