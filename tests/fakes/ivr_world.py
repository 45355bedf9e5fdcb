"""What a flow sees of the world: surroundings and orders, from values (ports `ivr.ports`)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ivr.core.conditions import NOTHING_AROUND, Around
from ivr.ports import CallersOrder, OrderProgress
from kernel.phone import PhoneNumber


@dataclass
class SetSurroundings:
    """Fills `ivr.ports.Surroundings` with whatever the test has set."""

    value: Around = NOTHING_AROUND

    def around(self, now: datetime) -> Around:
        return self.value


@dataclass
class DictOrderBook:
    """Fills `ivr.ports.OrderBook`. `silent`: no answer comes; `broken`: each question fails."""

    orders: dict[tuple[str, str], OrderProgress] = field(default_factory=dict)
    callers: dict[str, CallersOrder] = field(default_factory=dict)
    silent: bool = False
    broken: bool = False
    asked: int = 0

    async def latest(self, ani: PhoneNumber, now: datetime) -> CallersOrder | None:
        await self._answer()
        return self.callers.get(ani.digits)

    async def progress(self, digits: str, phone_tail: str) -> OrderProgress | None:
        self.asked += 1
        await self._answer()
        return self.orders.get((digits, phone_tail))

    async def _answer(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.broken:
            raise OSError("the database is away")
