"""The tiny real model: the recogniser's contract on the fake and on vosk, and a worker of it."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import uuid
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from speech.adapters.model_shelf import facts_of
from speech.adapters.vosk_model import VoskModel
from speech.adapters.worker_process import ChildWorker, vosk_worker
from speech.core.model import rate
from speech.core.result import NOTHING, Utterance
from speech.core.samples import Upsampler, frames
from speech.core.wire import Beat, Expect, Ready, Report, Result
from speech.ports import Recogniser, RecogniserFailed, Recognisers
from speech.worker.doubting import DoubtingRecognisers
from tests.fakes.recogniser import LoudnessRecognisers
from tests.servers.audio_caller import audio_caller
from tests.speech_model.kit import BUILT_WITHIN_S, said, tiny_model
from tests.speech_model.words import CHINESE, ENGLISH, HELD_OUT, Vocabulary

pytestmark = pytest.mark.timeout(BUILT_WITHIN_S)
PIECE = 960


@pytest.fixture(params=["fake", "vosk", "vosk, doubted"])
def recognisers(request: pytest.FixtureRequest) -> Recognisers:
    if request.param == "fake":
        return LoudnessRecognisers("社保")
    model = VoskModel(tiny_model())
    return model if request.param == "vosk" else DoubtingRecognisers(model)


def utterances(recogniser: Recogniser, sound: bytes) -> list[Utterance]:
    """All that ended, in order, and the partials on the way in `_partials`."""
    upsample, ended = Upsampler(), []
    for piece in frames(sound, PIECE):
        found = recogniser.accept(upsample(piece))
        if found is not None:
            ended.append(found)
    return ended


def quiet(seconds: float) -> bytes:
    return bytes(int(seconds * 16_000) // 2 * 2)


def test_a_word_is_heard_and_the_next_one_after_it(recognisers: Recognisers) -> None:
    recogniser = recognisers.new()
    word = quiet(0.3) + said("社保") + quiet(1.2)
    heard = [u.text for u in utterances(recogniser, word + word) if u.spoken]
    assert heard == ["社保", "社保"]


def test_silence_is_nothing_said_however_long(recognisers: Recognisers) -> None:
    recogniser = recognisers.new()
    assert [u for u in utterances(recogniser, quiet(12)) if u.spoken or u.text] == []
    assert recogniser.partial() == NOTHING


def test_a_word_is_seen_while_it_is_spoken_and_can_be_cut_off(recognisers: Recognisers) -> None:
    recogniser = recognisers.new()
    utterances(recogniser, quiet(0.3) + said("社保") + quiet(0.25))
    assert recogniser.partial().text == "社保"
    assert recogniser.final().text == "社保"
    assert not recogniser.final().spoken


def test_streams_of_one_model_do_not_hear_each_other(recognisers: Recognisers) -> None:
    one, other = recognisers.new(), recognisers.new()
    utterances(one, quiet(0.3) + said("社保"))
    utterances(other, quiet(2))
    assert not other.final().spoken
    assert one.final().text == "社保"


def test_odd_and_empty_pieces_do_no_harm(recognisers: Recognisers) -> None:
    recogniser = recognisers.new()
    assert recogniser.accept(b"") is None
    assert recogniser.accept(b"\0\0\0") is None
    assert not recogniser.final().spoken


def _white(rms: int) -> bytes:
    """Noise of a linear congruential generator: the same every time."""
    state, samples = 1, array("h")
    for _ in range(40_000):
        state = (1_103_515_245 * state + 12_345) % 2**31
        samples.append(int((state / 2**30 - 1) * rms * math.sqrt(3)))
    return samples.tobytes()


@pytest.mark.parametrize("rms", [30, 300, 1500])
def test_noise_is_no_word(rms: int) -> None:
    recogniser = VoskModel(tiny_model()).new()
    ended = utterances(recogniser, _white(rms) + quiet(1.5))
    assert "".join(u.text for u in ended) + recogniser.final().text == ""


@pytest.mark.parametrize("known", [CHINESE, ENGLISH], ids=lambda known: known.name)
def test_a_tiny_model_passes_the_check_of_every_model(known: Vocabulary) -> None:
    assert rate(facts_of(tiny_model(known))) == 16000


@pytest.mark.parametrize("known", [CHINESE, ENGLISH], ids=lambda known: known.name)
def test_listed_words_of_held_out_voices_are_heard(known: Vocabulary) -> None:
    """At least 97 of 100: the bar of what the hotline's own words need."""
    model = DoubtingRecognisers(VoskModel(tiny_model(known)))
    asked, right, wrong = 0, 0, []
    for language in known.voices:
        for variant in HELD_OUT:
            for word in known.words:
                sound = quiet(0.3) + said(word, language, variant) + quiet(0.9)
                heard = "".join(u.text for u in utterances(model.new(), sound))
                asked += 1
                right += heard == word
                if heard != word:
                    wrong.append(f"{language}/{variant} {word} -> {heard}")
    assert right >= 0.97 * asked, wrong


def test_a_folder_that_is_no_model_fails_and_does_not_kill(tmp_path: Path) -> None:
    with pytest.raises(RecogniserFailed):
        VoskModel(tmp_path)


# --- the worker's process -------------------------------------------------------------------


class Worker:
    def __init__(self, child: ChildWorker) -> None:
        self.child = child
        self._reports = child.reports()

    async def next(self, kind: type[Report]) -> Report:
        async with asyncio.timeout(30):
            async for report in self._reports:
                if isinstance(report, kind):
                    return report
        raise AssertionError("the worker has ended")


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    folder = await asyncio.to_thread(tiny_model)
    child = await vosk_worker(folder, 8, 2)()
    yield Worker(child)
    await child.end()


async def test_the_worker_hears_a_word_and_goes_when_its_platform_goes(worker: Worker) -> None:
    ready = await worker.next(Ready)
    assert isinstance(ready, Ready)
    ear = str(uuid.uuid4())
    worker.child.send(Expect(ear, (), 1, 5.0, 5.0))
    async with audio_caller(ready.port) as caller:
        caller.name(ear)
        await caller.say(quiet(0.3) + await asyncio.to_thread(said, "人工", "yue"))
        told = await worker.next(Result)
    assert isinstance(told, Result)
    assert (told.ear, told.kind, told.text) == (ear, "heard", "人工")
    assert isinstance(await worker.next(Beat), Beat)
    assert worker.child._process.stdin is not None
    worker.child._process.stdin.close()
    async with asyncio.timeout(20):
        assert await worker.child._process.wait() == 0


async def test_how_a_worker_ended_is_known(worker: Worker) -> None:
    await worker.next(Ready)
    os.kill(worker.child.pid, signal.SIGABRT)
    async with asyncio.timeout(20):
        await worker.child._process.wait()
    assert await worker.child.end() == "signal SIGABRT"


async def test_a_worker_without_a_model_says_why(tmp_path: Path) -> None:
    child = await vosk_worker(tmp_path / "none", 1, 1)()
    async with asyncio.timeout(30):
        assert [report async for report in child.reports()] == []
    assert await child.end() == "exit code 1"
