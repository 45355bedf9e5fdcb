"""One call on the real Asterisk, from INVITE to the closed recording."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.errors import Conflict, NotFound
from kernel.ids import AgentId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from tests.fakes.caller_dialogue import ASK_ONE_KEY, IN_NO_HURRY, RATE_BY_KEY, to_queue
from tests.servers.process import wait_until
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import CITIZEN_HZ, OPERATOR_HZ, Switchboard, switchboard

pytestmark = pytest.mark.asterisk
RING = timedelta(seconds=20)
DESK = Endpoint("desk001")


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as running:
        yield running


def offer(call_id: CallId, number: int = 1) -> OfferId:
    return OfferId(f"{call_id}.{number}")


def loudness(samples: list[float], frequency: float) -> float:
    """How much of `frequency` is in it (Goertzel), relative to the length."""
    step = 2 * math.cos(math.tau * frequency / 8000)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + step * last - before
    return (before**2 + last**2 - step * before * last) / max(len(samples), 1) ** 2


def channels(path: Path) -> tuple[list[float], list[float]]:
    data = path.read_bytes()
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    return [float(s) for s in samples[0::2]], [float(s) for s in samples[1::2]]


def told(board: Switchboard, call_id: CallId) -> list[str]:
    """What was told of a call up to its end; its recording closes some tenths of a second later."""
    return [name for name in board.facts.names(call_id) if name != "RecordingClosed"]


async def talking(board: Switchboard) -> tuple[Dialog, Dialog, CallId]:
    """A citizen in conversation with desk001."""
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    await board.line.deliver(waiting.call_id, offer(waiting.call_id), DESK, RING)
    operator = await desk.incoming()
    operator.answer()
    await board.facts.wait(tel.OfferAnswered)
    return citizen, operator, waiting.call_id


async def test_a_call_goes_from_the_menu_to_an_operator_to_the_survey(board: Switchboard) -> None:
    board.dialogue.first = replace(ASK_ONE_KEY, timeout=IN_NO_HURRY)
    board.survey.first = replace(RATE_BY_KEY, timeout=IN_NO_HURRY)
    desk = await board.phone("desk001")
    citizen = await board.citizen(ani="+8613800138000", name="张三")
    await citizen.wait("answered")
    await board.facts.wait(tel.CallEntered)
    # Asterisk passes keys over until the dialogue's first answer has come.
    await citizen.listen(5)
    citizen.press("3")
    waiting = await board.facts.wait(tel.CallWaiting)
    call_id = waiting.call_id
    await board.line.deliver(call_id, offer(call_id), DESK, RING)
    operator = await desk.incoming()
    assert operator.headers["X-Hotline-Call"] == call_id
    assert operator.headers["X-Hotline-Offer"] == f"{call_id}.1"
    assert "13800138000" in operator.headers["From"]
    await board.facts.wait(tel.OfferRinging)
    operator.answer()
    await board.facts.wait(tel.OfferAnswered)
    await heard(citizen, OPERATOR_HZ)
    await heard(operator, CITIZEN_HZ)
    operator.hang_up()
    await board.facts.wait(tel.TalkEnded)
    await citizen.listen(10)
    citizen.press("1")
    await citizen.wait("ended")
    closed = await board.facts.wait(tel.RecordingClosed)

    assert board.facts.names(call_id) == [
        "CallEntered",
        "CallWaiting",
        "OfferRinging",
        "OfferAnswered",
        "TalkEnded",
        "CallHungUp",
        "RecordingClosed",
    ]
    entered = board.dialogue.begun[0]
    assert (entered.ani.digits, entered.caller_name, entered.dnis) == (
        "13800138000",
        "张三",
        "12345",
    )
    assert waiting.team == TeamId("labour")
    assert board.survey.scores == ["1"]
    hung_up = await board.facts.wait(tel.CallHungUp)
    assert (hung_up.ended_by, hung_up.cause) == (tel.EndedBy.AGENT, 16)
    left, right = channels(board.values.recordings_dir / closed.file_name)
    assert loudness(left, CITIZEN_HZ) > 100 * loudness(left, OPERATOR_HZ)
    assert loudness(right, OPERATOR_HZ) > 100 * loudness(right, CITIZEN_HZ)
    assert board.errors() == []


async def heard(dialog: Dialog, frequency: float) -> None:
    """Wait until this party's ear is filled with the other's tone."""
    async with asyncio.timeout(20):
        while True:
            samples = [float(linear(b)) for b in await dialog.listen(20)]
            if loudness(samples, frequency) > 10_000:
                return


def linear(byte: int) -> int:
    """One A-law byte as a sample."""
    byte ^= 0x55
    value = (byte & 0x0F) << 4
    exponent = (byte & 0x70) >> 4
    value = value + 8 if exponent == 0 else (value + 0x108) << (exponent - 1)
    return value if byte & 0x80 else -value


async def test_no_answer_brings_the_caller_back_with_the_same_arrival(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    _, first = await board.waiting()
    await board.line.deliver(first.call_id, offer(first.call_id), DESK, timedelta(seconds=1))
    await desk.incoming()
    failed = await board.facts.wait(tel.OfferFailed)
    again = await board.facts.wait(tel.CallWaiting, count=2)
    assert (failed.offer_id, failed.result) == (offer(first.call_id), tel.OfferResult.NO_ANSWER)
    assert again.first_arrival_at == first.first_arrival_at


@pytest.mark.parametrize("code", [486, 600, 603])
async def test_a_declined_offer_is_busy_and_the_caller_waits_again(
    board: Switchboard, code: int
) -> None:
    desk = await board.phone("desk001")
    _, first = await board.waiting()
    await board.line.deliver(first.call_id, offer(first.call_id), DESK, RING)
    (await desk.incoming()).reject(code)
    failed = await board.facts.wait(tel.OfferFailed)
    await board.facts.wait(tel.CallWaiting, count=2)
    assert failed.result is tel.OfferResult.BUSY


async def test_a_phone_that_is_not_registered_is_unreachable(board: Switchboard) -> None:
    _, first = await board.waiting()
    await board.line.deliver(first.call_id, offer(first.call_id), DESK, RING)
    failed = await board.facts.wait(tel.OfferFailed)
    again = await board.facts.wait(tel.CallWaiting, count=2)
    assert failed.result is tel.OfferResult.UNREACHABLE
    assert again.first_arrival_at == first.first_arrival_at


async def test_an_offer_taken_back_is_cancelled_and_the_phone_stops(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    _, first = await board.waiting()
    await board.line.deliver(first.call_id, offer(first.call_id), DESK, RING)
    ringing = await desk.incoming()
    await board.facts.wait(tel.OfferRinging)
    await board.line.cancel_offer(first.call_id, offer(first.call_id))
    await board.facts.wait(tel.CallWaiting, count=2)
    await ringing.wait("ended")
    failed = await board.facts.wait(tel.OfferFailed)
    assert failed.result is tel.OfferResult.CANCELLED


async def test_a_transfer_drops_the_operator_and_keeps_the_place(board: Switchboard) -> None:
    _, operator, call_id = await talking(board)
    await board.line.requeue(call_id, TeamId("urban"), 2, AgentId("op0042"))
    again = await board.facts.wait(tel.CallWaiting, count=2)
    await operator.wait("ended")
    first = await board.facts.wait(tel.CallWaiting)
    assert board.facts.names(call_id)[-2:] == ["TalkEnded", "CallWaiting"]
    assert (again.team, again.priority, again.wanted_agent) == ("urban", 2, "op0042")
    assert again.first_arrival_at == first.first_arrival_at


async def test_release_drops_the_operator_and_the_caller_is_asked(board: Switchboard) -> None:
    citizen, operator, call_id = await talking(board)
    await board.line.release(call_id)
    await operator.wait("ended")
    await board.facts.wait(tel.TalkEnded)
    await citizen.listen(5)
    citizen.press("2")
    await citizen.wait("ended")
    await board.facts.wait(tel.CallHungUp)
    assert board.survey.begun == [call_id]


async def test_hang_up_ends_the_call_by_the_platform(board: Switchboard) -> None:
    citizen, waiting = await board.waiting()
    await board.line.hang_up(waiting.call_id)
    await citizen.wait("ended")
    hung_up = await board.facts.wait(tel.CallHungUp)
    assert hung_up.ended_by is tel.EndedBy.PLATFORM


async def test_hold_and_resume_are_told(board: Switchboard) -> None:
    _, operator, call_id = await talking(board)
    await operator.hold(True)
    held = await board.facts.wait(tel.HoldChanged)
    await operator.hold(False)
    resumed = await board.facts.wait(tel.HoldChanged, count=2)
    assert (held.call_id, held.endpoint, held.on_hold) == (call_id, DESK, True)
    assert resumed.on_hold is False


async def test_a_caller_who_hangs_up_in_the_menu_is_told_as_such(board: Switchboard) -> None:
    citizen = await board.citizen()
    await citizen.wait("answered")
    await board.facts.wait(tel.CallEntered)
    citizen.hang_up()
    hung_up = await board.facts.wait(tel.CallHungUp)
    assert hung_up.ended_by is tel.EndedBy.CALLER
    assert board.facts.names(hung_up.call_id) == ["CallEntered", "CallHungUp"]


async def test_a_caller_who_hangs_up_while_waiting_is_told_as_such(board: Switchboard) -> None:
    citizen, waiting = await board.waiting()
    citizen.hang_up()
    await board.facts.wait(tel.CallHungUp)
    assert board.facts.names(waiting.call_id) == ["CallEntered", "CallWaiting", "CallHungUp"]
    with pytest.raises(NotFound):
        await board.line.deliver(waiting.call_id, offer(waiting.call_id), DESK, RING)


async def test_a_caller_who_hangs_up_while_a_phone_rings_stops_it(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    await board.line.deliver(waiting.call_id, offer(waiting.call_id), DESK, RING)
    ringing = await desk.incoming()
    await board.facts.wait(tel.OfferRinging)
    citizen.hang_up()
    await ringing.wait("ended")
    await board.facts.wait(tel.CallHungUp)
    assert told(board, waiting.call_id)[-2:] == ["OfferRinging", "CallHungUp"]


async def test_a_caller_who_hangs_up_in_conversation_ends_it(board: Switchboard) -> None:
    citizen, operator, call_id = await talking(board)
    await operator.listen(25)
    citizen.hang_up()
    await operator.wait("ended")
    await board.facts.wait(tel.RecordingClosed)
    assert board.facts.names(call_id)[-3:] == ["TalkEnded", "CallHungUp", "RecordingClosed"]
    assert (await board.facts.wait(tel.CallHungUp)).ended_by is tel.EndedBy.CALLER


async def test_an_answered_call_without_audio_is_told_to_the_archive(board: Switchboard) -> None:
    # A conversation of a few milliseconds leaves an empty file. It was answered, so silence about
    # its recording would look like a lost one.
    citizen, _, call_id = await talking(board)
    citizen.hang_up()
    closed = await board.facts.wait(tel.RecordingClosed)
    assert closed.file_name == f"{call_id}.raw"


async def test_an_unanswered_call_leaves_no_recording(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    await board.line.deliver(waiting.call_id, offer(waiting.call_id), DESK, RING)
    (await desk.incoming()).reject(486)
    await board.facts.wait(tel.CallWaiting, count=2)
    path = board.values.recordings_dir / f"{waiting.call_id}.raw"
    assert path.exists()
    citizen.hang_up()
    await asyncio.to_thread(wait_until, lambda: not path.exists(), "the empty file is removed", 20)
    assert "RecordingClosed" not in board.facts.names(waiting.call_id)


async def test_a_caller_who_hangs_up_in_the_survey_is_told_as_such(board: Switchboard) -> None:
    board.survey.first = replace(RATE_BY_KEY, timeout=IN_NO_HURRY)
    citizen, operator, call_id = await talking(board)
    operator.hang_up()
    await board.facts.wait(tel.TalkEnded)
    citizen.hang_up()
    assert (await board.facts.wait(tel.CallHungUp)).ended_by is tel.EndedBy.CALLER
    assert told(board, call_id)[-2:] == ["TalkEnded", "CallHungUp"]


async def test_only_a_waiting_caller_can_be_delivered(board: Switchboard) -> None:
    _, _, call_id = await talking(board)
    with pytest.raises(Conflict):
        await board.line.deliver(call_id, offer(call_id, 2), Endpoint("desk002"), RING)


async def test_a_call_makes_at_most_forty_ami_events(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    link = board.line._switch  # counting what passes the filter is no business of the service
    before = link.events_received  # type: ignore[attr-defined]
    citizen, waiting = await board.waiting()
    await board.line.deliver(waiting.call_id, offer(waiting.call_id), DESK, RING)
    operator = await desk.incoming()
    operator.answer()
    await board.facts.wait(tel.OfferAnswered)
    operator.hang_up()
    await board.facts.wait(tel.TalkEnded)
    await citizen.wait("ended")
    await board.facts.wait(tel.CallHungUp)
    assert link.events_received - before <= 40  # type: ignore[attr-defined]


async def test_an_announcement_is_asked_for_between_the_music(board: Switchboard) -> None:
    _, waiting = await board.waiting()
    async with asyncio.timeout(20):
        asked = await board.announcer.asked.get()
    assert asked == waiting.call_id


async def test_a_dialogue_that_fails_sends_the_caller_to_a_person(board: Switchboard) -> None:
    board.dialogue.fault = RuntimeError("the flow is broken")
    _, waiting = await board.waiting()
    assert waiting.team == TeamId(board.values.default_team)


async def test_an_emergency_number_is_left_for_and_the_call_ends(tmp_path: Path) -> None:
    async with switchboard(tmp_path, emergency_demo_s=1) as board:
        board.dialogue.first = tel.TransferOut("110")
        citizen = await board.citizen()
        await citizen.wait("ended")
        assert (await board.facts.wait(tel.CallHungUp)).ended_by is tel.EndedBy.PLATFORM


async def test_a_number_outside_the_allow_list_leads_back_to_a_person(board: Switchboard) -> None:
    board.dialogue.first = tel.TransferOut("00123456789")
    await board.waiting()


async def test_a_played_prompt_is_reported_before_the_next_step(board: Switchboard) -> None:
    board.dialogue.first = tel.Play((tel.Prompt("greeting", Language.MANDARIN),))
    board.dialogue.then = lambda said: to_queue("urban")
    _, waiting = await board.waiting()
    assert waiting.team == TeamId("urban")
    assert [said.kind for _, said in board.dialogue.said] == [tel.InputKind.PLAYED]


async def test_the_telephone_systems_own_list_counts_each_caller_once(board: Switchboard) -> None:
    """The self-audit's other count: read from the channels, operators' legs are no callers."""
    citizen, _, call_id = await talking(board)
    _, waiting = await board.waiting()
    assert await board.line.callers() == {call_id: "talking", waiting.call_id: "waiting"}
    citizen.hang_up()
    await board.facts.wait(tel.CallHungUp)
    assert await board.line.callers() == {waiting.call_id: "waiting"}
