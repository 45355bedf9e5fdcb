"""The contract of `SurveyStore`, on the fake and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from feedback.adapters.store import TableSurveyStore
from feedback.core.answers import Counted, Solved, Survey
from feedback.ports import SurveyStore
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.fakes.survey_store import DictSurveyStore

HOUR = timedelta(hours=1)
LABOUR = TeamId("labour")


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[SurveyStore]:
    if kept_in is None:
        yield DictSurveyStore()
        return
    database = Database(kept_in)
    yield TableSurveyStore(database)
    await database.close()


def survey(call_id: str, agent: str | None = "op0001", hours: int = 0, **more: Any) -> Survey:
    return Survey(
        call_id=CallId(call_id),
        asked_at=NOON + hours * HOUR,
        agent_id=AgentId(agent) if agent else None,
        **more,
    )


async def test_survey_comes_back_as_it_was_kept(store: SurveyStore) -> None:
    full = survey(
        "c1",
        team=LABOUR,
        language=Language.CANTONESE,
        solved=Solved.PARTLY,
        score=2,
        case_number="GZ20261124-000001",
    )
    for given in (full, survey("c2", agent=None)):
        assert await store.note(given) == given
        assert await store.get(given.call_id) == given
    assert await store.get(CallId("c3")) is None


async def test_answers_come_one_after_the_other_and_the_first_counts(store: SurveyStore) -> None:
    asked = survey("c1", team=LABOUR)
    await store.note(asked)
    await store.note(survey("c1", hours=1, solved=Solved.NO))
    await store.note(survey("c1", hours=1, score=4))
    await store.note(survey("c1", hours=2, score=1, solved=Solved.YES))
    assert await store.get(CallId("c1")) == replace(asked, solved=Solved.NO, score=4)


async def test_case_is_linked_when_it_is_filed_after_the_survey(store: SurveyStore) -> None:
    await store.note(survey("c1", score=1))
    await store.link(CallId("c1"), "GZ20261124-000001")
    await store.link(CallId("nobody"), "GZ20261124-000002")
    found = await store.get(CallId("c1"))
    assert found is not None
    assert found.case_number == "GZ20261124-000001"
    assert await store.get(CallId("nobody")) is None


async def test_counts_are_of_the_period_for_each_team_operator_and_pair_of_answers(
    store: SurveyStore,
) -> None:
    await store.note(survey("c1", team=LABOUR, score=1, solved=Solved.YES))
    await store.note(survey("c2", team=LABOUR, score=1, solved=Solved.YES))
    await store.note(survey("c3", team=LABOUR, agent="op0002"))
    await store.note(survey("c4", hours=1, agent=None, score=5))
    await store.note(survey("c5", hours=2, score=5))
    found = await store.count(NOON, NOON + 2 * HOUR)
    one, two = AgentId("op0001"), AgentId("op0002")
    assert sorted(found, key=lambda row: (row.score or 0, row.count)) == [
        Counted(LABOUR, two, None, None, 1),
        Counted(LABOUR, one, Solved.YES, 1, 2),
        Counted(None, None, None, 5, 1),
    ]
    assert await store.count(NOON - HOUR, NOON) == []
