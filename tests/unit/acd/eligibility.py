"""Who may serve whom, and who first: said again in the slowest and plainest way, for the tests.

Nothing of the product's indexes or of its way of asking is used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import callback as cb
from acd.core.agent import Agent
from acd.core.call import Call
from acd.core.floor import Floor, Waiter
from acd.core.rules import Ring, TeamRules
from kernel.ids import TeamId
from kernel.language import Language

Rank = tuple[int, int, int, float, str]


def rings_open(floor: Floor, call: Waiter) -> tuple[Ring, ...]:
    """The rings of the call's team up to the one it is in."""
    [team] = [t for t in floor.rules.teams if t.team == call.team]
    least = max(floor.open_rings[call.team], first_with_people(floor, team))
    return team.rings[: max(call.ring, least)]


def first_with_people(floor: Floor, team: TeamRules) -> int:
    """The first ring of whose people somebody works; 1 when nobody of any does."""
    for number, ring in enumerate(team.rings, start=1):
        for agent in floor.agents.values():
            theirs = {best_skill(agent)} if ring.own_only else set(dict(agent.skills))
            if works(agent) and theirs & set(ring.teams):
                return number
    return 1


def works(agent: Agent) -> bool:
    """Ready, also after the call in hand; who lost the browser is waited for a while."""
    status = agent.status if agent.next_status is None else agent.next_status.status
    return isinstance(status, ag.Ready) and agent.session.kind is not ag.SessionKind.ABSENT


def speaks(floor: Floor, agent: Agent, call: Waiter, ring: Ring, team: TeamId) -> bool:
    """The caller's language, or nobody of the team speaks it, or it is not demanded any more."""
    if call.language in agent.languages or call.language in ring.languages_dropped:
        return True
    return not any(
        team in dict(other.skills) and call.language in other.languages
        for other in floor.agents.values()
    )


def kept_back(floor: Floor, agent: Agent, call: Waiter) -> bool:
    """The agent's best skill is another team, which keeps to itself, and the ring respects that."""
    own = best_skill(agent)
    regardless = rings_open(floor, call)[-1].help_regardless
    return own in floor.keeping and own != call.team and not regardless


def best_skill(agent: Agent) -> TeamId | None:
    return sorted(agent.skills, key=lambda s: (-s[1], s[0]))[0][0] if agent.skills else None


def rank(floor: Floor, agent: Agent, call: Waiter) -> Rank | None:
    """The agent's place among those who may serve the call, least first; None: may not."""
    if kept_back(floor, agent, call):
        return None
    skills = dict(agent.skills)
    for number, ring in enumerate(rings_open(floor, call)):
        for place, team in enumerate(ring.teams):
            level = skills.get(team, 0)
            if ring.own_only and best_skill(agent) != call.team:
                continue
            if level >= ring.least_level and speaks(floor, agent, call, ring, team):
                handled = agent.handled_at.timestamp()
                return number, place, -level, handled, agent.agent_id
    return None


def may_take(floor: Floor, agent: Agent, call: Waiter) -> bool:
    """The call waits and may be offered to this agent."""
    if not isinstance(call.state, ca.Waiting | cb.Due):
        return False
    if call.wanted is not None:
        return call.wanted == agent.agent_id
    return rank(floor, agent, call) is not None


def next_call(floor: Floor, agent: Agent, calls: Sequence[Call], now: datetime) -> Call:
    """Of these calls, all of which the agent may take, the one whose turn it is (one or more)."""
    first = min(calls, key=lambda c: c.key)
    sharing, own_team = floor.rules.sharing, best_skill(agent)
    if sharing is None or first.team == own_team or first.wanted is not None:
        return first
    if rings_open(floor, first)[-1].help_regardless:
        return first

    def older(call: Call, than: timedelta) -> bool:
        credited = timedelta(seconds=60 * call.priority)
        return now - call.first_arrival_at + credited >= than

    own = [c for c in calls if c.team == own_team and c.wanted is None]
    own_first = min(own, key=lambda c: c.key, default=None)
    if own_first is not None and older(own_first, sharing.own_first_after):
        return own_first
    firsts: dict[tuple[TeamId, Language], Call] = {}
    for call in sorted(calls, key=lambda c: c.key):
        if call.team != own_team and call.wanted is None:
            firsts.setdefault((call.team, call.language), call)
    limit = floor.rules.service_level + timedelta(microseconds=1)
    in_time = [c for c in firsts.values() if not older(c, limit)]
    return min(in_time, key=lambda c: c.key, default=own_first or first)


def free(floor: Floor) -> list[Agent]:
    """Agents who could be offered a call now."""
    return [
        a
        for a in floor.agents.values()
        if isinstance(a.activity, ag.Idle)
        and isinstance(a.status, ag.Ready)
        and a.session.kind is ag.SessionKind.PRESENT
        and floor.phone_reachable(a.session.endpoint)
    ]
