"""Reserves: who is asked to come back, and what counts as an answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.core.plan_reserves import Answer, Seen, Summons, answered, open_questions, summon
from acd.core.plans import Summon
from kernel.ids import AgentId
from tests.unit.acd.plan_kit import at, make_plan
from tests.unit.acd.rules import CONSUMER, LABOUR

PLAN = make_plan(actions=(Summon(("break", "paperwork")),))
A, B = AgentId("op0001"), AgentId("op0002")


def resting(agent: AgentId = A, reason: str = "break", **more: object) -> Seen:
    return Seen(agent, "not_ready", reason, (LABOUR,), **more)  # type: ignore[arg-type]


def test_who_rests_for_a_named_reason_and_serves_the_team_is_asked() -> None:
    assert summon(PLAN, (), [resting()], at(0)) == (Summons(A, Answer.ASKED, at(0)),)


def test_nobody_else_is_asked() -> None:
    for other in (
        resting(reason="meal"),
        resting(connected=False),
        Seen(A, "not_ready", "break", (CONSUMER,)),
        Seen(A, "ready", None, (LABOUR,)),
        Seen(A, "wrap_up", None, (LABOUR,)),
    ):
        assert summon(PLAN, (), [other], at(0)) == ()
    assert summon(make_plan(), (), [resting()], at(0)) == ()


def test_who_rests_while_the_plan_runs_is_asked_then_and_once() -> None:
    first = summon(PLAN, (), [resting(A)], at(0))
    both = summon(PLAN, first, [resting(A), resting(B, "paperwork")], at(60))
    assert [(s.agent_id, s.asked_at) for s in both] == [(A, at(0)), (B, at(60))]
    declined = answered(both, A, Answer.DECLINED, at(70))
    assert summon(PLAN, declined, [resting(A), resting(B)], at(80)) == declined


def test_who_becomes_ready_has_come_and_who_logs_out_has_left() -> None:
    asked = summon(PLAN, (), [resting(A), resting(B)], at(0))
    after = summon(PLAN, asked, [Seen(A, "offered", None, (LABOUR,))], at(5))
    assert [s.answer for s in after] == [Answer.CAME, Answer.LEFT]
    assert [s.answered_at for s in after] == [at(5), at(5)]
    assert open_questions(after) == frozenset()


STATES = st.sampled_from(("ready", "not_ready", "talking", "wrap_up"))
HALLS = st.lists(
    st.lists(
        st.builds(
            Seen,
            st.sampled_from((A, B)),
            STATES,
            st.sampled_from((None, "break", "meal")),
            st.just((LABOUR,)),
            st.booleans(),
        ),
        max_size=2,
        unique_by=lambda seen: seen.agent_id,
    ),
    max_size=12,
)


@given(halls=HALLS)
def test_an_answer_is_final_and_everybody_is_asked_once(halls: list[list[Seen]]) -> None:
    summons: tuple[Summons, ...] = ()
    for second, hall in enumerate(halls):
        after = summon(PLAN, summons, hall, at(second))
        assert len({s.agent_id for s in after}) == len(after)
        for old, new in zip(summons, after, strict=False):
            assert old.agent_id == new.agent_id
            assert old.answer is Answer.ASKED or old == new
        summons = after
