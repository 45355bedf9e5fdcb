"""One caller's stream: the phrases out, the audio in, the recogniser between, one result."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar, assert_never

from speech.core import audiosocket, listening
from speech.core.audiosocket import FRAME_BYTES, FRAME_MS, Kind
from speech.core.listening import CutOff, Deaf, Due, Ended, Event, Finish, Outcome, StopPhrases
from speech.core.samples import TELEPHONE_RATE, Upsampler, frames
from speech.core.wire import Expect
from speech.ports import Recogniser, RecogniserFailed, Recognisers
from speech.worker.line import Line

PIECE_BYTES = 3 * FRAME_BYTES
"""60 ms: the end of an utterance is looked for once for each piece."""
BACKLOG_BYTES = 3 * 2 * TELEPHONE_RATE
RECOGNISED_WITHIN_S = 1.5
"""A recogniser that works longer on one piece hangs: its caller goes on with keys."""
LEAD_FRAMES = 2
"""Sent ahead of time, so that a late turn of the loop is not heard."""
LONGEST_PHRASE_S = 120
T = TypeVar("T")


class Stream:
    """Listens once. `run` returns the outcome, None when the caller went first."""

    def __init__(
        self,
        expected: Expect,
        recognisers: Recognisers,
        pool: Executor,
        line: Line,
        begun: Callable[[float], None],
    ) -> None:
        """`begun` is called once, with the seconds that it may last."""
        self._expected = expected
        self._recognisers = recognisers
        self._pool = pool
        self._line = line
        self._begun = begun
        self._loop = asyncio.get_running_loop()
        terms = listening.Terms(expected.max_digits, expected.timeout_s, expected.longest_s)
        self._state = listening.begin(terms, self._loop.time())
        self._speaking = True
        self._cut_off = False
        self._waiting_audio = bytearray()
        self._news = asyncio.Event()
        self._moved = asyncio.Event()
        self._over: asyncio.Future[Outcome | None] = self._loop.create_future()

    async def run(self) -> Outcome | None:
        work = (self._speak(), self._listen(), self._read(), self._watch())
        tasks = [self._loop.create_task(self._guarded(each)) for each in work]
        try:
            return await self._over
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """A fault of ours deafens one caller, never the worker."""
        try:
            await work
        except ConnectionError:
            self._settle(None)
        except Exception as error:
            self._settle(Deaf(f"{type(error).__name__}: {error}"))

    # --- what decides ----------------------------------------------------------------------

    def _step(self, event: Event) -> None:
        self._state, effects = listening.step(self._state, event, self._loop.time())
        for effect in effects:
            match effect:
                case StopPhrases():
                    self._speaking = False
                case CutOff():
                    self._cut_off = True
                    self._news.set()
                case Finish(outcome=outcome):
                    self._settle(outcome)
                case _:
                    assert_never(effect)
        self._moved.set()

    def _settle(self, outcome: Outcome | None) -> None:
        if not self._over.done():
            self._over.set_result(outcome)

    async def _watch(self) -> None:
        """Bring `Due` when its moment has come, which every event may have moved."""
        while True:
            self._moved.clear()
            limit = listening.deadline(self._state)
            wait = None if limit is None else max(0.0, limit - self._loop.time())
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._moved.wait()
                    continue
            self._step(Due())

    # --- the caller's audio ------------------------------------------------------------------

    async def _read(self) -> None:
        while (frame := await self._line.next()) is not None:
            self._take(frame)
        self._settle(None)

    def _take(self, frame: audiosocket.Frame) -> None:
        match frame.kind:
            case Kind.AUDIO:
                self._waiting_audio += frame.payload
                self._news.set()
                if len(self._waiting_audio) > BACKLOG_BYTES:
                    self._waiting_audio.clear()
                    self._step(listening.Failed("the recogniser cannot keep up"))
            case Kind.KEY:
                self._step(listening.Key(frame.payload.decode("latin-1")))
            case Kind.HANG_UP | Kind.ERROR:
                self._settle(None)
            case Kind.IDENTIFIER:
                raise audiosocket.Garbled("a second identifier")
            case _:
                assert_never(frame.kind)

    async def _listen(self) -> None:
        try:
            recogniser = await self._recognise(self._recognisers.new)
            upsample = Upsampler()
            while True:
                await self._news.wait()
                self._news.clear()
                if len(self._waiting_audio) >= PIECE_BYTES:
                    piece = bytes(self._waiting_audio)
                    self._waiting_audio.clear()
                    heard = partial(_heard, recogniser, upsample, piece)
                    self._step(await self._recognise(heard))
                if self._cut_off:
                    self._step(Ended(await self._recognise(recogniser.final)))
        except RecogniserFailed as error:
            self._step(listening.Failed(str(error)))
        except TimeoutError:
            self._step(listening.Failed("the recogniser hangs"))

    async def _recognise(self, work: Callable[[], T]) -> T:
        async with asyncio.timeout(RECOGNISED_WITHIN_S):
            return await self._loop.run_in_executor(self._pool, work)

    # --- the phrases ---------------------------------------------------------------------------

    async def _speak(self) -> None:
        """Phrases, then silence, a frame every 20 ms: who sends nothing for 2 s is hung up on."""
        phrases = await asyncio.to_thread(_phrases, self._expected.files)
        spoken_s = len(phrases) * FRAME_MS / 1000
        self._begun(spoken_s + listening.longest_s(self._state.terms))
        due = self._loop.time() - LEAD_FRAMES * FRAME_MS / 1000
        for frame in phrases:
            if not self._speaking:
                break
            self._line.send(audiosocket.audio(frame))
            due = await self._until(due)
        else:
            self._step(listening.PhrasesEnded())
        while True:
            self._line.send(audiosocket.SILENCE)
            due = await self._until(due)

    async def _until(self, due: float) -> float:
        due += FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due - self._loop.time()))
        return due


def _heard(recogniser: Recogniser, upsample: Upsampler, audio: bytes) -> listening.Event:
    """In a thread of the pool."""
    utterance = recogniser.accept(upsample(audio))
    if utterance is not None:
        return Ended(utterance)
    return listening.Partial(recogniser.partial())


def _phrases(files: tuple[str, ...]) -> list[bytes]:
    """The frames of all phrases; a file that is no such recording is left out."""
    found: list[bytes] = []
    for name in files:
        with suppress(OSError, EOFError, wave.Error):
            found += frames(_audio_of(Path(name)), FRAME_BYTES)
    return found


def _audio_of(path: Path) -> bytes:
    with wave.open(str(path), "rb") as opened:
        form = (opened.getframerate(), opened.getnchannels(), opened.getsampwidth())
        if form != (TELEPHONE_RATE, 1, 2):
            raise wave.Error(f"{path.name} is {form}")
        return opened.readframes(min(opened.getnframes(), LONGEST_PHRASE_S * TELEPHONE_RATE))
