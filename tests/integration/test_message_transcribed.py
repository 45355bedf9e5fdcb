"""A caller speaks onto the message box of the real Asterisk, and whoever calls back reads it with
the task: also when the recogniser died amid it, and the run that noticed was the last."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from callbacks.adapters.store import TableTaskStore
from callbacks.routes import build_router
from callbacks.service import DutyCallbacks
from hotline.callback_bridges import MessageBox
from hotline.message_bridges import RecogniserScribe, TaskMessages
from kernel import telephony as tel
from kernel.events import MessageTranscribed, RecordingArchived
from kernel.ids import CallId
from kernel.infra.bus import LocalBus
from kernel.infra.clock import SystemClock, UuidSource
from kernel.infra.database import Database
from kernel.language import Language, ScreenLanguage
from kernel.policy import Role
from recordings import messages as writing
from recordings.adapters.files import WavArchive
from recordings.adapters.message_store import TableMessageStore
from recordings.adapters.store import TableListeningLog, TableRecordingStore
from recordings.core import message as rules
from recordings.core.transcript import Utterance
from recordings.messages import MessageWords, MessageWriter
from recordings.service import Archive, Listening
from speech.messages import MessageScribe
from speech.service import Hearing
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.page_kit import browser, page_app, page_kit, people
from tests.integration.speech_rig import hearing, tiny
from tests.servers.process import wait_until
from tests.servers.switchboard import Switchboard, switchboard
from tests.servers.whole_hotline import until
from tests.speech_model.kit import BUILT_WITHIN_S, said
from tests.unit.callbacks.test_pages import Line
from tests.unit.callbacks.test_service import Past

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(BUILT_WITHIN_S)]
CITY = timezone(timedelta(hours=8))
NAMES = dict.fromkeys(ScreenLanguage, {"labour": "劳动社保"})
BYTES_PER_S = 16_000


class DeadlyScribe(RecogniserScribe):
    """The worker takes the order, and does not live to obey it."""

    def __init__(self, ears: Hearing) -> None:
        super().__init__(MessageScribe(ears))
        self._ears = ears
        self.killed: list[int] = []

    async def write_down(self, language: Language, file: Path, from_s: float) -> list[Utterance]:
        pid = self._ears.pids()["tiny"]
        os.kill(pid, signal.SIGSTOP)
        task = asyncio.create_task(super().write_down(language, file, from_s))
        await asyncio.sleep(0)  # the order is in the worker's pipe
        os.kill(pid, signal.SIGKILL)
        self.killed.append(pid)
        return await task


@dataclass
class Desk:
    """The departments that a message passes through, on one database, beside the switchboard."""

    board: Switchboard
    database: Database
    ears: Hearing
    folder: Path
    bus: LocalBus = field(default_factory=LocalBus)
    trail: KeptAudit = field(default_factory=KeptAudit)
    told: list[MessageTranscribed] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock, ids, log = SystemClock(), UuidSource(), self.board.log
        self.recordings = TableRecordingStore(self.database)
        self.messages = TableMessageStore(self.database)
        self.files = WavArchive(self.board.values.recordings_dir, self.folder / "archive", CITY)
        self.archive = Archive(
            store=self.recordings,
            messages=self.messages,
            files=self.files,
            bus=self.bus,
            clock=clock,
            ids=ids,
            log=log,
        )
        self.writer = self.a_writer(RecogniserScribe(MessageScribe(self.ears)))
        self.duty = DutyCallbacks(
            store=TableTaskStore(self.database),
            past=Past(),
            line=Line(),
            audit=self.trail,
            bus=self.bus,
            clock=clock,
            ids=ids,
            log=log,
        )
        words = MessageWords(
            store=self.messages,
            recordings=self.recordings,
            writer=self.writer,
            listening=Listening(
                log=TableListeningLog(self.database, ids), audit=self.trail, clock=clock
            ),
        )
        kit = page_kit("callbacks", people({"sup01": Role.SUPERVISOR}))
        pages = build_router(
            kit, self.duty, TaskMessages(words), NAMES, lambda who, language: who, clock
        )
        self.app = page_app(kit, pages)

    def a_writer(self, scribe: RecogniserScribe) -> MessageWriter:
        return MessageWriter(
            store=self.messages,
            files=self.files,
            scribe=scribe,
            wanted=True,
            bus=self.bus,
            clock=SystemClock(),
            ids=UuidSource(),
            log=self.board.log,
        )

    async def start(self) -> None:
        self.board.line.subscribe(self.archive.on_fact)
        self.board.line.subscribe(MessageBox(self.duty).on_fact)
        self.bus.subscribe(RecordingArchived, self._archived, name="messages")
        self.bus.subscribe(MessageTranscribed, self._told, name="test")
        await self.archive.start()
        await self.duty.start()

    async def stop(self) -> None:
        await self.writer.stop()
        await self.archive.stop()
        await self.duty.stop()
        await self.bus.stop()

    async def _archived(self, event: RecordingArchived) -> None:
        await self.writer.on_event(event)

    async def _told(self, event: MessageTranscribed) -> None:
        self.told.append(event)

    async def message(self, word: str) -> CallId:
        """Somebody speaks it onto the message box and presses the hash key."""
        sound = await asyncio.to_thread(said, word)
        citizen, waiting = await self.board.waiting()
        citizen.say()
        await self.board.presses(citizen, "2")
        path = self.board.values.recordings_dir / f"{waiting.call_id}.sln"
        await asyncio.to_thread(wait_until, path.exists, "the recorder runs", 20)
        enough = path.stat().st_size + len(sound) + BYTES_PER_S
        citizen.say(sound)
        spoken = f"{word} was spoken"
        await asyncio.to_thread(wait_until, lambda: path.stat().st_size >= enough, spoken, 20)
        citizen.press("#")
        await self.board.facts.wait(tel.MessageLeft, lambda f: f.call_id == waiting.call_id)
        return waiting.call_id

    async def pages(self, call_id: CallId) -> tuple[str, str]:
        """The list, and the page of the task that the message became."""
        await self.duty.drain()
        task = await self.duty.of_call(call_id)
        assert task is not None
        async with browser(self.app, "sup01") as one:
            listed = (await one.get("/callbacks")).text
            return listed, (await one.get(f"/callbacks/{task.task_id}")).text


@pytest.fixture
async def desk(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(writing, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(rules, "PAUSES", (timedelta(milliseconds=100),) * 3)
    database, found = Database(sqlite_url), await asyncio.to_thread(tiny)
    async with (
        switchboard(tmp_path) as board,
        hearing(board.values.prompts_dir, board.log, found) as ears,
    ):
        # Silence alone is not to end it on a slow machine.
        board.keys.message = replace(board.keys.message, silence=timedelta(seconds=8))
        made = Desk(board, database, ears, tmp_path)
        await made.start()
        yield made
        await made.stop()
    await database.close()


async def test_a_word_spoken_onto_the_message_box_is_read_with_its_task(desk: Desk) -> None:
    await desk.writer.start()
    call_id = await desk.message("社保")
    await until(lambda: [e.call_id for e in desk.told] == [call_id], "it is written down", 30)
    listed, page = await desk.pages(call_id)
    assert "“社保”" in listed and "社保</span>" in page
    assert desk.trail.actions == ["recordings_glanced", "recording_read"]
    assert desk.told[0].sentences == 1
    left_traces = f"{desk.board.log.lines} {desk.told}"
    assert "message_transcribed" in left_traces and "社保" not in left_traces


async def test_a_message_outlives_the_recogniser_and_the_run_that_was_writing_it_down(
    desk: Desk,
) -> None:
    deadly = DeadlyScribe(desk.ears)
    desk.writer = desk.a_writer(deadly)
    await desk.writer.start()
    call_id = await desk.message("投诉")
    await until(lambda: "message_not_transcribed" in desk.board.log.events, "it broke off", 30)
    await desk.writer.stop()
    assert len(deadly.killed) == 1
    _, page = await desk.pages(call_id)
    assert "正在识别成文字" in page and desk.told == []
    desk.writer = desk.a_writer(RecogniserScribe(MessageScribe(desk.ears)))
    await desk.writer.start()
    await until(lambda: [e.call_id for e in desk.told] == [call_id], "it is written down", 60)
    assert desk.ears.pids()["tiny"] not in deadly.killed
    listed, page = await desk.pages(call_id)
    assert "“投诉”" in listed and "投诉</span>" in page
