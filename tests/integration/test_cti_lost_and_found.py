"""The link cut, the platform dead, Asterisk dead: who keeps the caller, and what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.ami_fence import UnsafeAction
from cti.adapters.ami_link import AmiLink
from cti.adapters.asterisk_process import AsteriskProcess
from kernel import telephony as tel
from kernel.errors import Unavailable
from kernel.ids import CallId, Endpoint, OfferId, TeamId
from tests.e2e.records import until
from tests.servers.asterisk import BINARY
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk
DESK = Endpoint("desk001")
RING = timedelta(seconds=20)


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path, heartbeat_stale_s=4) as running:
        yield running


def link(board: Switchboard) -> AmiLink:
    """The link inside the line: only a test breaks it from within."""
    found = board.line._switch
    assert isinstance(found, AmiLink)
    return found


async def deliver(board: Switchboard, call_id: CallId, number: int = 1) -> None:
    await board.line.deliver(call_id, OfferId(f"{call_id}.{number}"), DESK, RING)


async def one_talks_one_waits(board: Switchboard) -> tuple[CallId, CallId, Dialog, Dialog]:
    desk = await board.phone("desk001")
    talker, first = await board.waiting(ani="13800138001")
    await deliver(board, first.call_id)
    operator = await desk.incoming()
    operator.answer()
    await board.facts.wait(tel.OfferAnswered)
    _, second = await board.waiting(ani="13800138002")
    return first.call_id, second.call_id, talker, operator


async def test_a_cut_link_is_told_and_the_truth_is_read_back(board: Switchboard) -> None:
    talking, waiting, _, operator = await one_talks_one_waits(board)
    link(board).cut()
    await board.facts.wait(tel.LineLost)
    with pytest.raises(Unavailable):
        await board.line.hang_up(waiting)
    restored = await board.facts.wait(tel.LineRestored, count=2)
    calls = {c.call_id: c for c in restored.calls}
    assert calls[talking].place == "talking"
    assert (calls[talking].endpoint, calls[talking].offer_id) == (DESK, f"{talking}.1")
    assert calls[waiting].place == "waiting"
    first = await board.facts.wait(tel.CallWaiting, lambda f: f.call_id == waiting)
    assert calls[waiting].first_arrival_at == first.first_arrival_at
    assert calls[waiting].ani.digits == "13800138002"
    assert DESK in restored.reachable
    # The picture is whole: the conversation's end is still understood.
    operator.hang_up()
    ended = await board.facts.wait(tel.TalkEnded)
    assert (ended.call_id, ended.endpoint) == (talking, DESK)


async def test_a_caller_who_left_during_a_cut_is_closed_once(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        citizen, waiting = await board.waiting()
        await link(board).stop()
        await board.facts.wait(tel.LineRestored)
        citizen.hang_up()
        await link(board).start(board.line)
        hung_up = await board.facts.wait(tel.CallHungUp)
        assert (hung_up.call_id, hung_up.cause) == (waiting.call_id, 0)
        await board.facts.wait(tel.LineRestored, count=2)
        assert board.facts.names(waiting.call_id).count("CallHungUp") == 1


async def test_a_new_platform_knows_everybody_and_delivers(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    _, waiting = await board.waiting()
    await board.restart_line()
    restored = await board.facts.wait(tel.LineRestored, count=2)
    assert [c.place for c in restored.calls] == ["waiting"]
    await deliver(board, waiting.call_id)
    (await desk.incoming()).answer()
    await board.facts.wait(tel.OfferAnswered)


async def test_a_platform_restarted_while_a_phone_rings_learns_the_answer(
    board: Switchboard,
) -> None:
    desk = await board.phone("desk001")
    _, waiting = await board.waiting()
    await deliver(board, waiting.call_id)
    ringing = await desk.incoming()
    await board.facts.wait(tel.OfferRinging)
    await board.restart_line()
    restored = await board.facts.wait(tel.LineRestored, count=2)
    assert [(c.place, c.endpoint) for c in restored.calls] == [("offered", DESK)]
    ringing.answer()
    answered = await board.facts.wait(tel.OfferAnswered)
    assert answered.offer_id == f"{waiting.call_id}.1"


async def test_a_platform_restarted_in_a_consultation_can_still_end_it(board: Switchboard) -> None:
    talking, _, _, operator = await one_talks_one_waits(board)
    colleague = await board.phone("desk002")
    offer = OfferId(f"{talking}.1")
    await board.line.start_consult(talking, offer, DESK, Endpoint("desk002"))
    asked = await colleague.incoming()
    asked.answer()
    await board.facts.wait(tel.ConsultChanged, lambda f: f.phase is tel.ConsultPhase.TALKING)
    await board.restart_line()
    restored = await board.facts.wait(tel.LineRestored, count=2)
    places = {c.call_id: c.place for c in restored.calls}
    assert places[talking] == "consulting"
    await board.line.complete_consult(talking)
    done = await board.facts.wait(
        tel.ConsultChanged, lambda f: f.phase is tel.ConsultPhase.COMPLETED
    )
    assert done.consulted == Endpoint("desk002")
    await operator.wait("ended")
    await asked.listen(20)


async def test_while_the_platform_is_dead_the_native_queue_rings_and_nobody_is_dropped(
    board: Switchboard,
) -> None:
    desk = await board.phone("desk001")
    await board.line.set_fallback_members({TeamId("general"): frozenset({DESK})})
    citizen, waiting = await board.waiting()
    await board.line.stop()
    ringing = await desk.incoming(within_s=30)
    assert ringing.headers["X-Hotline-Call"] == waiting.call_id
    ringing.answer()
    await citizen.listen(20)
    await ringing.listen(20)
    board.line = board.make_line()
    await board.up()
    restored = await board.facts.wait(tel.LineRestored, count=2)
    assert [(c.place, c.endpoint) for c in restored.calls] == [("talking", DESK)]
    ringing.hang_up()
    ended = await board.facts.wait(tel.TalkEnded)
    assert ended.call_id == waiting.call_id


async def test_a_booth_that_the_native_queue_rings_falls_silent_when_the_platform_is_back(
    board: Switchboard,
) -> None:
    # It rang on, and the platform offered its operator somebody else: two callers at one phone.
    desk = await board.phone("desk001")
    await board.line.set_fallback_members({TeamId("general"): frozenset({DESK})})
    citizen, waiting = await board.waiting()
    await board.line.stop()
    ringing = await desk.incoming(within_s=30)
    board.line = board.make_line()
    await board.up()
    back = await board.facts.wait(tel.CallWaiting, count=2)
    assert (back.call_id, back.first_arrival_at) == (waiting.call_id, waiting.first_arrival_at)
    await ringing.wait("ended")
    assert not citizen.ended.is_set()


@asynccontextmanager
async def silent_door(port: int) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """As a platform that is stopped: the kernel accepts, and nobody ever answers."""
    knocks: list[asyncio.StreamWriter] = []

    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(writer)

    server = await asyncio.start_server(never, "127.0.0.1", port)
    try:
        yield knocks
    finally:
        server.close()
        for writer in knocks:
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_a_platform_that_hangs_with_its_doors_open_is_given_up(tmp_path: Path) -> None:
    # AGI waits for its answer for ever: newcomers heard silence until the platform woke up, and so
    # did who was just asking for an announcement.
    # The newcomer's patience ends long before that of who waits, on a busy machine too.
    async with switchboard(tmp_path, answer_within_s=2, heartbeat_stale_s=10) as board:
        desk = await board.phone("desk001")
        await board.line.set_fallback_members({TeamId("general"): frozenset({DESK})})
        citizen, waiting = await board.waiting(ani="13800138001")
        await board.line.stop()
        async with silent_door(board.values.agi_port) as knocks:
            await until(lambda: len(knocks) == 1, "the question of who waits")
            newcomer = await board.citizen(ani="13800138002")
            ringing = await desk.incoming(within_s=30)
            assert ringing.headers["X-Hotline-Call"] != waiting.call_id, "the newcomer's"
            newcomer.hang_up()
            await ringing.wait("ended")
            ringing = await desk.incoming(within_s=30)
            assert ringing.headers["X-Hotline-Call"] == waiting.call_id
        assert not citizen.ended.is_set()


async def test_an_order_amid_a_question_takes_the_questions_deadline_back(tmp_path: Path) -> None:
    # The deadline is a time-out of the channel: left behind, it would end the conversation.
    async with switchboard(tmp_path, answer_within_s=1) as board:
        desk = await board.phone("desk001")
        citizen, waiting = await board.waiting()
        await board.line._door.stop()
        async with silent_door(board.values.agi_port) as knocks:
            await until(lambda: len(knocks) == 1, "the question of who waits")
            await deliver(board, waiting.call_id)
        (await desk.incoming()).answer()
        await board.facts.wait(tel.OfferAnswered)
        await citizen.listen(2 * 50)
        assert not citizen.ended.is_set()


async def test_callers_who_come_while_the_platform_is_dead_are_taken_over_in_their_order(
    board: Switchboard,
) -> None:
    await board.line.stop()
    first = await board.citizen(ani="13800138001")
    await first.wait("answered")
    second = await board.citizen(ani="13800138002")
    await second.wait("answered")
    await first.listen(10)
    await second.listen(10)
    board.line = board.make_line()
    await board.up()
    one = await board.facts.wait(tel.CallWaiting)
    two = await board.facts.wait(tel.CallWaiting, count=2)
    assert not first.ended.is_set() and not second.ended.is_set()
    by_arrival = sorted((one, two), key=lambda f: f.first_arrival_at)
    assert [f.ani.digits for f in by_arrival] == ["13800138001", "13800138002"]


async def test_a_dead_asterisk_is_told_and_its_callers_are_closed_as_a_fault(
    board: Switchboard,
) -> None:
    talking, waiting, _, _ = await one_talks_one_waits(board)
    await board.asterisk.kill()
    await board.facts.wait(tel.LineLost)
    board.asterisk = AsteriskProcess(BINARY, board.config_dir)
    await board.asterisk.start()
    await board.facts.wait(tel.LineRestored, count=2, within_s=30)
    ended = [f for f in board.facts.all if isinstance(f, tel.CallHungUp)]
    assert {f.call_id for f in ended} == {talking, waiting}
    assert {f.ended_by for f in ended} == {tel.EndedBy.FAULT}
    names = board.facts.names(talking)
    assert names.index("TalkEnded") < names.index("CallHungUp")


async def test_a_phone_that_comes_and_goes_is_told(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    await desk.register("test-phone-secret", expires=0)
    gone = await board.facts.wait(tel.EndpointChanged, lambda f: not f.reachable)
    assert gone.endpoint == DESK


async def test_fallback_members_follow_the_roster(board: Switchboard) -> None:
    team = TeamId("labour")
    await board.line.set_fallback_members({team: frozenset({DESK, Endpoint("desk002")})})
    assert (await link(board).queue_members())[team] == {DESK, "desk002"}
    await board.line.set_fallback_members({team: frozenset({DESK})})
    assert (await link(board).queue_members())[team] == {DESK}


async def test_the_account_of_the_platform_may_not_command(board: Switchboard) -> None:
    manager = link(board)._manager
    assert manager is not None
    forbidden: tuple[dict[str, object], ...] = (
        {"Action": "Command", "Command": "core show version"},
        {"Action": "GetConfig", "Filename": "manager.conf"},
        {"Action": "UpdateConfig", "SrcFilename": "a", "DstFilename": "b"},
        {"Action": "ModuleLoad", "LoadType": "reload"},
        {"Action": "Originate", "Channel": "PJSIP/desk001", "Application": "System", "Data": "id"},
        {"Action": "Setvar", "Variable": "SHELL(touch evil)", "Value": "1"},
    )
    for action in forbidden:
        try:
            reply = await manager.ask(action, deadline_s=5)
        except UnsafeAction:
            continue  # our own fence refuses it before Asterisk is asked
        assert not reply.success, action


async def test_a_taken_port_is_one_clear_sentence(board: Switchboard) -> None:
    second = AsteriskProcess(BINARY, board.config_dir)
    with pytest.raises(Unavailable, match="is already in use"):
        await second.start()
    assert second.pid is None
