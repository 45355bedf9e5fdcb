"""The shipped reception, the real Asterisk, the real recogniser: a word leads to its team."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.core.conditions import Around
from ivr.enquiries import Enquiries
from ivr.service import Dialogue
from kernel import telephony as tel
from kernel.events import MenuStepEntered
from kernel.infra.clock import SystemClock, UuidSource
from kernel.language import Language
from tests.fakes.caller_memory import DictCallerMemory
from tests.fakes.ivr_world import DictOrderBook, SetSurroundings
from tests.fakes.line_book import DictLineBook
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.integration.speech_rig import hearing, tiny
from tests.integration.test_ivr_on_asterisk import TellingBus
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard
from tests.speech_model.kit import said
from tests.unit.ivr.shipped import catalogue, main_flow

pytestmark = pytest.mark.asterisk
MANDARIN, CANTONESE = "13800138000", "13900139000"


@dataclass
class Reception:
    board: Switchboard
    bus: TellingBus

    async def listens(self, count: int) -> None:
        """Until the `count`-th caller has come to the step that listens."""
        async with asyncio.timeout(20):
            while sum(e.step == "menu_own" for e in self.bus.of(MenuStepEntered)) < count:
                self.bus.news.clear()
                await self.bus.news.wait()

    async def call(self, ani: str, count: int) -> Dialog:
        citizen = await self.board.citizen(ani=ani)
        citizen.say()
        await citizen.wait("answered")
        await self.listens(count)
        return citizen


@pytest.fixture
async def reception(tmp_path: Path) -> AsyncIterator[Reception]:
    found = await asyncio.to_thread(tiny)
    async with switchboard(tmp_path, start=False) as board:
        for language in ("zh", "yue"):
            _phrases(board.values.prompts_dir / language)
        bus = TellingBus()
        async with hearing(board.values.prompts_dir, board.log, found) as ears:
            board.ears = ears
            board.dialogue = _dialogue(bus)  # type: ignore[assignment]
            board.line = board.make_line()
            await board.asterisk.start()
            await board.up()
            yield Reception(board, bus)


def _phrases(folder: Path) -> None:
    """A moment of silence for each phrase: this is about what the caller says."""
    folder.mkdir(parents=True, exist_ok=True)
    moment = bytes(1600)
    for name in catalogue().texts:
        head = b"RIFF" + (36 + len(moment)).to_bytes(4, "little") + b"WAVEfmt "
        form = (16, 4), (1, 2), (1, 2), (8000, 4), (16000, 4), (2, 2), (16, 2)
        head += b"".join(value.to_bytes(size, "little") for value, size in form)
        head += b"data" + len(moment).to_bytes(4, "little")
        (folder / f"{name}.wav").write_bytes(head + moment)


def _dialogue(bus: TellingBus) -> Dialogue:
    languages = {MANDARIN: Language.MANDARIN, CANTONESE: Language.CANTONESE}
    around = Around(hearing=frozenset(languages.values()))
    return Dialogue(
        flow=main_flow(),
        lines=DictLineBook(),
        memory=DictCallerMemory(languages),
        surroundings=SetSurroundings(around),
        enquiries=Enquiries(DictOrderBook(), KeptLog()),
        notices=NoticeRoom().notices,
        bus=bus,
        clock=SystemClock(),
        ids=UuidSource(),
        log=KeptLog(),
    )


async def test_spoken_words_of_both_languages_reach_their_teams(reception: Reception) -> None:
    spoken = (
        (MANDARIN, "zh", "社保", "labour"),
        (CANTONESE, "yue", "户口", "security"),
        (MANDARIN, "zh", "消费投诉", "consumer"),
        (CANTONESE, "yue", "人工", "general"),
    )
    for count, (ani, language, word, team) in enumerate(spoken, start=1):
        sound = await asyncio.to_thread(said, word, language)
        citizen = await reception.call(ani, count)
        citizen.say(sound)
        waiting = await reception.board.facts.wait(tel.CallWaiting, count=count)
        assert (waiting.team, waiting.language) == (team, Language(language)), word
        citizen.hang_up()
        await reception.board.facts.wait(tel.CallHungUp, count=count)


async def test_keys_work_while_the_hotline_listens(reception: Reception) -> None:
    citizen = await reception.call(MANDARIN, 1)
    citizen.press("3")
    assert (await reception.board.facts.wait(tel.CallWaiting)).team == "labour"
