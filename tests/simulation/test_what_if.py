"""A day recorded by the real service, played again: as it was within a stated tolerance, and
otherwise in the direction of the change."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from statistics import mean

import pytest

from acd.core.what_if.change import Change
from acd.core.what_if.day import RecordedDay
from acd.core.what_if.score import Score
from acd.what_if import WHOLE_CENTRE, read_day, what_if
from tests.fakes.clock import NOON
from tests.fakes.event_log import ListEventLog, ListRecordedLog
from tests.simulation.recorded import RecordedShift
from tests.simulation.shift import Habits
from tests.unit.acd.rules import LABOUR, make_rules

BEGIN, END = NOON - timedelta(hours=12), NOON + timedelta(hours=12)
SEEDS = (1, 2, 3)


async def recorded_day() -> RecordedDay:
    """Fifty minutes, 60 operators of five teams, about 1,100 callers, breaks, refusals, transfers
    and consultations; too many callers for a quarter of an hour."""
    log = ListEventLog()
    habits = Habits(talk=100, wrap_up=20, patience=90, ignores=0.02, transfers=0.05, consults=0.02)
    shift = RecordedShift(make_rules(general_after=15), 3, log, habits)
    await shift.begin("day")
    shift.run_for(1)
    for number in range(1, 61):
        shift.seat(number)
    shift.arrivals(per_second=0.34, seconds=2700)
    shift.after(900, lambda: shift.arrivals(per_second=0.2, seconds=900))
    shift.run_for(3000)
    reader = ListRecordedLog(log)
    day = await read_day(reader, await reader.runs(BEGIN, END), BEGIN, END)
    assert day is not None
    return day


@pytest.fixture(scope="module")
def day() -> RecordedDay:
    return asyncio.run(recorded_day())


def averaged(scores: list[Score], figure: str) -> float:
    values = [
        s.level.abandons_negative if figure == "in_time" else getattr(s, figure) for s in scores
    ]
    return mean(v for v in values if v is not None)


def test_a_day_played_again_unchanged_gives_the_recorded_figures(day: RecordedDay) -> None:
    """Tolerance: 3 points of the 15-second level, 2 of abandons, occupancy and own team (mean of
    three seeds); half a second, 3 s and a quarter of the wait's percentiles."""
    answers = [what_if(day, Change(), seed) for seed in SEEDS]
    recorded = answers[0].recorded[WHOLE_CENTRE]
    again = [a.unchanged[WHOLE_CENTRE] for a in answers]
    assert recorded.calls > 1000
    assert recorded.abandon_rate is not None and recorded.abandon_rate > 0.03
    assert 0.5 < (recorded.level.abandons_negative or 0) < 0.95, "a day with something to see"
    for figure, points in (
        ("in_time", 0.03),
        ("abandon_rate", 0.02),
        ("short_abandon_rate", 0.02),
        ("occupancy", 0.02),
        ("own_team", 0.03),
    ):
        was = averaged([recorded], figure)
        assert averaged(again, figure) == pytest.approx(was, abs=points), figure
    assert mean(s.calls for s in again) == pytest.approx(recorded.calls, rel=0.01)
    for n, seconds in enumerate((0.5, 3.0, recorded.waits[2] / 4)):
        assert mean(s.waits[n] for s in again) == pytest.approx(recorded.waits[n], abs=seconds)


def test_the_same_question_has_the_same_answer_and_only_the_change_differs(
    day: RecordedDay,
) -> None:
    one, other = (what_if(day, Change(more=[(LABOUR, 4)]), 5) for _ in range(2))
    assert one.recorded == other.recorded
    assert one.unchanged == other.unchanged
    assert one.changed == other.changed
    nothing = what_if(day, Change(), 5)
    assert nothing.changed == nothing.unchanged == one.unchanged
    more = one.changed[LABOUR], one.unchanged[LABOUR]
    assert (more[0].level.abandons_negative or 0) > (more[1].level.abandons_negative or 0) + 0.05
    assert (more[0].occupancy or 0) < (more[1].occupancy or 0) - 0.05
    assert more[0].waits[1] < more[1].waits[1]


def test_a_ring_that_opens_earlier_brings_help_of_another_team(day: RecordedDay) -> None:
    answer = what_if(day, Change(rings=[(LABOUR, 2, timedelta(seconds=1))]), 5)
    before, after = answer.unchanged[LABOUR], answer.changed[LABOUR]
    assert (after.own_team or 0) < (before.own_team or 0)
    assert after.waits[1] < before.waits[1]


def test_fewer_operators_answer_fewer(day: RecordedDay) -> None:
    answer = what_if(day, Change(more=[(LABOUR, -6)]), 5)
    before, after = answer.unchanged[LABOUR], answer.changed[LABOUR]
    assert (after.connect_rate or 0) < (before.connect_rate or 0) - 0.02
    assert after.calls == pytest.approx(before.calls, rel=0.05), "nobody is lost"
