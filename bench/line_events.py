"""A second listener at Asterisk's AMI: when each caller came into the line.

The moment is Asterisk's own, written by the dialplan into the event (`Arrived`, milliseconds since
1970, cut off, so that a delay counted from it is up to 1 ms too long, never too short).
"""

from __future__ import annotations

import asyncio
import configparser
from collections import Counter
from pathlib import Path

from cti.core.words import USER_EVENT, Tell
from kernel.errors import Unavailable

_DEADLINE_S = 10.0


class LineEvents:
    """`arrived_at`: seconds since 1970, `team_of`: the line's team; both by call id. `counts`:
    events by name, as the platform's own connection gets them."""

    def __init__(self) -> None:
        self.arrived_at: dict[str, float] = {}
        self.team_of: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self, manager_conf: Path) -> None:
        """Log in to the platform's own account, as Asterisk's configuration tells it, and listen.

        Raises Unavailable when refused.
        """
        settings = configparser.RawConfigParser(strict=False, delimiters=("=",))
        settings.read_string(await asyncio.to_thread(manager_conf.read_text))
        user = next(name for name in settings.sections() if name != "general")
        secret, port = settings[user]["secret"], settings.getint("general", "port")
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        login = f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: on\r\n\r\n"
        async with asyncio.timeout(_DEADLINE_S):
            await reader.readline()  # the banner
            self._writer.write(login.encode())
            answer = await _read_block(reader)
        if answer.get("Response") != "Success":
            raise Unavailable(f"Asterisk refused the login: {answer.get('Message')}")
        self._task = asyncio.create_task(self._listen(reader))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while event := await _read_block(reader):
            name = event.get("Event", "")
            self.counts[name] += 1
            if name == "UserEvent" and event.get("UserEvent") == USER_EVENT:
                self._told(event)

    def _told(self, event: dict[str, str]) -> None:
        if event.get("Fact") == Tell.WAITING:
            self.arrived_at.setdefault(event["Call"], int(event["Arrived"]) / 1000)
            self.team_of.setdefault(event["Call"], event["Team"])


async def _read_block(reader: asyncio.StreamReader) -> dict[str, str]:
    """One message: its headers up to the empty line; empty at the end of the connection."""
    block: dict[str, str] = {}
    async for line in reader:
        text = line.decode(errors="replace").rstrip("\r\n")
        if not text:
            return block
        name, _, value = text.partition(": ")
        block[name] = value
    return {}
