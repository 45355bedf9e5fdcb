"""An event log in a list (port `acd.ports.EventLog`), and the same read back (`RecordedLog`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from acd.core.effects import decided
from acd.core.inputs import Started
from acd.core.replay import Body, LogEntry, LoggedStep
from acd.ports import Entry, LoggedInput, Memory, RecordedRun


class ListEventLog:
    def __init__(self, memory: Memory | None = None) -> None:
        self.entries: list[Entry] = []
        self.written: list[tuple[str, LogEntry]] = []
        self.memory = memory or Memory()

    def append(self, run: str, at: datetime, entry: Entry) -> None:
        self.entries.append(entry)
        self.written.append((run, LogEntry(len(self.entries), at, _body(entry))))

    async def recall(self, now: datetime) -> Memory:
        return self.memory

    @property
    def inputs(self) -> list[LoggedInput]:
        return [e for e in self.entries if isinstance(e, LoggedInput)]


class ListRecordedLog:
    """Of one or several runs, each of which began with the log's one memory."""

    def __init__(self, log: ListEventLog) -> None:
        self._log = log

    async def runs(self, begin: datetime, end: datetime) -> list[RecordedRun]:
        written = self._log.written
        found: list[RecordedRun] = []
        for name in dict.fromkeys(run for run, _ in written):
            own = [e for run, e in written if run == name]
            later = [e.number for run, e in written if run != name and e.number > own[0].number]
            start = next(e for e in own if isinstance(e.body, LoggedStep))
            assert isinstance(start.body, LoggedStep)
            assert isinstance(start.body.input, Started)
            if start.at < end and own[-1].at >= begin:
                found.append(
                    RecordedRun(
                        run=name,
                        first=own[0].number,
                        before=min(later, default=None),
                        began_at=start.at,
                        ended_at=own[-1].at,
                        started=start.body.input,
                    )
                )
        return found

    async def memory(self, run: RecordedRun) -> Memory:
        return self._log.memory

    async def entries(
        self, run: RecordedRun, types: Collection[str] = ()
    ) -> AsyncIterator[LogEntry]:
        for name, entry in self._log.written:
            if name == run.run and (not types or _type(entry.body) in types):
                yield entry


def _body(entry: Entry) -> Body:
    if isinstance(entry, LoggedInput):
        return LoggedStep(entry.sequence, entry.input, decided(entry.effects), entry.crash)
    return entry


def _type(body: Body) -> str:
    return type(body.input if isinstance(body, LoggedStep) else body).__name__
