"""The system clock and the id source: the only callers of wall time and randomness."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Wall time that never runs backwards: taken once, then advanced by the monotonic clock.

    A jump of the machine's clock (NTP step, daylight saving) thus never reorders a queue. The
    drift against true time is corrected forwards only.
    """

    def __init__(self) -> None:
        self._base = datetime.now(UTC)
        self._mono = time.monotonic()

    def now(self) -> datetime:
        ours = self._base + timedelta(seconds=time.monotonic() - self._mono)
        wall = datetime.now(UTC)
        ahead = (wall - ours).total_seconds()
        if 0 < ahead < 1.0:
            return wall
        return ours


class UuidSource:
    """UUID version 7 text that sorts in the order of making, even within one millisecond.

    48 bits of milliseconds, a 12-bit counter, 62 random bits. A counter that runs over borrows
    from the next millisecond, and a clock that jumps back is not followed.
    Source: RFC 9562, 5.7 and 6.2 (method 1).
    """

    _VERSION = 0x7 << 76
    _VARIANT = 0x2 << 62
    _COUNTS = 1 << 12

    def __init__(self) -> None:
        self._last = 0  # milliseconds and counter in one number

    def new(self) -> str:
        now = (time.time_ns() // 1_000_000) * self._COUNTS
        self._last = max(self._last + 1, now)
        millis, count = divmod(self._last, self._COUNTS)
        rand = int.from_bytes(os.urandom(8)) >> 2
        value = (millis << 80) | self._VERSION | (count << 64) | self._VARIANT | rand
        return str(uuid.UUID(int=value))
