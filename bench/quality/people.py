"""Who works and who calls. Everything is drawn here, before any policy runs.

Operators are those of the demo city (`config/roster.yaml`, through directory's own generator).
Callers come from one seed; nothing that a policy does changes what was drawn.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import pi, sin
from pathlib import Path
from typing import TypeVar

from acd.core.inputs import LogIn
from directory.adapters.config_files import load_city
from kernel.ids import AgentId, BoothId, Endpoint, TeamId
from kernel.language import Language

CONFIG = Path(__file__).resolve().parents[2] / "config"
HANDLE_S = 300.0
"""Mean handle time of all calls: 240 s of talk and 60 s of wrap-up (performance notes, C3)."""

HANDLE_OF: Mapping[TeamId, float] = {
    TeamId("consumer"): 300.0,
    TeamId("urban"): 320.0,
    TeamId("labour"): 340.0,
    TeamId("security"): 250.0,
    TeamId("general"): 280.0,
}
"""Seconds by team, before they are scaled to the common mean: advice on labour law takes longer
than a question of household registration. The proportions are an assumption."""

LANGUAGES: tuple[tuple[Language, float], ...] = (
    (Language.MANDARIN, 0.64),
    (Language.CANTONESE, 0.35),
    (Language.ENGLISH, 0.01),
)
"""What callers speak, as in the shifts of `tests/simulation`; an assumption."""

WRAP_UP_PART = 0.2
LONGEST_WRAP_UP_S = 55.0
"""A wrap-up ends before the configured limit (60 s) would end it; talk takes the rest, so that the
handle time stays exponential, as Erlang's formulas suppose."""


@dataclass(frozen=True, slots=True)
class Operator:
    """`home` is the team of the best skill; `levels` by team, 1 to 10."""

    number: int
    agent_id: AgentId
    home: TeamId
    levels: Mapping[TeamId, int]
    languages: frozenset[Language]

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"booth{self.number + 1:03}")

    @property
    def log_in(self) -> LogIn:
        return LogIn(
            self.agent_id,
            BoothId(f"{self.number + 1:03}"),
            self.endpoint,
            tuple(sorted(self.levels.items())),
            tuple(sorted(self.languages)),
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """One citizen; times in seconds since the beginning. `counted` is False in the warm-up."""

    number: int
    at: float
    team: TeamId
    language: Language
    patience: float
    handle: float
    pick_up: float
    counted: bool

    @property
    def wrap_up(self) -> float:
        return min(WRAP_UP_PART * self.handle, LONGEST_WRAP_UP_S)


def staff(count: int) -> tuple[Operator, ...]:
    """The first `count` operators of the demo city: the teams in their proportions."""
    return tuple(
        Operator(number, o.agent_id, o.primary_team, dict(o.skills), frozenset(o.languages))
        for number, o in enumerate(load_city(CONFIG).operators[:count])
    )


# --- demand ---------------------------------------------------------------------------------

Rate = Callable[[float], float]
"""Calls a second at a time."""
Mix = Callable[[float], Mapping[TeamId, float]]
"""The teams' parts of the work (calls x handle time) at a time; they need not add up to 1."""


@dataclass(frozen=True, slots=True)
class Demand:
    """`warm_up` and `end` in seconds; calls before the one and after the other do not count.

    `peak` is the highest value of `rate`.
    """

    name: str
    rate: Rate
    peak: float
    mix: Mix
    warm_up: float
    end: float


def shares(operators: Sequence[Operator]) -> dict[TeamId, float]:
    """Each team's part of the staff. A planner who foresees the volumes gives each team the staff
    of its part of the work, so this is the kindest mix for separate teams."""
    found = dict.fromkeys(sorted({o.home for o in operators}), 0.0)
    for operator in operators:
        found[operator.home] += 1 / len(operators)
    return found


def steady(per_second: float, work: Mapping[TeamId, float], warm_up: float, end: float) -> Demand:
    """The same rate and mix all the time: what the formulas speak of."""
    return Demand("steady", lambda _: per_second, per_second, lambda _: work, warm_up, end)


_HOURS = (5.2, 6.7, 7.3, 7.5, 6.5, 6.7, 6.6, 6.4, 5.7, 4.6, 4.4, 4.7, 4.0)
"""Per cent of a day's calls in the hours from 8 to 20 (New York's 311; domain notes, 8)."""
DRIFT = 0.06


def working_day(
    busiest: float, work: Mapping[TeamId, float], hours: tuple[float, float] = (8.0, 20.0)
) -> Demand:
    """From 8 to 20 o'clock by New York's hours; `busiest` is the rate at the busiest moment.

    The mix drifts by 6 per cent: each team's matters have their own time of day.
    """
    begin, end = hours
    top = max(_HOURS)
    phase = {team: n / len(work) for n, team in enumerate(sorted(work))}

    def rate(at: float) -> float:
        hour = min(max(begin - 8.5 + at / 3600, 0.0), len(_HOURS) - 1.001)
        low = int(hour)
        part = hour - low
        return busiest / top * (_HOURS[low] * (1 - part) + _HOURS[low + 1] * part)

    def mix(at: float) -> dict[TeamId, float]:
        return {
            t: w * (1 + DRIFT * sin(2 * pi * (at / 14_400 + phase[t]))) for t, w in work.items()
        }

    return Demand("day", rate, busiest, mix, 1200.0, (end - begin) * 3600)


def typhoon(usual: float, work: Mapping[TeamId, float]) -> Demand:
    """Half an hour as usual, one hour at four times that, one hour and a half to recover. Trees
    and water bring the callers: most of the surplus asks for `urban` and `general`."""
    storm = {t: w * (2.0 if t in ("urban", "general") else 0.6) for t, w in work.items()}

    def rate(at: float) -> float:
        return usual * (4 if 1800 <= at < 5400 else 1)

    def mix(at: float) -> Mapping[TeamId, float]:
        return storm if 1800 <= at < 5400 else work

    return Demand("typhoon", rate, 4 * usual, mix, 600.0, 10_800.0)


# --- drawing --------------------------------------------------------------------------------

Chosen = TypeVar("Chosen")


def handle_times(work: Mapping[TeamId, float]) -> dict[TeamId, float]:
    """Mean seconds by team, so scaled that all calls together have the mean `HANDLE_S` when the
    work is divided as `work`."""
    whole = sum(work.values())
    calls = sum(part / whole / HANDLE_OF[team] for team, part in work.items())
    return {team: HANDLE_OF[team] * HANDLE_S * calls for team in work}


def draw(
    demand: Demand, work: Mapping[TeamId, float], *, seed: int, patience: float, pick_up: float
) -> Iterator[Caller]:
    """The callers in order of arrival: a Poisson stream thinned to the demand's rate.

    `patience` and `pick_up` are means in seconds of exponential times (0: at once).
    """
    chance = random.Random(seed)
    means = handle_times(work)
    teams = sorted(work)
    at, number = 0.0, 0
    while True:
        at += chance.expovariate(demand.peak)
        if at >= demand.end:
            return
        thinned = chance.random() * demand.peak >= demand.rate(at)
        # All is drawn for a caller who is thinned out, too: the others stay who they are.
        mix = demand.mix(at)
        team = _choose(chance.random(), [(t, mix[t] / means[t]) for t in teams])
        language = _choose(chance.random(), LANGUAGES)
        drawn = [chance.expovariate(1.0) for _ in range(3)]
        if thinned:
            continue
        yield Caller(
            number,
            at,
            team,
            language,
            patience * drawn[0],
            means[team] * drawn[1],
            pick_up * drawn[2],
            at >= demand.warm_up,
        )
        number += 1


def _choose(draw: float, parts: Sequence[tuple[Chosen, float]]) -> Chosen:
    bounds = list(accumulate(weight for _, weight in parts))
    return parts[min(bisect_right(bounds, draw * bounds[-1]), len(parts) - 1)][0]
