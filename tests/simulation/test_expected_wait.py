"""Announced waits against what the callers then really waited, on the virtual clock.

Each waiting caller asks as on the telephone: after 5 s and then every 30 s. The figures are printed
(`pytest -s`); the bars are what the wallboard would be ashamed to fall below.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from acd.core.wait_scores import within
from acd.core.wait_told import LADDER_MIN, Told
from acd.core.waits import Waits
from kernel import events as ev
from kernel.ids import CallId
from kernel.waits import WaitScore
from tests.simulation.shift import Habits, Shift
from tests.unit.acd.rules import make_rules

FIRST_ASKED_S, THEN_EVERY_S = 5, 30


class Asking(Shift):
    """A shift whose callers are told what to expect. `naive` is app_queue's figure for the same
    questions: |average wait of the answered + 30 s - waited so far|."""

    def __init__(self, seed: int, habits: Habits) -> None:
        self.waits = Waits(make_rules())
        self.told: dict[CallId, list[Told]] = {}
        self.scores: list[WaitScore] = []
        self.naive: list[float] = []
        self._naive_open: dict[CallId, list[tuple[float, float]]] = {}
        self._average = 60.0
        super().__init__(make_rules(), seed, habits)
        self._judge = False  # whether each offer was right is judged by other shifts

    def _hear(self, event: ev.Event) -> None:
        super()._hear(event)
        scored = self.waits.hear(event)
        match event:
            case ev.CallQueued(cause="entry" | "transfer") if event.call_id is not None:
                call_id = event.call_id
                self.after(FIRST_ASKED_S, lambda: self._ask(call_id))
            case ev.CallAnswered() if event.call_id is not None:
                self._average = (3 * self._average + event.waited_s) / 4
                now_s = self.seconds(event)
                for asked_s, guess in self._naive_open.pop(event.call_id, ()):
                    self.naive.append(abs(guess - (now_s - asked_s)))
            case _:
                pass
        if scored is not None:
            self.scores += scored.scores
            self.waits.hear(scored)

    def seconds(self, event: ev.Event) -> float:
        return (event.occurred_at - self.began_at).total_seconds()

    def _ask(self, call_id: CallId) -> None:
        news = self.waits.announce(self.floor, call_id, self.now)
        if news is None:
            return
        if news.told is not None:
            self.told.setdefault(call_id, []).append(news.told)
        waited = self.now - self.floor.calls[call_id].first_arrival_at
        guess = abs(self._average + 30 - waited.total_seconds())
        asked_s = (self.now - self.began_at).total_seconds()
        self._naive_open.setdefault(call_id, []).append((asked_s, guess))
        self.after(THEN_EVERY_S, lambda: self._ask(call_id))


def surge(seed: int, operators: int, per_second: float, minutes: float) -> Asking:
    """More callers than can be served for a while, then the line runs dry."""
    shift = Asking(seed, Habits(talk=120, wrap_up=20, patience=500))
    for number in range(1, operators + 1):
        shift.seat(number)
    shift.arrivals(per_second, minutes * 60)
    shift.run_for(minutes * 60 + 1500)
    return shift


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def test_announced_waits_come_true_and_beat_the_average_of_those_answered() -> None:
    shift = surge(seed=11, operators=45, per_second=0.5, minutes=35)
    judged = [s for s in shift.scores if s.told and within(s) is not None]
    right = mean([bool(within(s)) for s in judged])
    errors = [abs(s.expected_s - s.waited_s) for s in shift.scores if s.answered]
    bias = mean([s.expected_s - s.waited_s for s in shift.scores if s.answered])
    long = [s for s in judged if s.expected_s > 90]
    right_long = mean([bool(within(s)) for s in long])
    told_share = sum(s.told for s in shift.scores) / len(shift.scores)
    print(
        f"\n{len(shift.scores)} forecasts, {told_share:.1%} told; within the told range {right:.1%}"
        f" (beyond 90 s: {right_long:.1%} of {len(long)}); mean error {mean(errors):.1f} s, bias"
        f" {bias:+.1f} s; app_queue's figure: mean error {mean(shift.naive):.1f} s"
    )
    assert len(judged) > 1000 and len(long) > 200
    assert told_share > 0.85
    assert right > 0.85 and right_long > 0.75
    assert mean(errors) < 0.7 * mean(shift.naive)
    assert abs(bias) < 15


def test_what_a_caller_hears_never_rises_by_more_than_one_step() -> None:
    shift = surge(seed=12, operators=20, per_second=0.3, minutes=20)

    def step(minutes: int | None) -> int:
        return len(LADDER_MIN) if minutes is None else LADDER_MIN.index(minutes)

    heard = [told for told in shift.told.values() if len(told) > 2]
    assert len(heard) > 50
    for told in heard:
        for before, after in zip(told, told[1:], strict=False):
            assert step(after.low) <= step(before.low) + 1
            assert step(after.high) <= step(before.high) + 1


def test_nothing_is_told_before_enough_was_learnt() -> None:
    shift = Asking(5, Habits(talk=3600))
    for number in range(1, 6):
        shift.seat(number)
    shift.arrivals(0.5, 120)
    shift.run_for(300)
    assert shift.told == {}
    assert shift.now - shift.began_at == timedelta(seconds=300)
