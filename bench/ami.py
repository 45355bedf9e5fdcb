"""A second listener at Asterisk's AMI, with the platform's own account: hears what the platform
hears, and gives the orders of the benchmarks that do without the platform."""

from __future__ import annotations

import asyncio
import configparser
from collections.abc import Callable
from pathlib import Path

from kernel.errors import Unavailable

_DEADLINE_S = 10.0

Event = dict[str, str]


class Ami:
    """One connection. `bytes_received` counts what Asterisk sent."""

    def __init__(self) -> None:
        self.bytes_received = 0
        self._hearers: list[Callable[[Event], None]] = []
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    def hear(self, hearer: Callable[[Event], None]) -> None:
        """Every message from now on, answers to `send` included."""
        self._hearers.append(hearer)

    async def open(self, manager_conf: Path) -> None:
        """Log in as Asterisk's configuration tells, and listen. Raises Unavailable when refused."""
        settings = configparser.RawConfigParser(strict=False, delimiters=("=",))
        settings.read_string(await asyncio.to_thread(manager_conf.read_text))
        user = next(name for name in settings.sections() if name != "general")
        secret, port = settings[user]["secret"], settings.getint("general", "port")
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(_DEADLINE_S):
            await reader.readline()  # the banner
            self.send(Action="Login", Username=user, Secret=secret, Events="on")
            answer = await self._block(reader)
        if answer.get("Response") != "Success":
            raise Unavailable(f"Asterisk refused the login: {answer.get('Message')}")
        self._task = asyncio.create_task(self._listen(reader))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    def send(self, **fields: str) -> None:
        """One action; its answer is heard by everybody, and nobody waits for it."""
        assert self._writer is not None
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._writer.write(f"{lines}\r\n".encode())

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while event := await self._block(reader):
            for hearer in self._hearers:
                hearer(event)

    async def _block(self, reader: asyncio.StreamReader) -> Event:
        """One message: its headers up to the empty line; empty at the end of the connection."""
        block: Event = {}
        async for line in reader:
            self.bytes_received += len(line)
            text = line.decode(errors="replace").rstrip("\r\n")
            if not text:
                return block
            name, _, value = text.partition(": ")
            block[name] = value
        return {}
