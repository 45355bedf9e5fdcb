"""What the phones do, as the real Asterisk tells it apart from all calls; a look at a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cti.core.reports import LegAnswered, Report, Told
from cti.core.words import Tell
from cti.ports import HangUp, SetVariable
from kernel import telephony as tel
from kernel.ids import CallId, Endpoint, OfferId
from tests.integration.test_cti_one_call import talking
from tests.servers.switchboard import Switchboard, switchboard

DESK = Endpoint("desk001")
RING = timedelta(seconds=15)
IDLE, RINGING, IN_USE = tel.PhoneUse.IDLE, tel.PhoneUse.RINGING, tel.PhoneUse.IN_USE

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as board:
        yield board


def uses(board: Switchboard, endpoint: Endpoint = DESK) -> list[tel.PhoneUse]:
    """Since the phone came."""
    return [
        f.use for f in board.facts.all if isinstance(f, tel.PhoneChanged) and f.endpoint == endpoint
    ]


async def becomes(board: Switchboard, use: tel.PhoneUse, count: int = 1) -> None:
    await board.facts.wait(
        tel.PhoneChanged, lambda f: f.endpoint == DESK and f.use is use, count=count
    )


def swallow(board: Switchboard, which: Callable[[Report], bool]) -> None:
    """These reports never arrive."""
    hear = board.line.on_report

    def on_report(report: Report) -> None:
        if not which(report):
            hear(report)

    board.line.on_report = on_report  # type: ignore[method-assign]


async def in_bridge(board: Switchboard, call_id: CallId) -> None:
    """Asterisk connects the two some milliseconds after the answer."""
    async with asyncio.timeout(10):
        place = ""
        while place != "talking":
            await asyncio.sleep(0.02)
            place = (await board.line.callers())[call_id]


async def test_a_phone_rings_talks_holds_and_rests(board: Switchboard) -> None:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    first = len(uses(board))
    offer = OfferId(f"{waiting.call_id}.1")
    await board.line.deliver(waiting.call_id, offer, DESK, RING)
    operator = await desk.incoming()
    await becomes(board, RINGING)
    operator.answer()
    await becomes(board, IN_USE)
    await operator.hold(True)
    await board.facts.wait(tel.HoldChanged)
    await operator.hold(False)
    await board.facts.wait(tel.HoldChanged, count=2)
    operator.hang_up()
    await becomes(board, IDLE, count=uses(board).count(IDLE) + 1)
    assert uses(board)[first:] == [RINGING, IN_USE, IDLE]
    citizen.hang_up()


async def test_the_truth_after_a_reconnect_says_what_each_phone_does(board: Switchboard) -> None:
    await board.phone("desk002")
    await talking(board)
    await board.restart_line()
    restored = [f for f in board.facts.all if isinstance(f, tel.LineRestored)][-1]
    phones = dict(restored.phones)
    assert phones[DESK] is IN_USE
    assert phones[Endpoint("desk002")] is IDLE


async def test_looking_at_a_conversation_as_it_should_be_tells_nothing(board: Switchboard) -> None:
    citizen, operator, call_id = await talking(board)
    await becomes(board, IN_USE)
    before = len(board.facts.all)
    await board.line.check_phone(DESK, call_id, free=True)
    await board.line.check_phone(DESK, call_id)
    operator.hang_up()
    await board.facts.wait(tel.TalkEnded)
    told = [f for f in board.facts.all[before:] if not isinstance(f, tel.PhoneChanged)]
    assert isinstance(told[0], tel.TalkEnded)
    assert IN_USE not in uses(board)[uses(board).index(IN_USE) + 1 :]
    citizen.hang_up()


async def test_a_call_that_nobody_knows_any_more_is_told_as_ended(board: Switchboard) -> None:
    lost = CallId("gz1-1795492774-77")
    await board.line.check_phone(DESK, lost)
    ended = await board.facts.wait(tel.CallHungUp)
    assert (ended.call_id, ended.ended_by) == (lost, tel.EndedBy.CALLER)
    await board.line.check_phone(DESK, lost)
    await board.waiting()
    assert board.facts.names(lost) == ["CallHungUp"], "once"


async def test_an_answer_that_was_not_heard_is_told_after_a_look(board: Switchboard) -> None:
    """The report of the answer is swallowed on its way."""
    desk = await board.phone("desk001")
    _, waiting = await board.waiting()
    call_id, offer = waiting.call_id, OfferId(f"{waiting.call_id}.1")
    swallow(board, lambda r: isinstance(r, LegAnswered))
    await board.line.deliver(call_id, offer, DESK, RING)
    (await desk.incoming()).answer()
    await becomes(board, IN_USE)
    assert "OfferAnswered" not in board.facts.names(call_id)
    await in_bridge(board, call_id)
    await board.line.check_phone(DESK, call_id)
    answered = await board.facts.wait(tel.OfferAnswered)
    assert (answered.call_id, answered.offer_id, answered.endpoint) == (call_id, offer, DESK)


async def test_a_hang_up_that_was_not_heard_is_told_after_a_look(board: Switchboard) -> None:
    citizen, _, call_id = await talking(board)
    swallow(board, lambda r: isinstance(r, Told) and r.tell is Tell.HUNGUP)
    citizen.hang_up()
    await becomes(board, IDLE, count=uses(board).count(IDLE) + 1)
    assert "CallHungUp" not in board.facts.names(call_id)
    await board.line.check_phone(DESK, call_id)
    await board.facts.wait(tel.CallHungUp)
    assert board.facts.names(call_id)[-2:] == ["TalkEnded", "CallHungUp"]


async def test_a_leg_that_belongs_to_nobody_is_dropped_and_no_caller_with_it(
    board: Switchboard,
) -> None:
    """The caller's channel forgets which call it is: what is left at the phone is nobody's."""
    citizen, operator, call_id = await talking(board)
    rows = await board.line._switch.channels()
    [leg] = [r.channel for r in rows if r.channel.startswith("PJSIP/desk001")]
    [caller] = [r.channel for r in rows if r.channel.startswith("PJSIP/carrier")]
    await board.line._switch.order(SetVariable(leg, "CC_LEG_OF", "gz1-1795492774-77"))
    await board.line.check_phone(DESK, None)
    await operator.wait("ended")
    await becomes(board, IDLE, count=uses(board).count(IDLE) + 1)
    assert not citizen.ended.is_set()
    await board.line._switch.order(HangUp(caller))
    await board.facts.wait(tel.CallHungUp, lambda f: f.call_id == call_id)
