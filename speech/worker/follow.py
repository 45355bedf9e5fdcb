"""One recording read as it grows: caller on the left, operator on the right, each with ears of its
own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from speech.core.result import Utterance
from speech.core.samples import TELEPHONE_RATE, Upsampler, channels
from speech.core.wire import SIDES, Follow, Followed, Report, Said
from speech.ports import Recogniser, RecogniserFailed, Recognisers

LOOK_EVERY_S = 0.2
THERE_WITHIN_S = 30.0
PIECE_BYTES = 4 * TELEPHONE_RATE // 10
"""A tenth of a second of both sides."""
READ_BYTES = 10 * PIECE_BYTES
RECOGNISED_WITHIN_S = 10.0
"""Longer than for a caller who is listened to: nobody waits for a transcript."""
T = TypeVar("T")


class Side:
    """One side's ears. `heard_s`: so much of it was taken in."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._upsample = Upsampler()
        self._began_s: float | None = None
        self.heard_s = 0.0

    def take(self, audio: bytes) -> tuple[Utterance, float] | None:
        """In a thread. An utterance that ended, and when it began."""
        before_s = self.heard_s
        self.heard_s += len(audio) / (2 * TELEPHONE_RATE)
        ended = self._recogniser.accept(self._upsample(audio))
        if ended is not None:
            return self._told(ended)
        if self._began_s is None and self._recogniser.partial().spoken:
            self._began_s = before_s
        return None

    def end(self) -> tuple[Utterance, float] | None:
        return self._told(self._recogniser.final())

    def _told(self, ended: Utterance) -> tuple[Utterance, float] | None:
        began_s, self._began_s = self._began_s, None
        if not ended.text:
            return None
        return ended, self.heard_s if began_s is None else began_s


class Follower:
    def __init__(
        self,
        order: Follow,
        recognisers: Recognisers,
        pool: Executor,
        report: Callable[[Report], None],
    ) -> None:
        self._order = order
        self._recognisers = recognisers
        self._pool = pool
        self._report = report
        self._complete = asyncio.Event()

    def complete(self) -> None:
        """Nothing is added to the file any more."""
        self._complete.set()

    async def run(self) -> None:
        """Until the end of the complete file; tells each utterance, and the end."""
        reason = ""
        try:
            await self._follow()
        except (OSError, RecogniserFailed, TimeoutError) as error:
            reason = f"{type(error).__name__}: {error}"[:200]
        self._report(Followed(self._order.ear, reason))

    async def _follow(self) -> None:
        opened = await self._opened()
        try:
            sides = [Side(await self._in_pool(self._recognisers.new)) for _ in SIDES]
            while True:
                last = self._complete.is_set()
                data = await asyncio.to_thread(opened.read, READ_BYTES)
                whole = len(data) // 4 * 4
                if whole < len(data):
                    # The last sample is only half written.
                    opened.seek(whole - len(data), 1)
                for start in range(0, whole, PIECE_BYTES):
                    await self._take(sides, data[start : min(start + PIECE_BYTES, whole)])
                if not whole and last:
                    break
                if not whole:
                    await self._look_again()
            for name, side in zip(SIDES, sides, strict=True):
                self._tell(name, side, await self._in_pool(side.end))
        finally:
            opened.close()

    async def _take(self, sides: list[Side], audio: bytes) -> None:
        for name, side, heard in zip(SIDES, sides, channels(audio), strict=True):
            self._tell(name, side, await self._in_pool(partial(side.take, heard)))

    def _tell(self, name: str, side: Side, ended: tuple[Utterance, float] | None) -> None:
        if ended is None:
            return
        utterance, began_s = ended
        self._report(
            Said(
                ear=self._order.ear,
                side=name,
                text=utterance.text,
                confidence_fraction=utterance.confidence_fraction,
                from_s=round(began_s, 1),
                to_s=round(side.heard_s, 1),
            )
        )

    async def _in_pool(self, work: Callable[[], T]) -> T:
        async with asyncio.timeout(RECOGNISED_WITHIN_S):
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _opened(self) -> IO[bytes]:
        """The telephone makes the file when the conversation begins. Raises OSError."""
        path, loop = Path(self._order.file), asyncio.get_running_loop()
        until = loop.time() + THERE_WITHIN_S
        while True:
            try:
                return await asyncio.to_thread(path.open, "rb")
            except FileNotFoundError:
                if loop.time() > until or self._complete.is_set():
                    raise
            await self._look_again()

    async def _look_again(self) -> None:
        """After a moment, or at once when the file is complete."""
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._complete.wait()
        except TimeoutError:
            pass
