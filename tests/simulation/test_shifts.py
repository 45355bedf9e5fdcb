"""Whole shifts in seconds: thousands of calls, 506 booths, and the books compared at the end."""

from __future__ import annotations

from collections import Counter

from acd.core import agent as ag
from acd.core.floor import Floor
from acd.core.metrics import Count, average_speed_of_answer, service_level
from acd.core.self_audit import audit
from acd.core.step import step
from kernel import events as ev
from tests.simulation.shift import Habits, Shift
from tests.unit.acd.invariants import check, check_metrics, check_timers
from tests.unit.acd.rules import make_rules


def judge(shift: Shift) -> None:
    """Nothing contradicts, nothing is lost, nobody is stuck."""
    check(shift.floor)
    check_timers(shift.floor, set(shift.timers))
    check_metrics(shift.floor, shift.metrics)
    assert audit(shift.floor, shift.metrics, shift.began_at, shift.now) == []


def close(shift: Shift) -> None:
    """Let everything end, then compare our books with the exchange's."""
    shift.run_for(1800)
    judge(shift)
    assert shift.exchange.callers == {}
    assert shift.floor.calls == {}
    assert shift.floor.offers == {}
    assert None not in shift.outcomes.values()
    assert all(isinstance(a.activity, ag.Idle) for a in shift.floor.agents.values())
    assert shift.arrived == shift.left


def count(shift: Shift, event_type: type[ev.Event]) -> int:
    return sum(isinstance(e, event_type) for e in shift.events)


def totals(shift: Shift) -> Counter[Count]:
    found: Counter[Count] = Counter()
    for team in shift.metrics.teams.values():
        found.update(dict(zip(Count, team.day, strict=True)))
    return found


def test_a_busy_hour_of_506_booths_loses_nobody() -> None:
    """95 % occupancy by the staffing table: 1.4 calls/s with about 215 s of handling and ring."""
    shift = Shift(make_rules(), seed=12345)
    for number in range(1, 507):
        shift.seat(number)
    shift.arrivals(per_second=1.9, seconds=3600)
    for _ in range(12):
        shift.run_for(300)
        judge(shift)
    close(shift)
    assert shift.arrived > 6000
    books = totals(shift)
    assert books[Count.ANSWERED] == count(shift, ev.CallAnswered)
    assert books[Count.ABANDONED] == count(shift, ev.CallAbandoned)
    transfers = sum(isinstance(e, ev.CallTransferred) and e.kind == "blind" for e in shift.events)
    flowed = books[Count.FLOWED_OUT]
    assert books[Count.ENTERED] == shift.arrived + transfers + flowed
    everything = [0] * len(Count)
    for team in shift.metrics.teams.values():
        everything = [a + b for a, b in zip(everything, team.day, strict=True)]
    level = service_level(everything).abandons_negative
    asa = average_speed_of_answer(everything)
    assert level is not None and level > 0.9
    assert asa is not None and asa < 10


def test_a_typhoon_hour_serves_by_first_arrival_and_recovers() -> None:
    """Four times too many callers for ten minutes; each assignment is judged for inversions."""
    shift = Shift(make_rules(), seed=7, habits=Habits(talk=90, wrap_up=15, transfers=0.05))
    for number in range(1, 61):
        shift.seat(number)
    shift.arrivals(per_second=2.0, seconds=600)
    for _ in range(20):
        shift.run_for(30)
        judge(shift)
    assert sum(map(len, shift.floor.lines.values())) > 100
    close(shift)
    assert totals(shift)[Count.ABANDONED] > 100


def test_lines_that_break_again_and_again_lose_nobody_and_ring_nobody_twice() -> None:
    shift = Shift(make_rules(), seed=99, habits=Habits(talk=60, wrap_up=10, consults=0.05))
    for number in range(1, 81):
        shift.seat(number)
    shift.arrivals(per_second=1.0, seconds=900)
    for length in range(12):
        shift.run_for(60)
        judge(shift)
        shift.exchange.lose()
        shift.run_for(length * 1.5)
        shift.exchange.restore()
        shift.run_for(0.5)
        judge(shift)
    shift.run_for(120)
    close(shift)


def test_a_shift_replayed_from_its_log_gives_the_same_effects_bit_for_bit() -> None:
    shift = Shift(make_rules(), seed=4, habits=Habits(talk=60, ignores=0.05, transfers=0.1))
    for number in range(1, 41):
        shift.seat(number)
    shift.arrivals(per_second=0.7, seconds=600)
    shift.run_for(700)
    floor = Floor(make_rules())
    for (now, item), effects in zip(shift.log, shift.effects, strict=True):
        floor, again = step(floor, item, now)
        assert again == effects
        assert repr(again) == repr(effects)
    assert len(shift.log) > 2000


def test_two_shifts_of_one_seed_are_one() -> None:
    logs = []
    for _ in range(2):
        shift = Shift(make_rules(), seed=31)
        for number in range(1, 31):
            shift.seat(number)
        shift.arrivals(per_second=0.3, seconds=300)
        shift.run_for(400)
        logs.append(repr(shift.events))
    assert logs[0] == logs[1]
