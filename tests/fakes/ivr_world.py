"""What a flow sees of the world: surroundings and orders, from values (ports `ivr.ports`)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ivr.core.conditions import NOTHING_AROUND, Around
from ivr.ports import OrderProgress


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
    silent: bool = False
    broken: bool = False
    asked: int = 0

    async def progress(self, digits: str, phone_tail: str) -> OrderProgress | None:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.broken:
            raise OSError("the database is away")
        return self.orders.get((digits, phone_tail))
