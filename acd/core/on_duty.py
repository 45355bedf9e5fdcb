"""Nobody waits for an empty team: rings of which nobody is on duty are passed at once.

Theory of operation: an operator is *on duty* while logged in and ready, now or after the call in
hand; a lost connection has its grace. Each team's operators on duty are counted, once by best skill
and once by skill. A ring has somebody while anybody of its teams is on duty (in a ring of the own
people only: anybody whose best skill is the team). Each call of a team is at least in the first
ring that has somebody (`Floor.staffed_rings`); when people come back, the clock holds again. If no
ring has anybody, nothing is gained by passing them.

It costs a look at each operator whom the step changed, and one at the rings when a team's first
came or last one went. No caller is looked at but those who find an operator now.
Source: ADR 0410.
"""

from __future__ import annotations

from acd.core.agent import Agent, SessionKind
from acd.core.floor import Floor
from acd.core.rules import Ring
from acd.core.work import Work
from kernel.ids import TeamId


def count_on_duty(work: Work) -> None:
    """Count again whom this step changed; called before free agents and calls are matched."""
    floor, moved = work.floor, False
    for agent in work.touched:
        on_duty = is_on_duty(agent) and floor.agents.get(agent.agent_id) is agent
        if on_duty is not agent.on_duty:
            agent.on_duty = on_duty
            moved = _count(floor, agent, 1 if on_duty else -1) or moved
    if moved:
        for team in floor.teams:
            ring = staffed_ring(floor, team)
            if ring > floor.staffed_rings[team]:
                work.widened = True
            floor.staffed_rings[team] = ring


def is_on_duty(agent: Agent) -> bool:
    """Ready, now or after the call in hand, and not given up as lost."""
    return agent.stays_ready and agent.session.kind is not SessionKind.ABSENT


def _count(floor: Floor, agent: Agent, one: int) -> bool:
    """Add or take away one operator; True when somebody's first came or last one went."""
    crossed = False
    if agent.home is not None:
        crossed = _add(floor.home_on_duty, agent.home, one)
    for team, _ in agent.skills:
        crossed = _add(floor.on_duty, team, one) or crossed
    return crossed


def _add(counts: dict[TeamId, int], team: TeamId, one: int) -> bool:
    before = counts[team]
    counts[team] = before + one
    return before == 0 or before + one == 0


def staffed_ring(floor: Floor, team: TeamId) -> int:
    """The first of the team's rings that has somebody; 1 when none has."""
    rings = floor.teams[team].rings
    return next((n for n, ring in enumerate(rings, start=1) if _staffed(floor, ring)), 1)


def _staffed(floor: Floor, ring: Ring) -> bool:
    counts = floor.home_on_duty if ring.own_only else floor.on_duty
    return any(counts[team] for team in ring.teams)
