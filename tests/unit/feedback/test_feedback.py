"""Which answers are kept, and how they are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.core.answers import summary
from feedback.service import Feedback
from kernel.events import CallEnded, CallQueued, SurveyAnswered
from kernel.ids import AgentId, CallId, EventId, TeamId
from kernel.language import Language
from tests.fakes.answer_store import DictAnswerStore
from tests.fakes.clock import NOON
from tests.fakes.log import KeptLog

CALL = CallId("gz-1-1")
HOUR = timedelta(hours=1)


def queued(language: Language) -> CallQueued:
    return CallQueued(
        event_id=EventId("e1"),
        occurred_at=NOON,
        call_id=CALL,
        team=TeamId("labour"),
        language=language,
        priority=0,
        position=1,
        cause="entry",
        first_arrival_at=NOON,
    )


def answered(score: int, call_id: CallId = CALL, agent: str | None = "op0001") -> SurveyAnswered:
    return SurveyAnswered(
        event_id=EventId("e2"),
        occurred_at=NOON,
        call_id=call_id,
        agent_id=AgentId(agent) if agent else None,
        score=score,
    )


def ended() -> CallEnded:
    return CallEnded(
        event_id=EventId("e3"),
        occurred_at=NOON,
        call_id=CALL,
        outcome="answered",
        ended_by="caller",
        cause=16,
    )


@pytest.fixture
def feedback() -> Feedback:
    return Feedback(store=DictAnswerStore(), log=KeptLog())


async def test_answer_is_kept_with_operator_and_language(feedback: Feedback) -> None:
    await feedback.on_event(queued(Language.CANTONESE))
    await feedback.on_event(answered(2))
    found = await feedback.answer(CALL)
    assert found is not None
    assert (found.agent_id, found.score, found.language) == ("op0001", 2, Language.CANTONESE)


async def test_first_answer_of_a_call_counts(feedback: Feedback) -> None:
    await feedback.on_event(answered(5))
    await feedback.on_event(answered(1))
    found = await feedback.answer(CALL)
    assert found is not None
    assert found.score == 5


async def test_language_of_an_ended_call_is_forgotten(feedback: Feedback) -> None:
    await feedback.on_event(queued(Language.ENGLISH))
    await feedback.on_event(ended())
    await feedback.on_event(answered(1))
    found = await feedback.answer(CALL)
    assert found is not None
    assert found.language is None


@pytest.mark.parametrize("score", [0, 6, -1])
async def test_number_that_is_no_score_is_not_kept(feedback: Feedback, score: int) -> None:
    await feedback.on_event(answered(score))
    assert await feedback.answer(CALL) is None


async def test_summary_counts_a_period_of_all_or_of_one(feedback: Feedback) -> None:
    for number, (score, agent) in enumerate([(1, "op0001"), (2, "op0002"), (5, "op0001")]):
        await feedback.on_event(answered(score, CallId(f"c{number}"), agent))
    everyone = await feedback.summary(NOON, NOON + HOUR)
    assert dict(everyone.counts) == {1: 1, 2: 1, 3: 0, 4: 0, 5: 1}
    assert everyone.satisfaction_rate == pytest.approx(2 / 3)
    assert everyone.mean_score == pytest.approx(8 / 3)
    one = await feedback.summary(NOON, NOON + HOUR, AgentId("op0001"))
    assert one.answers == 2
    assert (await feedback.summary(NOON - HOUR, NOON)).answers == 0


def test_nobody_asked_is_neither_satisfied_nor_dissatisfied() -> None:
    nothing = summary({})
    assert nothing.answers == 0
    assert nothing.satisfaction_rate is None
    assert nothing.mean_score is None


def test_middle_score_is_not_satisfied() -> None:
    assert summary({3: 4, 1: 1}).satisfaction_rate == pytest.approx(0.2)
