"""Headless operators: they sign in, sit down at a desk phone, take calls, file cases, wrap up.

They use nothing but what the desktop uses: the sign-in form, `/desk/ws` and the JSON addresses.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from hotline.simulate.case_work import CaseWork
from hotline.simulate.stories import Stories
from kernel.errors import Unavailable

_CSRF = re.compile(r'<meta name="csrf-token" content="([^"]*)">')
_ANSWER_S = 10.0
_PHONE_WITHIN_S = 20.0
_BACK_AFTER_S = 3.0
_GOLDEN = 0.618033988749895

Note = Callable[[str, str], None]
"""Told what an operator does: (account, sentence)."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How long this operator talks and writes up: seconds in the mean, and by how much (a part of
    the mean) a call's write-up is longer or shorter, in a fixed sequence."""

    talk_s: float
    wrap_s: float
    uneven: float = 0.0

    def wrap_of(self, call: int) -> float:
        """Seconds of the write-up of the operator's `call`-th call."""
        return self.wrap_s * (1 + self.uneven * (2 * (call * _GOLDEN % 1.0) - 1))


class ConnectionLost(Unavailable):
    """The hotline closed the socket or went away."""


class HeadlessOperator:
    """One operator for the length of a simulation: `sign_in`, `sit_down`, `take_calls`, `leave`.

    `stories` None: no cases are filed. `sending` is told (account, command) as each command
    leaves. `calls`, `cases` and `troubles` count; other `habits` hold from the next call on.
    """

    def __init__(
        self,
        base_url: str,
        account: str,
        password: str,
        booth: str,
        habits: Habits,
        *,
        stories: Stories | None,
        note: Note,
        sending: Note = lambda account, command: None,
    ) -> None:
        self.account = account
        self.booth = booth
        self.calls = 0
        self.cases = 0
        self.troubles = 0
        self._base_url = base_url
        self._password = password
        self.habits = habits
        self._stories = stories
        self._note = note
        self._sending = sending
        self._http = httpx.AsyncClient(base_url=base_url, timeout=15)
        self._ids = count(1)
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._state: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._work: CaseWork | None = None
        self._disposition = ""
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._lost = ""

    # --- coming and going ------------------------------------------------------------------

    async def sign_in(self) -> None:
        """Through the sign-in page, as a person does. Raises Unavailable when refused."""
        try:
            answer = await self._http.post(
                "/login", data={"account": self.account, "password": self._password}
            )
            if answer.status_code != 303 or not self._http.cookies:
                raise Unavailable(
                    f"the hotline refused the sign-in of {self.account} ({answer.status_code}); "
                    "is this the data folder of the hotline that runs?"
                )
            page = await self._http.get("/desk")
        except httpx.HTTPError as error:
            raise Unavailable(f"{self.account}: sign-in: {type(error).__name__}") from error
        found = _CSRF.search(page.text)
        if self._stories is not None:
            self._work = CaseWork(self._http, found.group(1) if found else "", self._stories)

    async def sit_down(self) -> None:
        """Connect the desktop, log in at the booth and wait for the phone.

        Raises Unavailable when the hotline refuses or the phone does not register in time.
        """
        cookie = "; ".join(f"{k}={v}" for k, v in self._http.cookies.items())
        address = self._base_url.replace("http", "ws", 1) + "/desk/ws"
        headers = {"Cookie": cookie, "Origin": self._base_url}
        try:
            self._socket = await connect(address, additional_headers=headers, close_timeout=2)
        except (OSError, WebSocketException) as error:
            raise Unavailable(f"{self.account}: {address}: {error}") from error
        self._reader = asyncio.create_task(self._read(self._socket))
        await self._order("hello", tab_id=f"headless-{self.account}")
        await self._order("log_in", booth=self.booth, phone="desk")
        if not await self._holds(lambda s: bool(s.get("phone_reachable")), _PHONE_WITHIN_S):
            raise Unavailable(f"{self.account}: the phone at booth {self.booth} is not reachable")

    async def take_calls(self, until: asyncio.Event) -> None:
        """Be ready and serve until told to stop; the call in hand is finished.

        Raises ConnectionLost when the hotline goes away.
        """
        await self._order("ready")
        await self._holds(_ready, _ANSWER_S)
        while not until.is_set():
            await self._call_or(until)
            if until.is_set() and not _in_conversation(self._state):
                return
            if _in_conversation(self._state):
                await self._serve()
            else:
                # A phone that did not answer makes its operator not ready; a person looks up.
                await asyncio.sleep(_BACK_AFTER_S)
                await self._try("ready")
                await self._holds(_ready, _ANSWER_S)

    async def leave(self) -> None:
        """Log out, if the hotline is still there, and close what is open."""
        if self._socket is not None:
            with suppress(Unavailable, TimeoutError):
                if self._state.get("activity") == "idle":
                    if self._state.get("status") == "ready":
                        await self._try("not_ready", reason="break")
                    await self._try("log_out")
            self._lost = self._lost or "left"
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._http.aclose()

    # --- one conversation --------------------------------------------------------------------

    async def _serve(self) -> None:
        """Talk, look up, note, end, wrap up."""
        self.calls += 1
        call_id, team = str(self._state["call_id"]), str(self._state["team"])
        self._note(self.account, f"talks ({call_id})")
        work = asyncio.create_task(self._write_up(call_id, team))
        try:
            await self._holds(lambda s: not _in_conversation(s), self.habits.talk_s)
            if _in_conversation(self._state):
                await self._try("release")
            await self._until(lambda s: s.get("activity") in ("wrap_up", "idle"))
            await asyncio.gather(work, asyncio.sleep(self.habits.wrap_of(self.calls)))
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        if self._state.get("activity") == "wrap_up":
            await self._try("wrap_up_done", disposition=self._disposition, next_status="ready")
            await self._holds(lambda s: s.get("activity") != "wrap_up", _ANSWER_S)

    async def _write_up(self, call_id: str, team: str) -> None:
        """The case, while the citizen talks. A refusal is noted and does not end the work."""
        if self._work is None:
            return
        try:
            await asyncio.sleep(self.habits.talk_s * 0.2)
            article = await self._work.look_up(call_id, team)
            draft = await self._work.draft(call_id, team)
            await asyncio.sleep(self.habits.talk_s * 0.5)
            sentence = await self._work.file(call_id, team, draft, article)
        except Unavailable as error:
            self._trouble(error.message)
        else:
            self.cases += 1
            self._note(self.account, sentence)

    # --- the socket --------------------------------------------------------------------------

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._heard(json.loads(text))
            self._lost = self._lost or "closed by the hotline"
        except ConnectionClosed as error:
            self._lost = self._lost or str(error)
        finally:
            self._lost = self._lost or "no longer read"
            for waiting in self._answers.values():
                if not waiting.done():
                    waiting.cancel()
            self._changed.set()

    def _heard(self, message: dict[str, Any]) -> None:
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

    async def _order(self, kind: str, **fields: Any) -> None:
        """Send a command. Raises Unavailable when it is refused."""
        answer = await self._send(kind, fields)
        if answer["type"] == "error":
            raise Unavailable(f"{self.account}: {kind}: {answer['message']}")

    async def _try(self, kind: str, **fields: Any) -> None:
        """Send a command that the course of the call may have made void."""
        answer = await self._send(kind, fields)
        if answer["type"] == "error":
            self._trouble(f"{kind}: {answer['message']}")

    async def _send(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        if self._socket is None or self._lost:
            raise ConnectionLost(f"{self.account}: connection lost ({self._lost})")
        request_id = str(next(self._ids))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = answer
        body = json.dumps({"type": kind, "request_id": request_id, **fields})
        self._sending(self.account, kind)
        try:
            await self._socket.send(body)
            done, _ = await asyncio.wait({answer}, timeout=_ANSWER_S)
        except ConnectionClosed as error:
            raise ConnectionLost(f"{self.account}: connection lost ({error})") from error
        if not done:
            raise Unavailable(f"{self.account}: {kind} was not answered within {_ANSWER_S:g} s")
        if answer.cancelled():
            raise ConnectionLost(f"{self.account}: connection lost ({self._lost})")
        return answer.result()

    async def _until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        while not holds(self._state):
            if self._lost:
                raise ConnectionLost(f"{self.account}: connection lost ({self._lost})")
            self._changed.clear()
            await self._changed.wait()

    async def _holds(self, holds: Callable[[dict[str, Any]], bool], within_s: float) -> bool:
        """True if the state becomes so in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._until(holds)
        except TimeoutError:
            return False
        return True

    async def _call_or(self, stop: asyncio.Event) -> None:
        """Return at a conversation, when no longer ready, or when told to stop."""
        news = asyncio.create_task(self._until(_wants_attention))
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({news, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if news in done:
                await news
            elif self._state.get("activity") in _COMING:
                # A call rings already, or is being fetched: it is taken, and then it is over.
                await self._until(lambda s: s.get("activity") not in _COMING)
        finally:
            for task in (news, stopped):
                task.cancel()
            await asyncio.gather(news, stopped, return_exceptions=True)

    def _trouble(self, sentence: str) -> None:
        self.troubles += 1
        self._note(self.account, sentence)


_COMING = ("dialling", "offered")


def _ready(state: dict[str, Any]) -> bool:
    return state.get("status") == "ready"


def _in_conversation(state: dict[str, Any]) -> bool:
    return state.get("activity") in ("talking", "consulting")


def _wants_attention(state: dict[str, Any]) -> bool:
    idle_away = state.get("activity") == "idle" and state.get("status") == "not_ready"
    return _in_conversation(state) or idle_away
