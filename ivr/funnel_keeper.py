"""Keeps the funnel: hears the events of calls, adds the figures up in the database off the call
path. A crash loses at most the last seconds of counting, never a call."""

from __future__ import annotations

import asyncio
from datetime import date

from ivr.core.funnel import Counts, Funnel
from ivr.ports import FunnelStore, Log
from kernel.events import Event

EVERY_S = 5.0


class FunnelKeeper:
    def __init__(
        self, funnel: Funnel, store: FunnelStore, log: Log, every_s: float = EVERY_S
    ) -> None:
        self._funnel = funnel
        self._store = store
        self._log = log
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    async def on_event(self, event: Event) -> None:
        """Hears everything and counts what belongs to a flow."""
        self._funnel.hear(event)

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="ivr-funnel")

    async def stop(self) -> None:
        """Write what has been counted, if the database lets us."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        await self.flush()

    async def flush(self) -> None:
        """Add up what was counted; kept and tried again later if that fails."""
        taken = self._funnel.take()
        if not taken:
            return
        try:
            await self._store.add(taken)
        except Exception as error:  # whatever the database's fault is, the figures are kept
            self._funnel.give_back(taken)
            self._log.warning("funnel_not_written", reason=repr(error))

    async def figures(self, flow: str, version: str, since: date) -> dict[str, Counts]:
        """Of each step, from the day `since` on, to the second."""
        found = await self._store.counts(flow, version, since)
        for place, counts in self._funnel.pending().items():
            if (place.flow, place.version) == (flow, version) and place.day >= since:
                found[place.step] = found.get(place.step, Counts()) + counts
        return found

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self.flush()
