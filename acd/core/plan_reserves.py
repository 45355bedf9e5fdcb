"""Reserves: operators whom a running plan asks back from a break, and what they answered. Pure.

Theory of operation: a plan names the not-ready reasons from which it may call people in. Whoever is
idle with such a reason and serves one of the plan's teams is asked, once in each run, also those
who become so while it runs. Being asked is no order: the operator comes (by the answer, or simply
by becoming ready), says that it cannot be now, or leaves it open. What came of it stands in the
run's record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from acd.core.plans import Plan, Summon
from kernel.ids import AgentId, TeamId

NOT_READY = "not_ready"


class Answer(StrEnum):
    ASKED = "asked"  # no answer yet
    CAME = "came"  # is ready, or was at least
    DECLINED = "declined"
    LEFT = "left"  # logged out before any answer


@dataclass(frozen=True, slots=True)
class Summons:
    agent_id: AgentId
    answer: Answer
    asked_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A logged-in operator at one moment. `state` as on the wallboard, `reason` while not ready;
    `connected`: sits at the desktop and can be asked."""

    agent_id: AgentId
    state: str
    reason: str | None
    teams: tuple[TeamId, ...]
    connected: bool = True


def summon(
    plan: Plan, before: tuple[Summons, ...], seen: Iterable[Seen], now: datetime
) -> tuple[Summons, ...]:
    """The run's summons after a look at the hall, in the order in which people were asked."""
    reasons = {reason for a in plan.actions if isinstance(a, Summon) for reason in a.reasons}
    if not reasons:
        return before
    present = {operator.agent_id: operator for operator in seen}
    after = [_looked_at(one, present, now) for one in before]
    known = {one.agent_id for one in before}
    teams = frozenset(plan.teams)
    for agent_id in sorted(present.keys() - known):
        operator = present[agent_id]
        idle_for_it = operator.state == NOT_READY and operator.reason in reasons
        if idle_for_it and operator.connected and not teams.isdisjoint(operator.teams):
            after.append(Summons(agent_id, Answer.ASKED, now))
    return tuple(after)


def _looked_at(one: Summons, present: Mapping[AgentId, Seen], now: datetime) -> Summons:
    if one.answer is not Answer.ASKED:
        return one
    operator = present.get(one.agent_id)
    if operator is None:
        return replace(one, answer=Answer.LEFT, answered_at=now)
    if operator.state != NOT_READY:
        return replace(one, answer=Answer.CAME, answered_at=now)
    return one


def answered(
    before: tuple[Summons, ...], agent_id: AgentId, answer: Answer, now: datetime
) -> tuple[Summons, ...]:
    """The operator's own answer; nothing changes where no question is open."""
    return tuple(
        replace(one, answer=answer, answered_at=now)
        if one.agent_id == agent_id and one.answer is Answer.ASKED
        else one
        for one in before
    )


def open_questions(summons: Iterable[Summons]) -> frozenset[AgentId]:
    """Who has not answered yet."""
    return frozenset(one.agent_id for one in summons if one.answer is Answer.ASKED)
