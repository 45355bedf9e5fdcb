"""The distribution tells waiting callers, writes down what it told, and judges it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acd.core.waits import WaitNews
from acd.ports import Memory
from kernel import events as ev
from kernel.ids import CallId, EventId
from kernel.waits import WaitScore
from tests.fakes.clock import NOON
from tests.fakes.event_log import ListEventLog
from tests.unit.acd.hall import A, Hall
from tests.unit.acd.rules import GENERAL


async def learn(hall: Hall, calls: int = 24) -> str:
    """One operator handles so many calls of 60 s with 10 s of writing up; A's phone."""
    phone = await hall.seat(A)
    for n in range(calls):
        call = await hall.arrive(f"past-{n:02}")
        hall.exchange.pick_up(phone)
        await hall.calm()
        hall.clock.advance(timedelta(seconds=60))
        await hall.acd.release(A)
        await hall.calm()
        hall.exchange.caller_hangs_up(call)
        hall.clock.advance(timedelta(seconds=10))
        await hall.acd.finish_wrap_up(A, "answered")
        await hall.calm()
    await hall.arrive("in-hand")
    hall.exchange.pick_up(phone)
    await hall.calm()
    return phone


async def test_before_anything_was_learnt_a_caller_hears_the_place_alone(hall: Hall) -> None:
    call = await hall.arrive("c-1")
    assert hall.acd.announce(call) == WaitNews(GENERAL, 1, None, None)
    [told] = hall.published(ev.WaitAnnounced)
    assert (told.call_id, told.position, told.low_min) == (call, 1, None)
    assert hall.acd.announce(CallId("nobody")) is None


async def test_a_wait_that_is_sure_enough_is_told_written_down_and_judged(hall: Hall) -> None:
    phone = await learn(hall)
    call = await hall.arrive("c-1")
    news = hall.acd.announce(call)
    assert news is not None and news.told is not None and news.expected_s is not None
    assert news.position == 1
    assert 40 < news.expected_s < 100
    [told] = hall.published(ev.WaitAnnounced)
    assert (told.low_min, told.high_min) == (news.told.low, news.told.high)
    assert told in hall.event_log.entries
    hall.clock.advance(timedelta(seconds=60))
    await hall.acd.release(A)
    hall.clock.advance(timedelta(seconds=9))
    await hall.acd.finish_wrap_up(A, "answered")
    await hall.calm()
    hall.exchange.pick_up(phone)
    await hall.calm()
    [scored] = hall.published(ev.WaitForecastsScored)
    [score] = scored.scores
    assert (scored.call_id, score.told, score.waited_s, score.answered) == (call, True, 69.0, True)
    assert scored in hall.event_log.entries
    waits = hall.acd.wallboard().total.waits
    assert (waits.told, waits.within_rate) == (1, 1.0)
    assert waits.mae_s == pytest.approx(abs(score.expected_s - 69.0))


async def test_a_caller_who_gives_up_early_proves_nothing(hall: Hall) -> None:
    await learn(hall)
    call = await hall.arrive("c-1")
    hall.acd.announce(call)
    hall.clock.advance(timedelta(seconds=8))
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    assert len(hall.published(ev.WaitForecastsScored)) == 1
    assert hall.acd.wallboard().total.waits.told == 0


async def test_a_caller_for_whom_a_phone_rings_is_told_the_place_alone(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    news = hall.acd.announce(call)
    assert news is not None and news.told is None


async def test_what_was_judged_before_a_restart_is_still_published() -> None:
    score = WaitScore(
        expected_s=100,
        departures=3,
        low_min=1,
        high_min=2,
        told=True,
        waited_s=90,
        answered=True,
    )
    before = ev.WaitForecastsScored(
        event_id=EventId("e"),
        occurred_at=NOON - timedelta(hours=5),
        call_id=CallId("old"),
        team=GENERAL,
        scores=(score,),
    )
    hall = Hall(event_log=ListEventLog(Memory(waits=[before])))
    await hall.acd.start()
    waits = hall.acd.wallboard().total.waits
    assert (waits.told, waits.within_rate, waits.mae_s) == (1, 1.0, 10.0)
    await hall.acd.stop()
