"""An archived recording read through: what its caller says, while nobody waits for it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from speech.core.samples import TELEPHONE_RATE, channels
from speech.core.wire import SIDES, Follow, Read, Report
from speech.ports import RecogniserFailed, Recognisers
from speech.worker.follow import PIECE_BYTES, Follower, Side

READ_FRAMES = TELEPHONE_RATE
"""A second of both sides."""
FORM = (TELEPHONE_RATE, len(SIDES), 2)


class Reader(Follower):
    """Takes at most half of one thread's time: callers who are listened to now come first."""

    def __init__(
        self,
        order: Read,
        recognisers: Recognisers,
        pool: Executor,
        report: Callable[[Report], None],
    ) -> None:
        super().__init__(Follow(order.ear, order.file), recognisers, pool, report)
        self._from_s = order.from_s

    async def _follow(self) -> None:
        opened = await asyncio.to_thread(_opened, Path(self._order.file), self._from_s)
        try:
            side = Side(await self._in_pool(self._recognisers.new))
            side.heard_s = self._from_s
            while data := await asyncio.to_thread(opened.readframes, READ_FRAMES):
                for start in range(0, len(data), PIECE_BYTES):
                    await self._listen(side, data[start : start + PIECE_BYTES])
            self._tell(SIDES[0], side, await self._in_pool(side.end))
        finally:
            opened.close()

    async def _listen(self, side: Side, audio: bytes) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        caller, _ = channels(audio)
        self._tell(SIDES[0], side, await self._in_pool(partial(side.take, caller)))
        await asyncio.sleep(loop.time() - began)


def _opened(path: Path, from_s: float) -> wave.Wave_read:
    """In a thread. Raises OSError, RecogniserFailed for what is no recording of ours."""
    try:
        opened = wave.open(str(path), "rb")
    except (wave.Error, EOFError) as error:
        raise RecogniserFailed(f"no recording: {error}") from error
    form = (opened.getframerate(), opened.getnchannels(), opened.getsampwidth())
    if form != FORM:
        opened.close()
        raise RecogniserFailed(f"a recording of another form: {form}")
    opened.setpos(min(int(from_s * TELEPHONE_RATE), opened.getnframes()))
    return opened
