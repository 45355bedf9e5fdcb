"""What the people on the floor can take over the next hour, by whom they may serve. Pure.

Words: a *class* is a team's callers of one language; a *crew* is all agents who may serve the same
classes. An agent counts while he or she is logged in, ready (also after the call in hand) and has
a phone. What is left of a call in hand is judged by how long it has lasted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from math import exp

from acd.core import agent as ag
from acd.core.agent import Agent, SessionKind
from acd.core.durations import Durations
from acd.core.floor import Floor
from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

LANGUAGES = tuple(Language)
ENOUGH = 10.0
"""So many samples make a team's own handle times believed; until then all teams' together."""
REACH_S = 3600.0
"""So far ahead completions are worked out."""
FINEST_S, GROWTH = 1.0, 0.05
"""Steps: a second at first, then a part of the time reached."""
STEADY_AFTER = 2.0
"""After so many whole handle times the calls in hand now make no difference any more."""


class Stage(IntEnum):
    """Where a call in hand is; the agent is free after the last."""

    RING = 0
    TALK = 1
    WRAP_UP = 2


class HandleTimes:
    """Ringing, talk and wrap-up, learnt from the events; by team where there is enough."""

    def __init__(self, teams: tuple[TeamId, ...]) -> None:
        self.ring = Durations()
        self._talk = {t: Durations() for t in teams}
        self._wrap_up = {t: Durations() for t in teams}
        self._all_talk, self._all_wrap_up = Durations(), Durations()
        self._rings_since: dict[CallId, datetime] = {}
        self._last_team: dict[AgentId, TeamId] = {}

    def fold(self, event: ev.Event) -> None:
        match event:
            case ev.CallOffered() if event.call_id is not None:
                self._rings_since[event.call_id] = event.occurred_at
            case ev.CallAnswered() if event.call_id is not None:
                since = self._rings_since.pop(event.call_id, None)
                if since is not None:
                    self.ring.add((event.occurred_at - since).total_seconds())
            case ev.CallEnded() if event.call_id is not None:
                self._rings_since.pop(event.call_id, None)
            case ev.TalkFinished() if event.team in self._talk:
                self._last_team[event.agent_id] = event.team
                self._talk[event.team].add(event.talk_s)
                self._all_talk.add(event.talk_s)
            case ev.WrapUpFinished():
                team = self._last_team.pop(event.agent_id, None)
                self._all_wrap_up.add(event.wrap_up_s)
                if team is not None:
                    self._wrap_up[team].add(event.wrap_up_s)
            case _:
                pass

    @property
    def samples(self) -> float:
        """Conversations that were learnt from."""
        return self._all_talk.weight

    def talk(self, team: TeamId) -> Durations:
        own = self._talk.get(team)
        return own if own is not None and own.weight >= ENOUGH else self._all_talk

    def wrap_up(self, team: TeamId) -> Durations:
        own = self._wrap_up.get(team)
        return own if own is not None and own.weight >= ENOUGH else self._all_wrap_up

    def means(self, team: TeamId) -> tuple[float, float, float]:
        """Mean seconds of ringing, talk and wrap-up of an agent of this team."""
        parts = (self.ring, self.talk(team), self.wrap_up(team))
        first, second, third = (max(p.mean() or 0.0, 0.5) for p in parts)
        return first, second, third

    def stage(self, agent: Agent, now: datetime) -> tuple[Stage, float] | None:
        """Where the agent's call is and the mean seconds left of that stage; None when idle."""
        activity = agent.activity
        elapsed = (now - activity.since).total_seconds()
        match activity:
            case ag.Idle():
                return None
            case ag.Dialling():
                return Stage.RING, max((activity.until - now).total_seconds(), 0.5)
            case ag.Offered():
                return Stage.RING, self.ring.remaining(elapsed) or 0.5
            case ag.WrapUp():
                return Stage.WRAP_UP, self.wrap_up(activity.team).remaining(elapsed) or 0.5
            case ag.Consulted():
                return Stage.TALK, self.talk(activity.team).remaining(elapsed) or 0.5
            case ag.Talk() | ag.OnHold() | ag.Consult():
                conversation = activity.conversation
                lasted = (now - conversation.since).total_seconds()
                return Stage.TALK, self.talk(conversation.team).remaining(lasted) or 0.5


@dataclass(slots=True)
class Crew:
    """Agents alike in whom they may serve. `free` are idle; `means` sums their mean stages; `left`:
    by stage and by how long it will still last (in powers of two) how many, and the sum of that."""

    people: int = 0
    free: int = 0
    means: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    left: dict[tuple[Stage, int], list[float]] = field(default_factory=dict)

    def add(self, stage: tuple[Stage, float] | None, means: tuple[float, float, float]) -> None:
        self.people += 1
        for n, mean in enumerate(means):
            self.means[n] += mean
        if stage is None:
            self.free += 1
        else:
            self._join((stage[0], int(stage[1]).bit_length()), 1.0, stage[1])

    def merge(self, other: Crew) -> None:
        self.people += other.people
        self.free += other.free
        self.means = [a + b for a, b in zip(self.means, other.means, strict=True)]
        for key, (count, seconds) in other.left.items():
            self._join(key, count, seconds)

    def _join(self, key: tuple[Stage, int], count: float, seconds: float) -> None:
        found = self.left.setdefault(key, [0.0, 0.0])
        found[0] += count
        found[1] += seconds

    @property
    def rate(self) -> float:
        """Calls a second that these people take when there are always more."""
        return self.people * self.people / sum(self.means) if self.people else 0.0


class Capacity:
    """A look at everybody at `at`; made once for all questions of a second.

    `rates[teams]` is the long-run number of calls a second that those could take who serve any of
    the teams of the bit set.
    """

    def __init__(
        self, floor: Floor, times: HandleTimes, skills: SkillMasks, leave_rate: float, at: datetime
    ) -> None:
        self.at = at
        self._leave_rate = leave_rate
        self._crews: dict[int, Crew] = {}
        self._tables: dict[tuple[int, int], Table] = {}
        masks = skills.of(floor)
        means = {t: times.means(t) for t in floor.lines}
        for agent in floor.agents.values():
            if counts(floor, agent):
                mask, team = masks(agent)
                if team is not None and mask:
                    crew = self._crews.setdefault(mask, Crew())
                    crew.add(times.stage(agent, at), means[team])
        teams = len(floor.lines)
        rates = [0.0] * (1 << teams)
        for mask, crew in self._crews.items():
            rates[teams_of(mask)] += crew.rate
        self.rates = [
            sum(rate for those, rate in enumerate(rates) if those & chosen)
            for chosen in range(1 << teams)
        ]

    def table(self, classes: int, busy_elsewhere: int) -> Table:
        """Of those who may serve any of the classes and no class of `busy_elsewhere`."""
        key = (classes, busy_elsewhere)
        found = self._tables.get(key)
        if found is None:
            crew = Crew()
            for mask, others in self._crews.items():
                if mask & classes and not mask & busy_elsewhere:
                    crew.merge(others)
            found = self._tables[key] = Table(crew, self._leave_rate)
        return found


class Table:
    """When how many of those who wait now will be served by a crew, or have left.

    Theory of operation: the crew's calls flow from stage to stage, each part of a stage emptying at
    the pace of its mean time left (for calls in hand by how long they have lasted, for later ones
    the mean of the stage); who finishes the wrap-up takes the next caller. After two handle times
    what is in hand now is forgotten and calls end at the steady rate. The line shrinks by
    these completions C and by the leaving of those who still wait, n' = -C' - rate n, so n(0) are
    gone when the integral of C' exp(rate s) has reached n(0). Worked out in steps, as far as asked.
    """

    def __init__(self, crew: Crew, leave_rate: float) -> None:
        self._leave_rate = leave_rate
        self._people = crew.people
        self._means = [seconds / max(crew.people, 1) for seconds in crew.means]
        self._whole = sum(self._means)
        self._rate = crew.rate
        self._known = [
            [stage, count, max(seconds / count, 0.5)]
            for (stage, _), (count, seconds) in crew.left.items()
        ]
        self._later = [float(crew.free), 0.0, 0.0]
        self._times = [0.0]
        self._gone = [float(crew.free)]

    def when(self, count: float) -> float | None:
        """Seconds until `count` are gone; None when that is later than `REACH_S`."""
        while self._gone[-1] < count:
            if self._times[-1] >= REACH_S or not self._people:
                return None
            self._step()
        n = bisect_left(self._gone, count)
        if n == 0:
            return 0.0
        part = (count - self._gone[n - 1]) / (self._gone[n] - self._gone[n - 1])
        return self._times[n - 1] + part * (self._times[n] - self._times[n - 1])

    def _step(self) -> None:
        t = self._times[-1]
        steady = t >= STEADY_AFTER * self._whole
        step = max(FINEST_S, GROWTH * t if steady else min(GROWTH * t, self._whole / 60))
        done = self._rate * step if steady else self._flow(step)
        middle = min(self._leave_rate * (t + step / 2), 50.0)
        self._times.append(t + step)
        self._gone.append(self._gone[-1] + done * exp(middle))

    def _flow(self, step: float) -> float:
        """Let the calls flow on for a step; how many were completed."""
        moved = [0.0, 0.0, 0.0]
        for part in self._known:
            out = part[1] * (1.0 - exp(-step / part[2]))
            part[1] -= out
            moved[int(part[0])] += out
        for n, mean in enumerate(self._means):
            # What comes in during the step has had half of it on average.
            coming = moved[n - 1] if n else 0.0
            out = self._later[n] * (1.0 - exp(-step / mean))
            out += coming * (1.0 - exp(-step / 2 / mean))
            self._later[n] += coming - out
            moved[n] += out
        done = moved[Stage.WRAP_UP]
        self._later[Stage.RING] += done
        return done


def counts(floor: Floor, agent: Agent) -> bool:
    """Will take calls: present, a phone, and ready now or after the call in hand."""
    return (
        agent.stays_ready
        and agent.session.kind is SessionKind.PRESENT
        and floor.phone_reachable(agent.session.endpoint)
    )


def class_bit(team: int, language: int) -> int:
    return 1 << (team * len(LANGUAGES) + language)


def teams_of(classes: int) -> int:
    """The bit set of the teams of a set of classes."""
    found, team = 0, 0
    every = (1 << len(LANGUAGES)) - 1
    while classes:
        if classes & every:
            found |= 1 << team
        classes >>= len(LANGUAGES)
        team += 1
    return found


class SkillMasks:
    """Which classes an agent may serve, in the rings that the lines' first callers have reached.

    Remembered by skills and languages, of which few are different, until the rings change.
    """

    def __init__(self) -> None:
        self._valid_for: object = None
        self._masks: dict[object, tuple[int, TeamId | None]] = {}

    def of(self, floor: Floor) -> Callable[[Agent], tuple[int, TeamId | None]]:
        """A function: agent -> (classes, team of the best skill)."""
        rings = {team: floor.ring_of(team, _first_ring(floor, team)) for team in floor.lines}
        spoken = tuple(sorted(key for key, count in floor.speakers.items() if count))
        valid_for = (tuple(rings.items()), spoken)
        if valid_for != self._valid_for:
            self._valid_for, self._masks = valid_for, {}

        def mask(agent: Agent) -> tuple[int, TeamId | None]:
            key = (agent.skills, agent.languages)
            found = self._masks.get(key)
            if found is None:
                classes = 0
                for t, ring in enumerate(rings.values()):
                    for n, language in enumerate(LANGUAGES):
                        if floor.admitted(agent, ring, language) is not None:
                            classes |= class_bit(t, n)
                best = min(agent.skills, key=lambda s: (-s[1], s[0]))[0] if agent.skills else None
                found = self._masks[key] = (classes, best)
            return found

        return mask


def _first_ring(floor: Floor, team: TeamId) -> int:
    """The ring of the first in line; the narrowest where nobody waits."""
    first = floor.lines[team].first()
    return floor.calls[CallId(first[1])].ring if first is not None else 1
