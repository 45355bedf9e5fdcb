"""A stall is as many late messages as would have come meanwhile."""

from __future__ import annotations

import asyncio
import time

import pytest

from kernel.infra import loop_lag
from kernel.infra.loop_lag import LagCounts, LoopLag


def test_a_stall_of_a_second_counts_as_fifty_late_ticks() -> None:
    counts = LagCounts()
    counts.add(1.0, tick_s=0.02)

    assert counts.ticks == 50
    assert counts.max_ms == 1000
    assert counts.over(500.0) == 25
    assert counts.over(50.0) == 48


def test_punctual_ticks_hide_a_stall_from_the_99th_percentile_but_not_from_the_maximum() -> None:
    counts = LagCounts()
    for _ in range(10_000):
        counts.add(0.0005)
    counts.add(0.06)

    assert counts.at_most(0.99) == 1.0
    assert counts.at_most(1.0) == counts.max_ms == 60
    assert counts.over(50.0) == 1


def test_a_percentile_is_the_bound_that_it_does_not_exceed() -> None:
    counts = LagCounts()
    for lag_ms in (0.4, 1.5, 1.6, 4.0):
        counts.add(lag_ms / 1000)

    assert counts.at_most(0.25) == 1.0
    assert counts.at_most(0.75) == 2.0
    assert counts.at_most(1.0) == 4.0
    assert LagCounts().at_most(0.99) == 0.0


def _block_the_loop() -> None:
    """The defect that is to be found."""
    time.sleep(0.08)


async def test_what_holds_the_loop_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: asyncio.Queue[LagCounts] = asyncio.Queue()
    monkeypatch.setattr(loop_lag, "TELL_EVERY_S", 0.05)
    lag = LoopLag(told.put_nowait)
    lag.start()
    await asyncio.sleep(0)
    _block_the_loop()
    async with asyncio.timeout(5):
        counts = await told.get()
    lag.stop()

    assert counts.max_ms >= 40
    assert counts.over(20.0) >= 1
