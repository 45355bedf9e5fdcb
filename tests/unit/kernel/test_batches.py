"""Written in order, each once, whatever the place they are written to does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import batches
from kernel.batches import Batches


class Paper:
    """Takes what is written; refuses as many times as it is told to."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.lines: list[int] = []
        self.batches: list[int] = []
        self.told: list[tuple[str, int]] = []

    async def write(self, batch: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise OSError("full")
        self.lines += batch
        self.batches.append(len(batch))

    def unwritten(self, error: Exception, waiting: int) -> None:
        self.told.append((type(error).__name__, waiting))

    def writer(self, limit: int = 10, gather_s: float = 0.0) -> Batches[int]:
        return Batches(
            "paper", self.write, limit=limit, gather_s=gather_s, unwritten=self.unwritten
        )


@pytest.fixture(autouse=True, scope="module")
def impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "RETRY_AFTER_S", 0.0)
        yield


@given(
    st.lists(st.integers(1, 7), max_size=12), st.integers(1, 5), st.integers(0, 4), st.booleans()
)
def test_everything_is_written_once_and_in_order(
    bursts: list[int], limit: int, refusals: int, at_once: bool
) -> None:
    async def play() -> Paper:
        paper, number = Paper(refusals), 0
        writer = paper.writer(limit)
        if at_once:
            await writer.start()
        for burst in bursts:
            for _ in range(burst):
                writer.put(number)
                number += 1
            await asyncio.sleep(0)
        if not at_once:
            await writer.start()
        await writer.drain()
        assert writer.waiting == 0
        await writer.stop()
        return paper

    paper = asyncio.run(play())
    assert paper.lines == list(range(sum(bursts)))
    assert all(size <= limit for size in paper.batches)
    assert len(paper.told) == (refusals if bursts else 0)


async def test_the_first_waits_for_others() -> None:
    paper = Paper()
    writer = paper.writer(gather_s=0.01)
    await writer.start()
    for number in range(5):
        writer.put(number)
        await asyncio.sleep(0)
    await writer.stop()
    assert paper.batches == [5]


async def test_a_refusal_is_told_with_how_many_wait() -> None:
    paper = Paper(refusals=2)
    writer = paper.writer(limit=2)
    for number in range(5):
        writer.put(number)
    await writer.start()
    await writer.drain()
    assert paper.told == [("OSError", 5), ("OSError", 5)]
    await writer.stop()


async def test_the_end_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "STOP_WITHIN_S", 0.01)
    paper = Paper(refusals=10**9)
    writer = paper.writer()
    await writer.start()
    writer.put(1)
    await asyncio.sleep(0)
    await writer.stop()
    assert paper.told[-1][0] == "TimeoutError"
    assert paper.lines == []
    await writer.stop()
