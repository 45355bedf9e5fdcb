"""How long a process had to wait for a processor, because others had it.

A bar in seconds holds for a machine that is there for the trial. Where it is not, as in a test run
that does something else on every core, what others took is known to the kernel, and is allowed for:
as much as that and no more. Source: proc(5), /proc/pid/schedstat, its second figure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

LOOK_EVERY_S = 0.25


class Starvation:
    """Of the main threads of some processes together, from `watched` to its end."""

    def __init__(self, *pids: int) -> None:
        self._paths = [Path(f"/proc/{pid}/task/{pid}/schedstat") for pid in pids]
        self._looks: list[tuple[float, float]] = []

    def look(self) -> None:
        waited_ns = sum(int(path.read_text().split()[1]) for path in self._paths)
        self._looks.append((time.monotonic(), waited_ns / 1e9))

    def worst_s(self, window_s: float) -> float:
        """The most seconds waited within any stretch of so many seconds."""
        worst, first = 0.0, 0
        for at, waited in self._looks:
            while at - self._looks[first][0] > window_s + LOOK_EVERY_S:
                first += 1
            worst = max(worst, waited - self._looks[first][1])
        return worst


@asynccontextmanager
async def watched(*pids: int) -> AsyncIterator[Starvation]:
    """Looks again and again until the end."""
    found = Starvation(*pids)

    async def looks() -> None:
        while True:
            found.look()
            await asyncio.sleep(LOOK_EVERY_S)  # the interval between two looks

    task = asyncio.create_task(looks())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        found.look()
