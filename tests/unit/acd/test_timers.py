"""The loop's timers: one handle, exact order, nothing expires twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from acd.adapters.timers import LoopTimers
from acd.core.inputs import TimerKey, TimerKind
from kernel.infra.clock import SystemClock

CLOCK = SystemClock()


def key(name: str) -> TimerKey:
    return TimerKey(TimerKind.RING, name)


def soon(milliseconds: int) -> datetime:
    return CLOCK.now() + timedelta(milliseconds=milliseconds)


async def expiries(timers: LoopTimers, count: int) -> list[str]:
    """The names of the next expiries, waited for."""
    heard: list[str] = []
    enough = asyncio.Event()

    def hear(timer: TimerKey) -> None:
        heard.append(timer.of)
        if len(heard) == count:
            enough.set()

    timers.on_expiry(hear)
    await asyncio.wait_for(enough.wait(), 5)
    return heard


async def test_timers_expire_in_the_order_of_their_moments() -> None:
    timers = LoopTimers(CLOCK)
    timers.start(key("late"), soon(30))
    timers.start(key("early"), soon(10))
    timers.start(key("past"), soon(-1000))
    assert await expiries(timers, 3) == ["past", "early", "late"]
    assert len(timers) == 0


async def test_a_cancelled_timer_does_not_expire() -> None:
    timers = LoopTimers(CLOCK)
    timers.start(key("cancelled"), soon(5))
    timers.start(key("kept"), soon(10))
    timers.cancel(key("cancelled"))
    timers.cancel(key("never started"))
    assert await expiries(timers, 1) == ["kept"]


async def test_starting_again_replaces_the_moment() -> None:
    timers = LoopTimers(CLOCK)
    timers.start(key("moved"), soon(1))
    timers.start(key("moved"), soon(20))
    timers.start(key("between"), soon(10))
    assert await expiries(timers, 2) == ["between", "moved"]


async def test_a_stopped_source_forgets_everything() -> None:
    timers = LoopTimers(CLOCK)
    timers.start(key("forgotten"), soon(1))
    timers.stop()
    timers.start(key("kept"), soon(5))
    assert await expiries(timers, 1) == ["kept"]


async def test_cancelled_timers_do_not_pile_up() -> None:
    timers = LoopTimers(CLOCK)
    for n in range(20_000):
        timers.start(key(str(n)), soon(60_000 + n))
        timers.cancel(key(str(n)))
    assert len(timers) == 0
    assert len(timers._heap) <= 1025
    timers.stop()
