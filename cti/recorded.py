"""Tells of recordings once their files are complete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cti.ports import RecordingSpool
from kernel.clock import Clock
from kernel.ids import CallId
from kernel.telephony import RecordingClosed


class Recorded:
    """Waits for the file of a call that is over, and tells of it."""

    def __init__(
        self, spool: RecordingSpool, emit: Callable[[RecordingClosed], None], clock: Clock
    ) -> None:
        self._spool = spool
        self._emit = emit
        self._clock = clock

    async def close(
        self, call_id: CallId, prepared_at: datetime, answered_at: datetime | None
    ) -> None:
        """Tell of every answered call, so that one without audio is noticed by the archive."""
        size = await self._spool.completed(call_id)
        if size == 0 and answered_at is None:
            # The recorder was prepared for offers that nobody took.
            await self._spool.discard(call_id)
            return
        name, started_at = self._spool.file_name(call_id), answered_at or prepared_at
        self._emit(RecordingClosed(call_id, name, started_at, self._clock.now()))
