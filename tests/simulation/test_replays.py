"""Shifts of many seeds, each recorded by the real service and replayed from its log.

`HOTLINE_SHIFTS=200 pytest tests/simulation/test_replays.py` plays more of them.
"""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random

import pytest

from acd.replaying import replay_run
from tests.fakes.clock import NOON
from tests.fakes.event_log import ListEventLog, ListRecordedLog
from tests.simulation.recorded import RecordedShift
from tests.simulation.shift import Habits
from tests.unit.acd.rules import make_rules

SHIFTS = int(os.environ.get("HOTLINE_SHIFTS", "4"))
END = NOON + timedelta(hours=12)


@pytest.mark.parametrize("seed", range(SHIFTS))
async def test_a_shift_replays_from_its_log_whatever_happened(seed: int) -> None:
    chance = Random(seed)
    habits = Habits(
        talk=chance.uniform(20, 120),
        wrap_up=chance.uniform(2, 40),
        patience=chance.uniform(20, 200),
        ignores=chance.uniform(0, 0.1),
        refuses=chance.uniform(0, 0.1),
        transfers=chance.uniform(0, 0.2),
        consults=chance.uniform(0, 0.1),
        asks_back=chance.uniform(0, 0.5),
    )
    log = ListEventLog()
    rules = make_rules(general_after=chance.choice([None, 5, 20, 60]))
    shift = RecordedShift(rules, seed, log, habits)
    await shift.begin("shift")
    shift.run_for(1)
    operators = chance.randrange(10, 40)
    for number in range(1, operators + 1):
        shift.seat(number)
    shift.arrivals(per_second=operators / (habits.talk + habits.wrap_up), seconds=500)
    shift.lead(chance.uniform(100, 500))
    shift.run_for(600)
    reader = ListRecordedLog(log)
    [run] = await reader.runs(NOON, END)
    report = await replay_run(reader, run, until=END)
    assert report.difference is None
    assert report.unwritten == 0
    assert report.tally.inputs == len(log.inputs) > 100
    assert report.logged == report.counted
