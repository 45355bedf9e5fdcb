"""An AMI server whose every byte a test decides, to show faults that a real Asterisk rarely has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

BANNER = b"Asterisk Call Manager/9.0.0\r\n"
Answer = Callable[["AmiSession", dict[str, str]], Awaitable[None]]


class AmiSession:
    """One client's connection."""

    def __init__(self, server: AmiServer, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.writer = writer

    async def send(self, **headers: str) -> None:
        lines = (f"{name}: {value}\r\n" for name, value in headers.items())
        await self.raw("".join(lines).encode() + b"\r\n")

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def success(self, action: dict[str, str], **headers: str) -> None:
        await self.send(Response="Success", ActionID=action["ActionID"], **headers)

    def cut(self) -> None:
        self.writer.transport.abort()


class AmiServer:
    """Logs everybody in and keeps the number of the newest run (`term`); every other action is
    answered by `answer` (default: success)."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        self.sessions: list[AmiSession] = []
        self.answer: Answer = _succeed
        self.logged_in: asyncio.Queue[AmiSession] = asyncio.Queue()
        self.port = 0
        self.term = 0
        self._changed = asyncio.Event()

    def named(self, name: str) -> list[dict[str, str]]:
        return [a for a in self.actions if a.get("Action") == name]

    async def wait_for(self, name: str, count: int = 1) -> list[dict[str, str]]:
        """The actions of this name, once there are `count`."""
        async with asyncio.timeout(20):
            while len(self.named(name)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.named(name)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = AmiSession(self, writer)
        self.sessions.append(session)
        try:
            await session.raw(BANNER)
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
                if action.get("Variable") == "CC_TERM":
                    self.term = int(action.get("Value", self.term))
                    await session.success(action, Variable="CC_TERM", Value=str(self.term))
                    continue
                self.actions.append(action)
                self._changed.set()
                if action["Action"] == "Login":
                    await session.success(action)
                    await session.send(Event="FullyBooted")
                    self.logged_in.put_nowait(session)
                else:
                    await self.answer(session, action)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _succeed(session: AmiSession, action: dict[str, str]) -> None:
    await session.success(action)


@asynccontextmanager
async def ami_server() -> AsyncIterator[AmiServer]:
    ours = AmiServer()
    server = await asyncio.start_server(ours.handle, "127.0.0.1", 0)
    ours.port = server.sockets[0].getsockname()[1]
    try:
        yield ours
    finally:
        server.close()
        for session in ours.sessions:
            session.cut()
