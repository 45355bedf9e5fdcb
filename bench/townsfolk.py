"""Citizens who call while machines do: they listen, press what they are asked for, are answered.

Who calls is a fixed sequence: two in five have called before (their number has chosen a language),
one in a hundred hides the number, one in fifty calls again within a minute, one in four presses
nothing in the menu and waits for a person. What becomes of each is read from the hotline's records,
which also tell a citizen, in place of the ear, that a key is asked for; the key is pressed as a
person would, some seconds later.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.ami import Event
from bench.line_events import LineEvents
from cti.core.words import USER_EVENT, Tell
from ivr.core.screening import challenge
from kernel.ids import CallId
from tests.servers.sip_phone import Dialog, SipPhone

NAME = "citizen-"
KNOWN_OF, HIDDEN_OF, AGAIN_OF, SILENT_OF = 5, 100, 50, 4
_LOOK_EVERY_S = 0.4
_LISTENS_S = 2.5
_HEARS_KEY_S = 4.0
_AGAIN_S = 5.0
_PATIENCE_S = 150.0
_FRAME_EVERY_S = 2.0
_KEYS = "02345"
_EARLIER = (48, 90)


@dataclass(slots=True)
class Citizen:
    """One call, and what became of it. Seconds are of the monotonic clock."""

    n: int
    number: str
    kind: str
    """known, stranger, hidden, again."""
    silent: bool
    dialled_at: float
    storm: bool
    answered_s: float | None = None
    """From INVITE to 200."""
    call_id: str = ""
    asked: bool = False
    waited_s: float | None = None
    """In the line, as the hotline counts it."""
    person_s: float | None = None
    """From dialling to a person."""
    ended: str = ""
    """Why a call without a person came to its end."""

    @property
    def name(self) -> str:
        return f"{NAME}{self.n}"


def number_of(n: int) -> str:
    """Of nobody else: two blocks of the first operator's, spread over a hundred."""
    return f"139{n % 100:02}{n * 7_919 % 10**6:06}"


def known_numbers(count: int) -> list[str]:
    """Of those among the first `count` who have called before."""
    return [number_of(n) for n in range(count) if _kind(n) == "known"]


def _kind(n: int) -> str:
    if n % HIDDEN_OF == HIDDEN_OF // 2:
        return "hidden"
    if n % AGAIN_OF == AGAIN_OF - 1:
        return "again"
    return "known" if n % KNOWN_OF < 2 else "stranger"


class Book:
    """What the hotline has written about the calls that are followed; one look for all of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._task: asyncio.Task[None] | None = None

    def follow(self, call_id: str) -> None:
        self._events.setdefault(call_id, [])

    def drop(self, call_id: str) -> None:
        self._events.pop(call_id, None)

    def events(self, call_id: str) -> list[dict[str, Any]]:
        return self._events.get(call_id, [])

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            found = await asyncio.to_thread(self._look, list(self._events))
            for call_id, events in found.items():
                if call_id in self._events:
                    self._events[call_id] = events
            await asyncio.sleep(_LOOK_EVERY_S)

    def _look(self, call_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
        marks = ",".join("?" * len(call_ids))
        sql = (
            f"SELECT call_id, body FROM call_events WHERE call_id IN ({marks}) ORDER BY occurred_at"
        )
        found: dict[str, list[dict[str, Any]]] = {}
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10) as database:
            for call_id, body in database.execute(sql, call_ids):
                found.setdefault(call_id, []).append(json.loads(body))
        return found


@dataclass(slots=True)
class Townsfolk:
    """`call_for` sends citizens at a rate; `all` are those who have called."""

    phone: SipPhone
    book: Book
    keys: str
    talk_s: float
    all: list[Citizen] = field(default_factory=list)
    _calls: dict[str, str] = field(default_factory=dict)
    _work: set[asyncio.Task[None]] = field(default_factory=set)
    _chance: random.Random = field(default_factory=lambda: random.Random(1))

    @classmethod
    async def open(
        cls, sip_port: int, database: Path, events: LineEvents, keys: str, talk_s: float
    ) -> Townsfolk:
        phone = await SipPhone.open("citizen", sip_port, 400)
        phone.frame_every_s = _FRAME_EVERY_S
        town = cls(phone, Book(database), keys, talk_s)
        events.ami.hear(town._heard)
        town.book.start()
        return town

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self.book.stop()
        self.phone.close()
        await asyncio.sleep(0)

    async def call_for(self, seconds: float, rate: float, *, storm: bool) -> None:
        """Send citizens for so long; their calls go on afterwards."""
        until = time.monotonic() + seconds
        due = time.monotonic()
        while (due := due + self._chance.expovariate(rate)) < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._send(storm)

    async def home(self) -> None:
        """When everybody has been helped, or has given up."""
        while self._work:
            await asyncio.gather(*self._work)

    def _send(self, storm: bool) -> None:
        n = len(self.all)
        kind = _kind(n)
        # Who calls again was here some half a minute ago.
        earlier = self._chance.randrange(*_EARLIER)
        number = number_of(max(0, n - earlier) if kind == "again" else n)
        number = "" if kind == "hidden" else number
        citizen = Citizen(n, number, kind, n % SILENT_OF == 1, time.monotonic(), storm)
        self.all.append(citizen)
        task = asyncio.create_task(self._live(citizen))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def _heard(self, event: Event) -> None:
        told = event.get("Event") == "UserEvent" and event.get("UserEvent") == USER_EVENT
        if told and event.get("Fact") == Tell.ENTERED and event.get("Name", "").startswith(NAME):
            self._calls[event["Name"]] = event["Call"]
            self.book.follow(event["Call"])

    async def _live(self, citizen: Citizen) -> None:
        dialog = await self.phone.call(
            "12345", ani=citizen.number or "anonymous", name=citizen.name
        )
        try:
            await dialog.wait("answered", 30)
            citizen.answered_s = time.monotonic() - citizen.dialled_at
            async with asyncio.timeout(_PATIENCE_S):
                await self._be_helped(citizen, dialog)
        except TimeoutError:
            citizen.ended = "gave up"
        finally:
            dialog.hang_up()
            self.book.drop(citizen.call_id)

    async def _be_helped(self, citizen: Citizen, dialog: Dialog) -> None:
        citizen.call_id = await self._until(lambda: self._calls.get(citizen.name, ""))
        pressing = asyncio.create_task(self._press(citizen, dialog))
        try:
            answered = await self._until(
                lambda: self._seen(citizen, "CallAnswered") or dialog.ended.is_set()
            )
        finally:
            pressing.cancel()
        if not isinstance(answered, dict):
            citizen.ended = "let go"
            return
        citizen.waited_s = answered["waited_s"]
        citizen.person_s = time.monotonic() - citizen.dialled_at
        with suppress(TimeoutError):
            await dialog.wait("ended", self.talk_s + 2)

    async def _press(self, citizen: Citizen, dialog: Dialog) -> None:
        """The key that is asked for, whenever one is; and one of the menu."""
        if not citizen.silent:
            await asyncio.sleep(_LISTENS_S)
        while True:
            if self._is_asked(citizen):
                await asyncio.sleep(_HEARS_KEY_S)
                dialog.press(challenge.key_for(CallId(citizen.call_id), self.keys))
            elif self._seen(citizen, "CallQueued"):
                return
            elif not citizen.silent:
                dialog.press(_KEYS[citizen.n % len(_KEYS)])
            else:
                await asyncio.sleep(_LOOK_EVERY_S)
                continue
            await self._news_within(citizen, _AGAIN_S)

    def _is_asked(self, citizen: Citizen) -> bool:
        asked = self._seen(citizen, "CallScreened")
        challenged = bool(asked) and asked["decision"] == "challenge"
        citizen.asked = citizen.asked or challenged
        return challenged and not self._seen(citizen, "ChallengeEnded")

    def _seen(self, citizen: Citizen, kind: str) -> dict[str, Any]:
        found = (e for e in self.book.events(citizen.call_id) if e["type"] == kind)
        return next(found, {})

    async def _news_within(self, citizen: Citizen, seconds: float) -> None:
        so_far = len(self.book.events(citizen.call_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._until(lambda: len(self.book.events(citizen.call_id)) > so_far)

    async def _until(self, found: Callable[[], Any]) -> Any:
        while True:
            value = found()
            if value:
                return value
            await asyncio.sleep(_LOOK_EVERY_S / 2)  # between two looks at the condition
