"""A TCP wire between the platform and Asterisk's AMI that can be cut, muted or held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

Look = Callable[[bytes], bool]
"""Told each piece of bytes; True cuts the wire, before or after the piece has passed."""


class LossyWire:
    """Listens on `port`. `muted`: bytes are swallowed both ways and nothing is ever closed.

    `cut_before` and `cut_after` look at what the platform sends, `cut_answer` at what it is told.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.port = 0
        self.muted = False
        self.connections = 0
        self.cut_before: Look | None = None
        self.cut_after: Look | None = None
        self.cut_answer: Look | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """As a reset: whatever was under way is lost."""
        for writer in self._writers:
            writer.transport.abort()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there, to_there = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, to_there}
        ways = (self._outward(reader, to_there), self._inward(there, writer))
        tasks = [asyncio.get_running_loop().create_task(way) for way in ways]
        self._tasks.update(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.difference_update(tasks)
        for end in (writer, to_there):
            end.transport.abort()
            self._writers.discard(end)

    async def _outward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if self.cut_before is not None and self.cut_before(data):
                    break
                if not self.muted:
                    writer.write(data)
                    await writer.drain()
                if self.cut_after is not None and self.cut_after(data):
                    break
        self.cut()

    async def _inward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if self.cut_answer is not None and self.cut_answer(data):
                    break
                if not self.muted:
                    writer.write(data)
                    await writer.drain()
        self.cut()

    async def close(self) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def lossy_wire(target_port: int) -> AsyncIterator[LossyWire]:
    wire = LossyWire(target_port)
    server = await asyncio.start_server(wire.handle, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.close()
