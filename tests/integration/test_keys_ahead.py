"""Keys pressed before their question is asked, on the real Asterisk: none is lost, none counts
twice, and they answer in the order in which they were pressed (ADR 477)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.ids import CallId
from kernel.phone import PhoneNumber
from tests.fakes.caller_dialogue import GREETING, to_queue
from tests.servers.process import wait_until
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk
OPEN = asyncio.Event()
OPEN.set()


def ask(digits: int = 1, wait_s: float = 5, *, fresh: bool = False) -> tel.Collect:
    return tel.Collect((GREETING,), digits, timedelta(seconds=wait_s), fresh)


PLAY = tel.Play((GREETING,))


@dataclass
class Script:
    """Fills `CallerDialogue` for one caller after the other: the questions in this order, then the
    line. An answer waits for the gate, and perhaps for a while besides, as a platform does that has
    to look something up."""

    questions: list[tel.Instruction]
    gate: asyncio.Event = field(default_factory=lambda: OPEN)
    slow: Callable[[], float] = lambda: 0.0
    asked: list[CallId] = field(default_factory=list)
    said: list[tel.CallerInput] = field(default_factory=list)

    async def begin(self, call: tel.CallEntered) -> tel.Instruction:
        self.asked.append(call.call_id)
        return await self._next()

    async def next(self, call_id: CallId, said: tel.CallerInput) -> tel.Instruction:
        self.said.append(said)
        return await self._next()

    async def _next(self) -> tel.Instruction:
        await self.gate.wait()
        if (late := self.slow()) > 0:
            await asyncio.sleep(late)
        return self.questions.pop(0) if self.questions else to_queue()

    @property
    def silent(self) -> int:
        return sum(given.kind is tel.InputKind.SILENCE for given in self.said)

    @property
    def keys(self) -> list[str]:
        return [given.digits for given in self.said if given.kind is tel.InputKind.DIGITS]


class Desk:
    """Fills `CallerDialogue`: each number has its own script."""

    def __init__(self) -> None:
        self.scripts: dict[PhoneNumber, Script] = {}
        self._calls: dict[CallId, Script] = {}

    async def begin(self, call: tel.CallEntered) -> tel.Instruction:
        script = self._calls[call.call_id] = self.scripts[call.ani]
        return await script.begin(call)

    async def next(self, call_id: CallId, said: tel.CallerInput) -> tel.Instruction:
        return await self._calls[call_id].next(call_id, said)


class Hall:
    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.desk = Desk()
        board.dialogue = self.desk  # type: ignore[assignment]
        board.line = board.make_line()
        self._numbers = iter(range(13800000000, 13900000000))

    async def caller(self, script: Script) -> Dialog:
        """Answered, and the first question is asked of the platform."""
        ani = str(next(self._numbers))
        self.desk.scripts[PhoneNumber(ani)] = script
        dialog = await self.board.citizen(ani=ani)
        await dialog.wait("answered")
        await self.until(lambda: bool(script.asked), "the dialogue begins")
        return dialog

    async def until(self, condition: Callable[[], bool], what: str, within_s: float = 20) -> None:
        await asyncio.to_thread(wait_until, condition, what, within_s)

    async def waits(self, script: Script, within_s: float = 20) -> None:
        await self.board.facts.wait(
            tel.CallWaiting, lambda f: f.call_id in script.asked, within_s=within_s
        )


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with switchboard(tmp_path, start=False) as board:
        made = Hall(board)
        await board.asterisk.start()
        await board.up()
        yield made


async def pressed_amid_the_first_question(hall: Hall, script: Script, keys: str) -> Dialog:
    """While the platform has no answer yet; then it answers."""
    script.gate = asyncio.Event()
    dialog = await hall.caller(script)
    dialog.press(keys)
    await dialog.pressed()
    script.gate.set()
    return dialog


async def test_keys_pressed_amid_a_question_answer_the_next_ones_in_order(hall: Hall) -> None:
    script = Script([ask(), ask(2), ask(2), ask(wait_s=0.5)])
    await pressed_amid_the_first_question(hall, script, "12345")
    await hall.waits(script)
    assert script.keys == ["1", "23", "45"]
    assert script.said[-1].kind is tel.InputKind.SILENCE
    assert hall.board.errors() == []


async def test_a_number_typed_ahead_ends_at_its_hash_and_the_rest_answers_the_next(
    hall: Hall,
) -> None:
    script = Script([ask(), ask(17), ask(4), ask(), ask(wait_s=0.5)])
    await pressed_amid_the_first_question(hall, script, "6123456789#8000#7")
    await hall.waits(script)
    # The hash after the fourth of four figures ends nothing.
    assert script.keys == ["6", "123456789", "8000", "7"]


async def test_half_a_number_typed_ahead_is_finished_when_the_question_is_asked(hall: Hall) -> None:
    script = Script([ask(4)])
    dialog = await pressed_amid_the_first_question(hall, script, "12")
    dialog.press("34")
    await hall.waits(script)
    assert script.keys == ["1234"]


async def test_keys_pressed_during_an_announcement_count_at_the_next_question(hall: Hall) -> None:
    script = Script([PLAY, replace(PLAY, prompts=(GREETING,) * 4), ask(), ask(), ask(wait_s=0.5)])
    dialog = await hall.caller(script)
    await hall.until(lambda: len(script.said) == 1, "the second announcement is on its way")
    dialog.press("39")
    await hall.waits(script)
    assert [given.kind for given in script.said[:2]] == [tel.InputKind.PLAYED] * 2
    assert script.keys == ["3", "9"]


async def test_a_fresh_question_forgets_what_was_pressed_before_and_hears_what_comes(
    hall: Hall,
) -> None:
    script = Script([ask(fresh=True), ask(wait_s=0.5)])
    dialog = await pressed_amid_the_first_question(hall, script, "11")
    await dialog.listen(15)
    assert script.said == []
    dialog.press("2")
    await hall.waits(script)
    assert script.keys == ["2"]


async def test_keys_pressed_amid_the_music_answer_no_question_that_follows(
    hall: Hall,
) -> None:
    script = Script([])
    dialog = await hall.caller(script)
    await hall.waits(script)
    await dialog.listen(10)
    dialog.press("97")
    await hall.until(lambda: len(hall.board.keys.pressed) == 2, "two keys amid the music")
    dialog.press("1")
    await hall.until(lambda: len(hall.board.keys.pressed) == 3, "the key that is asked about")
    dialog.press("5")
    await hall.until(lambda: bool(hall.board.keys.said), "the answer")
    assert [given.digits for _, given in hall.board.keys.said] == ["5"]


# --- any keys, any questions, any pace ------------------------------------------------------------

CALLERS = 12
KEYS = 14


def whatever(chance: random.Random) -> Script:
    """Questions that often give up while a key is half pressed, announcements, and a platform
    that takes up to 0.3 s."""
    questions: list[tel.Instruction] = [
        PLAY if chance.random() < 0.15 else ask(chance.randint(1, 4), chance.uniform(0.1, 0.6))
        for _ in range(200)
    ]
    return Script(
        questions, slow=lambda: chance.choice((0.0, chance.uniform(0, 0.1), chance.uniform(0, 0.3)))
    )


async def test_no_key_is_lost_none_counts_twice_and_the_order_is_kept(hall: Hall) -> None:
    async def types(seed: int) -> tuple[str, Script]:
        chance = random.Random(seed)
        keys = "".join(chance.choices("0123456789*", k=KEYS))
        script = whatever(chance)
        dialog = await hall.caller(script)
        dialog.press(keys)
        await dialog.pressed()
        # Silence is answered only where no key is left; a slow platform has many of them to come.
        silent = script.silent + 3
        await hall.until(lambda: script.silent >= silent, "nothing more comes of the keys", 60)
        dialog.hang_up()
        return keys, script

    for keys, script in await asyncio.gather(*(types(seed) for seed in range(CALLERS))):
        assert "".join(script.keys) == keys
    assert hall.board.errors() == []
