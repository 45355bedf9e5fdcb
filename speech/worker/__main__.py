"""`python -m speech.worker MODEL STREAMS THREADS`: one worker, until its standard input ends.

What it has to say goes to the standard output it was given; whatever else the library or Python
print goes to standard error.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from speech.adapters.vosk_model import VoskModel
from speech.core import wire
from speech.core.supervision import BEAT_EVERY_S
from speech.ports import RecogniserFailed
from speech.worker.doubting import DoubtingRecognisers
from speech.worker.server import EarServer

LESS_URGENT = 10
"""Recognition yields to the telephone's own audio, and to the event loop of this process."""


def main() -> None:
    folder, streams, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    reports = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.set_blocking(reports, False)
    try:
        model = VoskModel(folder)
        # The first recogniser shows whether the model has one, and warms the graph.
        model.new()
    except RecogniserFailed as error:
        raise SystemExit(f"speech: {error}") from None
    pool = ThreadPoolExecutor(threads, initializer=_yield)
    asyncio.run(_work(model, pool, streams, reports))


def _yield() -> None:
    # On Linux a thread has a priority of its own.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LESS_URGENT)


async def _work(model: VoskModel, pool: ThreadPoolExecutor, streams: int, reports: int) -> None:
    def report(message: wire.Report) -> None:
        try:
            os.write(reports, wire.encode(message))
        except OSError:
            # The platform is gone, or has not read for minutes: there is nobody to listen for.
            os._exit(1)

    server = EarServer(DoubtingRecognisers(model), pool, streams, report)
    beating = asyncio.get_running_loop().create_task(_beat(server, report))
    report(wire.Ready(await server.start()))
    orders = await _standard_input()
    try:
        while line := await orders.readline():
            server.obey(wire.order(line))
    finally:
        beating.cancel()
        # A thread may hang in the library; nothing here is worth waiting for.
        os._exit(0)


async def _beat(server: EarServer, report: Callable[[wire.Report], None]) -> None:
    while True:
        await asyncio.sleep(BEAT_EVERY_S)
        report(wire.Beat(server.streams))


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=2 * wire.LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


if __name__ == "__main__":
    main()
