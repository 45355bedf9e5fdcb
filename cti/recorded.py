"""Knows what was recorded of each call, and tells of it once the file is complete."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime

from cti.ports import RecordingSpool
from kernel.clock import Clock
from kernel.ids import CallId
from kernel.telephony import RecordingClosed


class Recorded:
    """Conversations are recorded by the telephone as they happen; a message into a file beside."""

    def __init__(
        self, spool: RecordingSpool, emit: Callable[[RecordingClosed], None], clock: Clock
    ) -> None:
        self._spool = spool
        self._emit = emit
        self._clock = clock
        self._answered: dict[CallId, datetime] = {}
        self._messages: dict[CallId, bool] = {}

    def answered(self, call_id: CallId, at: datetime) -> None:
        """Somebody talks with the caller; the first time counts."""
        self._answered.setdefault(call_id, at)

    def speaking(self, call_id: CallId) -> None:
        """The caller was told to speak a message; it is dropped, unless `message_left` follows."""
        self._messages[call_id] = False

    def message_left(self, call_id: CallId) -> None:
        self._messages[call_id] = True

    def over(
        self, call_id: CallId, prepared_at: datetime | None
    ) -> Coroutine[None, None, None] | None:
        """What is to be done for a call that has ended; None for one without any recording.
        `prepared_at`: when the telephone was ready to record a conversation."""
        answered_at = self._answered.pop(call_id, None)
        message = self._messages.pop(call_id, None)
        if prepared_at is None and message is None:
            return None
        return self._close(call_id, prepared_at or self._clock.now(), answered_at, message)

    async def _close(
        self,
        call_id: CallId,
        prepared_at: datetime,
        answered_at: datetime | None,
        message: bool | None,
    ) -> None:
        """Tell of every answered call, so that one without audio is noticed by the archive."""
        if message is False:
            await self._spool.drop_message(call_id)
        size = await self._spool.completed(call_id)
        if size == 0 and answered_at is None:
            # The recorder was prepared for offers that nobody took.
            await self._spool.discard(call_id)
            return
        name, started_at = self._spool.file_name(call_id), answered_at or prepared_at
        self._emit(RecordingClosed(call_id, name, started_at, self._clock.now()))
