"""What the phones do, as the real Asterisk tells it apart from all calls; a look at a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cti.ports import HangUp, SetVariable
from kernel import telephony as tel
from kernel.ids import Endpoint, OfferId
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
    rested = uses(board).count(IDLE)
    operator.hang_up()
    await becomes(board, IDLE, count=rested + 1)
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


async def test_a_leg_that_belongs_to_nobody_is_dropped_and_no_caller_with_it(
    board: Switchboard,
) -> None:
    """The caller's channel forgets which call it is: what is left at the phone is nobody's."""
    citizen, operator, call_id = await talking(board)
    rows = await board.line._switch.channels()
    [leg] = [r.channel for r in rows if r.channel.startswith("PJSIP/desk001")]
    [caller] = [r.channel for r in rows if r.channel.startswith("PJSIP/carrier")]
    await board.line._switch.order(SetVariable(leg, "CC_LEG_OF", "gz1-1795492774-77"))
    rested = uses(board).count(IDLE)
    await board.line.check_phone(DESK, None)
    await operator.wait("ended")
    await becomes(board, IDLE, count=rested + 1)
    assert not citizen.ended.is_set()
    await board.line._switch.order(HangUp(caller))
    await board.facts.wait(tel.CallHungUp, lambda f: f.call_id == call_id)
