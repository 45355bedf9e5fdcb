"""Security test S16 on a virtual clock: a flood for half an hour over ordinary citizens.

20 calls/s from 50 rotating numbers and 5 anonymous a second, over 1.6 citizens a second. Then the
same with a new random number for each call. Citizens press when they are asked, one in fifty calls
again within a minute, one in three waits for a person without pressing anything. Machines press
nothing; then again, machines that press 0 as soon as they are answered, but not the key asked for.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest

from ivr.core.screening.guard import Guard
from ivr.core.screening.policy import Level
from ivr.core.screening.present import Decision
from kernel.ids import CallId
from kernel.phone import clean
from tests.fakes.clock import NOON
from tests.fakes.guard_room import shipped_policy
from tests.fakes.ids import CountedIds

SECONDS = 1800
STAYS_S = 30.0
SILENCES_S = (9.0, 16.0, 24.0)
"""When a question of the menu has been met with silence; the last leads to a person."""
CITIZENS = ("citizen", "again", "withheld")
MACHINES = ("machine", "anonymous")
ANONYMOUS_PART, KNOWN_PART, AGAIN_PART, SILENT_PART = 0.01, 0.4, 0.02, 0.33


@dataclass(order=True, slots=True)
class Step:
    """Something happens to a call. `presses_s`: when a key of the menu is pressed; never: inf.
    `silences`: how many questions of the menu it has let pass."""

    at: float
    number: int
    what: str = field(compare=False)
    kind: str = field(compare=False)
    ani: str = field(compare=False)
    known: bool = field(compare=False)
    presses_s: float = field(compare=False)
    call_id: CallId = field(compare=False)
    came_at: float = field(compare=False)
    silences: int = field(compare=False, default=0)


@dataclass(slots=True)
class Flood:
    """Counts calls by kind: those that `came`, were `asked` for a key, `reached` a person. Kinds of
    citizens: with a number, calling again within a minute, without a number."""

    guard: Guard
    reached: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    raised_at: float | None = None
    steps: list[Step] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def attacks(self) -> float:
        """The part of attacks among the calls that reach a person."""
        return sum(self.reached[k] for k in MACHINES) / sum(self.reached.values())

    @property
    def asked_part(self) -> float:
        """The part of the citizens who were asked for a key."""
        return sum(self.asked[k] for k in CITIZENS) / sum(self.came[k] for k in CITIZENS)

    def dial(self, at: float, kind: str, ani: str, known: bool, presses_s: float) -> None:
        n = next(self.numbers)
        call_id = CallId(f"gz-1-{n}")
        heapq.heappush(self.steps, Step(at, n, "enter", kind, ani, known, presses_s, call_id, at))

    def run(self) -> None:
        while self.steps:
            step = heapq.heappop(self.steps)
            if step.what == "enter":
                self._enter(step)
            elif step.what == "silence":
                self._silence(step)
            else:
                self.guard.leave(step.call_id)
            if self.guard.level is not Level.NORMAL and self.raised_at is None:
                self.raised_at = step.at

    def _enter(self, step: Step) -> None:
        now = NOON + timedelta(seconds=step.at)
        verdict = self.guard.enter(
            step.call_id, clean(step.ani), "12345", familiar=step.known, now=now
        )
        self.came[step.kind] += 1
        self._then(step, "leave", step.came_at + STAYS_S)
        if verdict.decision is Decision.CHALLENGE:
            self._ask(step)
        elif verdict.decision is Decision.PASS:
            self._listen(step)

    def _silence(self, step: Step) -> None:
        now = NOON + timedelta(seconds=step.at)
        asked = self.guard.again(step.call_id, familiar=step.known, now=now)
        if asked is not None:
            self._ask(step)
        else:
            self._listen(step)

    def _listen(self, step: Step) -> None:
        """The next question; whoever presses, or is silent to the last, reaches a person."""
        left = SILENCES_S[step.silences :]
        if not left or step.presses_s < left[0]:
            self.reached[step.kind] += 1
        else:
            self._then(step, "silence", step.came_at + left[0])

    def _ask(self, step: Step) -> None:
        self.asked[step.kind] += 1
        if step.kind not in MACHINES:
            self.guard.passed(step.call_id, NOON + timedelta(seconds=step.at))
            self.reached[step.kind] += 1

    def _then(self, step: Step, what: str, at: float) -> None:
        silences = step.silences + (what == "silence")
        after = replace(step, at=at, number=next(self.numbers), what=what, silences=silences)
        heapq.heappush(self.steps, after)


def told(flood: Flood) -> str:
    asked = {kind: f"{flood.asked[kind]}/{flood.came[kind]}" for kind in CITIZENS}
    return (
        f"{sum(flood.reached[k] for k in MACHINES)} attacks reach a person, {flood.attacks:.2%} of "
        f"all who do; {flood.asked_part:.2%} of the citizens were asked {asked}, "
        f"the guard was up after {flood.raised_at:.1f} s"
    )


def flooded(number: Callable[[random.Random, int], str], seed: int, *, press: bool) -> Flood:
    chance = random.Random(seed)
    flood = Flood(Guard(shipped_policy(), CountedIds().new))
    after_s = 1.0 if press else float("inf")
    for n in range(SECONDS * 20):
        flood.dial(n / 20, "machine", number(chance, n), False, after_s)
    for n in range(SECONDS * 5):
        flood.dial(n / 5, "anonymous", "", False, after_s)
    at = 0.0
    while at < SECONDS:
        at += chance.expovariate(1.6)
        ani = "" if chance.random() < ANONYMOUS_PART else f"139{chance.randrange(10**8):08}"
        known = ani != "" and chance.random() < KNOWN_PART
        presses_s = float("inf") if chance.random() < SILENT_PART else chance.uniform(2, 20)
        flood.dial(at, "citizen" if ani else "withheld", ani, known, presses_s)
        if ani and chance.random() < AGAIN_PART:
            flood.dial(at + chance.uniform(20, 59), "again", ani, known, presses_s)
    flood.run()
    return flood


def rotating(chance: random.Random, n: int) -> str:
    return f"1{37 + n % 50 % 3}{n % 50 * 1234567 % 10**8:08}"


def random_number(chance: random.Random, n: int) -> str:
    return f"1{chance.randrange(3, 10)}{chance.randrange(10**9):09}"


@pytest.mark.parametrize("press", [False, True])
def test_flood_of_a_few_numbers_hardly_reaches_anybody_and_citizens_are_left_alone(
    press: bool,
) -> None:
    flood = flooded(rotating, 1, press=press)
    print(f"few numbers, machines {'press 0' if press else 'are silent'}: {told(flood)}")
    assert flood.attacks <= (0.02 if press else 0.005)
    assert flood.asked["citizen"] <= 0.005 * flood.came["citizen"]
    assert flood.asked_part <= 0.03
    assert flood.raised_at is not None
    assert flood.raised_at <= 60
    for kind in CITIZENS:
        assert flood.reached[kind] == flood.came[kind], "nobody is without a way to a person"


@pytest.mark.parametrize("press", [False, True])
def test_flood_of_random_numbers_is_met_by_a_key_and_memory_stays_bounded(press: bool) -> None:
    flood = flooded(random_number, 4, press=press)
    watched = flood.guard.picture(NOON + timedelta(seconds=SECONDS)).watched
    silent = "press 0" if press else "are silent"
    print(f"random numbers, machines {silent}: {told(flood)}, {watched} numbers are watched")
    # Whoever presses 0 in the three seconds before the guard is up has looked like a citizen.
    assert flood.attacks <= (0.03 if press else 0.005)
    assert watched <= shipped_policy().bounds.numbers
    for kind in CITIZENS:
        assert flood.reached[kind] == flood.came[kind], "nobody is without a way to a person"


@pytest.mark.parametrize("seed", range(2))
def test_city_that_calls_four_times_as_much_as_ever_brings_no_storm(seed: int) -> None:
    """6.6 calls a second for an hour, all of them from people who never called before."""
    chance = random.Random(seed)
    flood = Flood(Guard(shipped_policy(), CountedIds().new))
    at = 0.0
    while at < 3600:
        at += chance.expovariate(6.6)
        flood.dial(at, "citizen", f"139{chance.randrange(10**8):08}", False, 5.0)
    flood.run()
    assert flood.raised_at is None
    assert flood.asked["citizen"] == 0
