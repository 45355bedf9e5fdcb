"""The shipped reception, the real Asterisk, the real recogniser: a word leads to its team, what is
not clear is asked back, and a recogniser that dies leaves the caller with keys."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from ivr.core.conditions import Around
from ivr.enquiries import Enquiries
from ivr.service import Dialogue
from kernel import telephony as tel
from kernel.events import CallTransferredOut, Event, MenuStepEntered, MenuWordsHeard
from kernel.infra.clock import SystemClock, UuidSource
from kernel.language import Language
from speech.service import Hearing
from tests.fakes.caller_memory import DictCallerMemory
from tests.fakes.ivr_world import DictOrderBook, SetSurroundings
from tests.fakes.line_book import DictLineBook
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.integration.speech_rig import hearing, tiny
from tests.integration.test_ivr_on_asterisk import TellingBus
from tests.servers.process import wait_until
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard
from tests.speech_model.kit import BUILT_WITHIN_S, said
from tests.unit.ivr.shipped import catalogue, main_flow

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(BUILT_WITHIN_S)]
Heard = TypeVar("Heard", bound=Event)
MANDARIN, CANTONESE = "13800138000", "13900139000"


@dataclass
class Reception:
    board: Switchboard
    bus: TellingBus
    ears: Hearing

    async def listens(self, count: int) -> None:
        """Until the `count`-th caller has come to the step that listens."""
        await self.told(MenuStepEntered, lambda e: e.step == "menu_own", count)

    async def told(
        self, kind: type[Heard], wanted: Callable[[Heard], bool] = lambda e: True, count: int = 1
    ) -> Heard:
        """The `count`-th wanted event of this kind."""
        async with asyncio.timeout(30):
            while len(found := [e for e in self.bus.of(kind) if wanted(e)]) < count:
                self.bus.news.clear()
                await self.bus.news.wait()
        return found[count - 1]

    async def listened_to(self, citizen: Dialog) -> None:
        """Until the caller's audio goes to a worker: what is said and pressed from now on is heard.
        The worker's own sound comes back on the same way, to its end."""
        await asyncio.to_thread(wait_until, lambda: self.ears.calls() == 1, "an open ear", 20)
        await citizen.listen(10)

    async def call(self, ani: str, count: int) -> Dialog:
        citizen = await self.board.citizen(ani=ani)
        citizen.say()
        await citizen.wait("answered")
        await self.listens(count)
        await self.listened_to(citizen)
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
            yield Reception(board, bus, ears)


def _phrases(folder: Path) -> None:
    """A moment of silence for each phrase: this is about what the caller says. Only the menu by
    keys lasts, so that a key is in time on a busy machine."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in catalogue().texts:
        moment = bytes(80_000 if name == "menu" else 1600)
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


async def speak(citizen: Dialog, word: str) -> None:
    citizen.say(await asyncio.to_thread(said, word))


async def test_a_call_for_the_police_is_put_through_at_once(reception: Reception) -> None:
    citizen = await reception.call(MANDARIN, 1)
    await speak(citizen, "我要报警")
    assert (await reception.told(CallTransferredOut)).number == "110"
    assert not (await reception.told(MenuWordsHeard)).asked_back


async def test_of_two_matters_the_caller_says_which(reception: Reception) -> None:
    citizen = await reception.call(MANDARIN, 1)
    await speak(citizen, "社保户口")
    heard = await reception.told(MenuWordsHeard)
    assert (heard.wish, heard.asked_back) == ("labour", True)
    await reception.listened_to(citizen)
    await citizen.listen(25)  # the question, 0.5 s
    await speak(citizen, "户口")
    assert (await reception.board.facts.wait(tel.CallWaiting)).team == "security"


async def test_what_is_not_understood_is_asked_once_more(reception: Reception) -> None:
    citizen = await reception.call(MANDARIN, 1)
    await speak(citizen, "不是社保")
    assert (await reception.told(MenuWordsHeard)).wish == ""
    await reception.listened_to(citizen)
    await citizen.listen(25)
    await speak(citizen, "人工")
    assert (await reception.board.facts.wait(tel.CallWaiting)).team == "general"


async def test_recogniser_that_dies_while_it_listens_leaves_the_caller_with_keys(
    reception: Reception,
) -> None:
    citizen = await reception.call(MANDARIN, 1)
    (pid,) = reception.ears.pids().values()
    os.kill(pid, signal.SIGKILL)
    # The same step asks again, by keys; a key then does what it always did.
    await asyncio.to_thread(wait_until, lambda: reception.ears.calls() == 0, "no ear", 20)
    await citizen.listen(40)
    citizen.press("3")
    waiting = await reception.board.facts.wait(tel.CallWaiting)
    assert waiting.team == "labour"
    assert waiting.language is Language.MANDARIN
