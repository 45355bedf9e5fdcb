"""Audits the figures while they are made.

Every ten seconds what memory can judge by itself, and at a low rate our callers against those whom
the telephone system lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from acd.core.self_audit import Drift, HeadCount, callers_drift, head_count
from acd.ports import Log
from acd.service import Distribution
from kernel.errors import Unavailable
from kernel.ids import CallId

AUDIT_EVERY_S = 10.0
COUNT_AT_LEAST_S = 30.0
COUNT_PER_CALLER_S = 0.6
"""A count lists all channels, so the more callers there are the rarer it is: with 500 callers every
five minutes, which keeps it to a few lines a second."""


class CallerList(Protocol):
    """The telephone system's own list of callers."""

    async def callers(self) -> Mapping[CallId, str]:
        """Every present caller and where he or she is, counted anew. Raises Unavailable."""


class Auditor:
    """Tells the distribution what does not add up, for the wallboard's red light, and the log."""

    def __init__(self, distribution: Distribution, telephone: CallerList, log: Log) -> None:
        self._distribution = distribution
        self._telephone = telephone
        self._log = log
        self._task: asyncio.Task[None] | None = None
        self._last = HeadCount()
        self._callers: list[Drift] = []
        self._shown: set[Drift] = set()

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="self-audit")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        until_count = COUNT_AT_LEAST_S
        while True:
            await asyncio.sleep(AUDIT_EVERY_S)
            until_count -= AUDIT_EVERY_S
            try:
                if until_count <= 0:
                    present = await self.count_callers()
                    until_count = max(COUNT_AT_LEAST_S, present * COUNT_PER_CALLER_S)
                self.audit()
            except Exception:
                # A defect of the audit must not end the audit.
                self._log.exception("audit_crashed")

    def audit(self) -> None:
        """Judge what is in memory; the callers as they were counted last."""
        drifts = [*self._distribution.audit(), *self._callers]
        self._distribution.show_drifts(drifts)
        for drift in drifts:
            if drift not in self._shown:
                self._log.warning(
                    "figures_drift",
                    check=drift.check.value,
                    subject=drift.subject,
                    ours=drift.ours,
                    other=drift.other,
                )
        self._shown = set(drifts)

    async def count_callers(self) -> int:
        """Compare our callers with the telephone system's; how many it has.

        Without a line there is nothing to compare, and the next count begins anew.
        """
        try:
            theirs = await self._telephone.callers()
        except Unavailable:
            self._last, self._callers = HeadCount(), []
            return 0
        now = head_count(self._distribution.known_callers(), theirs.keys())
        self._callers = callers_drift(self._last, now)
        self._last = now
        return len(theirs)
