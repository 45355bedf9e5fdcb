"""The contract of `callbacks.ports.TaskStore`, on the fake and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from callbacks.adapters.store import TableTaskStore
from callbacks.core import task as tasks
from callbacks.core.task import Act, Entry, Kind, Result, State, Task
from callbacks.ports import TaskFilter, TaskStore
from kernel.errors import BadInput, Conflict
from kernel.ids import CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from kernel.paging import encode_cursor
from tests.fakes.clock import NOON
from tests.fakes.task_store import DictTaskStore

MINUTE = timedelta(minutes=1)
NUMBER = "13800138000"


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[TaskStore]:
    if kept_in is None:
        yield DictTaskStore()
        return
    database = Database(kept_in)
    yield TableTaskStore(database)
    await database.close()


def made(
    name: str,
    minutes: int = 0,
    *,
    number: str = NUMBER,
    kind: Kind = Kind.ABANDONED,
    team: str | None = "labour",
) -> Task:
    return tasks.new_task(
        f"t-{name}",
        kind,
        number,
        CallId(f"c-{name}"),
        TeamId(team) if team else None,
        Language.CANTONESE if team else None,
        NOON + minutes * MINUTE,
    )


def entry(act: Act, minutes: int = 0, who: str = "-", **more: Any) -> Entry:
    return Entry(at=NOON + minutes * MINUTE, who=who, act=act, **more)


async def add(store: TaskStore, task: Task) -> Task:
    created = Entry(at=task.created_at, who="-", act=Act.CREATE, call_id=task.last_call_id)
    assert await store.add(task, created)
    return task


async def test_a_task_comes_back_as_it_was_given_through_all_its_changes(
    store: TaskStore,
) -> None:
    task = await add(store, made("1"))
    assert await store.task("t-1") == task
    task = tasks.claimed(task, "op0001", NOON)
    await _keeps(store, task, entry(Act.CLAIM, 1, "op0001"))
    task = tasks.attempted(task, "op0001")
    await _keeps(store, task, entry(Act.ATTEMPT, 2, "op0001", note="忙音"))
    task = tasks.closed(task, "op0001", Result.REACHED, "", NOON + MINUTE)
    await _keeps(store, task, entry(Act.CLOSE, 3, "op0001", result=Result.REACHED))
    course = await store.course("t-1")
    assert [e.act for e in course] == [Act.CREATE, Act.CLAIM, Act.ATTEMPT, Act.CLOSE]
    assert (course[2].note, course[3].result) == ("忙音", Result.REACHED)
    assert await store.task("t-9") is None


async def _keeps(store: TaskStore, task: Task, note: Entry) -> None:
    await store.change(task, note)
    assert await store.task(task.task_id) == task


async def test_a_call_makes_one_task_of_a_kind(store: TaskStore) -> None:
    await add(store, made("1"))
    again = tasks.new_task("t-2", Kind.ABANDONED, NUMBER, CallId("c-1"), None, None, NOON)
    assert not await store.add(again, entry(Act.CREATE))
    assert await store.task("t-2") is None
    message = tasks.new_task("t-3", Kind.MESSAGE, NUMBER, CallId("c-1"), None, None, NOON)
    assert await store.add(message, entry(Act.CREATE, 1))
    found = await store.of_call(CallId("c-1"))
    assert found is not None and found.task_id == "t-3"


async def test_a_second_call_joins_once_and_never_over_another_change(store: TaskStore) -> None:
    first = await add(store, made("1"))
    joined = tasks.joined(first, CallId("c-2"))
    assert await store.join(joined, Kind.ABANDONED, entry(Act.JOIN, 5, call_id=CallId("c-2")))
    assert not await store.join(
        tasks.joined(joined, CallId("c-2")), Kind.ABANDONED, entry(Act.JOIN, 6)
    )
    # Somebody changed the task since it was read: the call is not noted either.
    stale = tasks.joined(first, CallId("c-3"))
    assert not await store.join(stale, Kind.ABANDONED, entry(Act.JOIN, 7))
    assert await store.of_call(CallId("c-3")) is None
    assert await store.calls("t-1") == ["c-1", "c-2"]
    kept = await store.task("t-1")
    assert kept is not None and (kept.calls, kept.last_call_id) == (2, "c-2")


async def test_of_two_who_change_a_task_the_second_is_told(store: TaskStore) -> None:
    task = await add(store, made("1"))
    await store.change(tasks.claimed(task, "op0001", NOON), entry(Act.CLAIM, 1, "op0001"))
    with pytest.raises(Conflict):
        await store.change(tasks.claimed(task, "op0002", NOON), entry(Act.CLAIM, 1, "op0002"))
    kept = await store.task("t-1")
    assert kept is not None and kept.claimed_by == "op0001"
    assert [e.who for e in await store.course("t-1")] == ["-", "op0001"]


async def test_unfinished_tasks_of_a_number_are_found_until_they_are_closed(
    store: TaskStore,
) -> None:
    task = await add(store, made("2", 1))
    await add(store, made("1"))
    await add(store, made("3", number="13900139000"))
    assert [t.task_id for t in await store.unfinished(NUMBER)] == ["t-1", "t-2"]
    await store.change(tasks.reached(task, NOON), entry(Act.REACH))
    assert [t.task_id for t in await store.unfinished(NUMBER)] == ["t-1"]
    assert await store.count((State.OPEN, State.CLAIMED)) == 2


async def test_the_list_is_paged_oldest_first_and_closed_ones_newest_first(
    store: TaskStore,
) -> None:
    for n in range(5):
        await add(store, made(str(n), n // 2))  # some at the same moment
    todo = TaskFilter(states=(State.OPEN, State.CLAIMED))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.search(todo, cursor, 2)
        seen += [t.task_id for t in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"t-{n}" for n in range(5)]
    for n in range(5):
        task = await store.task(f"t-{n}")
        assert task is not None
        await store.change(tasks.reached(task, NOON), entry(Act.REACH))
    closed = TaskFilter(states=(State.CLOSED,))
    first = await store.search(closed, None, 3)
    second = await store.search(closed, first.next_cursor, 3)
    found = [t.task_id for t in (*first.rows, *second.rows)]
    assert found == [f"t-{n}" for n in (4, 3, 2, 1, 0)]


async def test_the_list_is_narrowed_by_all_that_is_asked(store: TaskStore) -> None:
    await add(store, made("1"))
    await add(store, made("2", 1, team="urban", number="13900139000"))
    await add(store, made("3", 2, kind=Kind.MESSAGE))
    mine = tasks.claimed(await add(store, made("4", 3)), "op0001", NOON)
    await store.change(mine, entry(Act.CLAIM))

    async def found(**wanted: Any) -> list[str]:
        page = await store.search(TaskFilter(**wanted), None, 10)
        return [t.task_id for t in page.rows]

    assert await found() == ["t-1", "t-2", "t-3", "t-4"]
    assert await found(team=TeamId("urban")) == ["t-2"]
    assert await found(kind=Kind.MESSAGE, number=NUMBER) == ["t-3"]
    assert await found(claimed_by="op0001") == ["t-4"]
    assert await found(states=(State.OPEN,), number="13900139000") == ["t-2"]
    assert await found(team=TeamId("none")) == []


@pytest.mark.parametrize(
    "cursor", ["!", encode_cursor(("x",)), encode_cursor(("yesterday", "t-1"))]
)
async def test_a_foreign_cursor_is_refused(sqlite_url: str, cursor: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(BadInput):
        await TableTaskStore(database).search(TaskFilter(), cursor, 10)
    await database.close()
