"""Citizens who are called back, on the real Asterisk: what goes well and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from panoramisk.actions import Action

from cti import dialling
from cti.adapters.ami_fence import UnsafeAction
from kernel import telephony as tel
from kernel.errors import Unavailable
from kernel.ids import CallbackId, OfferId, TeamId
from tests.integration.asterisk_rig import DESK, AsteriskRig
from tests.integration.test_call_control_contract import CALLBACK, LONG_AGO, RING, dial
from tests.servers.process import free_port, wait_until
from tests.servers.sip_phone import SipPhone
from tests.servers.switchboard import CITIZEN_HZ, switchboard

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[AsteriskRig]:
    port = free_port()
    uri = f"sip:127.0.0.1:{port}"
    async with switchboard(tmp_path, carrier_uri=uri, heartbeat_stale_s=4) as board:
        home = await SipPhone.open("home", board.values.sip_port, CITIZEN_HZ, port)
        try:
            yield AsteriskRig(board, home)
        finally:
            home.close()


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (603, tel.DialResult.REFUSED),
        (600, tel.DialResult.BUSY),
        (480, tel.DialResult.NO_ANSWER),
        (404, tel.DialResult.FAILED),
        (503, tel.DialResult.FAILED),
    ],
)
async def test_what_the_carrier_answers_is_told(
    rig: AsteriskRig, code: int, result: tel.DialResult
) -> None:
    await dial(rig)
    (await rig.rings()).reject(code)
    assert (await rig.board.facts.wait(tel.DialBackEnded)).result is result


async def test_the_citizen_sees_our_number_and_the_operator_the_citizens(rig: AsteriskRig) -> None:
    await rig.register()
    await dial(rig)
    ringing = await rig.rings()
    assert "sip:12345@" in ringing.headers["From"]
    assert ringing.invite.startswith("INVITE sip:13800138000@")
    ringing.answer()
    await ringing.listen(5)
    ringing.press("1")
    waiting = await rig.board.facts.wait(tel.CallWaiting)
    ((caller, dnis),) = rig.board.greeter.begun
    assert (caller.call_id, caller.first_arrival_at, dnis) == (waiting.call_id, LONG_AGO, "12345")
    await rig.control.deliver(waiting.call_id, OfferId(f"{waiting.call_id}.1"), DESK, RING)
    operator = await rig.desks[DESK].incoming()
    assert "13800138000" in operator.headers["From"]
    assert operator.headers["X-Hotline-Call"] == waiting.call_id
    operator.answer()
    await rig.board.facts.wait(tel.OfferAnswered)
    await ringing.listen(10)
    operator.hang_up()
    await ringing.wait("ended")
    closed = await rig.board.facts.wait(tel.RecordingClosed)
    assert closed.call_id == waiting.call_id
    assert rig.board.errors() == []


async def test_a_machine_that_picks_up_is_given_to_nobody(rig: AsteriskRig) -> None:
    await dial(rig)
    machine = await rig.rings()
    machine.answer()
    ended = await rig.board.facts.wait(tel.DialBackEnded)
    assert ended.result is tel.DialResult.NO_ANSWER
    hung_up = await rig.board.facts.wait(tel.CallHungUp)
    assert ended.call_id == hung_up.call_id
    assert rig.board.facts.names(hung_up.call_id) == [
        "CallEntered",
        "DialBackEnded",
        "CallHungUp",
    ]


async def test_a_citizen_who_no_longer_wants_it_has_refused(rig: AsteriskRig) -> None:
    await dial(rig)
    ringing = await rig.rings()
    ringing.answer()
    await ringing.listen(5)
    ringing.press("2")
    ended = await rig.board.facts.wait(tel.DialBackEnded)
    assert ended.result is tel.DialResult.REFUSED


async def test_a_citizen_picked_up_by_nobody_but_the_dead_platforms_telephone_gets_a_booth(
    rig: AsteriskRig,
) -> None:
    """The platform dies while it rings: the citizen is not left with silence."""
    await rig.register()
    await rig.board.line.set_fallback_members({TeamId("labour"): frozenset({DESK})})
    await dial(rig)
    ringing = await rig.rings()
    await rig.board.line.stop()
    ringing.answer()
    operator = await rig.desks[DESK].incoming(15)
    operator.answer()
    await ringing.listen(10)
    await rig.board.restart_line()
    restored = await rig.board.facts.wait(tel.LineRestored, count=2)
    ((found),) = restored.calls
    assert (found.callback_id, found.place) == (CALLBACK, "talking")
    assert restored.dialling == frozenset()


async def test_a_platform_that_comes_back_finds_who_rings_and_hears_the_end_once(
    rig: AsteriskRig,
) -> None:
    await dial(rig)
    ringing = await rig.rings()
    await rig.board.restart_line()
    restored = await rig.board.facts.wait(tel.LineRestored, count=2)
    assert restored.dialling == {CALLBACK}
    ringing.reject(486)
    ended = await rig.board.facts.wait(tel.DialBackEnded)
    assert ended.result is tel.DialResult.BUSY
    assert sum(isinstance(f, tel.DialBackEnded) for f in rig.facts) == 1


async def test_an_older_runs_dialling_rings_nobody(
    rig: AsteriskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling, "BEGIN_WITHIN_S", 0.5)
    newer = rig.board.make_line()
    switch = newer._switch
    await switch.start(newer)
    newer._spawn(newer._run(), "newer-line")
    await newer.wait_up()
    with pytest.raises(Unavailable):
        await dial(rig, ring=timedelta(seconds=1))
    # What a sleeper had in hand reaches the dialplan, which refuses it.
    assert rig.home.offers.empty()
    await newer.stop()


async def test_asterisk_itself_refuses_to_run_programs_for_this_account(rig: AsteriskRig) -> None:
    """Class `originate` without `system`: what the fence stops would be refused there, too."""
    manager = rig.link._manager
    assert manager is not None
    base = {"Action": "Originate", "Channel": "Local/s@cc-dialler/n", "ActionID": "evil-1"}
    for evil in (
        {"Application": "System", "Data": "touch evil"},
        {"Application": "MixMonitor", "Data": "/tmp/evil"},
        {"Application": "AGI", "Data": "/bin/true"},
        {"Application": "Set", "Data": "FILE(/tmp/evil)=1"},
        {"Application": "NoOp", "Data": "${SHELL(touch evil)}"},
    ):
        with pytest.raises(UnsafeAction):
            await manager.ask({**base, **evil}, deadline_s=5)
        action = Action({**base, **evil})
        reply = await asyncio.wait_for(manager.protocol.send(action), 5)
        assert not reply.success, evil


async def test_what_came_of_it_during_a_cut_is_told_with_the_next_truth(rig: AsteriskRig) -> None:
    await dial(rig)
    ringing = await rig.rings()
    before = len(rig.facts)
    await rig.cut()
    ringing.reject(486)
    await rig.mend()
    ended = await rig.board.facts.wait(tel.DialBackEnded)
    # Refused before or after the truth was read: once, either way.
    assert ended.result in (tel.DialResult.BUSY, tel.DialResult.FAILED)
    assert sum(isinstance(f, tel.DialBackEnded) for f in rig.facts[before:]) == 1


async def test_asks_by_key_and_is_called_back_at_the_old_place(rig: AsteriskRig) -> None:
    await rig.register()
    citizen, first = await rig.board.waiting()
    await rig.board.presses(citizen, "1")
    pressed = rig.board.keys.pressed
    await asyncio.to_thread(wait_until, lambda: bool(pressed), "the key has arrived", 20)
    await citizen.listen(10)
    citizen.press("1")
    asked = await rig.board.facts.wait(tel.CallbackAsked)
    await citizen.wait("ended")
    await rig.control.dial_back(
        CallbackId(f"cb-{asked.call_id}"),
        asked.number,
        asked.team,
        asked.language,
        asked.priority,
        asked.first_arrival_at,
        timedelta(seconds=20),
    )
    await rig.citizen_picks_up(CALLBACK)
    again = await rig.board.facts.wait(tel.CallWaiting, count=2)
    assert again.call_id != first.call_id
    assert (again.first_arrival_at, again.team) == (first.first_arrival_at, first.team)
    assert again.ani == asked.number
