"""The sockets' outgoing side: a bounded queue and one writer for each operator's tab."""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from agent_desktop.protocol import CLOSE_TOO_SLOW

OUTBOX_LIMIT = 200
"""Over two minutes of heartbeats: a browser that has read nothing for so long is gone."""
CLOSE_PATIENCE_S = 2.0


class SocketOutbox:
    """Fills the port `Outbox` for one WebSocket. `run` writes until the socket is closed.

    Sending never waits. When the browser reads nothing for so long that the queue is full, the
    write in progress is given up and the socket closed.
    """

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[str | int] = asyncio.Queue(OUTBOX_LIMIT)
        self._writer: asyncio.Task[object] | None = None
        self._given_up = False

    def send(self, text: str) -> None:
        if self._given_up:
            return
        if self._queue.full():
            self._give_up()
            return
        self._queue.put_nowait(text)

    def close(self, code: int) -> None:
        """Close after what is already queued, or at once when the queue is full."""
        if self._queue.full():
            self._give_up()
        elif not self._given_up:
            self._queue.put_nowait(code)

    def _give_up(self) -> None:
        self._given_up = True
        if self._writer is not None:
            self._writer.cancel()

    async def run(self) -> None:
        self._writer = asyncio.current_task()
        try:
            await self._write()
        except asyncio.CancelledError:
            if not self._given_up:
                raise
            await close_quietly(self._socket, CLOSE_TOO_SLOW)

    async def _write(self) -> None:
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
    """Close unless the other side already has; a peer that reads nothing is not waited for."""
    if socket.application_state is WebSocketState.CONNECTED:
        try:
            await asyncio.wait_for(socket.close(code), CLOSE_PATIENCE_S)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            return
