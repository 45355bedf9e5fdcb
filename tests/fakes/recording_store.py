"""Rows of recordings in a dictionary (port `recordings.ports.RecordingStore`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from kernel.errors import Unavailable
from kernel.ids import AgentId, CallId, TeamId
from kernel.paging import Page, decode_cursor, encode_cursor
from recordings.core.coverage import TOLERATED_GAP
from recordings.core.message import Message
from recordings.core.recording import Recording, Status
from recordings.core.search import Wanted
from recordings.core.transcript import Side, Utterance
from recordings.ports import Written


class DictRecordingStore:
    def __init__(self) -> None:
        self.rows: dict[CallId, Recording] = {}
        self.agents: dict[CallId, list[AgentId]] = {}
        self.said: dict[CallId, dict[tuple[float, Side], Utterance]] = {}
        self.messages: dict[CallId, Message] = {}
        self.refusals = 0
        """How often it still refuses to take what was written together."""

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        rows, agents = dict(self.rows), {c: list(a) for c, a in self.agents.items()}
        said = {c: dict(s) for c, s in self.said.items()}
        messages = dict(self.messages)
        try:
            yield
            if self.refusals:
                self.refusals -= 1
                raise Unavailable("refused, as it was told to")
        except BaseException:
            self.rows, self.agents, self.said, self.messages = rows, agents, said, messages
            raise

    def _row(self, call_id: CallId, at: datetime) -> Recording:
        return self.rows.setdefault(
            call_id,
            Recording(
                call_id=call_id,
                started_at=at,
                status=Status.EXPECTED,
                ani="",
                dnis="",
                line_name=None,
                team=None,
                agent_id=None,
                answered_at=None,
                ended_at=None,
                connected=timedelta(),
                score=None,
                file_name=None,
                duration=timedelta(),
                size_bytes=0,
                sha256=None,
                source_sha256=None,
                caller_level_dbfs=None,
                operator_level_dbfs=None,
                fault=None,
                archived_at=None,
            ),
        )

    async def arrived(
        self, call_id: CallId, at: datetime, *, ani: str, dnis: str, line_name: str | None
    ) -> None:
        row = self._row(call_id, at)
        self.rows[call_id] = replace(row, started_at=at, ani=ani, dnis=dnis, line_name=line_name)

    async def joined_team(self, call_id: CallId, at: datetime, team: TeamId) -> None:
        self.rows[call_id] = replace(self._row(call_id, at), team=team)

    async def answered(
        self, call_id: CallId, at: datetime, agent_id: AgentId, team: TeamId
    ) -> None:
        row = self._row(call_id, at)
        self.rows[call_id] = replace(
            row, agent_id=agent_id, team=team, answered_at=row.answered_at or at
        )
        talked = self.agents.setdefault(call_id, [])
        if agent_id not in talked:
            talked.append(agent_id)

    async def add_connected(self, call_id: CallId, at: datetime, talked: timedelta) -> None:
        row = self._row(call_id, at)
        self.rows[call_id] = replace(row, connected=row.connected + talked)

    async def scored(self, call_id: CallId, at: datetime, score: int) -> None:
        self.rows[call_id] = replace(self._row(call_id, at), score=score)

    async def spoken(self, call_id: CallId, at: datetime, said: Utterance) -> None:
        self._row(call_id, at)
        self.said.setdefault(call_id, {}).setdefault((said.from_s, said.side), said)

    async def message_left(self, message: Message) -> None:
        self._row(message.call_id, message.left_at)
        if message.team is not None:
            await self.joined_team(message.call_id, message.left_at, message.team)
        self.messages.setdefault(message.call_id, message)

    async def ended(self, call_id: CallId, at: datetime) -> None:
        row = self.rows.get(call_id)
        if row is None:
            return
        needed = row.answered_at is not None or call_id in self.messages
        if not needed and row.status is Status.EXPECTED:
            await self.remove(call_id)
        else:
            self.rows[call_id] = replace(row, ended_at=at)

    async def archived(
        self, call_id: CallId, started_at: datetime, written: Written, at: datetime
    ) -> None:
        self.rows[call_id] = replace(
            self._row(call_id, started_at),
            status=Status.ARCHIVED,
            file_name=written.file_name,
            duration=written.duration,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            source_sha256=written.source_sha256,
            caller_level_dbfs=written.caller_level_dbfs,
            operator_level_dbfs=written.operator_level_dbfs,
            fault=None,
            archived_at=at,
        )

    async def faulty(self, call_id: CallId, at: datetime, status: Status, reason: str) -> None:
        self.rows[call_id] = replace(self._row(call_id, at), status=status, fault=reason)

    async def remove(self, call_id: CallId) -> None:
        self.rows.pop(call_id, None)
        self.said.pop(call_id, None)
        self.messages.pop(call_id, None)

    async def get(self, call_id: CallId) -> Recording | None:
        return self.rows.get(call_id)

    async def unfinished(self) -> Sequence[Recording]:
        return sorted(
            (r for r in self.rows.values() if r.status in (Status.EXPECTED, Status.FAILED)),
            key=lambda r: (r.started_at, r.call_id),
        )

    async def agents_of(self, call_id: CallId) -> Sequence[AgentId]:
        return self.agents.get(call_id, [])

    async def transcript(self, call_id: CallId) -> Sequence[Utterance]:
        return [said for _, said in sorted(self.said.get(call_id, {}).items())]

    async def search(self, wanted: Wanted, cursor: str | None, size: int) -> Page[Recording]:
        found = [r for r in self.rows.values() if _listed(r) and self._fits(r, wanted)]
        found.sort(key=lambda r: (r.started_at, r.call_id), reverse=True)
        if cursor:
            at, call_id = decode_cursor(cursor)
            last = (datetime.fromisoformat(str(at)), str(call_id))
            found = [r for r in found if (r.started_at, r.call_id) < last]
        page = found[:size]
        more = len(found) > size
        return Page(
            page,
            encode_cursor((page[-1].started_at.isoformat(), page[-1].call_id)) if more else None,
        )

    def _fits(self, row: Recording, wanted: Wanted) -> bool:
        short = row.connected - row.duration > TOLERATED_GAP
        checks: list[Callable[[], bool]] = [
            lambda: wanted.since is None or row.started_at >= wanted.since,
            lambda: wanted.until is None or row.started_at < wanted.until,
            lambda: wanted.agent_id is None or wanted.agent_id in self.agents.get(row.call_id, []),
            lambda: wanted.team is None or row.team == wanted.team,
            lambda: wanted.number is None or row.ani == wanted.number,
            lambda: wanted.call_id is None or row.call_id == wanted.call_id,
            lambda: wanted.shortest is None or row.duration >= wanted.shortest,
            lambda: wanted.longest is None or row.duration <= wanted.longest,
            lambda: wanted.score is None or row.score == wanted.score,
            lambda: not wanted.problem or row.status is not Status.ARCHIVED or short,
        ]
        return all(check() for check in checks)


def _listed(row: Recording) -> bool:
    has_file = row.file_name is not None
    return (row.answered_at is not None or has_file) and (row.ended_at is not None or has_file)
