"""How long a caller will still wait, from the present state of the floor. Pure.

Theory of operation: callers are served in the order of their scores, each by people who may serve
several teams. So one counts who stands before the caller *in every line* that competes for the
same people, finds the set of teams that holds the caller up longest (its callers by the people who
may serve any of them: the binding set), and asks when that many calls will have been completed or
given up. Completions come from the calls in hand, by how long each has lasted, and then from mean
handle times; callers leave at a common rate, learnt from those who waited.

The figure is checked against one that knows nothing of people and handle times: the pace at which
the head of the line has moved of late (the delay of the last to enter service, put forward). Where
the two contradict each other, or too little was learnt, nothing is to be told.

Sources: contact-centre notes 2.5; R. Ibrahim and W. Whitt, "Real-time delay estimation based on
delay history" (2009), for the head-of-line and last-to-enter-service estimators and their bias.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf

from acd.core import call as ca
from acd.core.call import Call
from acd.core.capacity import LANGUAGES, Capacity, HandleTimes, SkillMasks, class_bit
from acd.core.floor import PRIORITY_POINT_US, Floor, microseconds
from acd.core.rules import Rules
from kernel import events as ev
from kernel.ids import CallId, TeamId

LOOK_EVERY = timedelta(seconds=1)
SAMPLES_NEEDED = 20
PACE_KEPT, PACE_NEEDED = 30, 6
PACE_WITHIN_US, PACE_OVER_US = 900_000_000, 30_000_000
CONTRADICTED_BY, CONTRADICTED_S = 3.0, 90.0
"""A factor and seconds: two figures that are apart by more than both contradict each other."""


class Doubt(StrEnum):
    """Why a figure is not to be told."""

    NONE = "none"
    FEW_SAMPLES = "few_samples"
    NOBODY = "nobody"  # there is no one to serve the caller, or not within the hour
    CONTRADICTED = "contradicted"  # the pace of the line says something else


@dataclass(frozen=True, slots=True)
class Forecast:
    """`seconds` from now; `departures`: how many must be served or leave until then, the caller
    included: it decides how sure the figure can be at best."""

    seconds: float
    departures: float
    doubt: Doubt


class Leaving:
    """How soon callers give up, learnt from all who waited, those who still do included.

    Formula: rate = (given up + 1/2) / (time waited + 300 s), by the second; short abandons waited
    but did not give up. Older waits fade by halving.
    """

    def __init__(self, short_us: int) -> None:
        self._short_us = short_us
        self._since: dict[CallId, int] = {}
        self._sum_since = 0
        self._waited_s = 0.0
        self._gave_up = 0.0

    def enter(self, call_id: CallId, at_us: int) -> None:
        if call_id not in self._since:
            self._since[call_id] = at_us
            self._sum_since += at_us

    def end(self, call_id: CallId, at_us: int, *, gave_up: bool) -> None:
        since = self._since.pop(call_id, None)
        if since is None:
            return
        self._sum_since -= since
        if self._gave_up >= 400:
            self._gave_up, self._waited_s = self._gave_up / 2, self._waited_s / 2
        self._waited_s += (at_us - since) / 1e6
        if gave_up and at_us - since >= self._short_us:
            self._gave_up += 1

    def rate(self, now_us: int) -> float:
        waiting_s = (len(self._since) * now_us - self._sum_since) / 1e6
        return (self._gave_up + 0.5) / (self._waited_s + waiting_s + 300.0)


class Pace:
    """How fast the head of one line moves: of late, how many seconds of scores in a second."""

    def __init__(self) -> None:
        self._served: deque[tuple[int, int]] = deque(maxlen=PACE_KEPT)

    def serve(self, at_us: int, key_us: int) -> None:
        self._served.append((at_us, key_us))

    def remaining(self, key_us: int, head_us: int, now_us: int) -> float | None:
        """Seconds until the head has moved to `key_us`; None where the pace is not known."""
        recent = [s for s in self._served if now_us - s[0] <= PACE_WITHIN_US]
        if len(recent) < PACE_NEEDED:
            return None
        (first_at, first_key), (_, last_key) = recent[0], max(recent, key=lambda s: s[1])
        lasted = now_us - first_at
        if lasted < PACE_OVER_US or last_key <= first_key:
            return None
        return (key_us - head_us) / 1e6 * lasted / (last_key - first_key)


class WaitModel:
    """Learns from the published events, in order, and answers for any caller in line.

    One question costs a rank in each lane and a search in a table; once a second of questions a
    look at each agent is taken.
    """

    def __init__(self, rules: Rules) -> None:
        teams = tuple(t.team for t in rules.teams)
        self.times = HandleTimes(teams)
        self.leaving = Leaving(rules.short_abandon // timedelta(microseconds=1))
        self._paces = {t: Pace() for t in teams}
        self._homes: dict[CallId, tuple[TeamId, int]] = {}
        self._skills = SkillMasks()
        self._capacity: Capacity | None = None

    def fold(self, event: ev.Event) -> None:
        """Learn from one event; most teach nothing."""
        self.times.fold(event)
        call_id = event.call_id
        if call_id is None:
            return
        match event:
            case ev.CallQueued():
                at_us = microseconds(event.occurred_at)
                key_us = microseconds(event.first_arrival_at) - event.priority * PRIORITY_POINT_US
                self._homes[call_id] = (event.team, key_us)
                self.leaving.enter(call_id, at_us)
            case ev.CallAnswered():
                self._served(call_id, event.occurred_at)
                self._left(call_id, event.occurred_at, gave_up=False)
            case ev.CallAbandoned():
                self._left(call_id, event.occurred_at, gave_up=True)
            case ev.CallDiverted() | ev.CallEnded():
                self._left(call_id, event.occurred_at, gave_up=False)
            case _:
                pass

    def _served(self, call_id: CallId, at: datetime) -> None:
        team, key_us = self._homes.get(call_id, (None, 0))
        pace = self._paces.get(team) if team is not None else None
        if pace is not None:
            pace.serve(microseconds(at), key_us)

    def _left(self, call_id: CallId, at: datetime, *, gave_up: bool) -> None:
        self._homes.pop(call_id, None)
        self.leaving.end(call_id, microseconds(at), gave_up=gave_up)

    # --- the question ----------------------------------------------------------------------

    def forecast(self, floor: Floor, call: Call, now: datetime) -> Forecast | None:
        """None for a caller who does not simply wait: offered, or asking for one agent by name."""
        if not isinstance(call.state, ca.Waiting) or call.wanted is not None:
            return None
        capacity = self._look(floor, now)
        wait = _binding_wait(floor, call, capacity)
        if wait is None:
            return Forecast(0.0, 0.0, Doubt.NOBODY)
        seconds, departures = wait[0] + (self.times.ring.mean() or 0.0), wait[1]
        doubt = Doubt.NONE
        if self.times.samples < SAMPLES_NEEDED:
            doubt = Doubt.FEW_SAMPLES
        elif _contradicted(seconds, self.by_pace(floor, call, now)):
            doubt = Doubt.CONTRADICTED
        return Forecast(seconds, departures, doubt)

    def by_pace(self, floor: Floor, call: Call, now: datetime) -> float | None:
        """The other figure: by the pace of the line alone; None where it is not known."""
        head = floor.lines[call.team].first()
        if head is None:
            return None
        return self._paces[call.team].remaining(call.key[0], head[0], microseconds(now))

    def _look(self, floor: Floor, now: datetime) -> Capacity:
        present = self._capacity
        if present is None or not timedelta(0) <= now - present.at < LOOK_EVERY:
            rate = self.leaving.rate(microseconds(now))
            present = self._capacity = Capacity(floor, self.times, self._skills, rate, now)
        return present


def _contradicted(seconds: float, other: float | None) -> bool:
    if other is None or abs(seconds - other) <= CONTRADICTED_S:
        return False
    low, high = sorted((seconds, other))
    return high > CONTRADICTED_BY * max(low, 0.0)


def _binding_wait(floor: Floor, call: Call, capacity: Capacity) -> tuple[float, float] | None:
    """Seconds, and the departures until then; None when nobody serves the call within the hour.

    The longest of three that must all have passed: the binding set of teams in all languages, that
    set in the caller's language, the caller's own team in that language.
    """
    ahead = _ahead(floor, call)
    own = list(floor.lines).index(call.team)
    language = LANGUAGES.index(call.language)
    binding, elsewhere = _binding_set([sum(n) for n in ahead], own, capacity.rates)
    teams = [t for t in range(len(ahead)) if binding >> t & 1]
    busy = _all_languages(elsewhere, len(ahead))
    questions = (
        (_all_languages(binding, len(ahead)), sum(sum(ahead[t]) for t in teams)),
        (_classes(teams, language), sum(ahead[t][language] for t in teams)),
        (class_bit(own, language), ahead[own][language]),
    )
    longest = (0.0, 1.0)
    for classes, before in questions:
        seconds = capacity.table(classes, busy).when(before + 1.0)
        if seconds is None:
            return None
        longest = max(longest, (seconds, before + 1.0))
    return longest


def _ahead(floor: Floor, call: Call) -> list[list[int]]:
    """Who waits before the caller: by team, by language. Those for whom a phone rings are through.

    Costs one rank for each lane.
    """
    found = []
    for lanes in floor.open_calls.values():
        counts = [0] * len(LANGUAGES)
        for (_, language), lane in lanes.items():
            counts[LANGUAGES.index(language)] += lane.rank(call.key)
        found.append(counts)
    return found


def _binding_set(ahead: list[int], own: int, rates: list[float]) -> tuple[int, int]:
    """The set of teams that holds the caller up, and the sets that hold up others even longer:
    their people are not to be counted on.

    The set whose callers take longest, served by all who may serve any of them; if the caller's
    team is not in it, the longest of the rest without those people, and so on.
    """
    work = [float(n) for n in ahead]
    work[own] += 1.0
    elsewhere = 0
    rest = [t for t, n in enumerate(work) if n]
    while True:
        sums = [(0, 0.0)]
        for team in rest:
            sums += [(those | 1 << team, total + work[team]) for those, total in sums]
        takes = []
        for those, total in sums[1:]:
            rate = rates[those | elsewhere] - rates[elsewhere]
            takes.append((total / rate if rate > 1e-9 else inf, those))
        _, found = max(takes)
        if found >> own & 1:
            return found, elsewhere
        elsewhere |= found
        rest = [t for t in rest if not found >> t & 1]


def _all_languages(teams: int, count: int) -> int:
    """All classes of a set of teams."""
    return sum(
        class_bit(t, n) for t in range(count) if teams >> t & 1 for n in range(len(LANGUAGES))
    )


def _classes(teams: list[int], language: int) -> int:
    return sum(class_bit(t, language) for t in teams)
