"""The load of questions: callers who lead where the shipped flows lead, figures that can miss."""

from __future__ import annotations

import asyncio
from itertools import islice

import pytest

from bench.figures import Bar
from bench.ivr_questions import Caller, Order, Pace, Seen, callers
from cti.core.words import Do
from ivr.core.interpreter import Answer, Result
from ivr.core.walk import Visit, visit_flow
from kernel.ids import TeamId
from kernel.telephony import EnterQueue, TransferOut
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import main_flow

ORDER = Order("20261124000123", "8321")
KINDS = 10


@pytest.mark.parametrize("caller", list(islice(callers(ORDER), KINDS)), ids=lambda c: str(c.keys))
@pytest.mark.parametrize("found", [Result.FOUND, Result.NOT_FOUND])
def test_each_caller_ends_where_the_shipped_flow_leads(caller: Caller, found: Result) -> None:
    team = TeamId("labour") if caller.dialled != "12345" else None
    visit = Visit(started_at=NOON, dnis=caller.dialled, line_team=team, answer=Answer(found))
    journey = visit_flow(main_flow(), caller.keys, visit)
    if caller.ends is Do.QUEUE:
        assert isinstance(journey.ending, EnterQueue)
        assert journey.ending.team == caller.at
    else:
        assert isinstance(journey.ending, TransferOut)
        assert journey.ending.number == caller.at


def test_the_callers_come_again_and_again() -> None:
    twice = list(islice(callers(ORDER), 2 * KINDS))
    assert twice[:KINDS] == twice[KINDS:]


def test_a_step_that_is_late_once_in_fifty_misses_its_bar_and_the_bar_of_all() -> None:
    seen = Seen(lasted_s=1.0)
    seen.steps["begin"] = [5.0] * 1000
    seen.steps["a key"] = [5.0] * 49 + [80.0]
    met = {figure.name: figure.met for figure in seen.figures(Bar(p99_ms=50))}
    assert met == {"begin": True, "a key": False, "every step": True}
    assert seen.sessions_per_s == 1050


def test_nothing_seen_is_no_rate() -> None:
    assert Seen().sessions_per_s == 0


async def test_turns_come_evenly_and_lost_time_is_caught_up() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    pace = Pace(rate=20)
    for _ in range(4):
        await pace.turn()
    assert loop.time() - began >= 0.15
    await asyncio.sleep(0.5)  # the time that is lost
    before = loop.time()
    for _ in range(5):
        await pace.turn()
    assert loop.time() - before < 0.2
