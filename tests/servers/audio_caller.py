"""The telephone's side of an AudioSocket: says its name, sends audio, keeps what comes back."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from speech.core.audiosocket import FRAME_BYTES, Frames, Kind, audio
from speech.core.samples import frames

SILENCE_MS = 20


class AudioCaller:
    """Frames go out `speed` times as fast as on a telephone."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, speed: float
    ) -> None:
        self._reader, self._writer = reader, writer
        self._frame_s = SILENCE_MS / 1000 / speed
        self.heard = bytearray()
        self.kinds: list[Kind] = []
        self.ended = asyncio.Event()
        self._hearing = asyncio.get_running_loop().create_task(self._hear())

    def name(self, ear: str) -> None:
        self.send(bytes([Kind.IDENTIFIER, 0, 16]) + uuid.UUID(ear).bytes)

    def press(self, digit: str) -> None:
        self.send(bytes([Kind.KEY, 0, 1]) + digit.encode())

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def say(self, sound: bytes, then_s: float = 1.5) -> None:
        """Speak, then be silent; stops when the other side has ended it."""
        quiet = bytes(int(then_s * 16_000) // FRAME_BYTES * FRAME_BYTES)
        for frame in frames(sound + quiet, FRAME_BYTES):
            if self.ended.is_set():
                return
            self.send(audio(frame))
            await asyncio.sleep(self._frame_s)

    async def wait_end(self, within_s: float = 20) -> None:
        async with asyncio.timeout(within_s):
            await self.ended.wait()

    async def _hear(self) -> None:
        cut = Frames()
        try:
            while data := await self._reader.read(4096):
                for frame in cut.feed(data):
                    self.kinds.append(frame.kind)
                    if frame.kind is Kind.AUDIO:
                        self.heard += frame.payload
                    if frame.kind is Kind.HANG_UP:
                        self._writer.close()
        except ConnectionError:
            pass
        self.ended.set()

    async def close(self) -> None:
        self._writer.transport.abort()
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)


@asynccontextmanager
async def audio_caller(port: int, speed: float = 4.0) -> AsyncIterator[AudioCaller]:
    caller = AudioCaller(*await asyncio.open_connection("127.0.0.1", port), speed)
    try:
        yield caller
    finally:
        await caller.close()
