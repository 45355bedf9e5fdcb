"""The worker's listening over real sockets: who is let in, what is played, what ends it."""

from __future__ import annotations

import asyncio
import math
import uuid
import wave
from array import array
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from speech.core.audiosocket import SILENCE, Kind
from speech.core.wire import Begun, Expect, Forget, Report, Result, Stranger
from speech.worker import server as module
from speech.worker import stream
from speech.worker.server import EarServer
from tests.fakes.recogniser import LoudnessRecogniser, LoudnessRecognisers
from tests.servers.audio_caller import AudioCaller, audio_caller
from tests.servers.process import wait_until

VOICE = array("h", [int(9000 * math.sin(n / 3)) for n in range(4800)]).tobytes()


class Place:
    def __init__(self, folder: Path, streams: int = 2) -> None:
        self.folder = folder
        self.recognisers = LoudnessRecognisers()
        self.pool = ThreadPoolExecutor(2)
        self.reports: list[Report] = []
        self.news = asyncio.Event()
        self.server = EarServer(self.recognisers, self.pool, streams, self._report)
        self.port = 0

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        self.news.set()

    def expect(self, seconds: float = 0.0, max_digits: int = 1, timeout_s: float = 1.0) -> str:
        """A caller who is to hear a tone of so many seconds; the name."""
        ear, files = str(uuid.uuid4()), []
        if seconds:
            files = [str(self.folder / "tone.wav")]
            with wave.open(files[0], "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(8000)
                out.writeframes((VOICE * 30)[: int(seconds * 16_000)])
        self.server.obey(Expect(ear, tuple(files), max_digits, timeout_s, 3.0))
        return ear

    async def result(self, ear: str, within_s: float = 20) -> Result:
        async with asyncio.timeout(within_s):
            while True:
                for report in self.reports:
                    if isinstance(report, Result) and report.ear == ear:
                        return report
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    made.port = await made.server.start()
    yield made
    await made.server.stop()
    made.pool.shutdown()


@pytest.fixture
async def caller(place: Place) -> AsyncIterator[AudioCaller]:
    async with audio_caller(place.port) as made:
        yield made


async def test_a_word_is_told_and_the_line_is_hung_up(place: Place, caller: AudioCaller) -> None:
    ear = place.expect()
    caller.name(ear)
    await caller.say(VOICE)
    told = await place.result(ear)
    assert (told.kind, told.text, told.confidence_fraction) == ("heard", "社保", 1.0)
    # No phrases; one second twice, 3 s of talk, 2 s for the recogniser's last word.
    assert Begun(ear, 7.0) in place.reports
    await caller.wait_end()
    assert caller.kinds[-1] is Kind.HANG_UP


async def test_phrases_are_heard_whole_and_silence_after_them(
    place: Place, caller: AudioCaller
) -> None:
    ear = place.expect(seconds=0.5)
    caller.name(ear)
    assert (await place.result(ear)).kind == "silent"
    await caller.wait_end()
    tone = (VOICE * 30)[: int(0.5 * 16_000)]
    assert bytes(caller.heard[: len(tone)]) == tone
    assert len(caller.heard) > len(tone) + 0.8 * 16_000
    assert set(caller.heard[len(tone) :]) == {0}


async def test_a_word_interrupts_the_phrases(place: Place, caller: AudioCaller) -> None:
    ear = place.expect(seconds=20)
    caller.name(ear)
    await caller.say(VOICE)
    assert (await place.result(ear)).text == "社保"
    await caller.wait_end()
    assert len(caller.heard) < 5 * 16_000


async def test_a_key_interrupts_the_phrases_and_ends_it(place: Place, caller: AudioCaller) -> None:
    ear = place.expect(seconds=20)
    caller.name(ear)
    caller.press("3")
    told = await place.result(ear)
    assert (told.kind, told.digits) == ("keyed", "3")


async def test_several_keys_need_their_time(place: Place, caller: AudioCaller) -> None:
    ear = place.expect(max_digits=4, timeout_s=0.3)
    caller.name(ear)
    for digit in "12":
        caller.press(digit)
    assert (await place.result(ear)).digits == "12"


async def test_who_hangs_up_is_told_as_gone(place: Place, caller: AudioCaller) -> None:
    ear = place.expect(seconds=20)
    caller.name(ear)
    await caller.say(bytes(3200), then_s=0)
    await caller.close()
    told = await place.result(ear)
    assert (told.kind, told.reason) == ("deaf", "the line was closed")
    assert place.server.streams == 0


async def test_a_name_is_good_for_one_connection(place: Place, caller: AudioCaller) -> None:
    ear = place.expect(seconds=20)
    caller.name(ear)
    caller.press("1")
    await place.result(ear)
    async with audio_caller(place.port) as second:
        second.name(ear)
        await second.wait_end()
        assert not second.heard
    assert Stranger("nobody was expected under this name") in place.reports


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.1\r\n\r\n", SILENCE, b"\x01\x00\x10" + bytes(16), b"\x01\x00"]
)
async def test_strangers_are_shown_out(
    place: Place, caller: AudioCaller, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    monkeypatch.setattr(module, "NAMED_WITHIN_S", 0.3)
    caller.send(first)
    await caller.wait_end()
    assert not caller.heard
    assert [type(r) for r in place.reports] == [Stranger]


async def test_idle_connections_have_a_limit_and_callers_still_come_in(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NAMED_WITHIN_S", 0.5)
    idle = [await asyncio.open_connection("127.0.0.1", place.port) for _ in range(100)]
    answers = await asyncio.gather(*(reader.read() for reader, _ in idle), return_exceptions=True)
    assert len(answers) == 100
    for _, writer in idle:
        writer.close()
    async with audio_caller(place.port) as late:
        ear = place.expect()
        late.name(ear)
        late.press("9")
        assert (await place.result(ear)).digits == "9"


async def test_more_callers_than_streams_are_deaf_at_once(place: Place) -> None:
    async with AsyncExitStack() as callers:
        for _ in range(2):
            busy = await callers.enter_async_context(audio_caller(place.port))
            busy.name(place.expect(seconds=20))
        await asyncio.to_thread(wait_until, lambda: place.server.streams == 2, "two streams", 10)
        third = await callers.enter_async_context(audio_caller(place.port))
        ear = place.expect(seconds=20)
        third.name(ear)
        assert (await place.result(ear)).kind == "deaf"
        await third.wait_end()


async def test_audio_that_never_comes_is_deaf(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPECTED_FOR_S", 0.1)
    assert (await place.result(place.expect())).reason == "no audio came"


async def test_who_is_forgotten_is_let_go(place: Place, caller: AudioCaller) -> None:
    ear = place.expect(seconds=20)
    caller.name(ear)
    await caller.say(bytes(3200), then_s=0)
    place.server.obey(Forget(ear))
    await caller.wait_end()
    assert place.server.streams == 0
    gone = place.expect()
    place.server.obey(Forget(gone))
    async with audio_caller(place.port) as late:
        late.name(gone)
        await late.wait_end()
        assert not late.heard


async def test_a_recogniser_that_fails_makes_one_caller_deaf(
    place: Place, caller: AudioCaller
) -> None:
    ear = place.expect(seconds=20)
    caller.name(ear)
    await caller.say(bytes(3200), then_s=0.2)
    place.recognisers.made[0].fault = "out of memory"
    await caller.say(VOICE)
    told = await place.result(ear)
    assert (told.kind, told.reason) == ("deaf", "out of memory")
    async with audio_caller(place.port) as other:
        ear = place.expect()
        other.name(ear)
        await other.say(VOICE)
        assert (await place.result(ear)).text == "社保"


async def test_a_recogniser_that_hangs_makes_deaf_within_its_time(
    place: Place, caller: AudioCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "RECOGNISED_WITHIN_S", 0.3)
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(self: LoudnessRecogniser, audio: bytes) -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()

    monkeypatch.setattr(LoudnessRecogniser, "accept", hang)
    ear = place.expect(seconds=20)
    caller.name(ear)
    await caller.say(VOICE, then_s=0.1)
    assert (await place.result(ear)).reason == "the recogniser hangs"
    gate.set()
