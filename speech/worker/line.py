"""One AudioSocket connection as frames."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from speech.core import audiosocket
from speech.core.audiosocket import Frame, Frames

READ_BYTES = 8192
UNSENT_BYTES = 48_000
"""Three seconds of audio that nobody took."""
CLOSED_WITHIN_S = 1.0


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames()
        self._whole: deque[Frame] = deque()

    async def next(self) -> Frame | None:
        """The next frame; None at the end. Raises Garbled, ConnectionError."""
        while not self._whole:
            data = await self._reader.read(READ_BYTES)
            if not data:
                return None
            self._whole += self._frames.feed(data)
        return self._whole.popleft()

    def send(self, frame: bytes) -> None:
        """Raises ConnectionError when what was sent before is not taken."""
        if self._writer.transport.get_write_buffer_size() > UNSENT_BYTES:
            raise ConnectionError("the audio is not taken")
        self._writer.write(frame)

    async def hang_up(self) -> None:
        """End the application in the dialplan in good order: the telephone closes the line."""
        with suppress(ConnectionError, TimeoutError):
            self._writer.write(audiosocket.HANG_UP)
            async with asyncio.timeout(CLOSED_WITHIN_S):
                while await self._reader.read(READ_BYTES):
                    pass

    def close(self) -> None:
        self._writer.transport.abort()
