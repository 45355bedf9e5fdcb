"""Why this agent, why this call: looked up at the moment of the offer, in the indexes that decided.

Costs the head of one bench, or one more look at the heads of the lines; never a scan.
"""

from __future__ import annotations

from datetime import datetime

from acd.core.agent import Agent
from acd.core.floor import BenchKey, Floor, Waiter, microseconds
from acd.core.ranked import RankedSet
from kernel.assignment import CANDIDATES_TOLD, Assignment, Candidate, Choice, RivalCall
from kernel.ids import AgentId, CallId, TeamId


def reasons(
    floor: Floor,
    call: Waiter,
    agent: Agent,
    team: TeamId,
    now: datetime,
    made: Choice | None = None,
) -> Assignment:
    """Why `call` goes to `agent`, who serves it under `team`.

    Ask after the call was closed to others and before the agent stands up from the bench: whoever
    sits there was found by the call, whoever does not has found it. `made`: the choice, where it
    was made before.
    """
    count, rival = 1, None
    candidates: tuple[Candidate, ...] = (_candidate(agent, team, now),)
    if made is not None:
        choice = made
    elif call.wanted is not None:
        choice = Choice.WANTED
    elif agent.benched is not None:
        choice = Choice.BEST_AGENT
        count, candidates = _bench(floor, call, agent, team, now)
    else:
        choice = Choice.BEST_CALL
        rival = _rival(floor, call, agent, now)
    return Assignment(
        choice=choice,
        home_team=call.team,
        language=call.language,
        language_relaxed=call.language not in agent.languages,
        priority=call.priority,
        ring=floor.ring_number(call),
        unstaffed=floor.staffed_rings[call.team] > max(call.ring, floor.open_rings[call.team]),
        level=agent.levels.get(team, 0),
        score_us=call.key[0],
        position=floor.position(call),
        since_call_s=_since_call_s(agent, now),
        free_agents=count,
        candidates=candidates,
        rival=rival,
    )


def _bench(
    floor: Floor, call: Waiter, agent: Agent, team: TeamId, now: datetime
) -> tuple[int, tuple[Candidate, ...]]:
    """How many of the team could have been taken by the same ring, and the best few."""
    ring = floor.admitting_ring(agent, call)
    benches = floor.benches(team, ring)
    # No key of the least level or a higher one is behind this.
    end: BenchKey = (1 - ring.least_level, 0, "")
    if call.language not in ring.languages_dropped and floor.spoken(team, call.language):
        found, keys = _seats(floor, benches[call.language], call, end)
        return found, _named(floor, keys, team, now)
    seats = [_seats(floor, bench, call, end) for bench in benches.values()]
    heads = {key for _, keys in seats for key in keys}
    found = max(max(found for found, _ in seats), len(heads))
    return found, _named(floor, sorted(heads)[:CANDIDATES_TOLD], team, now)


def _seats(
    floor: Floor, bench: RankedSet[BenchKey], call: Waiter, end: BenchKey
) -> tuple[int, list[BenchKey]]:
    """How many of a bench before `end` could have been taken, and the first few of them."""
    if floor.keeping:
        keys = [key for key in floor.willing(bench, call) if key < end]
        return len(keys), keys[:CANDIDATES_TOLD]
    return bench.rank(end), [key for key in bench.head(CANDIDATES_TOLD) if key < end]


def _named(
    floor: Floor, keys: list[BenchKey], team: TeamId, now: datetime
) -> tuple[Candidate, ...]:
    return tuple(_candidate(floor.agents[AgentId(key[2])], team, now) for key in keys)


def _candidate(agent: Agent, team: TeamId, now: datetime) -> Candidate:
    return Candidate(
        agent_id=agent.agent_id,
        team=team,
        level=agent.levels.get(team, 0),
        since_call_s=_since_call_s(agent, now),
    )


def _since_call_s(agent: Agent, now: datetime) -> float:
    return (now - agent.handled_at).total_seconds()


def _rival(floor: Floor, call: Waiter, agent: Agent, now: datetime) -> RivalCall | None:
    second = floor.best_call(agent)
    if second is None:
        return None
    return RivalCall(
        call_id=CallId(second.call_id),
        team=second.team,
        waited_s=max((microseconds(now) - microseconds(second.first_arrival_at)) / 1e6, 0.0),
        behind_s=(second.key[0] - call.key[0]) / 1e6,
    )
