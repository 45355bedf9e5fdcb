"""Callback tasks in dictionaries (port `callbacks.ports.TaskStore`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from callbacks.core.task import Entry, Kind, State, Task
from callbacks.ports import TaskFilter
from kernel.errors import Conflict, Unavailable
from kernel.ids import CallId
from kernel.paging import Page, decode_cursor, encode_cursor


class DictTaskStore:
    """`down` makes every writing fail, as without a database."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.noted: dict[tuple[CallId, Kind], tuple[str, datetime]] = {}
        self.entries: dict[str, list[Entry]] = {}
        self.down = False

    async def add(self, task: Task, entry: Entry) -> bool:
        self._demand()
        if (task.last_call_id, task.kind) in self.noted:
            return False
        self.tasks[task.task_id] = task
        self.noted[task.last_call_id, task.kind] = (task.task_id, entry.at)
        self.entries[task.task_id] = [entry]
        return True

    async def join(self, task: Task, kind: Kind, entry: Entry) -> bool:
        self._demand()
        known = (task.last_call_id, kind) in self.noted
        if known or self.tasks[task.task_id].version != task.version - 1:
            return False
        self.noted[task.last_call_id, kind] = (task.task_id, entry.at)
        await self.change(task, entry)
        return True

    async def change(self, task: Task, entry: Entry) -> None:
        self._demand()
        if self.tasks[task.task_id].version != task.version - 1:
            raise Conflict("该任务刚刚有变化，请刷新后再试")
        self.tasks[task.task_id] = task
        self.entries[task.task_id].append(entry)

    async def task(self, task_id: str) -> Task | None:
        return self.tasks.get(task_id)

    async def course(self, task_id: str) -> Sequence[Entry]:
        return list(self.entries.get(task_id, ()))

    async def calls(self, task_id: str) -> Sequence[CallId]:
        found: dict[CallId, datetime] = {}
        for (call_id, _), (noted_in, at) in self.noted.items():
            if noted_in == task_id:
                found[call_id] = min(found.get(call_id, at), at)
        return sorted(found, key=lambda c: (found[c], c))

    async def unfinished(self, number: str) -> Sequence[Task]:
        return [t for t in self._sorted() if t.number == number and t.state is not State.CLOSED]

    async def of_call(self, call_id: CallId) -> Task | None:
        found = [
            (at, task_id) for (call, _), (task_id, at) in self.noted.items() if call == call_id
        ]
        return self.tasks[max(found)[1]] if found else None

    async def search(self, wanted: TaskFilter, cursor: str | None, size: int) -> Page[Task]:
        newest_first = wanted.states == (State.CLOSED,)
        rows = [t for t in self._sorted() if _matches(t, wanted)]
        if newest_first:
            rows.reverse()
        if cursor:
            text, task_id = decode_cursor(cursor)
            seen = (datetime.fromisoformat(str(text)), str(task_id))
            rows = [
                t
                for t in rows
                if ((t.created_at, t.task_id) < seen) == newest_first
                and (t.created_at, t.task_id) != seen
            ]
        page = rows[:size]
        more = len(rows) > size
        return Page(
            page,
            encode_cursor((page[-1].created_at.isoformat(), page[-1].task_id)) if more else None,
        )

    async def count(self, states: tuple[State, ...]) -> int:
        return sum(t.state in states for t in self.tasks.values())

    def _sorted(self) -> list[Task]:
        return sorted(self.tasks.values(), key=lambda t: (t.created_at, t.task_id))

    def _demand(self) -> None:
        if self.down:
            raise Unavailable("数据库暂时不可用")


def _matches(task: Task, wanted: TaskFilter) -> bool:
    return (
        (not wanted.states or task.state in wanted.states)
        and wanted.kind in (None, task.kind)
        and wanted.team in (None, task.team)
        and wanted.number in (None, task.number)
        and wanted.claimed_by in (None, task.claimed_by)
    )
