"""Callers speak to the real Asterisk and are understood; whatever the recogniser does, nobody is
hung up on, and who cannot be heard is on keys within 3 s (R16)."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
import wave
from array import array
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.events import ConversationSpoken
from kernel.ids import Endpoint, OfferId, TeamId
from kernel.infra.clock import SystemClock
from kernel.language import Language
from speech import keeper
from speech.adapters.worker_process import ChildStarter
from speech.ports import Installed, WorkerStarter
from speech.service import Hearing, StarterOf
from speech.transcripts import Transcripts
from tests.fakes.bus import CollectingBus
from tests.fakes.caller_dialogue import GREETING, ScriptedDialogue, to_queue
from tests.fakes.ids import CountedIds
from tests.integration.speech_rig import EarBox, hearing, tiny
from tests.servers.process import free_port, wait_until
from tests.servers.rogue_worker import MANNERS
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard
from tests.speech_model.kit import BUILT_WITHIN_S, said

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(BUILT_WITHIN_S)]
LONG = tel.Prompt("long", Language.MANDARIN)
KEYS = tel.Collect((GREETING,) * 6, 1, timedelta(seconds=20))
"""Three seconds of sound, so that some of it is still to come for who listens a little late."""
ON_KEYS_WITHIN_S = 3.0


def listen(*prompts: tel.Prompt, max_digits: int = 1, timeout_s: float = 10) -> tel.Listen:
    return tel.Listen(prompts, Language.MANDARIN, max_digits, timedelta(seconds=timeout_s))


def by_what_was_said(given: tel.CallerInput) -> tel.Instruction:
    """Deaf: keys. Else: into a line, so that the caller is kept."""
    return KEYS if given.kind is tel.InputKind.DEAF else to_queue("labour")


@dataclass
class Hall:
    """A switchboard whose callers are listened to by what is in the box."""

    board: Switchboard
    box: EarBox

    @property
    def dialogue(self) -> ScriptedDialogue:
        return self.board.dialogue

    async def citizen(self) -> Dialog:
        """Answered, silent, and being listened to."""
        self.box.opened.clear()
        dialog = await self.board.citizen()
        dialog.say()
        await dialog.wait("answered")
        async with asyncio.timeout(20):
            await self.box.opened.wait()
        return dialog

    async def given(self, count: int, within_s: float = 30) -> tel.CallerInput:
        """The `count`-th of all answers."""
        told = self.dialogue.said
        await asyncio.to_thread(wait_until, lambda: len(told) >= count, f"answer {count}", within_s)
        return self.dialogue.said[count - 1][1]


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with switchboard(tmp_path, start=False) as board:
        _long_phrase(board.values.prompts_dir / "zh" / "long.wav")
        box = EarBox()
        board.ears = box
        board.line = board.make_line()
        board.dialogue.first = listen(GREETING)
        board.dialogue.then = by_what_was_said
        await board.asterisk.start()
        await board.up()
        yield Hall(board, box)


def _long_phrase(path: Path) -> None:
    samples = array("h", [int(3000 * math.sin(math.tau * 440 * n / 8000)) for n in range(160_000)])
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples.tobytes())


@pytest.fixture
async def ears(hall: Hall) -> AsyncIterator[Hearing]:
    found = await asyncio.to_thread(tiny)
    async with hearing(hall.board.values.prompts_dir, hall.board.log, found) as made:
        hall.box.inside = made
        yield made


async def test_words_in_both_languages_are_heard(hall: Hall, ears: Hearing) -> None:
    spoken = (("社保", "zh"), ("户口", "yue"), ("消费投诉", "zh"), ("人工", "yue"))
    for count, (word, language) in enumerate(spoken, start=1):
        sound = await asyncio.to_thread(said, word, language)
        citizen = await hall.citizen()
        await citizen.listen(35)  # the greeting, 0.5 s
        citizen.say(sound)
        given = await hall.given(count)
        assert (given.kind, given.text, given.digits) == (tel.InputKind.HEARD, word, "")
        assert 0 < given.confidence_fraction <= 1
        citizen.hang_up()
    assert ears.calls() == 0


async def test_a_word_and_a_key_interrupt_a_long_phrase(hall: Hall, ears: Hearing) -> None:
    hall.dialogue.first = listen(LONG)
    sound = await asyncio.to_thread(said, "投诉")
    citizen = await hall.citizen()
    await citizen.listen(25)
    citizen.say(sound)
    # The phrase alone lasts 20 s.
    assert (await hall.given(1, within_s=15)).text == "投诉"
    citizen.hang_up()
    citizen = await hall.citizen()
    await citizen.listen(25)
    citizen.press("7")
    given = await hall.given(2, within_s=15)
    assert (given.kind, given.digits) == (tel.InputKind.DIGITS, "7")


async def test_silence_and_several_keys(hall: Hall, ears: Hearing) -> None:
    hall.dialogue.first = listen(GREETING, max_digits=4, timeout_s=1)
    citizen = await hall.citizen()
    assert (await hall.given(1)).kind is tel.InputKind.SILENCE
    citizen.hang_up()
    citizen = await hall.citizen()
    await citizen.listen(10)
    citizen.press("42#")
    assert (await hall.given(2)).digits == "42"
    citizen.hang_up()


async def test_keys_typed_ahead_answer_instead_of_a_listening_and_after_it(
    hall: Hall, ears: Hearing
) -> None:
    """The first while the platform is asked for the listening, the others while it lasts: it takes
    one of them itself, and that one does not count again."""
    more: list[tel.Instruction] = [listen(LONG), KEYS, KEYS]

    def on(given: tel.CallerInput) -> tel.Instruction:
        return more.pop(0) if more else to_queue("labour")

    hall.dialogue.first = tel.Play((GREETING,))
    hall.dialogue.then = on
    citizen = await hall.board.citizen()
    citizen.say()
    await citizen.wait("answered")
    citizen.press("7")
    assert (await hall.given(2)).digits == "7"
    assert ears.calls() == 0, "nobody comes to the ear that was opened"
    citizen.press("12")
    await hall.board.facts.wait(tel.CallWaiting)
    assert [given.digits for _, given in hall.dialogue.said] == ["", "7", "1", "2"]
    hall.dialogue.said.clear()
    more[:] = [KEYS]
    hall.dialogue.first = listen(LONG)
    citizen = await hall.citizen()
    await citizen.listen(25)
    citizen.press("34")
    await hall.board.facts.wait(tel.CallWaiting, count=2)
    assert [given.digits for _, given in hall.dialogue.said] == ["3", "4"]


async def test_who_hangs_up_amid_a_sentence_is_forgotten(hall: Hall, ears: Hearing) -> None:
    hall.dialogue.first = listen(LONG)
    citizen = await hall.citizen()
    citizen.say(await asyncio.to_thread(said, "社保"))
    citizen.hang_up()
    gone = await hall.board.facts.wait(tel.CallHungUp)
    assert gone.ended_by is tel.EndedBy.CALLER
    ears.on_fact(gone)
    assert ears.calls() == 0


async def test_both_sides_of_a_conversation_are_told_while_it_lasts(
    hall: Hall, ears: Hearing
) -> None:
    bus = CollectingBus()
    transcripts = Transcripts(
        hearing=ears,
        teams=[TeamId("labour")],
        file_of=lambda call_id: hall.board.values.recordings_dir / f"{call_id}.raw",
        bus=bus,
        ids=CountedIds(),
        clock=SystemClock(),
        log=hall.board.log,
    )
    hall.board.line.subscribe(transcripts.on_fact)
    hall.dialogue.first = to_queue("labour")
    desk = await hall.board.phone("desk001")
    citizen = await hall.board.citizen()
    citizen.say()
    fact = await hall.board.facts.wait(tel.CallWaiting)
    offer = OfferId(f"{fact.call_id}.1")
    await hall.board.line.deliver(fact.call_id, offer, Endpoint("desk001"), timedelta(seconds=20))
    operator = await desk.incoming()
    operator.answer()
    operator.say()
    await hall.board.facts.wait(tel.OfferAnswered)
    sounds = {word: await asyncio.to_thread(said, word) for word in ("投诉", "人工")}
    await citizen.listen(25)
    citizen.say(sounds["投诉"])
    await asyncio.to_thread(wait_until, lambda: _told(bus) == ["caller 投诉"], "the caller", 30)
    operator.say(sounds["人工"])
    await asyncio.to_thread(
        wait_until, lambda: _told(bus) == ["caller 投诉", "operator 人工"], "the operator", 30
    )
    citizen.hang_up()
    await asyncio.to_thread(wait_until, lambda: transcripts.following() == 0, "the end", 30)
    assert len(_told(bus)) == 2


def _told(bus: CollectingBus) -> list[str]:
    return [f"{e.side} {e.text}" for e in bus.of(ConversationSpoken)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_recogniser_that_dies_or_freezes_in_mid_sentence_leaves_the_caller_on_keys(
    hall: Hall, ears: Hearing, number: signal.Signals
) -> None:
    hall.dialogue.first = listen(LONG)
    citizen = await hall.citizen()
    await citizen.listen(25)
    pids = ears.pids()
    citizen.say(await asyncio.to_thread(said, "我要查询社保", "zh", "m3", 90))
    await citizen.listen(20)
    os.kill(pids["tiny"], number)
    await _is_on_keys(hall, citizen, 1)
    async with asyncio.timeout(30):
        await ears.wait_ready()
    assert ears.pids()["tiny"] != pids["tiny"]
    citizen = await hall.citizen()
    await citizen.listen(10)
    citizen.say(await asyncio.to_thread(said, "人工"))
    assert (await hall.given(3)).text == "人工"


async def test_recogniser_that_misbehaves_in_any_manner_leaves_the_caller_on_keys(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asterisk 22.10 does not mind a server that sends nothing while the caller's audio goes on:
    # only the platform ends a worker that lives and holds a caller.
    monkeypatch.setattr(keeper, "BEGUN_WITHIN_S", 1.5)
    found = await asyncio.to_thread(tiny)
    for turn, manner in enumerate(MANNERS):
        rogue = _rogue(manner)
        async with hearing(hall.board.values.prompts_dir, hall.board.log, found, rogue) as made:
            hall.box.inside = made
            citizen = await hall.citizen()
            await _is_on_keys(hall, citizen, 2 * turn + 1, manner)


async def test_without_a_recogniser_at_the_port_the_caller_is_on_keys(
    hall: Hall, ears: Hearing
) -> None:
    hall.box.closed_port = free_port()
    citizen = await hall.citizen()
    await _is_on_keys(hall, citizen, 1)


def _rogue(manner: str) -> StarterOf:
    def starter(found: Installed, streams: int) -> WorkerStarter:
        return ChildStarter(sys.executable, "-m", "tests.servers.rogue_worker", manner)

    return starter


async def _is_on_keys(hall: Hall, citizen: Dialog, count: int, manner: str = "") -> None:
    """Within 3 s the flow goes on, the caller hears it, and a key works."""
    given = await hall.given(count, within_s=ON_KEYS_WITHIN_S)
    assert given.kind is tel.InputKind.DEAF, manner
    await citizen.listen(20)
    assert not citizen.ended.is_set(), manner
    citizen.press("5")
    pressed = await hall.given(count + 1)
    assert (pressed.kind, pressed.digits) == (tel.InputKind.DIGITS, "5"), manner
    citizen.hang_up()
