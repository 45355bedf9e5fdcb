"""The figures judged by their own contradictions, all the time. Pure.

Three sums must hold, each compared with a count that was made in another way:

* visits: entered = answered + abandoned + flowed out + waiting, where the events gave all but the
  last and the lines themselves are the last;
* time: the states of an agent, summed from the events, = the time since the log-in that the floor
  remembers, to the millisecond, and both name the same state;
* callers: those we know = those whom the telephone system lists (two counts in a row, because
  callers come and go while one is made).

Source: contact-centre notes 6.4 (self-auditing metrics).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.core.agent_times import words
from acd.core.floor import Floor, microseconds
from acd.core.metrics import Count, Metrics
from kernel.ids import CallId

MILLISECOND_US = 1000


class Check(StrEnum):
    VISITS = "visits"  # of a team: those who entered are not those who left and who wait
    AGENT_TIME = "agent_time"  # of an agent: the states' milliseconds do not add up
    AGENT_STATE = "agent_state"  # of an agent: the clock runs for another state
    GHOST_CALLERS = "ghost_callers"  # we know callers whom the telephone system does not have
    UNKNOWN_CALLERS = "unknown_callers"  # it has callers whom we do not know


@dataclass(frozen=True, slots=True)
class Drift:
    """A sum that does not hold. `subject` is a team, an agent, or the first call by id; `ours` and
    `other` are the two counts (callers, or milliseconds)."""

    check: Check
    subject: str
    ours: int
    other: int


def audit(floor: Floor, metrics: Metrics, counted_since: datetime, now: datetime) -> list[Drift]:
    """Everything that memory can judge by itself. Costs a look at each logged-in agent.

    `counted_since`: when this process began to count; sessions restored from the log are older.
    """
    return [
        *_visits(floor, metrics),
        *_agents(floor, metrics, microseconds(counted_since), microseconds(now)),
    ]


def _visits(floor: Floor, metrics: Metrics) -> Iterator[Drift]:
    for team, line in floor.lines.items():
        life = metrics.teams[team].life
        gone = life[Count.ANSWERED] + life[Count.ABANDONED] + life[Count.FLOWED_OUT]
        if life[Count.ENTERED] != gone + len(line):
            yield Drift(Check.VISITS, team, life[Count.ENTERED], gone + len(line))


def _agents(floor: Floor, metrics: Metrics, since_us: int, now_us: int) -> Iterator[Drift]:
    clocks = metrics.times.clocks
    for agent in floor.agents.values():
        clock = clocks.get(agent.agent_id)
        logged_in_us = now_us - max(microseconds(agent.session.since), since_us)
        counted_us = metrics.times.counted_us(agent.agent_id, now_us)
        if abs(logged_in_us - counted_us) >= MILLISECOND_US:
            yield Drift(
                Check.AGENT_TIME,
                agent.agent_id,
                counted_us // MILLISECOND_US,
                logged_in_us // MILLISECOND_US,
            )
        elif clock is not None and (clock.status, clock.activity) != words(agent):
            yield Drift(Check.AGENT_STATE, agent.agent_id, 0, 0)
    for agent_id in sorted(clocks.keys() - floor.agents.keys()):
        counted_us = metrics.times.counted_us(agent_id, now_us)
        yield Drift(Check.AGENT_TIME, agent_id, counted_us // MILLISECOND_US, 0)


@dataclass(frozen=True, slots=True)
class HeadCount:
    """Callers at one count: `ghosts` are known to us alone, `unknown` to the telephone alone."""

    ghosts: frozenset[CallId] = frozenset()
    unknown: frozenset[CallId] = frozenset()


def head_count(ours: Collection[CallId], theirs: Collection[CallId]) -> HeadCount:
    """Who is on one list only."""
    mine, others = frozenset(ours), frozenset(theirs)
    return HeadCount(mine - others, others - mine)


def callers_drift(before: HeadCount, now: HeadCount) -> list[Drift]:
    """What two counts in a row agree on: who came or went during one of them is no drift."""
    found = []
    for check, stayed in (
        (Check.GHOST_CALLERS, before.ghosts & now.ghosts),
        (Check.UNKNOWN_CALLERS, before.unknown & now.unknown),
    ):
        if stayed:
            ghosts = check is Check.GHOST_CALLERS
            ours, other = (len(stayed), 0) if ghosts else (0, len(stayed))
            found.append(Drift(check, min(stayed), ours, other))
    return found
