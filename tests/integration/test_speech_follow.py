"""A recording is read as it grows, each side by ears of its own."""

from __future__ import annotations

import asyncio
import io
import math
import wave
from array import array
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recordings.core import wav
from speech.core.wire import Complete, Follow, Followed, Read, Report, Said
from speech.worker import follow
from speech.worker.server import EarServer
from tests.fakes.recogniser import LoudnessRecognisers
from tests.servers.process import wait_until

EAR = "8b1c9e0e-9d1f-4a2b-8c3d-0123456789ab"
SECOND = 8000


class Desk:
    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(2)
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.server = EarServer(LoudnessRecognisers("您好"), self.pool, 4, self.reports.put_nowait)

    async def next(self) -> Report:
        async with asyncio.timeout(30):
            return await self.reports.get()

    async def said(self) -> tuple[str, str, float, float]:
        told = await self.next()
        assert isinstance(told, Said) and told.confidence_fraction == 1.0
        return told.side, told.text, told.from_s, told.to_s


def approx(seconds: float) -> object:
    """To within two of the pieces that are taken in at once."""
    return pytest.approx(seconds, abs=0.2)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.server.stop()
    made.pool.shutdown()


def sound(*parts: tuple[bool, bool, float]) -> bytes:
    """Who speaks (left, right) for how many seconds."""
    samples = array("h")
    for left, right, seconds in parts:
        for n in range(int(seconds * SECOND)):
            voice = int(8000 * math.sin(n / 3))
            samples.extend((voice if left else 0, voice if right else 0))
    return samples.tobytes()


async def test_both_sides_are_told_while_the_recording_grows(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "call.raw"
    desk.server.obey(Follow(EAR, str(path)))
    path.write_bytes(sound((True, False, 1.0), (False, False, 1.0))[:-2])
    assert await desk.said() == ("caller", "您好", approx(0.0), approx(1.5))
    with path.open("ab") as more:
        more.write(bytes(2) + sound((False, True, 1.0), (False, False, 1.0)))
    assert await desk.said() == ("operator", "您好", approx(2.0), approx(3.5))
    with path.open("ab") as more:
        more.write(sound((True, False, 0.5)))
    desk.server.obey(Complete(EAR))
    path.unlink()
    assert await desk.said() == ("caller", "您好", approx(4.0), approx(4.5))
    assert await desk.next() == Followed(EAR, "")


async def test_a_recording_that_never_comes_is_told(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "THERE_WITHIN_S", 0.1)
    desk.server.obey(Follow(EAR, str(tmp_path / "none.raw")))
    told = await desk.next()
    assert isinstance(told, Followed) and "FileNotFoundError" in told.reason


async def test_a_recogniser_that_fails_ends_the_transcript_with_the_reason(
    desk: Desk, tmp_path: Path
) -> None:
    recognisers = LoudnessRecognisers()
    desk.server._recognisers = recognisers
    path = tmp_path / "call.raw"
    path.write_bytes(b"")
    desk.server.obey(Follow(EAR, str(path)))
    await asyncio.to_thread(wait_until, lambda: len(recognisers.made) == 2, "two recognisers", 20)
    recognisers.made[1].fault = "out of memory"
    path.write_bytes(sound((False, True, 0.5)))
    assert await desk.next() == Followed(EAR, "RecogniserFailed: out of memory")


async def test_of_an_archived_recording_the_caller_is_told_from_a_second_on(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    quiet = (False, False, 1.0)
    parts = [(True, True, 1.0), quiet, (False, True, 1.0), quiet, (True, False, 1.0), quiet]
    data = sound(*parts, (True, False, 0.55))
    path.write_bytes(wav.header(len(data)) + data)
    desk.server.obey(Read(EAR, str(path), 1.5))
    assert await desk.said() == ("caller", "您好", approx(4.0), approx(5.5))
    assert await desk.said() == ("caller", "您好", approx(6.0), approx(6.55))
    assert await desk.next() == Followed(EAR, "")
    desk.server.obey(Read(EAR, str(path), 1000.0))
    assert await desk.next() == Followed(EAR, "")


async def test_what_is_no_recording_is_told(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    for body in (b"", b"RIFF", sound((True, True, 0.1)), _wav_of_one_channel()):
        path.write_bytes(body)
        desk.server.obey(Read(EAR, str(path), 0.0))
        told = await desk.next()
        assert isinstance(told, Followed) and "RecogniserFailed" in told.reason
    path.unlink()
    desk.server.obey(Read(EAR, str(path), 0.0))
    told = await desk.next()
    assert isinstance(told, Followed) and "FileNotFoundError" in told.reason


def _wav_of_one_channel() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(1600))
    return made.getvalue()
