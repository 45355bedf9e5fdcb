"""A worker as a child process: lines to its standard input, lines from its standard output."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from speech.core import wire
from speech.core.wire import Garbled, Order, Report

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
"""Each stream is one thread's work already; more of them only wait for one another."""


def worker_environment() -> dict[str, str]:
    return {**os.environ, **ONE_THREAD}


class ChildWorker:
    """Fills `speech.ports.WorkerProcess`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        # Python's own kill looks whether the child has ended, and takes the exit code away from
        # asyncio, which then says 255 (CPython 3.11, `Popen.send_signal`).
        self._handle: int | None = None
        with suppress(ProcessLookupError):
            self._handle = os.pidfd_open(process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, order: Order) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(wire.encode(order))

    async def reports(self) -> AsyncIterator[Report]:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError as error:
                raise Garbled("a line without an end") from error
            if not line.endswith(b"\n"):
                return
            yield wire.report(line)

    def kill(self) -> None:
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    async def end(self) -> str:
        self.kill()
        code = await self._process.wait()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        if self._process.stdin is not None:
            self._process.stdin.close()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class ChildStarter:
    """Fills `speech.ports.WorkerStarter`. `command` is what is run, and its arguments."""

    def __init__(self, *command: str) -> None:
        self._command = command

    async def __call__(self) -> ChildWorker:
        return ChildWorker(
            await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=worker_environment(),
                limit=wire.LONGEST_LINE,
                # Ctrl-C is for the platform, which ends its workers itself.
                start_new_session=True,
            )
        )


def vosk_worker(model: Path, streams: int, threads: int) -> ChildStarter:
    return ChildStarter(
        sys.executable, "-m", "speech.worker", str(model), str(streams), str(threads)
    )
