"""Every (state, event) pair of every table: listed ones lead where they say, all others refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import callback as cb
from acd.core.floor import Floor
from acd.core.machine import target
from acd.core.work import Work
from kernel.errors import InvalidTransition
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, OfferId
from kernel.language import Language
from tests.unit.acd.rules import GENERAL, make_rules

NOW = datetime(2026, 11, 24, tzinfo=UTC)
C, OFFER = CallId("c-1"), OfferId("c-1.1")
TALK = ag.Conversation(C, OFFER, GENERAL, NOW)

MACHINES: dict[str, tuple[Any, Any, Any, Any]] = {
    "session": (ag.SESSION, ag.SESSION_REFUSALS, ag.SessionKind, ag.SessionEvent),
    "activity": (ag.ACTIVITY, ag.ACTIVITY_REFUSALS, ag.ActivityKind, ag.ActivityEvent),
    "call": (ca.CALL, ca.CALL_REFUSALS, ca.CallKind, ca.CallEvent),
    "callback": (cb.CALLBACK, cb.CALLBACK_REFUSALS, cb.CallbackKind, cb.CallbackEvent),
}
PAIRS = [
    pytest.param(name, state, event, id=f"{name}-{state}-{event}")
    for name, (_, _, states, events) in MACHINES.items()
    for state, event in product(states, events)
]

ACTIVITIES: dict[ag.ActivityKind, ag.Activity] = {
    ag.ActivityKind.IDLE: ag.Idle(NOW),
    ag.ActivityKind.DIALLING: ag.Dialling(NOW, CallbackId("cb-c"), GENERAL, NOW),
    ag.ActivityKind.OFFERED: ag.Offered(NOW, OFFER, C, GENERAL, NOW),
    ag.ActivityKind.TALK: ag.Talk(NOW, TALK),
    ag.ActivityKind.HOLD: ag.OnHold(NOW, TALK),
    ag.ActivityKind.CONSULT: ag.Consult(NOW, TALK, OFFER, AgentId("op2"), Endpoint("booth002")),
    ag.ActivityKind.CONSULTED: ag.Consulted(NOW, C, OFFER, GENERAL, AgentId("op2")),
    ag.ActivityKind.WRAP_UP: ag.WrapUp(NOW, C, OFFER, GENERAL, NOW + timedelta(minutes=1)),
}
CALL_STATES: dict[ca.CallKind, ca.CallState] = {
    ca.CallKind.WAITING: ca.Waiting(),
    ca.CallKind.OFFERED: ca.Offered(OFFER, AgentId("op1")),
    ca.CallKind.RETURNING: ca.Returning("resync"),
    ca.CallKind.TALKING: ca.Talking(OFFER, AgentId("op1")),
    ca.CallKind.MOVING: ca.Moving(OFFER, AgentId("op1"), GENERAL, None, "blind"),
    ca.CallKind.AFTER_CALL: ca.AfterCall(),
}


@pytest.mark.parametrize(("name", "state", "event"), PAIRS)
def test_a_pair_leads_where_the_table_says_or_is_refused_in_chinese(
    name: str, state: StrEnum, event: StrEnum
) -> None:
    table: Mapping[tuple[StrEnum, StrEnum], StrEnum]
    table, refusals, _, _ = MACHINES[name]
    if (state, event) in table:
        assert target(table, refusals, state, event) is table[state, event]
        return
    with pytest.raises(InvalidTransition) as refused:
        target(table, refusals, state, event)
    assert any("\u4e00" <= c <= "\u9fff" for c in refused.value.message)


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_can_be_reached_and_left(name: str) -> None:
    table, _, states, _ = MACHINES[name]
    for state in states:
        assert state in set(table.values()) or state is next(iter(states))
        terminal = state in (ca.CallKind.GONE, cb.CallbackKind.OVER)
        assert terminal or any(s is state for s, _ in table)


def test_the_status_table_is_complete() -> None:
    assert set(ag.STATUS) == set(product(ag.StatusKind, ag.StatusEvent))


def make_agent(activity: ag.Activity) -> ag.Agent:
    return ag.Agent(
        AgentId("op1"),
        ((GENERAL, 5),),
        (Language.MANDARIN,),
        ag.Session(ag.SessionKind.PRESENT, BoothId("001"), Endpoint("booth001"), NOW),
        ag.Ready(NOW),
        activity,
        NOW,
    )


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        pytest.param(kind, event, id=f"{kind}-{event}")
        for kind, event in product(ag.ActivityKind, ag.ActivityEvent)
    ],
)
def test_an_agent_moves_by_the_table_only(kind: ag.ActivityKind, event: ag.ActivityEvent) -> None:
    """Toward the listed activity it moves; toward any other, or unlisted, nothing changes."""
    for toward, activity in ACTIVITIES.items():
        agent = make_agent(ACTIVITIES[kind])
        work = Work(Floor(make_rules()), NOW)
        if ag.ACTIVITY.get((kind, event)) is toward:
            work.act(agent, event, activity)
            assert agent.activity == activity
            continue
        with pytest.raises(InvalidTransition):
            work.act(agent, event, activity)
        assert agent.activity == ACTIVITIES[kind]
        assert work.effects == []


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        pytest.param(kind, event, id=f"{kind}-{event}")
        for kind, event in product(CALL_STATES, ca.CallEvent)
    ],
)
def test_a_call_moves_by_the_table_only(kind: ca.CallKind, event: ca.CallEvent) -> None:
    for toward, state in CALL_STATES.items():
        call = ca.Call(
            C, GENERAL, Language.MANDARIN, 0, NOW, "", "", CALL_STATES[kind], NOW, (0, C)
        )
        work = Work(Floor(make_rules()), NOW)
        if ca.CALL.get((kind, event)) is toward:
            work.move_call(call, event, state)
            assert call.state == state
            continue
        with pytest.raises(InvalidTransition):
            work.move_call(call, event, state)
        assert call.state == CALL_STATES[kind]


def test_each_outcome_of_an_offer_but_acceptance_says_why_the_call_returns() -> None:
    assert set(ca.RETURN_CAUSE) == set(ca.Outcome) - {ca.Outcome.ACCEPTED}
