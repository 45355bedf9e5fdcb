"""The shipped reception on the real Asterisk: numbers are typed, looked up, and heard."""

from __future__ import annotations

import asyncio
import math
import wave
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.core.conditions import Around
from ivr.core.saying import Stage
from ivr.core.waiting import QueueOffers
from ivr.enquiries import Enquiries
from ivr.ports import OrderProgress
from ivr.service import Dialogue
from kernel import telephony as tel
from kernel.events import Event, MenuStepEntered
from kernel.infra.clock import SystemClock, UuidSource
from kernel.language import Language
from tests.fakes.bus import CollectingBus
from tests.fakes.caller_memory import DictCallerMemory
from tests.fakes.ivr_world import DictOrderBook, SetSurroundings
from tests.fakes.line_book import DictLineBook
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.integration.test_cti_one_call import heard
from tests.servers.process import wait_until
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard
from tests.unit.ivr.shipped import TEAMS, catalogue, main_flow

pytestmark = pytest.mark.asterisk
NUMBER, TAIL = "20261124000123", "8000"
STAGE_HZ, OTHER_HZ = 1500, 300


class TellingBus(CollectingBus):
    """Tells that something was published."""

    def __init__(self) -> None:
        super().__init__()
        self.news = asyncio.Event()

    def publish(self, event: Event) -> None:
        super().publish(event)
        self.news.set()


class Reception:
    """A switchboard whose callers are answered by the real dialogue."""

    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.bus = TellingBus()
        self.orders = DictOrderBook(
            {(NUMBER, TAIL): OrderProgress(Stage.HANDLED, SystemClock().now())}
        )
        self.world = SetSurroundings()
        board.dialogue = Dialogue(  # type: ignore[assignment]
            flow=main_flow(),
            lines=DictLineBook(),
            memory=DictCallerMemory({"13800138000": Language.MANDARIN}),
            surroundings=self.world,
            enquiries=Enquiries(self.orders, KeptLog()),
            notices=NoticeRoom().notices,
            bus=self.bus,
            clock=SystemClock(),
            ids=UuidSource(),
            log=KeptLog(),
        )
        board.line = board.make_line()

    async def entered(self, step: str) -> None:
        async with asyncio.timeout(30):
            while not any(e.step == step for e in self.bus.of(MenuStepEntered)):
                self.bus.news.clear()
                await self.bus.news.wait()

    async def press_at(self, step: str, citizen: Dialog, keys: str) -> None:
        """As soon as that step is heard: Asterisk passes keys over until its answer has come."""
        await self.entered(step)
        await citizen.listen(2)
        citizen.press(keys)

    async def typed(self, citizen: Dialog) -> None:
        """As far as the lookup."""
        await self.press_at("greeting_own", citizen, "6")
        await self.press_at("self_service", citizen, "1")
        await self.press_at("progress", citizen, f"{NUMBER}#")
        await self.press_at("progress_phone", citizen, TAIL)
        await self.entered("progress_lookup")


@pytest.fixture
async def reception(tmp_path: Path) -> AsyncIterator[Reception]:
    async with switchboard(tmp_path, start=False) as board:
        write_prompts(board.values.prompts_dir)
        made = Reception(board)
        await board.asterisk.start()
        await board.up()
        yield made


def write_prompts(folder: Path) -> None:
    """A short tone for each phrase in Mandarin, a longer one of its own for the stage. Not so short
    that it may be over when a busy machine begins to listen."""
    (folder / "zh").mkdir(parents=True, exist_ok=True)
    for name in catalogue().texts:
        stage = name == "order_handled"
        frequency, samples = (STAGE_HZ, 8000) if stage else (OTHER_HZ, 2400)
        with wave.open(str(folder / "zh" / f"{name}.wav"), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            wave_form = (math.sin(math.tau * frequency * n / 8000) for n in range(samples))
            out.writeframes(
                b"".join(int(6000 * v).to_bytes(2, "little", signed=True) for v in wave_form)
            )


async def test_order_is_typed_digit_by_digit_and_its_stage_is_heard(reception: Reception) -> None:
    citizen = await reception.board.citizen(ani="13800138000")
    await citizen.wait("answered")
    await reception.typed(citizen)
    await reception.entered("progress_found")
    await heard(citizen, STAGE_HZ)
    citizen.press("0")
    waiting = await reception.board.facts.wait(tel.CallWaiting)
    assert waiting.team == "general"
    assert reception.orders.asked == 1


async def test_caller_who_knows_the_way_types_it_all_at_once(reception: Reception) -> None:
    citizen = await reception.board.citizen(ani="13800138000")
    await citizen.wait("answered")
    citizen.press(f"61{NUMBER}#{TAIL}#")
    await reception.entered("progress_found")
    await heard(citizen, STAGE_HZ)
    citizen.press("0")
    waiting = await reception.board.facts.wait(tel.CallWaiting)
    assert waiting.team == "general"
    assert reception.orders.asked == 1
    assert reception.board.errors() == []


async def test_caller_whose_lookup_never_answers_is_told_so_and_waits_for_a_person(
    reception: Reception,
) -> None:
    reception.orders.silent = True
    citizen = await reception.board.citizen(ani="13800138000")
    await citizen.wait("answered")
    await reception.typed(citizen)
    await reception.entered("progress_failed")
    await reception.board.facts.wait(tel.CallWaiting)
    citizen.hang_up()
    hung_up = await reception.board.facts.wait(tel.CallHungUp)
    assert hung_up.ended_by is tel.EndedBy.CALLER


# --- let go before the wait --------------------------------------------------------------------

PEAK = QueueOffers(callback=True, message=True, announcement=("busy_now",), at_once=True)


async def chosen(reception: Reception, key: str, step: str) -> Dialog:
    """A citizen at a peak who asked for the labour team and then pressed `key`."""
    reception.world.value = Around(offers=dict.fromkeys(TEAMS, PEAK))
    citizen = await reception.board.citizen(ani="13800138000")
    await citizen.wait("answered")
    await reception.press_at("greeting_own", citizen, "3")
    await reception.press_at("labour", citizen, key)
    await reception.entered(step)
    return citizen


async def test_caller_at_a_peak_is_let_go_with_a_callback_before_waiting(
    reception: Reception,
) -> None:
    citizen = await chosen(reception, "7", "call_back")
    chosen_at = SystemClock().now()
    # What lets a caller go is asked afresh: a key counts from the first phrase on.
    await citizen.listen(15)
    citizen.press("1")
    asked = await reception.board.facts.wait(tel.CallbackAsked)
    hung_up = await reception.board.facts.wait(tel.CallHungUp)
    await citizen.wait("ended")
    assert reception.board.facts.names(asked.call_id) == [
        "CallEntered",
        "CallbackAsked",
        "CallHungUp",
    ]
    assert (asked.number.digits, asked.team, asked.language) == (
        "13800138000",
        "labour",
        Language.MANDARIN,
    )
    assert abs(asked.first_arrival_at - chosen_at) < timedelta(seconds=1), "when it was chosen"
    assert hung_up.ended_by is tel.EndedBy.PLATFORM
    assert reception.board.errors() == []


async def test_caller_at_a_peak_leaves_a_message_that_becomes_the_recording(
    reception: Reception,
) -> None:
    citizen = await chosen(reception, "8", "leave_message")
    path = reception.board.values.recordings_dir
    spoken = "the message has grown to four seconds"
    await asyncio.to_thread(
        wait_until, lambda: any(f.stat().st_size > 64_000 for f in path.glob("*.sln")), spoken, 30
    )
    citizen.press("#")
    left = await reception.board.facts.wait(tel.MessageLeft)
    closed = await reception.board.facts.wait(tel.RecordingClosed)
    assert reception.board.facts.names(left.call_id) == [
        "CallEntered",
        "MessageLeft",
        "CallHungUp",
        "RecordingClosed",
    ]
    assert (left.team, left.number.digits) == ("labour", "13800138000")
    assert left.spoken >= timedelta(seconds=3)
    assert (path / closed.file_name).stat().st_size > 64_000


async def test_caller_at_a_peak_who_chooses_nothing_waits(reception: Reception) -> None:
    reception.world.value = Around(offers=dict.fromkeys(TEAMS, PEAK))
    citizen = await reception.board.citizen(ani="13800138000")
    await citizen.wait("answered")
    await reception.press_at("greeting_own", citizen, "3")
    waiting = await reception.board.facts.wait(tel.CallWaiting)
    assert waiting.team == "labour"
