"""The contract of `AnswerStore`, on the fake and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from feedback.adapters.store import TableAnswerStore
from feedback.core.answers import Answer
from feedback.ports import AnswerStore
from kernel.ids import AgentId, CallId
from kernel.infra.database import Database
from kernel.language import Language
from tests.fakes.answer_store import DictAnswerStore
from tests.fakes.clock import NOON

HOUR = timedelta(hours=1)


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[AnswerStore]:
    if kept_in is None:
        yield DictAnswerStore()
        return
    database = Database(kept_in)
    yield TableAnswerStore(database)
    await database.close()


def answer(call_id: str, score: int, agent: str | None = "op0001", hours: int = 0) -> Answer:
    return Answer(
        call_id=CallId(call_id),
        agent_id=AgentId(agent) if agent else None,
        score=score,
        language=Language.CANTONESE if agent else None,
        answered_at=NOON + hours * HOUR,
    )


async def test_answer_comes_back_as_it_was_given(store: AnswerStore) -> None:
    for given in (answer("c1", 2), answer("c2", 5, agent=None)):
        assert await store.add(given)
        assert await store.get(given.call_id) == given
    assert await store.get(CallId("c3")) is None


async def test_second_answer_of_a_call_changes_nothing(store: AnswerStore) -> None:
    assert await store.add(answer("c1", 2))
    assert not await store.add(answer("c1", 5))
    assert await store.get(CallId("c1")) == answer("c1", 2)


async def test_counts_are_of_the_period_and_the_operator(store: AnswerStore) -> None:
    await store.add(answer("c1", 1))
    await store.add(answer("c2", 1, agent="op0002"))
    await store.add(answer("c3", 4, hours=1))
    await store.add(answer("c4", 4, hours=2))
    assert dict(await store.count(NOON, NOON + 2 * HOUR, None)) == {1: 2, 4: 1}
    assert dict(await store.count(NOON, NOON + 2 * HOUR, AgentId("op0002"))) == {1: 1}
    assert dict(await store.count(NOON - HOUR, NOON, None)) == {}
