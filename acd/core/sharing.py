"""Sharing protected by each team's own service level: help, but not at one's own callers' cost.

Theory of operation: rings say to whom a *call* is open; this says when and whom a *team* helps. Who
is of a team is decided by the best skill (`Agent.home`).

* A team's *projected level* is the part of its own callers who are answered in time: those whose
  wait ended in the last minutes, with those still in its line who are past the time already. While
  it is at least `least_level`, or too few callers came to tell, the team helps. Below, it keeps to
  itself: its operators serve its own callers only, until the level is back. So a team that cannot
  hold its own level is not drained by one that can hold it even less.
* Of several callers an operator of a team that helps takes (`call_for`) the own team's first once
  that has waited `own_first_after`; before, the longest waiting of the other teams who can still be
  answered in time. Who is past that is served by his or her own team, in order, and by operators
  whose own line is empty.
* A ring with `help_regardless` is open to everybody by score alone: nobody waits for ever.

A caller who was asked for by name concerns one operator only. Within a team and a language the
order is never changed. When several calls and operators come free in one step, score decides.
After a restart every team helps again.
Source: contact-centre notes 1.2 (Genesys' conditional group routing), ADR 0413.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from acd.core.agent import Agent
from acd.core.call import Call
from acd.core.effects import NO_ID
from acd.core.floor import CallKey, Floor, Waiter, microseconds
from acd.core.inputs import TimerKind
from acd.core.rules import Sharing
from acd.core.work import Work
from kernel import events as ev
from kernel.ids import TeamId
from kernel.language import Language

LOOK_AGAIN = timedelta(seconds=30)
"""A team that keeps to itself is looked at so often, also when nothing happens in its line."""


def call_for(floor: Floor, agent: Agent, now: datetime) -> Waiter | None:
    """The call that a freed agent takes. Costs at most three looks at the heads of the lanes."""
    best, rules = floor.best_call(agent), floor.rules.sharing
    if best is None or rules is None or best.team == agent.home or best.wanted is not None:
        return best
    if floor.ring_of(best.team, best.ring).help_regardless:
        return best
    own = floor.best_own_call(agent)
    if own is not None and own.key[0] <= microseconds(now - rules.own_first_after):
        return own
    in_time = _arrived(now - floor.rules.service_level)
    if best.key >= in_time:
        return best
    return floor.call_of(_first_since(floor, agent, in_time)) or own or best


def _first_since(floor: Floor, agent: Agent, since: CallKey) -> CallKey | None:
    """The best of the other teams' callers whom the agent may serve and whose key is not less than
    `since`; nobody passes an older caller of the same team and language."""
    heads: dict[tuple[TeamId, Language], CallKey] = {}
    for team, lanes in floor.open_calls.items():
        if team == agent.home:
            continue
        for lane_key, lane in lanes.items():
            head, alike = lane.first(), (team, lane_key[1])
            if head is None or (alike in heads and heads[alike] <= head):
                continue
            if floor.served_as(agent, team, lane_key) is not None:
                heads[alike] = head
    return min((head for head in heads.values() if head >= since), default=None)


def _arrived(at: datetime) -> CallKey:
    """Less than the key of each call with no more credited time than one that arrived at `at`."""
    return microseconds(at), ""


def wait_ended(work: Work, call: Call, *, answered: bool) -> None:
    """A caller left the line, answered or not: count it for the team, and look at its level."""
    rules = work.floor.rules
    waited = work.now - call.entered_at
    if rules.sharing is None or (not answered and waited < rules.short_abandon):
        return
    in_time = answered and waited <= rules.service_level
    work.floor.decided[call.team].add(microseconds(work.now), in_time)
    _look_at(work, call.team, rules.sharing)


def look_again(work: Work, team: TeamId) -> None:
    """The timer of a team that keeps to itself."""
    rules = work.floor.rules.sharing
    if rules is None or team not in work.floor.keeping:
        return
    _look_at(work, team, rules)
    if team in work.floor.keeping:
        work.start_timer(TimerKind.SHARE, team, work.now + LOOK_AGAIN)


def projected_level(floor: Floor, team: TeamId, now: datetime, rules: Sharing) -> float | None:
    """Part (0..1) of the team's callers who are answered in time; None when too few came.

    Formula: in time / (ended + overdue). Population: waits of the team that ended within
    `rules.window` (short abandons left out), and callers now in its line whose credited arrival
    is longer ago than the service level's time. Costs one binary search in the line.
    Source: the strict variant of `acd.core.metrics.service_level`.
    """
    return level_of([_counted(floor, team, now, rules)], rules)


def levels(floor: Floor, now: datetime) -> dict[TeamId | None, float | None]:
    """The projected level of each team, and under None that of all teams together."""
    rules = floor.rules.sharing
    if rules is None:
        return {}
    counts = {team: _counted(floor, team, now, rules) for team in floor.teams}
    found: dict[TeamId | None, float | None] = {
        team: level_of([counted], rules) for team, counted in counts.items()
    }
    found[None] = level_of(counts.values(), rules)
    return found


def level_of(counts: Iterable[tuple[int, int]], rules: Sharing) -> float | None:
    """In time / known, of all that were counted; None when too few are known."""
    in_time, known = map(sum, zip(*counts, strict=True))
    return in_time / known if known >= max(rules.least_calls, 1) else None


def _counted(floor: Floor, team: TeamId, now: datetime, rules: Sharing) -> tuple[int, int]:
    """The team's callers who were answered in time, and all whose time is decided."""
    decided = floor.decided[team]
    decided.forget(microseconds(now - rules.window))
    overdue = floor.lines[team].rank(_arrived(now - floor.rules.service_level))
    return decided.in_time, len(decided) + overdue


def _look_at(work: Work, team: TeamId, rules: Sharing) -> None:
    floor = work.floor
    level = projected_level(floor, team, work.now, rules)
    helps = level is None or level >= rules.least_level
    if helps is (team not in floor.keeping):
        return
    if helps:
        floor.keeping.discard(team)
        work.cancel_timer(TimerKind.SHARE, team)
        # Its free operators may serve others' callers again.
        work.widened = True
    else:
        floor.keeping.add(team)
        work.start_timer(TimerKind.SHARE, team, work.now + LOOK_AGAIN)
    work.publish(
        ev.SharingChanged(event_id=NO_ID, occurred_at=work.now, team=team, helps=helps, level=level)
    )
