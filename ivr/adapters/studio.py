"""Takes an upload in by a process of its own. Fills `ivr.ports.Studio`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from ivr.adapters.studio_worker import NO_SOX
from ivr.core.studio import Bounds, Container, Form, Measured, Objection, Refused
from ivr.ports import StudioSound
from kernel.errors import Unavailable

DEADLINE_S = 30.0
_ROOT = Path(__file__).resolve().parents[2]
_SLOW = "录音处理超时，请稍后再试"


class WorkerStudio:
    """One at a time: a second upload waits its turn, within the deadline."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._turn = asyncio.Lock()

    async def take_in(self, upload: Path, allowed: Bounds) -> StudioSound:
        try:
            async with asyncio.timeout(self._deadline_s), self._turn:
                with tempfile.TemporaryDirectory(prefix="hotline-take-") as folder:
                    return await _take_in(upload, Path(folder) / "take.wav", allowed)
        except TimeoutError as error:
            raise Unavailable(_SLOW) from error


async def _take_in(upload: Path, target: Path, allowed: Bounds) -> StudioSound:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ivr.adapters.studio_worker"),
        *(str(upload), str(target), f"{allowed.expected_s:.3f}"),
        cwd=_ROOT,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
        # What the platform's environment holds (a database's password) is none of its business.
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        # sox is its child: both go at once if they take too long.
        start_new_session=True,
    )
    try:
        told, _ = await worker.communicate()
    finally:
        await _end(worker)
    if worker.returncode == NO_SOX:
        raise Unavailable("没有安装sox，无法处理录音")
    if worker.returncode != 0:
        # It came to its limits of memory or time.
        raise Refused(Objection("这个文件无法处理，请重新导出为普通的WAV或FLAC"))
    return _sound(json.loads(told), target)


def _sound(told: dict[str, Any], target: Path) -> StudioSound:
    if "refused" in told:
        raise Refused(*(Objection(text, values) for text, values in told["refused"]))
    form = told["form"]
    return StudioSound(
        form=Form(**{**form, "container": Container(form["container"])}),
        measured=Measured(**told["measured"]),
        wav=target.read_bytes(),
    )


async def _end(worker: Process) -> None:
    if worker.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()
