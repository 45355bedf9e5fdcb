"""Keys pressed while waiting, on the real Asterisk: the place is kept whatever is pressed."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.ids import CallId, Endpoint, OfferId
from kernel.language import Language
from tests.servers.process import wait_until
from tests.servers.sip_phone import Dialog, SipPhone
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk
DESK = Endpoint("desk001")
RING = timedelta(seconds=20)


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as running:
        yield running


async def until(condition: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, condition, what, 20)


async def in_the_dialogue(board: Switchboard) -> tuple[Dialog, tel.CallWaiting]:
    """A waiting caller who pressed 1 and is being asked."""
    citizen, waiting = await board.waiting()
    await board.presses(citizen, "1")
    await until(lambda: len(board.keys.pressed) == 1, "the key has arrived")
    await citizen.listen(10)
    return citizen, waiting


def asked_about(board: Switchboard, keys: int) -> bool:
    return len(board.keys.pressed) == keys


async def delivered(board: Switchboard, call_id: CallId, desk: SipPhone | None = None) -> None:
    desk = desk or await board.phone("desk001")
    await board.line.deliver(call_id, OfferId(f"{call_id}.1"), DESK, RING)
    operator = await desk.incoming()
    operator.answer()
    await board.facts.wait(tel.OfferAnswered)


async def test_a_caller_who_confirms_is_let_go_with_a_promise(board: Switchboard) -> None:
    citizen, waiting = await in_the_dialogue(board)
    citizen.press("1")
    asked = await board.facts.wait(tel.CallbackAsked)
    assert (asked.call_id, asked.number.digits) == (waiting.call_id, "13800138000")
    assert asked.first_arrival_at == waiting.first_arrival_at
    assert (asked.team, asked.priority) == (waiting.team, waiting.priority)
    await citizen.wait("ended")
    hung_up = await board.facts.wait(tel.CallHungUp)
    assert hung_up.ended_by is tel.EndedBy.PLATFORM
    assert board.facts.names(waiting.call_id) == [
        "CallEntered",
        "CallWaiting",
        "CallbackAsked",
        "CallHungUp",
    ]
    ((caller, key),) = board.keys.pressed
    assert (caller.first_arrival_at, key) == (waiting.first_arrival_at, "1")
    assert board.errors() == []


async def test_a_caller_who_stays_silent_hears_the_music_again_and_is_delivered(
    board: Switchboard,
) -> None:
    citizen, waiting = await in_the_dialogue(board)
    citizen.press("0")
    await until(lambda: len(board.keys.said) == 1, "the answer has arrived")
    await citizen.listen(25)
    # No second CallWaiting: the place was never given up.
    assert board.facts.names(waiting.call_id) == ["CallEntered", "CallWaiting"]
    await delivered(board, waiting.call_id)


async def test_a_caller_whose_turn_comes_amid_the_dialogue_gets_the_operator(
    board: Switchboard,
) -> None:
    # The phone first: the dialogue lasts five seconds.
    desk = await board.phone("desk001")
    citizen, waiting = await in_the_dialogue(board)
    await delivered(board, waiting.call_id, desk)
    citizen.press("1")
    await citizen.listen(25)
    assert board.keys.said == []
    assert "CallbackAsked" not in board.facts.names(waiting.call_id)


async def test_a_caller_who_hangs_up_amid_the_dialogue_has_abandoned(board: Switchboard) -> None:
    citizen, waiting = await in_the_dialogue(board)
    citizen.hang_up()
    hung_up = await board.facts.wait(tel.CallHungUp)
    assert hung_up.ended_by is tel.EndedBy.CALLER
    assert board.facts.names(waiting.call_id) == ["CallEntered", "CallWaiting", "CallHungUp"]


async def test_a_key_is_heard_during_an_announcement(board: Switchboard) -> None:
    board.announcer.prompts = (tel.Prompt("greeting", Language.MANDARIN),) * 40
    citizen, waiting = await board.waiting()
    async with asyncio.timeout(20):
        await board.announcer.asked.get()
    await citizen.listen(10)
    citizen.press("1")
    await until(lambda: len(board.keys.pressed) == 1, "the key cut the announcement short")


async def test_whoever_plays_with_the_keys_is_soon_not_listened_to(tmp_path: Path) -> None:
    async with switchboard(tmp_path, waiting_keys=3) as board:
        citizen, waiting = await board.waiting()
        for count in (1, 2, 3):
            await board.presses(citizen, "7")
            await until(partial(asked_about, board, count), f"{count} were asked about")
        await board.presses(citizen, "77")
        await citizen.listen(60)
        assert len(board.keys.pressed) == 3
        await delivered(board, waiting.call_id)


async def test_keys_do_nothing_while_the_platform_is_dead(tmp_path: Path) -> None:
    async with switchboard(tmp_path, heartbeat_late_s=1, heartbeat_stale_s=60) as board:
        citizen, waiting = await board.waiting()
        await board.line.stop()
        await citizen.listen(160)  # 3.2 s of music: the beat is late
        citizen.press("1")
        await citizen.listen(30)
        assert board.keys.pressed == []
        await board.restart_line()
        restored = await board.facts.wait(tel.LineRestored, count=2)
        assert [(c.call_id, c.place) for c in restored.calls] == [(waiting.call_id, "waiting")]
        assert restored.calls[0].first_arrival_at == waiting.first_arrival_at


async def speaking(board: Switchboard) -> tuple[Dialog, tel.CallWaiting, float]:
    """A waiting caller who pressed 2, and since when the line is recorded."""
    citizen, waiting = await board.waiting()
    await board.presses(citizen, "2")
    path = board.values.recordings_dir / f"{waiting.call_id}.sln"
    await asyncio.to_thread(wait_until, path.exists, "the recorder runs", 20)
    return citizen, waiting, time.monotonic()


async def test_a_message_is_ended_by_hash_and_becomes_the_calls_recording(
    board: Switchboard,
) -> None:
    citizen, waiting, since = await speaking(board)
    await citizen_speaks(since, 2.2)
    citizen.press("#")
    left = await board.facts.wait(tel.MessageLeft)
    assert left.call_id == waiting.call_id
    assert timedelta(seconds=1) <= left.spoken <= timedelta(seconds=8)
    await citizen.wait("ended")
    closed = await board.facts.wait(tel.RecordingClosed)
    assert board.facts.names(waiting.call_id)[2:] == [
        "MessageLeft",
        "CallHungUp",
        "RecordingClosed",
    ]
    sound = (board.values.recordings_dir / closed.file_name).read_bytes()
    left_side, right_side = array("h", sound)[0::2], array("h", sound)[1::2]
    assert len(left_side) >= 8000
    assert max(left_side) > 1000, "the caller's tone"
    assert set(right_side) == {0}, "nobody spoke with the caller"
    assert board.errors() == []


async def citizen_speaks(since: float, seconds: float) -> None:
    """The test telephone sends its tone all the time."""
    told = f"{seconds} s of speech"
    await asyncio.to_thread(wait_until, lambda: time.monotonic() - since > seconds, told, 20)


async def test_a_message_is_left_by_hanging_up_too(board: Switchboard) -> None:
    citizen, waiting, since = await speaking(board)
    await citizen_speaks(since, 2.2)
    citizen.hang_up()
    await board.facts.wait(tel.RecordingClosed)
    assert board.facts.names(waiting.call_id)[2:4] == ["MessageLeft", "CallHungUp"]


async def test_a_message_of_a_moment_is_dropped(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        board.keys.message = replace(board.keys.message, shortest=timedelta(seconds=5))
        citizen, waiting, _ = await speaking(board)
        citizen.hang_up()
        await board.facts.wait(tel.CallHungUp)
        assert board.facts.names(waiting.call_id) == ["CallEntered", "CallWaiting", "CallHungUp"]
        path = board.values.recordings_dir / f"{waiting.call_id}.sln"
        await asyncio.to_thread(wait_until, lambda: not path.exists(), "it is dropped", 20)


async def test_a_caller_whose_turn_comes_amid_the_message_gets_the_operator(
    board: Switchboard,
) -> None:
    citizen, waiting, since = await speaking(board)
    await citizen_speaks(since, 1.5)
    await delivered(board, waiting.call_id)
    await citizen.listen(10)
    citizen.hang_up()
    await board.facts.wait(tel.CallHungUp)
    assert "MessageLeft" not in board.facts.names(waiting.call_id)
