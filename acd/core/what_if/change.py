"""What is to be different: more or fewer operators, other rings, shorter wrap-ups. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from acd.core.inputs import Command, LogIn
from acd.core.rules import WRAP_UP_LIMITS, Rules, TeamRules
from acd.core.what_if.day import Given, RecordedDay, best_skill
from kernel.errors import BadInput, NotFound
from kernel.ids import AgentId, BoothId, Endpoint, TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`more`: operators by team, negative for fewer. `rings`: a team's ring (from 2) and how long a
    caller has waited when it opens. `wrap_ups`: a team's limit. `rules`: others than those of the
    day, to which the rest is then applied."""

    more: Sequence[tuple[TeamId, int]] = ()
    rings: Sequence[tuple[TeamId, int, timedelta]] = ()
    wrap_ups: Sequence[tuple[TeamId, timedelta]] = ()
    rules: Rules | None = None


# --- rules ----------------------------------------------------------------------------------


def changed_rules(rules: Rules, change: Change) -> Rules:
    """Raises NotFound for a team or ring that is not there, BadInput for a time that is none."""
    result = change.rules or rules
    for team, ring, after in change.rings:
        result = _with(result, _ring_at(_team(result, team), ring, after))
    for team, limit in change.wrap_ups:
        if not WRAP_UP_LIMITS[0] <= limit <= WRAP_UP_LIMITS[1]:
            raise BadInput("话后整理时限须在 5 秒到 15 分钟之间", "wrap_up")
        result = _with(result, replace(_team(result, team), wrap_up_limit=limit))
    return result


def _team(rules: Rules, team: TeamId) -> TeamRules:
    found = next((t for t in rules.teams if t.team == team), None)
    if found is None:
        raise NotFound("没有这个班组")
    return found


def _with(rules: Rules, changed: TeamRules) -> Rules:
    teams = tuple(changed if t.team == changed.team else t for t in rules.teams)
    return replace(rules, teams=teams)


def _ring_at(team: TeamRules, ring: int, after: timedelta) -> TeamRules:
    """The ring opens after so much waiting; those before it keep their beginnings."""
    if not 2 <= ring <= team.last_ring:
        raise NotFound("该班组没有这一圈")
    begins = sum((r.stay or timedelta(0) for r in team.rings[: ring - 2]), timedelta(0))
    if after <= begins:
        raise BadInput("放宽时刻须晚于上一圈的开始", "ring")
    narrower = replace(team.rings[ring - 2], stay=after - begins)
    return replace(team, rings=(*team.rings[: ring - 2], narrower, *team.rings[ring - 1 :]))


# --- staff ----------------------------------------------------------------------------------


def changed_staff(day: RecordedDay, change: Change) -> list[Given]:
    """What the operators do, the added ones included.

    Each added operator is the double of one who worked in the team that day: the same skills and
    languages, the same hours and breaks, at a booth of his or her own. Doubles and those who are
    taken out are spread evenly over the team by id. Raises NotFound when nobody worked in it,
    BadInput when more are to go than were there.
    """
    given = list(day.given)
    for team, number in change.more:
        members = sorted(a for a, home in day.homes.items() if home == team)
        if not members:
            raise NotFound("当天没有话务员在该班组值班")
        if number < 0:
            if -number > len(members):
                raise BadInput("减少的人数超过当天在班人数", "more")
            gone = set(_spread(members, -number))
            given = [g for g in given if getattr(g[1], "agent_id", None) not in gone]
        for copy, agent_id in enumerate(_spread(members, max(number, 0)), start=1):
            double = AgentId(f"{agent_id}+{copy}")
            given += _as_double(day.given, agent_id, double, f"{team}-{copy}")
    return sorted(given, key=lambda g: g[0])


def _spread(members: Sequence[AgentId], number: int) -> list[AgentId]:
    return [members[n * len(members) // number % len(members)] for n in range(number)]


def _as_double(
    given: Iterable[Given], agent_id: AgentId, double: AgentId, place: str
) -> Iterable[Given]:
    for at, command in given:
        if getattr(command, "agent_id", None) != agent_id:
            continue
        one: Any = command
        other: Command = replace(one, agent_id=double)
        if isinstance(other, LogIn):
            other = replace(other, booth_id=BoothId(place), endpoint=Endpoint(place))
        yield at, other


def homes_with_doubles(day: RecordedDay, given: Iterable[Given]) -> Mapping[AgentId, TeamId]:
    """The team of each operator's best skill, doubles included."""
    found = dict(day.homes)
    for _, command in given:
        if isinstance(command, LogIn) and (home := best_skill(command)) is not None:
            found[command.agent_id] = home
    return found
