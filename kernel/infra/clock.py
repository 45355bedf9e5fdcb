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
    """UUID version 7 text (RFC 9562): 48 bits of milliseconds, then randomness."""

    def new(self) -> str:
        millis = time.time_ns() // 1_000_000
        rand = int.from_bytes(os.urandom(10))
        value = (millis << 80) | rand
        value &= ~(0xF << 76)
        value |= 0x7 << 76
        value &= ~(0x3 << 62)
        value |= 0x2 << 62
        return str(uuid.UUID(int=value))
