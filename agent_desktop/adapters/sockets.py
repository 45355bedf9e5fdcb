"""The sockets' outgoing side: a bounded queue and one writer for each operator's tab."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from agent_desktop.protocol import CLOSE_TOO_SLOW

OUTBOX_LIMIT = 200
"""Over two minutes of heartbeats: a browser that has read nothing for so long is gone."""


class SocketOutbox:
    """Fills the port `Outbox` for one WebSocket. `run` writes until the socket is closed."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[str | int] = asyncio.Queue(OUTBOX_LIMIT)

    def send(self, text: str) -> None:
        if self._queue.full():
            self.close(CLOSE_TOO_SLOW)
            return
        self._queue.put_nowait(text)

    def close(self, code: int) -> None:
        """Close after what is already queued, or at once when the queue is full."""
        while self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(code)

    async def run(self) -> None:
        while True:
            item = await self._queue.get()
            if isinstance(item, int):
                await close_quietly(self._socket, item)
                return
            try:
                await self._socket.send_text(item)
            except (WebSocketDisconnect, RuntimeError):
                # The reader of this socket learns of the loss itself.
                return


async def close_quietly(socket: WebSocket, code: int) -> None:
    """Close unless the other side already has."""
    if socket.application_state is WebSocketState.CONNECTED:
        try:
            await socket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            return
