"""Keeps the worker of one model: starts it, believes its beats, ends it, starts the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from speech.core import wire
from speech.core.listening import Deaf
from speech.core.supervision import BEAT_EVERY_S, START_WITHIN_S, BackOff, Beats
from speech.core.wire import (
    Beat,
    Begun,
    Complete,
    Expect,
    Follow,
    Followed,
    Forget,
    Garbled,
    Read,
    Ready,
    Report,
    Result,
    Said,
    Stranger,
)
from speech.ports import Log, WorkerProcess, WorkerStarter

BEGUN_WITHIN_S = 15.0
"""From the answer to the dialplan until the worker says how long it will take."""
GRACE_S = 5.0
"""A worker that holds a caller longer than it said is mad: it is ended, which frees the caller."""


class WorkerKeeper:
    """`told` is called with each ear's one result, `followed` with what was said in recordings and
    with the end of each, also when the worker died."""

    def __init__(
        self,
        model: str,
        start: WorkerStarter,
        streams: int,
        told: Callable[[Result], None],
        followed: Callable[[Said | Followed], None],
        log: Log,
    ) -> None:
        self.model = model
        self._start = start
        self._streams = streams
        self._told = told
        self._followed = followed
        self._log = log
        self._port: int | None = None
        self._reason = "the model is being loaded"
        self._worker: WorkerProcess | None = None
        self._beats = Beats()
        self._ears: dict[str, asyncio.TimerHandle] = {}
        self._recordings: set[str] = set()
        self._readings: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    # --- from memory ------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        return self._port is not None

    @property
    def reason(self) -> str:
        """Why it is not ready; empty when it is."""
        return "" if self.ready else self._reason

    @property
    def has_room(self) -> bool:
        return self.ready and self._taken < self._streams

    @property
    def _taken(self) -> int:
        return len(self._ears) + 2 * len(self._recordings) + len(self._readings)

    @property
    def pid(self) -> int | None:
        """The worker's process, if there is one."""
        return None if self._worker is None else self._worker.pid

    def expect(self, order: Expect) -> int | None:
        """The port to send the caller's audio to; None when nobody can listen now."""
        if self._worker is None or self._port is None or not self.has_room:
            return None
        self._worker.send(order)
        self._ears[order.ear] = self._timer(order.ear, BEGUN_WITHIN_S)
        return self._port

    def follow(self, order: Follow) -> bool:
        """Have a recording written down, two streams for each; False when there is no room: half
        of it is kept for callers who are listened to."""
        fits = 2 * (len(self._recordings) + 1) <= self._streams // 2
        if self._worker is None or not self.has_room or not fits:
            return False
        self._worker.send(order)
        self._recordings.add(order.ear)
        return True

    def read(self, order: Read) -> bool:
        """Have an archived recording written down: one at a time, and only while there is room for
        a caller beside it. False when not now."""
        fits = not self._readings and self._taken + 1 < self._streams
        if self._worker is None or not self.ready or not fits:
            return False
        self._worker.send(order)
        self._readings.add(order.ear)
        return True

    def complete(self, ear: str) -> None:
        if self._worker is not None and ear in self._recordings:
            self._worker.send(Complete(ear))

    def forget(self, ear: str) -> None:
        if self._drop(ear) and self._worker is not None:
            self._worker.send(Forget(ear))

    # --- the worker's lives -------------------------------------------------------------------

    async def start(self) -> None:
        """Returns at once; `wait_ready` tells when it listens."""
        self._task = asyncio.get_running_loop().create_task(
            self._keep(), name=f"speech-{self.model}"
        )

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def wait_ready(self) -> None:
        while not self.ready:
            self._changed.clear()
            await self._changed.wait()

    async def _keep(self) -> None:
        pauses, loop = BackOff(), asyncio.get_running_loop()
        while True:
            begun = loop.time()
            why = await self._life()
            lived = loop.time() - begun
            pause = pauses.pause_s(lived)
            self._reason = f"its worker ended ({why}) and is started again"
            self._log.error(
                "speech_worker_ended", model=self.model, reason=why, lived_s=round(lived, 1)
            )
            await asyncio.sleep(pause)

    async def _life(self) -> str:
        """One worker from its start to its end; how it ended."""
        try:
            self._worker = worker = await self._start()
        except OSError as error:
            return f"not started: {error}"
        self._beats = Beats()
        reading = asyncio.get_running_loop().create_task(self._read(worker))
        try:
            await self._until_dead(reading)
            return await self._ended(worker, reading)
        finally:
            reading.cancel()
            self._port = self._worker = None
            self._deafen()
            # Also when this task was cancelled: no worker outlives its keeper.
            await asyncio.shield(worker.end())

    async def _ended(self, worker: WorkerProcess, reading: asyncio.Task[None]) -> str:
        # What it still had to say stands before its end.
        self._port = None
        frozen = not reading.done()
        garbled = reading.exception() if reading.done() else None
        how = await worker.end()
        if garbled is not None:
            return f"it was ended: {garbled}"
        return "it was frozen, and ended" if frozen else how

    async def _until_dead(self, reading: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not reading.done():
            await asyncio.wait({reading}, timeout=BEAT_EVERY_S)
            if not self.ready:
                if loop.time() - begun > START_WITHIN_S:
                    return
            elif not reading.done() and self._beats.look():
                return

    async def _read(self, worker: WorkerProcess) -> None:
        async for report in worker.reports():
            self._beats.beat()
            self._hear(worker, report)

    def _hear(self, worker: WorkerProcess, report: Report) -> None:
        match report:
            case Ready(port=port):
                if self.ready:
                    raise Garbled("ready twice")
                self._port = port
                self._log.info("speech_ready", model=self.model, pid=worker.pid)
                self._changed.set()
            case Begun(ear=ear, longest_s=longest_s):
                if self._drop(ear):
                    self._ears[ear] = self._timer(ear, longest_s + GRACE_S)
            case Result(ear=ear):
                # Of an ear that was forgotten meanwhile there is nothing to tell.
                if self._drop(ear):
                    self._told(report)
            case Said(ear=ear):
                if ear in self._recordings | self._readings:
                    self._followed(report)
            case Followed(ear=ear):
                if ear in self._recordings | self._readings:
                    self._drop_file(ear)
                    self._followed(report)
            case Stranger(reason=reason):
                self._log.warning("speech_stranger", model=self.model, reason=reason)
            case Beat():
                pass

    # --- the ears -----------------------------------------------------------------------------

    def _drop(self, ear: str) -> bool:
        timer = self._ears.pop(ear, None)
        if timer is None:
            return False
        timer.cancel()
        return True

    def _deafen(self) -> None:
        for ear in list(self._ears):
            self._drop(ear)
            self._told(wire.result(ear, Deaf("its worker ended")))
        for ear in sorted(self._recordings | self._readings):
            self._drop_file(ear)
            self._followed(Followed(ear, "its worker ended"))

    def _drop_file(self, ear: str) -> None:
        self._recordings.discard(ear)
        self._readings.discard(ear)

    def _timer(self, ear: str, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._overrun, ear)

    def _overrun(self, ear: str) -> None:
        """Only the end of the worker's connection frees the caller."""
        self._log.error("speech_overrun", model=self.model)
        if self._worker is not None:
            self._worker.kill()
