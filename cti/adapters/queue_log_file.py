"""Asterisk's note of its native queues, a file to which it only ever appends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from cti.core.queue_log import QueuedCaller, callers

FILE = "queue_log"


class QueueLogFile:
    """Implements `cti.left_open.NativeQueues`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._size = 0

    async def read(self) -> Sequence[QueuedCaller]:
        text = await asyncio.to_thread(self._read)
        return callers(text.splitlines())

    def _read(self) -> str:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            data = b""
        self._size = len(data)
        return data.decode("utf-8", "replace")

    async def forget(self) -> None:
        """Asterisk has it open for appending, so what it writes next begins an empty file."""
        await asyncio.to_thread(self._empty)

    def _empty(self) -> None:
        if self._size and self._path.stat().st_size == self._size:
            os.truncate(self._path, 0)
