"""Security test S16 on a virtual clock: a flood for half an hour over ordinary citizens.

20 calls/s from 50 rotating numbers and 5 anonymous a second, over 1.6 citizens a second; machines
never press, citizens press when they are asked, and one in fifty calls again within a minute. Then
the same with a new random number for each call.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from ivr.core.screening.guard import Guard
from ivr.core.screening.policy import Level
from ivr.core.screening.present import Decision
from kernel.ids import CallId
from kernel.phone import clean
from tests.fakes.clock import NOON
from tests.fakes.guard_room import shipped_policy
from tests.fakes.ids import CountedIds

SECONDS = 1800
STAYS_S = 20.0
CITIZENS = ("citizen", "again", "withheld")
ANONYMOUS_PART, KNOWN_PART, AGAIN_PART = 0.01, 0.4, 0.02


@dataclass(slots=True)
class Flood:
    """Counts calls by kind: those that `came`, were `asked` for a key, would have `reached` a
    person. Kinds of citizens: with a number, calling again within a minute, without a number."""

    guard: Guard
    reached: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    raised_at: float | None = None
    leaving: deque[tuple[float, CallId]] = field(default_factory=deque)
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def attacks(self) -> float:
        """The part of attacks among the calls that reach a person."""
        attacks = self.reached["machine"] + self.reached["anonymous"]
        return attacks / sum(self.reached.values())

    @property
    def asked_part(self) -> float:
        """The part of the citizens who were asked for a key."""
        return sum(self.asked[k] for k in CITIZENS) / sum(self.came[k] for k in CITIZENS)

    def call(self, at: float, kind: str, ani: str, known: bool) -> None:
        now = NOON + timedelta(seconds=at)
        while self.leaving and self.leaving[0][0] <= at:
            self.guard.leave(self.leaving.popleft()[1])
        call_id = CallId(f"gz-1-{next(self.numbers)}")
        verdict = self.guard.enter(call_id, clean(ani), "12345", familiar=known, now=now)
        self.came[kind] += 1
        machine = kind in ("machine", "anonymous")
        if verdict.decision is Decision.CHALLENGE:
            self.asked[kind] += 1
            if not machine:
                self.guard.passed(call_id, now)
        if verdict.decision is Decision.PASS or not machine:
            self.reached[kind] += verdict.decision is not Decision.REFUSE
        if self.guard.level is not Level.NORMAL and self.raised_at is None:
            self.raised_at = at
        self.leaving.append((at + STAYS_S, call_id))


def told(flood: Flood) -> str:
    asked = {kind: f"{flood.asked[kind]}/{flood.came[kind]}" for kind in CITIZENS}
    return (
        f"{flood.attacks:.2%} of the calls that reach a person are attacks, "
        f"{flood.asked_part:.2%} of the citizens were asked {asked}, "
        f"the guard was up after {flood.raised_at:.1f} s"
    )


def flooded(number: Callable[[random.Random, int], str], seed: int) -> Flood:
    chance = random.Random(seed)
    flood = Flood(Guard(shipped_policy(), CountedIds().new))
    events: list[tuple[float, str, str, bool]] = [
        (n / 20, "machine", number(chance, n), False) for n in range(SECONDS * 20)
    ]
    events += [(n / 5, "anonymous", "", False) for n in range(SECONDS * 5)]
    at = 0.0
    while at < SECONDS:
        at += chance.expovariate(1.6)
        ani = "" if chance.random() < ANONYMOUS_PART else f"139{chance.randrange(10**8):08}"
        known = ani != "" and chance.random() < KNOWN_PART
        events.append((at, "citizen" if ani else "withheld", ani, known))
        if ani and chance.random() < AGAIN_PART:
            events.append((at + chance.uniform(20, 59), "again", ani, known))
    for event in sorted(events):
        flood.call(*event)
    return flood


def rotating(chance: random.Random, n: int) -> str:
    return f"1{37 + n % 50 % 3}{n % 50 * 1234567 % 10**8:08}"


def random_number(chance: random.Random, n: int) -> str:
    return f"1{chance.randrange(3, 10)}{chance.randrange(10**9):09}"


def test_flood_of_a_few_numbers_hardly_reaches_anybody_and_citizens_are_left_alone() -> None:
    flood = flooded(rotating, 1)
    print(f"few numbers: {told(flood)}")
    assert flood.attacks <= 0.02
    assert flood.asked["citizen"] <= 0.005 * flood.came["citizen"]
    assert flood.asked_part <= 0.03
    assert flood.raised_at is not None
    assert flood.raised_at <= 60
    for kind in CITIZENS:
        assert flood.reached[kind] == flood.came[kind], "nobody is without a way to a person"


def test_flood_of_random_numbers_is_met_by_a_key_and_memory_stays_bounded() -> None:
    flood = flooded(random_number, 4)
    watched = flood.guard.picture(NOON + timedelta(seconds=SECONDS)).watched
    print(f"random numbers: {told(flood)}, {watched} numbers are watched")
    assert flood.attacks <= 0.06
    assert watched <= shipped_policy().bounds.numbers
    for kind in CITIZENS:
        assert flood.reached[kind] == flood.came[kind], "nobody is without a way to a person"
