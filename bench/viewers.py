"""Supervisors who watch the wallboard: real WebSockets, and how old what they see is.

What is on a screen is as old as its snapshot's `at`, until the next one comes: the age is taken at
that moment, at its greatest. It means something only while calls make the figures change; without
changes the wallboard speaks once a second.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from kernel.errors import Unavailable

_AT = re.compile(r'"at":"([^"]+)"')
_SUPERVISORS = 10


class Viewer:
    """One open wallboard. `ages_ms`: of each snapshot when the next one replaced it."""

    def __init__(self) -> None:
        self.ages_ms: list[float] = []
        self.chars = 0
        self._shown: float | None = None

    def see(self, text: str, now: float) -> None:
        """A snapshot came at `now` (seconds since 1970)."""
        if self._shown is not None:
            self.ages_ms.append((now - self._shown) * 1000)
        found = _AT.search(text, 0, 200)
        assert found is not None, "a snapshot names its moment first"
        self._shown = datetime.fromisoformat(found[1]).timestamp()
        self.chars += len(text)


class Viewers:
    """So many screens of ten supervisors, from `open` to `close`."""

    def __init__(self, base_url: str, password: str, count: int) -> None:
        self._base_url = base_url
        self._password = password
        self._screens = [Viewer() for _ in range(count)]
        self._sockets: list[ClientConnection] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Raises Unavailable when a supervisor is refused."""
        headers = [await self._sign_in(f"ad{n:02}") for n in range(1, _SUPERVISORS + 1)]
        address = self._base_url.replace("http", "ws", 1) + "/wallboard/ws"
        for number, screen in enumerate(self._screens):
            try:
                socket = await connect(
                    address, additional_headers=headers[number % len(headers)], max_size=None
                )
            except (OSError, WebSocketException) as error:
                raise Unavailable(f"{address}: {error}") from error
            self._sockets.append(socket)
            self._tasks.append(asyncio.create_task(_watch(socket, screen)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(s.close() for s in self._sockets), return_exceptions=True)

    def take_ages_ms(self) -> list[float]:
        """Of all screens since this was last asked."""
        ages = [age for screen in self._screens for age in screen.ages_ms]
        for screen in self._screens:
            screen.ages_ms.clear()
        return ages

    @property
    def lost(self) -> int:
        """Screens whose socket has ended."""
        return sum(task.done() for task in self._tasks)

    async def _sign_in(self, account: str) -> dict[str, str]:
        async with httpx.AsyncClient(base_url=self._base_url, timeout=15) as client:
            answer = await client.post(
                "/login", data={"account": account, "password": self._password}
            )
            if answer.status_code != 303 or not client.cookies:
                raise Unavailable(f"the hotline refused the sign-in of {account}")
            cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        return {"Cookie": cookie, "Origin": self._base_url}


async def _watch(socket: ClientConnection, screen: Viewer) -> None:
    async for text in socket:
        assert isinstance(text, str)
        screen.see(text, time.time())


def loop_lag(lines: Sequence[dict[str, Any]]) -> tuple[float, float, int, int]:
    """From the platform's `loop_lag` lines: the worst stretch's p99.9 and the longest lag (ms), the
    ticks and those over 50 ms."""
    told = [line for line in lines if line.get("event") == "loop_lag"]
    return (
        max((line["p999_ms"] for line in told), default=0.0),
        max((line["max_ms"] for line in told), default=0.0),
        sum(line["ticks"] for line in told),
        sum(line["over_50_ms"] for line in told),
    )
