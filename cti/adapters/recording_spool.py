"""The folder into which Asterisk's MixMonitor writes raw recordings, one file for a call.

Format: signed 16-bit little endian, 8,000 Hz, two channels interleaved: caller on the left,
operator on the right; only what was said while the two were connected (options `b` and `D` of
MixMonitor, measured on Asterisk 22.10.1: the channel's receive direction comes first).
"""

from __future__ import annotations

import asyncio
import os
from array import array
from collections.abc import Sequence
from pathlib import Path

from cti.core.reports import valid_call_id
from kernel.ids import CallId

LOOK_EVERY_S = 0.1
STEADY_LOOKS = 3
GIVE_UP_S = 30.0
SUFFIX = ".raw"
MESSAGE_SUFFIX = ".sln"
"""A message spoken while waiting: one channel, written by Asterisk's Record."""


class SpoolFolder:
    """Implements `cti.ports.RecordingSpool`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def completed(self, call_id: CallId) -> int:
        """Asterisk's writer flushes after the channel has gone, and tells nobody when it is done:
        a file is complete when its size has stood still for 0.3 s."""
        path = self._folder / f"{call_id}{MESSAGE_SUFFIX}"
        message = await asyncio.to_thread(path.exists)
        if not message:
            path = self._folder / self.file_name(call_id)
        last, steady, waited = -1, 0, 0.0
        while steady < STEADY_LOOKS and waited < GIVE_UP_S:
            size = await asyncio.to_thread(_size, path)
            steady = steady + 1 if size == last else 0
            last = size
            waited += LOOK_EVERY_S
            await asyncio.sleep(LOOK_EVERY_S)
        if message:
            return await asyncio.to_thread(
                _as_recording, path, self._folder / self.file_name(call_id)
            )
        return max(last, 0)

    def file_name(self, call_id: CallId) -> str:
        return f"{call_id}{SUFFIX}"

    async def discard(self, call_id: CallId) -> None:
        await asyncio.to_thread((self._folder / self.file_name(call_id)).unlink, True)

    async def drop_message(self, call_id: CallId) -> None:
        await asyncio.to_thread((self._folder / f"{call_id}{MESSAGE_SUFFIX}").unlink, True)

    async def left_over(self) -> Sequence[CallId]:
        return await asyncio.to_thread(_calls, self._folder)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _calls(folder: Path) -> list[CallId]:
    found: dict[CallId, None] = {}
    for suffix in (SUFFIX, MESSAGE_SUFFIX):
        for path in sorted(folder.glob(f"*{suffix}")):
            try:
                found[valid_call_id(path.stem)] = None
            except ValueError:
                continue
    return list(found)


def _as_recording(message: Path, recording: Path) -> int:
    """Add a message to the call's recording: one side becomes two, with silence on the operator's.
    The message's own file goes last. Returns the recording's size in bytes."""
    samples = array("h", message.read_bytes()[: message.stat().st_size // 2 * 2])
    both = array("h", bytes(4 * len(samples)))
    both[0::2] = samples
    with recording.open("ab") as out:
        out.write(both.tobytes())
        out.flush()
        os.fsync(out.fileno())
    message.unlink()
    return recording.stat().st_size
