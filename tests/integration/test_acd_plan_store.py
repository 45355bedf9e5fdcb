"""The contract of `PlanStore`, on the fake and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from acd.adapters.plan_store import SqlPlanStore
from acd.core.plan_levers import NO_LIMIT, Held, LeverKind
from acd.core.plan_reserves import Answer, Summons
from acd.core.plan_runs import PlanRun
from acd.core.plans import Cause, EndCause
from acd.ports import PlanStore
from kernel.errors import BadInput
from kernel.ids import AgentId, TeamId
from kernel.infra.database import Database
from tests.fakes.clock import NOON
from tests.fakes.plan_store import DictPlanStore

MINUTE = timedelta(minutes=1)
LABOUR = TeamId("labour")


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[PlanStore]:
    if kept_in is None:
        yield DictPlanStore()
        return
    database = Database(kept_in)
    yield SqlPlanStore(database)
    await database.close()


def run(number: int, plan_id: str = "peak") -> PlanRun:
    return PlanRun(
        run_id=f"{plan_id}.{number}",
        plan_id=plan_id,
        team=LABOUR,
        started_at=NOON + number * MINUTE,
        cause=Cause.TRIGGER,
    ).mark("start", {"waiting": 30.0, "service_level": None})


def ended(given: PlanRun) -> PlanRun:
    return replace(
        given,
        ended_at=given.started_at + MINUTE,
        end_cause=EndCause.SUPERVISOR,
        end_actor="ad01",
        end_reason="平静",
    )


async def test_a_run_comes_back_as_it_was_saved_last(store: PlanStore) -> None:
    given = replace(run(1), cause=Cause.SUPERVISOR, actor="ad01", reason="台风")
    given = given.hold((LeverKind.RING, LABOUR), 3, Held(1, 3))
    given = given.hold((LeverKind.WRAP_UP, LABOUR), 30, Held(NO_LIMIT, 30))
    await store.save(given)
    assert await store.recall(NOON) == [given]
    given = replace(given.mark("after_5", {"waiting": 3.0}), notes=("refused",))
    asked = Summons(AgentId("op0001"), Answer.ASKED, NOON)
    given = replace(given, summoned=(asked, replace(asked, answer=Answer.CAME, answered_at=NOON)))
    await store.save(given)
    await store.save(ended(given))
    assert (await store.runs(None, 10)).rows == [ended(given)]


async def test_open_runs_and_those_that_ended_lately_are_recalled(store: PlanStore) -> None:
    for number in (1, 2, 3):
        await store.save(ended(run(number)))
    await store.save(run(4))
    recalled = await store.recall(NOON + 3.5 * MINUTE)
    assert [r.run_id for r in recalled] == ["peak.3", "peak.4"]


async def test_a_plan_that_runs_cannot_be_written_as_started_again(store: PlanStore) -> None:
    await store.save(run(1))
    with pytest.raises(Exception, match=r"(?i)unique|the plan runs already"):
        await store.save(run(2))
    await store.save(run(2, "other"))
    await store.save(ended(run(1)))
    await store.save(run(3))
    assert len(await store.recall(NOON + 60 * MINUTE)) == 2


async def test_history_is_read_page_by_page_newest_first(store: PlanStore) -> None:
    for number in range(5):
        await store.save(ended(run(number)))
    seen, cursor = [], None
    for _ in range(3):
        page = await store.runs(cursor, 2)
        seen += [r.run_id for r in page.rows]
        cursor = page.next_cursor
    assert cursor is None
    assert seen == [f"peak.{n}" for n in (4, 3, 2, 1, 0)]


async def test_a_cursor_that_is_none_is_refused(store: PlanStore) -> None:
    for wrong in ("x", "WzFd", "WyJhIiwiYiJd"):
        with pytest.raises(BadInput):
            await store.runs(wrong, 2)
