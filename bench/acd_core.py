"""Cost of one step of the distribution's core as the line grows: `python -m bench.acd_core`.

506 operators are busy and N callers wait in five lines; each round one conversation ends, is
wrapped up, the next caller is offered, rings, answers, and a new one arrives, so that N stays;
those who wait move outward from ring to ring. Each team has six rings, the most that the settings
allow, with levels, dialects and teams in them. No socket, no database, no clock: only
`acd.core.step`, on one core. Time is this process's own on the CPU, for the machine may be busy
with other things; each size runs several times and the best run counts, garbage collection
included.

Bars: cost per event with 20,000 waiting at most twice that with 100; at least 20,000 events/s, and
200 calls/s through their whole lives.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from time import process_time

from acd.adapters.rules_file import load_rules
from acd.core.effects import Deliver, Effect, StartTimer
from acd.core.floor import Floor
from acd.core.inputs import (
    ChooseReady,
    FinishWrapUp,
    Input,
    LogIn,
    TimerExpired,
    TimerKey,
    TimerKind,
)
from acd.core.rules import Ring, Rules
from acd.core.step import step
from bench.figures import verdict
from kernel.ids import AgentId, BoothId, CallId, Endpoint, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallHungUp,
    CallWaiting,
    EndedBy,
    LineRestored,
    OfferAnswered,
    OfferRinging,
    TalkEnded,
)

SETTINGS = Path(__file__).parents[1] / "config" / "acd.yaml"
AGENTS = 506
SIZES = (100, 1_000, 5_000, 20_000)
ROUNDS = 3_000
RUNS = 4
RATIO_BAR = 2.0
RATE_BAR = 20_000.0
CALLS_BAR = 200.0
EVENTS_PER_CALL = 6
TEAMS = tuple(TeamId(t) for t in ("consumer", "urban", "labour", "security", "general"))
START = datetime(2026, 11, 24, tzinfo=UTC)
TICK = timedelta(milliseconds=7)
ANI = PhoneNumber("13800138000")


def rules() -> Rules:
    """The product's settings but for the rings, which are the most that may be set."""
    shipped = load_rules(SETTINGS)
    teams = tuple(replace(t, rings=six_rings(t.team)) for t in shipped.teams)
    return replace(shipped, teams=teams)


def six_rings(team: TeamId) -> tuple[Ring, ...]:
    """Twenty seconds in each: the level falls, dialects are dropped, all teams help in the end."""
    stay, general = timedelta(seconds=20), TeamId("general")
    with_general = (team,) if team == general else (team, general)
    everybody = (*with_general, *(t for t in TEAMS if t not in with_general))
    yue = frozenset({Language.CANTONESE})
    return (
        Ring(teams=(team,), stay=stay, least_level=5),
        Ring(teams=(team,), stay=stay, least_level=4),
        Ring(teams=(team,), stay=stay, least_level=4, languages_dropped=yue),
        Ring(teams=with_general, stay=stay, least_level=3, languages_dropped=yue),
        Ring(teams=everybody, stay=stay, least_level=2, languages_dropped=yue),
        Ring(teams=everybody, languages_dropped=frozenset({*yue, Language.ENGLISH})),
    )


@dataclass(frozen=True)
class Operator:
    """One of 506: a home team, for most a second one, one to three languages."""

    log_in: LogIn
    home: TeamId

    @classmethod
    def number(cls, n: int) -> Operator:
        home = TEAMS[n % 5]
        skills = {home: 5 + n % 5}
        if n % 3:
            skills.setdefault(TeamId("general"), 3)
        if n % 5 == 0:
            skills.setdefault(TEAMS[(n + 1) % 5], 2)
        languages = [Language.MANDARIN]
        languages += [Language.CANTONESE] if n % 10 < 6 else []
        languages += [Language.ENGLISH] if n % 11 == 0 else []
        return cls(
            LogIn(
                AgentId(f"op{n:04}"),
                BoothId(f"{n:03}"),
                Endpoint(f"booth{n:03}"),
                tuple(sorted(skills.items())),
                tuple(sorted(languages)),
            ),
            home,
        )


class Hall:
    """The floor with everybody talking and N callers waiting."""

    def __init__(self, waiting: int) -> None:
        self.floor = Floor(rules())
        self.now = START
        self.calls = 0
        self.events = 0
        self.due: list[tuple[datetime, int, TimerKey]] = []
        self.delivered: dict[Endpoint, Deliver] = {}
        self.talking: dict[Endpoint, Deliver] = {}
        self.operators = [Operator.number(n) for n in range(1, AGENTS + 1)]
        phones = frozenset(o.log_in.endpoint for o in self.operators)
        self.step(LineRestored((), phones, self.now))
        for n in range(waiting):
            self.arrive(self.operators[n * 7 % AGENTS])
        for operator in self.operators:
            self.arrive(operator)
            self.step(operator.log_in)
            self.step(ChooseReady(operator.log_in.agent_id))
            self.answer(operator)

    def step(self, event: Input) -> tuple[Effect, ...]:
        self.now += TICK
        while self.due and self.due[0][0] <= self.now:
            self.events += 1
            self._perform(step(self.floor, TimerExpired(heappop(self.due)[2]), self.now)[1])
        self.events += 1
        _, effects = step(self.floor, event, self.now)
        self._perform(effects)
        return effects

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if type(effect) is Deliver:
                self.delivered[effect.endpoint] = effect
            elif type(effect) is StartTimer and effect.timer.kind is TimerKind.RELAX:
                heappush(self.due, (effect.at, self.events, effect.timer))

    def arrive(self, like: Operator) -> None:
        """A caller whom this operator could serve, among others."""
        n = self.calls
        self.calls += 1
        languages = like.log_in.languages
        self.step(
            CallWaiting(
                CallId(f"bench-{n:08}"),
                like.home,
                languages[n % len(languages)],
                1 if n % 97 == 0 else 0,
                self.now,
                ANI,
                "12345",
                None,
                self.now,
            )
        )

    def answer(self, operator: Operator) -> None:
        endpoint = operator.log_in.endpoint
        deliver = self.delivered.pop(endpoint)
        self.step(OfferRinging(deliver.call_id, deliver.offer_id, endpoint, self.now))
        self.step(OfferAnswered(deliver.call_id, deliver.offer_id, endpoint, self.now))
        self.talking[endpoint] = deliver

    def round(self, number: int) -> None:
        """Six events: one call ends, one comes, one is taken."""
        operator = self.operators[number * 13 % AGENTS]
        endpoint = operator.log_in.endpoint
        talk = self.talking[endpoint]
        self.step(TalkEnded(talk.call_id, talk.offer_id, endpoint, self.now))
        self.step(CallHungUp(talk.call_id, EndedBy.CALLER, 16, self.now))
        self.arrive(operator)
        self.step(FinishWrapUp(operator.log_in.agent_id, "answered"))
        self.answer(operator)


def measure(waiting: int, rounds: int) -> float:
    """Seconds per event, with the line at `waiting` from beginning to end."""
    hall = Hall(waiting)
    assert sum(map(len, hall.floor.lines.values())) == waiting
    for number in range(200):
        hall.round(number)
    gc.collect()
    before, begun = hall.events, process_time()
    for number in range(rounds):
        hall.round(number)
    spent = process_time() - begun
    assert sum(map(len, hall.floor.lines.values())) == waiting
    return spent / (hall.events - before)


def main() -> int:
    costs = {size: float("inf") for size in SIZES}
    for _ in range(RUNS):
        # Sizes take turns, so that a busy minute of the machine burdens all alike.
        for size in SIZES:
            costs[size] = min(costs[size], measure(size, ROUNDS))
    print(f"{'waiting':>8} {'us/event':>9} {'events/s':>9} {'calls/s':>8} {'ratio':>6}")
    for size, cost in costs.items():
        ratio = cost / costs[SIZES[0]]
        rate, calls = 1 / cost, 1 / cost / EVENTS_PER_CALL
        print(f"{size:>8} {cost * 1e6:>9.1f} {rate:>9.0f} {calls:>8.0f} {ratio:>6.2f}")
    judged = [verdict(sentence, met) for sentence, met in bars(costs)]
    return 0 if all(judged) else 1


def bars(costs: Mapping[int, float]) -> list[tuple[str, bool]]:
    """Sentences, each with whether it is met; `costs` in seconds per event, by callers waiting."""
    ratio = costs[SIZES[-1]] / costs[SIZES[0]]
    slowest = 1 / max(costs.values())
    calls = slowest / EVENTS_PER_CALL
    return [
        (
            f"cost of an event, {SIZES[-1]} : {SIZES[0]} waiting: {ratio:.2f} "
            f"(bar: at most {RATIO_BAR:.1f})",
            ratio <= RATIO_BAR,
        ),
        (f"events/s {slowest:.0f} (bar: at least {RATE_BAR:.0f})", slowest >= RATE_BAR),
        (
            f"whole lives of calls, calls/s {calls:.0f} (bar: at least {CALLS_BAR:.0f})",
            calls >= CALLS_BAR,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
