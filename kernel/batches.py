"""Off the call path: values handed over at once, written in batches by one task, none of them lost.

A batch that cannot be written is kept and tried again, whatever the fault is, and the rest waits
behind it: nothing is dropped, repeated or reordered while the process lives. What a batch writes
must bear being written again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
RETRY_AFTER_S = 1.0
STOP_WITHIN_S = 10.0


class Batches(Generic[Item]):
    """`write` is given at most `limit` values, oldest first, and returns when they are safe.

    The first of a batch waits `gather_s` for others. `unwritten` is told of each failure, with the
    number of values that wait.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Item]], Awaitable[None]],
        *,
        limit: int,
        unwritten: Callable[[Exception, int], None],
        gather_s: float = 0.0,
    ) -> None:
        self._name = name
        self._write = write
        self._limit = limit
        self._unwritten = unwritten
        self._gather_s = gather_s
        self._queue: asyncio.Queue[Item] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def put(self, item: Item) -> None:
        """Hand over; never blocks, never fails. Before `start` it only waits."""
        self._queue.put_nowait(item)

    @property
    def waiting(self) -> int:
        """Values that are not in a batch yet."""
        return self._queue.qsize()

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Write what waits, for at most 10 s, then end; a failure to do so is told."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self.drain(), STOP_WITHIN_S)
        except TimeoutError as error:
            self._unwritten(error, self._queue.qsize())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def drain(self) -> None:
        """Return when everything handed over so far is written."""
        await self._queue.join()

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            if self._gather_s:
                await asyncio.sleep(self._gather_s)
            while len(batch) < self._limit and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._until_written(batch)
            for _ in batch:
                self._queue.task_done()

    async def _until_written(self, batch: Sequence[Item]) -> None:
        while True:
            try:
                await self._write(batch)
            except Exception as error:
                self._unwritten(error, len(batch) + self._queue.qsize())
                await asyncio.sleep(RETRY_AFTER_S)
            else:
                return
