"""Which answers are kept, and how they are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.answers import NOBODY, SCORES, Counted, Solved, Summary, summary
from feedback.service import Feedback
from kernel.events import (
    CallEnded,
    CallQueued,
    CaseFiled,
    SolvedAnswered,
    SurveyAnswered,
    SurveyAsked,
)
from kernel.ids import AgentId, CallId, EventId, TeamId
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.fakes.log import KeptLog
from tests.fakes.survey_store import DictSurveyStore

CALL = CallId("gz-1-1")
HOUR = timedelta(hours=1)
LABOUR = TeamId("labour")
CASE = "GZ20261124-000001"


def queued(language: Language) -> CallQueued:
    return CallQueued(
        event_id=EventId("e1"),
        occurred_at=NOON,
        call_id=CALL,
        team=LABOUR,
        language=language,
        priority=0,
        position=1,
        cause="entry",
        first_arrival_at=NOON,
    )


def asked(call_id: CallId = CALL, agent: str | None = "op0001") -> SurveyAsked:
    return SurveyAsked(
        event_id=EventId("e2"),
        occurred_at=NOON,
        call_id=call_id,
        agent_id=AgentId(agent) if agent else None,
        team=LABOUR,
    )


def rated(score: int, call_id: CallId = CALL, agent: str | None = "op0001") -> SurveyAnswered:
    return SurveyAnswered(
        event_id=EventId("e3"),
        occurred_at=NOON,
        call_id=call_id,
        agent_id=AgentId(agent) if agent else None,
        score=score,
    )


def told(solved: str, call_id: CallId = CALL) -> SolvedAnswered:
    return SolvedAnswered(
        event_id=EventId("e4"),
        occurred_at=NOON,
        call_id=call_id,
        agent_id=AgentId("op0001"),
        solved=solved,
    )


def filed() -> CaseFiled:
    return CaseFiled(
        event_id=EventId("e5"),
        occurred_at=NOON,
        call_id=CALL,
        case_number=CASE,
        outcome="dispatched",
        category="labour.wages",
        agent_id=AgentId("op0001"),
    )


def ended() -> CallEnded:
    return CallEnded(
        event_id=EventId("e6"),
        occurred_at=NOON,
        call_id=CALL,
        outcome="answered",
        ended_by="caller",
        cause=16,
    )


@pytest.fixture
def feedback() -> Feedback:
    return Feedback(store=DictSurveyStore(), log=KeptLog())


async def test_both_answers_are_kept_with_operator_team_language_and_case(
    feedback: Feedback,
) -> None:
    for event in (queued(Language.CANTONESE), filed(), asked(), told("partly"), rated(2)):
        await feedback.on_event(event)
    found = await feedback.answer(CALL)
    assert found is not None
    assert (found.agent_id, found.team, found.language) == ("op0001", LABOUR, Language.CANTONESE)
    assert (found.solved, found.score, found.case_number) == (Solved.PARTLY, 2, CASE)


async def test_case_that_is_written_up_after_the_survey_is_linked_too(feedback: Feedback) -> None:
    for event in (queued(Language.MANDARIN), asked(), rated(2), ended(), filed()):
        await feedback.on_event(event)
    found = await feedback.answer(CALL)
    assert found is not None
    assert found.case_number == CASE


async def test_first_answer_to_each_question_counts(feedback: Feedback) -> None:
    for event in (asked(), rated(5), rated(1), told("no"), told("yes")):
        await feedback.on_event(event)
    found = await feedback.answer(CALL)
    assert found is not None
    assert (found.score, found.solved) == (5, Solved.NO)


async def test_whoever_says_nothing_is_asked_and_not_rated(feedback: Feedback) -> None:
    await feedback.on_event(asked())
    found = (await feedback.figures(NOON, NOON + HOUR)).everyone
    assert (found.asked, found.rated, found.told) == (1, 0, 0)
    assert found.satisfaction_rate is None
    assert found.solved_rate is None
    assert found.response_rate == 0


async def test_language_of_an_ended_call_is_forgotten(feedback: Feedback) -> None:
    for event in (queued(Language.ENGLISH), ended(), rated(1)):
        await feedback.on_event(event)
    found = await feedback.answer(CALL)
    assert found is not None
    assert found.language is None


@pytest.mark.parametrize("score", [0, 6, -1])
async def test_number_that_is_no_score_is_not_kept(feedback: Feedback, score: int) -> None:
    await feedback.on_event(rated(score))
    assert await feedback.answer(CALL) is None


async def test_word_that_is_no_answer_is_not_kept(feedback: Feedback) -> None:
    await feedback.on_event(told("perhaps"))
    assert await feedback.answer(CALL) is None


async def test_figures_are_of_all_of_teams_and_of_operators(feedback: Feedback) -> None:
    for number, (score, agent) in enumerate([(1, "op0001"), (2, "op0002"), (5, "op0001")]):
        call_id = CallId(f"c{number}")
        await feedback.on_event(asked(call_id, agent))
        await feedback.on_event(told("yes" if score < 3 else "no", call_id))
        await feedback.on_event(rated(score, call_id, agent))
    found = await feedback.figures(NOON, NOON + HOUR)
    assert found.everyone.scores == {1: 1, 2: 1, 3: 0, 4: 0, 5: 1}
    assert found.everyone.satisfaction_rate == pytest.approx(2 / 3)
    assert found.everyone.solved_rate == pytest.approx(2 / 3)
    assert found.everyone.mean_score == pytest.approx(8 / 3)
    assert found.teams[LABOUR] == found.everyone
    assert {agent: s.rated for agent, s in found.agents.items()} == {"op0001": 2, "op0002": 1}
    assert (await feedback.figures(NOON - HOUR, NOON)).everyone == NOBODY


def test_solved_and_satisfied_are_figures_of_their_own() -> None:
    # A friendly operator and a matter that is not solved: one figure is full, the other empty.
    found = Summary(1, {1: 1}, {Solved.NO: 1})
    assert (found.satisfaction_rate, found.solved_rate) == (1.0, 0.0)


def test_partly_solved_is_not_solved_and_the_middle_score_is_not_satisfied() -> None:
    found = Summary(5, {3: 4, 1: 1}, {Solved.PARTLY: 3, Solved.YES: 1})
    assert found.satisfaction_rate == pytest.approx(0.2)
    assert found.solved_rate == pytest.approx(0.25)


@given(
    rows=st.lists(
        st.builds(
            Counted,
            st.none(),
            st.none(),
            st.sampled_from([None, *Solved]),
            st.sampled_from([None, *SCORES]),
            st.integers(1, 50),
        )
    )
)
def test_nobody_is_lost_or_counted_twice(rows: list[Counted]) -> None:
    whole = NOBODY
    for row in rows:
        whole += summary(row)
    assert whole.asked == sum(row.count for row in rows)
    assert whole.rated == sum(row.count for row in rows if row.score is not None)
    assert whole.told == sum(row.count for row in rows if row.solved is not None)
    assert max(whole.rated, whole.told) <= whole.asked
