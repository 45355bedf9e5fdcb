"""Headless operators: they sign in, sit down at a desk phone, take calls, file cases, wrap up.

They use nothing but what the desktop uses: the sign-in form, `/desk/ws` and the JSON addresses.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kernel.errors import Unavailable

_CSRF = re.compile(r'<meta name="csrf-token" content="([^"]*)">')
_ANSWER_S = 10.0

Note = Callable[[str, str], None]
"""Told what an operator does: (agent id, sentence)."""


class HeadlessOperator:
    """One operator for the length of a simulation.

    `talk_s` and `wrap_s` are this operator's habits; `outcome` chooses how a case is closed.
    """

    def __init__(
        self,
        base_url: str,
        account: str,
        password: str,
        booth: str,
        *,
        talk_s: float,
        wrap_s: float,
        note: Note,
    ) -> None:
        self.account = account
        self.booth = booth
        self.calls = 0
        self._base_url = base_url
        self._password = password
        self._talk_s = talk_s
        self._wrap_s = wrap_s
        self._note = note
        self._http = httpx.AsyncClient(base_url=base_url, timeout=15)
        self._ids = count(1)
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._state: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._csrf = ""
        self._disposition = ""
        self._closing = False

    async def sign_in(self) -> None:
        """Through the sign-in page, as a person does. Raises Unavailable when refused."""
        answer = await self._http.post(
            "/login", data={"account": self.account, "password": self._password}
        )
        if answer.status_code != 303 or not self._http.cookies:
            raise Unavailable(f"{self.account}: sign-in answered {answer.status_code}")
        page = await self._http.get("/desk")
        found = _CSRF.search(page.text)
        self._csrf = found.group(1) if found else ""

    async def work(self, until: asyncio.Event) -> None:
        """Sit down and take calls until told to stop; then finish the call in hand and log out."""
        cookie = "; ".join(f"{k}={v}" for k, v in self._http.cookies.items())
        address = self._base_url.replace("http", "ws", 1) + "/desk/ws"
        async with connect(
            address, additional_headers={"Cookie": cookie, "Origin": self._base_url}
        ) as socket:
            reader = asyncio.create_task(self._read(socket))
            try:
                await self._order(socket, "hello", tab_id=f"headless-{self.account}")
                await self._order(socket, "log_in", booth=self.booth, phone="desk")
                await self._until(lambda s: bool(s.get("phone_reachable")))
                await self._order(socket, "ready")
                await self._take_calls(socket, until)
                await self._leave(socket)
            finally:
                self._closing = True
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
        await self._http.aclose()

    async def _take_calls(self, socket: ClientConnection, until: asyncio.Event) -> None:
        stop = asyncio.create_task(until.wait())
        try:
            while not until.is_set():
                call = asyncio.create_task(self._until(_in_conversation))
                await asyncio.wait({call, stop}, return_when=asyncio.FIRST_COMPLETED)
                if not call.done():
                    call.cancel()
                    await asyncio.gather(call, return_exceptions=True)
                    return
                await self._serve(socket)
        finally:
            stop.cancel()
            await asyncio.gather(stop, return_exceptions=True)

    async def _serve(self, socket: ClientConnection) -> None:
        """One conversation: talk, look up, end, note, wrap up."""
        self.calls += 1
        call_id = self._state["call_id"]
        self._note(self.account, f"talks ({call_id})")
        await asyncio.sleep(self._talk_s)
        if _in_conversation(self._state):
            await self._try(socket, "release")
        await self._until(lambda s: s.get("activity") in ("wrap_up", "idle"))
        await asyncio.sleep(self._wrap_s)
        if self._state.get("activity") == "wrap_up":
            await self._try(
                socket, "wrap_up_done", disposition=self._disposition, next_status="ready"
            )
        elif self._state.get("status") == "not_ready":
            await self._try(socket, "ready")
        self._note(self.account, "ready")

    async def _leave(self, socket: ClientConnection) -> None:
        if self._state.get("activity") != "idle":
            return
        if self._state.get("status") == "ready":
            await self._try(socket, "not_ready", reason="break")
        await self._try(socket, "log_out")

    # --- the socket ------------------------------------------------------------------------

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                message = json.loads(text)
                kind = message["type"]
                if kind in ("ok", "error"):
                    waiting = self._answers.pop(message["request_id"], None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                elif kind == "welcome":
                    self._disposition = message["dispositions"][0]["code"]
                elif kind == "agent_state":
                    self._state = message
                    self._changed.set()
        except ConnectionClosed as error:
            if not self._closing:
                self._note(self.account, f"connection lost: {error}")

    async def _order(self, socket: ClientConnection, kind: str, **fields: Any) -> None:
        """Send a command. Raises Unavailable when it is refused."""
        answer = await self._send(socket, kind, fields)
        if answer["type"] == "error":
            raise Unavailable(f"{self.account}: {kind}: {answer['message']}")

    async def _try(self, socket: ClientConnection, kind: str, **fields: Any) -> None:
        """Send a command that the course of the call may have made void."""
        answer = await self._send(socket, kind, fields)
        if answer["type"] == "error":
            self._note(self.account, f"{kind}: {answer['message']}")

    async def _send(
        self, socket: ClientConnection, kind: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        request_id = str(next(self._ids))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = answer
        await socket.send(json.dumps({"type": kind, "request_id": request_id, **fields}))
        return await asyncio.wait_for(answer, _ANSWER_S)

    async def _until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        while not holds(self._state):
            self._changed.clear()
            await self._changed.wait()


def _in_conversation(state: dict[str, Any]) -> bool:
    return state.get("activity") in ("talking", "consulting")
