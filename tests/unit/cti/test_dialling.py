"""Each order to call a citizen ends once, whatever is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cti import dialling as module
from cti.core.dial_back import DialTold
from cti.core.read_back import ChannelRow
from cti.core.words import Tell
from cti.ports import DialCitizen, HangUp
from kernel import telephony as tel
from kernel.errors import Conflict, NotFound, Unavailable
from kernel.ids import CallbackId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from tests.servers.process import wait_until
from tests.unit.cti.test_telephone_line import CALL, Rig, row, settle, told

CALLBACK = CallbackId("cb-1")
DIALLER = "Local/1*dial*13800138000*20@cc-order-00000001;2"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    await made.line.start()
    await made.switch.connect()
    await settle()
    made.facts.clear()
    yield made
    await made.line.stop()


def ends(rig: Rig) -> list[tuple[tel.DialResult, str | None]]:
    return [(f.result, f.call_id) for f in rig.facts if isinstance(f, tel.DialBackEnded)]


async def order(rig: Rig, ring_s: float = 20) -> None:
    await rig.line.dial_back(
        CALLBACK,
        PhoneNumber("13800138000"),
        TeamId("labour"),
        Language.MANDARIN,
        0,
        datetime(2026, 11, 24, tzinfo=UTC),
        timedelta(seconds=ring_s),
    )


async def ringing(rig: Rig) -> None:
    task = asyncio.create_task(order(rig))
    await settle()
    await rig.hear(DialTold(CALLBACK, DIALLER))
    await task


def dialler_row(half: str = ";2") -> ChannelRow:
    variables = {"CC_ROLE": "dialler", "CC_CALLBACK": CALLBACK}
    return ChannelRow(DIALLER.replace(";2", half), "", False, variables)


def citizen_row(state: str) -> ChannelRow:
    found = row(state)
    return replace(found, variables={**found.variables, "CC_CALLBACK": CALLBACK})


async def reconnect(rig: Rig, *rows: ChannelRow) -> tel.LineRestored:
    rig.switch.lose()
    rig.switch.rows = list(rows)
    await rig.switch.connect()
    await settle()
    restored = rig.facts[-1]
    assert isinstance(restored, tel.LineRestored)
    return restored


async def test_a_dialling_is_one_order_and_a_second_is_refused(rig: Rig) -> None:
    await ringing(rig)
    assert [type(o) for o in rig.sent] == [DialCitizen]
    with pytest.raises(Conflict):
        await order(rig)
    await rig.hear(DialTold(CALLBACK, DIALLER, "BUSY", 17))
    assert ends(rig) == [(tel.DialResult.BUSY, None)]
    await rig.hear(DialTold(CALLBACK, DIALLER, "BUSY", 17))
    assert len(ends(rig)) == 1


async def test_a_citizen_who_comes_into_the_line_has_answered(rig: Rig) -> None:
    await ringing(rig)
    await rig.hear(told(Tell.ENTERED, 1, callback_id=CALLBACK))
    assert rig.names == ["CallEntered"]
    with pytest.raises(NotFound):
        await rig.line.cancel_dial_back(CALLBACK)
    await rig.hear(told(Tell.WAITING, 2, callback_id=CALLBACK))
    assert rig.names == ["CallEntered", "DialBackEnded", "CallWaiting"]
    assert ends(rig) == [(tel.DialResult.ANSWERED, CALL)]
    with pytest.raises(Conflict):
        await order(rig)
    await rig.hear(told(Tell.HUNGUP, 3, callback_id=CALLBACK))
    assert len(ends(rig)) == 1
    await ringing(rig)  # once the citizen is gone the callback may be dialled anew


@pytest.mark.parametrize(
    ("platform", "silent", "result"),
    [
        (False, True, tel.DialResult.REFUSED),
        (True, False, tel.DialResult.REFUSED),
        (True, True, tel.DialResult.NO_ANSWER),
    ],
)
async def test_who_picks_up_and_does_not_come_into_the_line(
    rig: Rig, platform: bool, silent: bool, result: tel.DialResult
) -> None:
    await ringing(rig)
    over = told(Tell.HUNGUP, 2, callback_id=CALLBACK, ended_by_platform=platform, silent=silent)
    await rig.hear(told(Tell.ENTERED, 1, callback_id=CALLBACK), over)
    assert rig.names == ["CallEntered", "DialBackEnded", "CallHungUp"]
    assert ends(rig) == [(result, CALL)]


async def test_taking_back_hangs_the_dialling_channel_up(rig: Rig) -> None:
    await ringing(rig)
    await rig.line.cancel_dial_back(CALLBACK)
    assert rig.sent[-1] == HangUp(DIALLER)
    await rig.hear(DialTold(CALLBACK, DIALLER, "CANCEL"))
    assert ends(rig) == [(tel.DialResult.CANCELLED, None)]


async def test_taking_back_before_the_carrier_answered_is_no_failed_attempt(rig: Rig) -> None:
    await ringing(rig)
    await rig.line.cancel_dial_back(CALLBACK)
    await rig.hear(DialTold(CALLBACK, DIALLER, ""))
    assert ends(rig) == [(tel.DialResult.CANCELLED, None)]


async def test_an_order_into_a_dead_link_ends_with_the_next_truth(rig: Rig) -> None:
    rig.switch.lose()
    await settle()
    with pytest.raises(Unavailable):
        await order(rig)
    assert ends(rig) == []
    await reconnect(rig)
    assert ends(rig) == [(tel.DialResult.FAILED, None)]
    assert rig.names[-2:] == ["DialBackEnded", "LineRestored"]


async def test_a_link_that_dies_before_it_rings_is_unavailable_and_may_ring_after_all(
    rig: Rig,
) -> None:
    task = asyncio.create_task(order(rig))
    await settle()
    rig.switch.lose()
    await settle()
    with pytest.raises(Unavailable):
        await task
    restored = await reconnect(rig, dialler_row(";1"), dialler_row())
    assert restored.dialling == {CALLBACK}
    assert ends(rig) == []
    await rig.hear(DialTold(CALLBACK, DIALLER, "NOANSWER"))
    assert ends(rig) == [(tel.DialResult.NO_ANSWER, None)]
    assert [type(o) for o in rig.sent] == [DialCitizen], "never sent again"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("ivr", []), ("waiting", [(tel.DialResult.ANSWERED, CALL)]),
     ("talking", [(tel.DialResult.ANSWERED, CALL)])],
)  # fmt: skip
async def test_a_citizen_who_picked_up_unseen_is_in_the_truth(
    rig: Rig, state: str, expected: list[object]
) -> None:
    await ringing(rig)
    restored = await reconnect(rig, citizen_row(state))
    assert [c.callback_id for c in restored.calls] == [CALLBACK]
    assert restored.dialling == frozenset()
    assert ends(rig) == expected
    await rig.hear(told(Tell.WAITING, 9, callback_id=CALLBACK))
    assert ends(rig) == [(tel.DialResult.ANSWERED, CALL)]


async def test_a_greeting_that_ended_unseen_has_failed_before_its_call_ends(rig: Rig) -> None:
    await ringing(rig)
    await rig.hear(told(Tell.ENTERED, 1, callback_id=CALLBACK))
    await reconnect(rig)
    assert rig.names[-3:] == ["DialBackEnded", "CallHungUp", "LineRestored"]
    assert ends(rig) == [(tel.DialResult.FAILED, CALL)]


async def test_a_new_run_adopts_what_rings_and_is_silent_on_what_was_told(rig: Rig) -> None:
    await reconnect(rig, dialler_row())
    await rig.hear(DialTold(CALLBACK, DIALLER, "BUSY"))
    assert ends(rig) == [(tel.DialResult.BUSY, None)]
    await reconnect(rig, citizen_row("waiting"))
    assert len(ends(rig)) == 1


async def test_an_order_that_reaches_asterisk_late_rings_nobody(rig: Rig) -> None:
    await rig.hear(DialTold(CALLBACK, DIALLER))
    assert rig.sent == [HangUp(DIALLER)]
    assert ends(rig) == []


async def test_a_refused_order_has_failed_at_once(rig: Rig) -> None:
    rig.switch.fault = Unavailable("电话系统拒绝指令")
    with pytest.raises(Unavailable):
        await order(rig)
    await settle()
    assert ends(rig) == [(tel.DialResult.FAILED, None)]


async def test_a_lost_word_on_a_living_line_is_made_good_by_a_look(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_AFTER_S", -0.99)
    task = asyncio.create_task(order(rig, ring_s=1))
    await settle()
    await rig.hear(DialTold(CALLBACK, DIALLER))
    await task
    await asyncio.to_thread(wait_until, lambda: bool(ends(rig)), "the look", 5)
    assert ends(rig) == [(tel.DialResult.FAILED, None)]
    assert "dialling_ended_unheard" in rig.log.events
