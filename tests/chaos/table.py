"""A table with two operators, where two deeds collide at about the same moment.

Three scenes are laid: callers wait, a phone rings, a conversation is on. A collision is two deeds
that do not know of each other; the second follows the first by 0 to 40 ms, and every second time
they change places. What no longer fits does nothing, as with people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.chaos.crowd import BoothPhone, Citizen, Operator, Ring
from tests.chaos.scene import Scene

OTHER_TEAM = "labour"
A, B = 0, 1

Deed = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Collision:
    """`place` is the scene; `deeds` are names of what the table can do."""

    place: str
    deeds: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.place}: {self.deeds[0]} against {self.deeds[1]}"


COLLISIONS: Sequence[Collision] = (
    Collision("waiting", ("hang_up", "ready")),
    Collision("waiting", ("ready", "other_ready")),
    Collision("ringing", ("answer", "hang_up")),
    Collision("ringing", ("answer", "decline")),
    Collision("ringing", ("answer", "pause")),
    Collision("ringing", ("refuse", "hang_up")),
    Collision("talking", ("transfer_team", "hang_up")),
    Collision("talking", ("transfer_agent", "hang_up")),
    Collision("talking", ("transfer_agent", "put_down")),
    Collision("talking", ("consult", "hang_up")),
    Collision("talking", ("consult", "put_down")),
    Collision("talking", ("release", "hang_up")),
    Collision("talking", ("release", "put_down")),
)


class Table:
    """The first two operators of a scene and their phones."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._agents = {
            row["account"]: row["agent_id"]
            for row in stage.records.rows("SELECT account, agent_id FROM accounts")
        }
        self._ring: Ring | None = None
        self._citizen: Citizen | None = None

    @property
    def operators(self) -> Sequence[Operator]:
        return self._stage.operators[:2]

    # --- one race --------------------------------------------------------------------------

    async def collide(self, number: int, collision: Collision, line: list[Citizen]) -> None:
        """Lay the scene with whoever stands first in `line`, let the two deeds collide, and come to
        rest. Who was in it is out of `line` then, and has hung up."""
        self._ring, self._citizen = None, line[0]
        if collision.place != "waiting":
            await self._lay(collision.place, line)
        deeds = [self._deed(name) for name in collision.deeds]
        if number % 2:
            deeds.reverse()
        second = asyncio.create_task(_later((number * 7 % 41) / 1000, deeds[1]))
        await deeds[0]()
        await second
        self._citizen.dialog.hang_up()
        line.remove(self._citizen)
        await self._stage.pause(A, B)

    async def _lay(self, place: str, line: list[Citizen]) -> None:
        phone, operator = self._phone(A), self.operators[A]
        before = len(self._stage.rings)
        phone.answers_after_s = 0.0 if place == "talking" else None
        await operator.say("ready")
        await operator.be(lambda s: s.get("activity") in (place, "offered", "talking"))

        ids = {self._stage.records.call_of(c.number): c for c in line}

        def here() -> Ring | None:
            # The caller of the race before may ring once more: the hang-up is on its way.
            news = self._stage.rings[before:]
            ours = (r for r in reversed(news) if r.phone == phone.name and r.call_id in ids)
            return next(ours, None)

        await self._stage.until(lambda: here() is not None, "the phone rings")
        if place == "talking":
            await operator.be(lambda s: s.get("activity") == "talking")
        phone.answers_after_s = None
        self._ring = here()
        assert self._ring is not None
        self._citizen = ids[self._ring.call_id]

    def _phone(self, index: int) -> BoothPhone:
        return self._stage.phones[index]

    # --- deeds -----------------------------------------------------------------------------

    def _deed(self, name: str) -> Deed:
        say: Mapping[str, tuple[int, str, dict[str, Any]]] = {
            "ready": (A, "ready", {}),
            "other_ready": (B, "ready", {}),
            "pause": (A, "not_ready", {"reason": "break"}),
            "decline": (A, "decline", {"offer_id": self._ring.offer if self._ring else ""}),
            "release": (A, "release", {}),
            "transfer_team": (A, "transfer_team", {"team": OTHER_TEAM}),
            "transfer_agent": (A, "transfer_agent", {"agent": self._id(B)}),
            "consult": (A, "consult", {"agent": self._id(B)}),
        }
        if name in say:
            index, kind, fields = say[name]
            return lambda: self._say(index, kind, **fields)
        return {
            "hang_up": self._hang_up,
            "answer": self._answer,
            "refuse": self._refuse,
            "put_down": self._put_down,
        }[name]

    def _id(self, index: int) -> str:
        found: str = self._agents[self.operators[index].account]
        return found

    async def _say(self, index: int, kind: str, **fields: Any) -> None:
        await self.operators[index].say(kind, **fields)

    async def _hang_up(self) -> None:
        assert self._citizen is not None
        self._citizen.dialog.hang_up()

    async def _answer(self) -> None:
        if self._ring is not None and not self._ring.dialog.ended.is_set():
            self._phone(A).answer(self._ring)

    async def _refuse(self) -> None:
        if self._ring is not None and not self._ring.dialog.ended.is_set():
            self._ring.dialog.reject(486, "Busy Here")

    async def _put_down(self) -> None:
        if self._ring is not None:
            self._ring.dialog.hang_up()


async def _later(seconds: float, deed: Deed) -> None:
    await asyncio.sleep(seconds)  # the injection: the second deed comes so much later
    with suppress(ConnectionError):
        await deed()
