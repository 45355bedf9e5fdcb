"""Citizens, booth phones and operators: a crowd that does what a trial tells it, and remembers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.servers.sip_phone import Dialog, SipPhone

QUIET_FRAME_S = 2.0
AGAIN_AFTER_S = 0.1


@dataclass(slots=True)
class Citizen:
    """One call. `number` is nobody else's, so the call can be found in the books."""

    number: str
    dialog: Dialog
    dialled_at: float

    @property
    def connected(self) -> bool:
        return self.dialog.answered.is_set() and not self.dialog.ended.is_set()


class Citizens:
    """Everybody who calls. All share one telephone's socket; numbers count upwards."""

    def __init__(self, phone: SipPhone) -> None:
        self._phone = phone
        self.all: list[Citizen] = []
        self._numbers = count(1)

    @classmethod
    async def open(cls, sip_port: int) -> Citizens:
        phone = await SipPhone.open("citizen", sip_port, 400)
        phone.frame_every_s = QUIET_FRAME_S
        return cls(phone)

    async def call(self, dialled: str = "12345", number: str = "") -> Citizen:
        """Dial and wait for the 200; `number` empty: the next that counts upwards."""
        number = number or f"139{next(self._numbers):08d}"
        dialog = await self._phone.call(dialled, ani=number)
        citizen = Citizen(number, dialog, time.monotonic())
        self.all.append(citizen)
        await dialog.wait("answered", 30)
        return citizen

    def dropped(self) -> list[str]:
        """Numbers of those whose call was ended by somebody else."""
        return [c.number for c in self.all if c.dialog.ended.is_set()]

    def close(self) -> None:
        self._phone.close()


@dataclass(slots=True)
class Ring:
    """One INVITE at a booth phone. `over_at` is when it stopped to ring, however."""

    phone: str
    call_id: str
    offer: str
    at: float
    dialog: Dialog
    answered_at: float | None = None
    over_at: float | None = None

    @property
    def made_by_platform(self) -> bool:
        """An offer of the native queue has the number 0."""
        return not self.offer.endswith(".0")


class BoothPhone:
    """A desk phone. `answers_after_s` None lets it ring."""

    def __init__(self, phone: SipPhone, secret: str, rings: list[Ring]) -> None:
        self._phone = phone
        self._secret = secret
        self._rings = rings
        self.name = phone.user
        self.answers_after_s: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._spawn(self._listen())

    @classmethod
    async def open(cls, name: str, sip_port: int, secret: str, rings: list[Ring]) -> BoothPhone:
        phone = await SipPhone.open(name, sip_port, 1000)
        phone.frame_every_s = QUIET_FRAME_S
        await phone.register(secret, expires=600)
        return cls(phone, secret, rings)

    async def register_again(self) -> None:
        await self._phone.register(self._secret, expires=600)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        while True:
            dialog = await self._phone.offers.get()
            headers = dialog.headers
            ring = Ring(
                self.name,
                headers.get("X-Hotline-Call", ""),
                headers.get("X-Hotline-Offer", ""),
                time.monotonic(),
                dialog,
            )
            self._rings.append(ring)
            self._spawn(self._ring(ring))

    async def _ring(self, ring: Ring) -> None:
        if self.answers_after_s is not None:
            with suppress(TimeoutError):
                await ring.dialog.wait("ended", self.answers_after_s)
            if not ring.dialog.ended.is_set():
                self.answer(ring)
        await ring.dialog.ended.wait()
        ring.over_at = time.monotonic()

    def answer(self, ring: Ring) -> None:
        ring.answered_at = time.monotonic()
        ring.dialog.answer()

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._phone.close()


@dataclass(slots=True)
class Operator:
    """One operator's desktop without its pictures: signs in once, connects again and again.

    `alive_since`: when the present connection was complete.
    """

    base_url: str
    account: str
    password: str
    booth: str
    state: dict[str, Any] = field(default_factory=dict)
    alive_since: float = 0.0
    _cookies: str = ""
    _socket: ClientConnection | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: count(1))
    _task: asyncio.Task[None] | None = None

    async def sign_in(self) -> None:
        async with httpx.AsyncClient(base_url=self.base_url, timeout=60) as http:
            answer = await http.post(
                "/login", data={"account": self.account, "password": self.password}
            )
            assert answer.status_code == 303, answer.text
            self._cookies = "; ".join(f"{k}={v}" for k, v in http.cookies.items())
        self._task = asyncio.get_running_loop().create_task(self._stay())

    async def be(self, holds: Callable[[dict[str, Any]], bool], within_s: float = 60) -> None:
        """Return when the desktop shows such a state."""
        try:
            async with asyncio.timeout(within_s):
                while not (self._socket is not None and holds(self.state)):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.account} is {self.state}") from None

    async def say(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a command; its `ok` or `error`. Raises ConnectionError without a hotline."""
        if self._socket is None:
            raise ConnectionError(self.account)
        return await self._send(self._socket, kind, fields)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _stay(self) -> None:
        """As the page does: whenever the connection is lost, try again until it is back."""
        address = self.base_url.replace("http", "ws", 1) + "/desk/ws"
        headers = {"Cookie": self._cookies, "Origin": self.base_url}
        while True:
            try:
                async with connect(
                    address, additional_headers=headers, close_timeout=1, open_timeout=5
                ) as socket:
                    await self._live(socket)
            except (OSError, WebSocketException, TimeoutError):
                pass
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _live(self, socket: ClientConnection) -> None:
        reader = asyncio.get_running_loop().create_task(self._read(socket))
        try:
            await self._sit(socket)
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _sit(self, socket: ClientConnection) -> None:
        await self._send(socket, "hello", {"tab_id": f"tab-{self.account}"})
        await self._send(socket, "log_in", {"booth": self.booth, "phone": "desk"})
        self.alive_since = time.monotonic()
        self._socket = socket
        self._changed.set()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._heard(json.loads(text))
        finally:
            self._lose()

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] in ("ok", "error"):
            waiting = self._answers.pop(message["request_id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif message["type"] == "agent_state":
            self.state = message
            self._changed.set()

    async def _send(
        self, socket: ClientConnection, kind: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        request_id = str(next(self._ids))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = answer
        try:
            await socket.send(json.dumps({"type": kind, "request_id": request_id, **fields}))
            return await asyncio.wait_for(answer, 30)
        except (ConnectionClosed, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and not answer.cancelled():
                raise
            raise ConnectionResetError(self.account) from error

    def _lose(self) -> None:
        self._socket = None
        for waiting in self._answers.values():
            waiting.cancel()
        self._answers.clear()
        self._changed.set()
