"""Workers and a shelf in a test's hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from kernel.errors import ConfigurationError
from kernel.language import Language
from speech.core.wire import Beat, Expect, Garbled, Order, Ready, Report
from speech.ports import Installed


class HandWorker:
    """Fills `WorkerProcess`: says what the test lets it say."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.orders: list[Order] = []
        self.killed = False
        self._said: asyncio.Queue[Report | Garbled | None] = asyncio.Queue()

    def send(self, order: Order) -> None:
        self.orders.append(order)

    def expected(self) -> Expect:
        """The last ear that it was told to expect."""
        return next(o for o in reversed(self.orders) if isinstance(o, Expect))

    def say(self, report: Report | Garbled | None) -> None:
        self._said.put_nowait(report)

    async def reports(self) -> AsyncIterator[Report]:
        while (said := await self._said.get()) is not None:
            if isinstance(said, Garbled):
                raise said
            yield said

    def kill(self) -> None:
        self.killed = True
        self.say(None)

    async def end(self) -> str:
        self.kill()
        return "signal SIGKILL"


class HandStarter:
    """Fills `WorkerStarter`. Each worker is ready and beats unless told otherwise."""

    def __init__(self, ready: bool = True) -> None:
        self.ready = ready
        self.started: list[HandWorker] = []
        self.fault: OSError | None = None
        self.news = asyncio.Event()

    async def __call__(self) -> HandWorker:
        if self.fault is not None:
            raise self.fault
        worker = HandWorker(1000 + len(self.started))
        self.started.append(worker)
        if self.ready:
            worker.say(Ready(40_000 + len(self.started)))
            worker.say(Beat(0))
        self.news.set()
        return worker

    async def lives(self, count: int) -> HandWorker:
        """The `count`-th worker, from 1."""
        async with asyncio.timeout(20):
            while len(self.started) < count:
                self.news.clear()
                await self.news.wait()
        return self.started[count - 1]


class ListShelf:
    """Fills `ModelShelf`."""

    def __init__(self, *models: Installed) -> None:
        self._models = models
        self._edition = 1
        self.damage = ""

    def edition(self) -> str:
        return str(self._edition)

    def models(self) -> tuple[Installed, ...]:
        if self.damage:
            raise ConfigurationError(self.damage)
        return self._models

    def change(self, *models: Installed, damage: str = "") -> None:
        self._models, self.damage = models, damage
        self._edition += 1


def model(name: str = "tiny", *languages: Language, load: float = 0.01) -> Installed:
    spoken = languages or (Language.MANDARIN,)
    return Installed(name, Path("/models") / name, spoken, 16000, "ab" * 32, load)
