"""How many callers one core follows: `python -m bench.recognisers [--model FOLDER]`.

Starts the product's own worker, lets callers talk to it over AudioSocket at the telephone's pace,
and reads from the kernel what the worker spent. Prints callers per core beside its bar; exits 1
below it.
Without `--model` it is the tests' tiny model, which shows what everything *around* the recogniser
costs; a published model costs far more, and is what to measure before going live.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
import uuid
from array import array
from dataclasses import dataclass
from pathlib import Path

from speech.adapters.worker_process import ChildWorker, vosk_worker
from speech.core.wire import Expect, Follow, Ready, Result
from tests.servers.audio_caller import audio_caller
from tests.speech_model.kit import said, tiny_model

CALLERS_PER_CORE_BAR = 20
LATE_BAR_S = 2.0
WORDS = ("社保", "户口", "投诉", "人工")
PAUSE_S = 1.5
TICKS_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Recognised:
    """`callers_per_core`: in real time; `late_p99_s`: from the end of a word to its result."""

    callers: int
    words: int
    right: int
    spent_s: float
    lasted_s: float
    late_p99_s: float

    @property
    def callers_per_core(self) -> float:
        return self.callers * self.lasted_s / self.spent_s

    @property
    def met(self) -> bool:
        return self.callers_per_core >= CALLERS_PER_CORE_BAR and self.late_p99_s <= LATE_BAR_S


async def measure(model: Path, callers: int, words: int) -> Recognised:
    """Each of `callers` says so many words, one listening each."""
    worker = await vosk_worker(model, callers, os.cpu_count() or 1)()
    try:
        return await _measured(worker, callers, words)
    finally:
        await worker.end()


async def _measured(worker: ChildWorker, callers: int, words: int) -> Recognised:
    reports, loop = worker.reports(), asyncio.get_running_loop()
    results: dict[str, asyncio.Future[tuple[float, Result]]] = {}
    ready: asyncio.Future[int] = loop.create_future()

    async def read() -> None:
        async for report in reports:
            match report:
                case Ready(port=port):
                    ready.set_result(port)
                case Result(ear=ear):
                    results[ear].set_result((loop.time(), report))

    reading = loop.create_task(read())
    port = await asyncio.wait_for(ready, 120)
    late: list[float] = []
    right = 0

    async def talk(number: int) -> None:
        nonlocal right
        for turn in range(words):
            word = WORDS[(number + turn) % len(WORDS)]
            ear = str(uuid.uuid4())
            results[ear] = loop.create_future()
            worker.send(Expect(ear, (), 1, 10.0, 10.0))
            async with audio_caller(port, speed=1.0) as caller:
                caller.name(ear)
                await caller.say(said(word), then_s=0)
                ended = loop.time()
                await caller.say(b"", then_s=PAUSE_S)
                at, told = await asyncio.wait_for(results[ear], 10)
            late.append(at - ended)
            right += told.text == word

    for word in WORDS:
        await asyncio.to_thread(said, word)
    spent, began = _spent(worker.pid), time.monotonic()
    await asyncio.gather(*(talk(number) for number in range(callers)))
    lasted = time.monotonic() - began
    spent = _spent(worker.pid) - spent
    reading.cancel()
    p99 = sorted(late)[int(0.99 * (len(late) - 1))]
    return Recognised(callers, callers * words, right, spent, lasted, p99)


async def measure_conversations(model: Path, count: int, seconds: int) -> float:
    """Of one core, what the transcript of one conversation takes: both sides speak by turns."""
    worker = await vosk_worker(model, 2 * count, os.cpu_count() or 1)()
    with tempfile.TemporaryDirectory() as folder:
        try:
            async for report in worker.reports():
                if isinstance(report, Ready):
                    break
            paths = [Path(folder) / f"{n}.raw" for n in range(count)]
            for path in paths:
                path.touch()
                worker.send(Follow(str(uuid.uuid4()), str(path)))
            spent, began = _spent(worker.pid), time.monotonic()
            await _grow(paths, await asyncio.to_thread(_conversation), seconds)
            return (_spent(worker.pid) - spent) / (time.monotonic() - began) / count
        finally:
            await worker.end()


def _conversation() -> bytes:
    """A word of the caller, one of the operator, a pause after each; 4 bytes a moment."""
    whole = array("h")
    for n, word in enumerate(WORDS):
        samples = array("h", said(word) + bytes(16_000))
        stereo = array("h", bytes(4 * len(samples)))
        stereo[n % 2 :: 2] = samples
        whole += stereo
    return whole.tobytes()


async def _grow(paths: list[Path], sound: bytes, seconds: int) -> None:
    """All recordings by 0.1 s at a time, at the telephone's pace."""
    loop, size = asyncio.get_running_loop(), 3200
    due = loop.time()
    for n in range(10 * seconds):
        start = n * size % (len(sound) - size) // 4 * 4
        for path in paths:
            await asyncio.to_thread(_append, path, sound[start : start + size])
        due += 0.1
        await asyncio.sleep(max(0.0, due - loop.time()))


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as out:
        out.write(data)


def _spent(pid: int) -> float:
    """Processor seconds of a process, all threads. Source: proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def table(found: Recognised) -> str:
    many = "met" if found.callers_per_core >= CALLERS_PER_CORE_BAR else "MISSED"
    soon = "met" if found.late_p99_s <= LATE_BAR_S else "MISSED"
    return "\n".join(
        (
            f"callers at once {found.callers}, words {found.words}, understood {found.right}",
            f"callers per core in real time  {found.callers_per_core:8.1f}   bar >= "
            f"{CALLERS_PER_CORE_BAR} {many}",
            f"end of the word -> result, p99 {found.late_p99_s:8.2f} s bar <= {LATE_BAR_S:.1f} s "
            f"{soon}",
        )
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--model", type=Path, help="folder of a model; default: the tests' tiny one")
    asked.add_argument("--callers", type=int, default=20)
    asked.add_argument("--words", type=int, default=4)
    given = asked.parse_args()
    found = asyncio.run(measure(given.model or tiny_model(), given.callers, given.words))
    print(table(found))
    conversations = max(1, given.callers // 4)
    load = asyncio.run(measure_conversations(given.model or tiny_model(), conversations, 15))
    print(f"transcript of one conversation {load:8.1%} of a core, {conversations} at once")
    sys.exit(0 if found.met else 1)


if __name__ == "__main__":
    main()
