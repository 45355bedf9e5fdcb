"""R5 and R6: the link to Asterisk is cut at every phase of every order, or swallows everything.

Source: reliability notes A3. Whatever was waited for ends within its deadline, nothing that rings
is done twice, and afterwards the platform's picture is Asterisk's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.errors import HotlineError
from kernel.ids import Endpoint, OfferId, TeamId
from tests.chaos.lossy_wire import LossyWire, lossy_wire
from tests.chaos.size import SIZE
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk
DESK = Endpoint("desk001")
RING = timedelta(seconds=20)
ENDS_WITHIN_S = 12
DETECTED_WITHIN_S = 8
"""A ping every 3 s that must be answered within 3 s: 6 s at worst, and a loaded machine."""


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as running:
        yield running


@pytest.fixture
async def wire(board: Switchboard) -> AsyncIterator[LossyWire]:
    """The line is connected anew, through the wire."""
    async with lossy_wire(board.values.ami_port) as made:
        await board.line.stop()
        board.values = replace(board.values, ami_port=made.port)
        board.line = board.make_line()
        await board.up()
        yield made


async def restored(board: Switchboard, count: int) -> tel.LineRestored:
    return await board.facts.wait(tel.LineRestored, count=count, within_s=20)


def restorations(board: Switchboard) -> int:
    return sum(isinstance(f, tel.LineRestored) for f in board.facts.all)


async def same_as_asterisk(board: Switchboard, expected: dict[str, str]) -> None:
    """The last truth that was told names exactly these callers and places."""
    last = await restored(board, restorations(board))
    assert {c.call_id: c.place for c in last.calls} == expected


PHASES = ("before it is sent", "after it is sent", "in the answer")


def arm(wire: LossyWire, phase: str, action: bytes) -> None:
    """Cut once, when the order passes by."""

    def once(data: bytes) -> bool:
        if action not in data:
            return False
        disarm(wire)
        return True

    def answered(_: bytes) -> bool:
        disarm(wire)
        return True

    def sent(data: bytes) -> bool:
        if action in data:
            wire.cut_after, wire.cut_answer = None, answered
        return False

    match phase:
        case "before it is sent":
            wire.cut_before = once
        case "after it is sent":
            wire.cut_after = once
        case _:
            wire.cut_after = sent


def disarm(wire: LossyWire) -> None:
    wire.cut_before = wire.cut_after = wire.cut_answer = None


@pytest.mark.parametrize("phase", PHASES)
async def test_a_delivery_that_is_cut_rings_once_at_most_and_is_told_truly(
    board: Switchboard, wire: LossyWire, phase: str
) -> None:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    before, started = restorations(board), time.monotonic()
    arm(wire, phase, b"Action: Redirect")
    with pytest.raises(HotlineError):
        await board.line.deliver(waiting.call_id, OfferId(f"{waiting.call_id}.1"), DESK, RING)
    assert time.monotonic() - started < ENDS_WITHIN_S
    truth = await restored(board, before + 1)
    (call,) = truth.calls
    if phase == "before it is sent":
        assert call.place == "waiting" and desk.offers.empty()
    else:
        # It was carried out, and nobody says it a second time.
        ringing = await desk.incoming()
        assert ringing.headers["X-Hotline-Offer"] == f"{waiting.call_id}.1"
        await board.line.cancel_offer(waiting.call_id, OfferId(f"{waiting.call_id}.1"))
        await board.facts.wait(tel.CallWaiting, count=2)
        await ringing.wait("ended")
    await board.line.deliver(waiting.call_id, OfferId(f"{waiting.call_id}.2"), DESK, RING)
    again = await desk.incoming()
    assert again.headers["X-Hotline-Offer"] == f"{waiting.call_id}.2"
    assert desk.offers.empty() and not citizen.ended.is_set()


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("order", ["release", "hang_up", "requeue", "start_consult"])
async def test_an_order_amid_a_conversation_that_is_cut_ends_and_is_not_repeated(
    board: Switchboard, wire: LossyWire, order: str, phase: str
) -> None:
    desk, colleague = await board.phone("desk001"), await board.phone("desk002")
    _, waiting = await board.waiting()
    offer = OfferId(f"{waiting.call_id}.1")
    await board.line.deliver(waiting.call_id, offer, DESK, RING)
    (await desk.incoming()).answer()
    await board.facts.wait(tel.OfferAnswered)
    before, started = restorations(board), time.monotonic()
    action = b"Action: Redirect" if order in ("requeue", "start_consult") else b"Action: Hangup"
    arm(wire, phase, action)
    orders = {
        "release": lambda: board.line.release(waiting.call_id),
        "hang_up": lambda: board.line.hang_up(waiting.call_id),
        "requeue": lambda: board.line.requeue(waiting.call_id, TeamId("labour"), 0, None),
        "start_consult": lambda: board.line.start_consult(
            waiting.call_id, offer, DESK, Endpoint("desk002")
        ),
    }
    with suppress(HotlineError):
        await orders[order]()
    assert time.monotonic() - started < ENDS_WITHIN_S
    truth = await restored(board, before + 1)
    places = [c.place for c in truth.calls]
    if phase == "before it is sent":
        assert places == ["talking"]
    assert len(places) <= 1
    assert colleague.offers.qsize() <= 1
    assert board.facts.names(waiting.call_id).count("CallHungUp") <= 1


@pytest.mark.parametrize("query", [b"Action: Status", b"DeviceStateList", b"QueueStatus"])
async def test_a_list_that_is_cut_in_the_middle_is_read_anew(
    board: Switchboard, wire: LossyWire, query: bytes
) -> None:
    _, waiting = await board.waiting()
    before = restorations(board)
    arm(wire, "in the answer", query)
    wire.cut()
    await restored(board, before + 1)
    await asyncio.wait_for(board.line.wait_up(), 20)
    await same_as_asterisk(board, {waiting.call_id: "waiting"})


async def test_many_cuts_at_random_moments_ring_nobody_twice(
    board: Switchboard, wire: LossyWire
) -> None:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    offers: list[str] = []
    for number in range(1, SIZE.cuts + 1):
        await asyncio.wait_for(board.line.wait_up(), 30)
        # A different moment each time, spread over the first 60 ms of an order.
        asyncio.get_running_loop().call_later((number * 7 % 60) / 1000, wire.cut)
        offer = OfferId(f"{waiting.call_id}.{number}")
        with suppress(HotlineError):
            await board.line.deliver(waiting.call_id, offer, DESK, RING)
        await asyncio.wait_for(board.line.wait_up(), 30)
        await back_in_line(board, waiting.call_id, offer)
        while not desk.offers.empty():
            offers.append(desk.offers.get_nowait().headers["X-Hotline-Offer"])
    assert len(offers) == len(set(offers)), "no offer rang twice"
    assert not citizen.ended.is_set()


async def back_in_line(board: Switchboard, call_id: str, offer: OfferId) -> None:
    """Take the offer back if it rings, and wait until the caller stands in the line."""
    deadline = time.monotonic() + 40
    while board.line._tracks[call_id].place != "waiting":  # type: ignore[index]
        assert time.monotonic() < deadline, board.line._tracks
        with suppress(HotlineError):
            await board.line.cancel_offer(call_id, offer)  # type: ignore[arg-type]
        await asyncio.sleep(0.05)  # the interval between two looks at the condition


async def test_a_wire_that_swallows_everything_is_noticed_and_replaced(
    board: Switchboard, wire: LossyWire
) -> None:
    _, first = await board.waiting(ani="13800138001")
    before, muted_at = restorations(board), time.monotonic()
    wire.muted = True
    await board.facts.wait(tel.LineLost, count=lost(board) + 1, within_s=20)
    noticed_s = time.monotonic() - muted_at
    # Somebody comes and somebody goes while nothing gets through.
    second = await board.citizen(ani="13800138002")
    await second.wait("answered")
    wire.muted = False
    healed_at = time.monotonic()
    truth = await restored(board, before + 1)
    print(
        f"half-open link: noticed after {noticed_s:.1f} s, "
        f"read back {time.monotonic() - healed_at:.1f} s after it healed"
    )
    assert noticed_s < DETECTED_WITHIN_S
    assert {c.ani.digits for c in truth.calls} == {"13800138001", "13800138002"}
    assert first.call_id in {c.call_id for c in truth.calls}


def lost(board: Switchboard) -> int:
    return sum(isinstance(f, tel.LineLost) for f in board.facts.all)
