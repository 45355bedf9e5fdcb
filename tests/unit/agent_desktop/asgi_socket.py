"""A WebSocket client that speaks ASGI to the application in the same event loop, without a port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

from fastapi import FastAPI

PATIENCE_S = 5.0


class SocketClosed(Exception):
    """The application closed the socket with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class AsgiSocket:
    """Use as an async context manager; leaving it is a browser that closes its tab."""

    def __init__(
        self, app: FastAPI, path: str, *, cookie: str | None, origin: str = "http://testserver"
    ) -> None:
        headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
        if cookie is not None:
            headers.append((b"cookie", f"hotline_session={cookie}".encode()))
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
            "subprotocols": [],
            "state": {},
        }
        self._app = app
        self._to_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> AsgiSocket:
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.get_running_loop().create_task(
            self._app(self._scope, self._to_app.get, self._from_app.put)
        )
        first = await asyncio.wait_for(self._from_app.get(), PATIENCE_S)
        assert first["type"] == "websocket.accept", first
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, PATIENCE_S)

    def send(self, message: dict[str, Any] | str) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises SocketClosed."""
        event = await asyncio.wait_for(self._from_app.get(), PATIENCE_S)
        if event["type"] == "websocket.close":
            raise SocketClosed(event["code"])
        message: dict[str, Any] = json.loads(event["text"])
        return message

    def unread(self) -> list[dict[str, Any]]:
        """What has come and was not read. Raises SocketClosed when nothing more will come."""
        found: list[dict[str, Any]] = []
        while not self._from_app.empty():
            event = self._from_app.get_nowait()
            if event["type"] != "websocket.close":
                found.append(json.loads(event["text"]))
            elif found:
                self._from_app.put_nowait(event)
                break
            else:
                raise SocketClosed(event["code"])
        return found

    async def closed(self) -> int:
        """Read to the end; the code of the close."""
        while True:
            try:
                await self.receive()
            except SocketClosed as gone:
                return gone.code
