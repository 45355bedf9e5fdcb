"""From the key pressed while waiting to the operator: the distribution and the real Asterisk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from acd.adapters.timers import LoopTimers
from acd.core.rules import CallbackRules
from acd.service import Distribution
from kernel import events as ev
from kernel import telephony as tel
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from kernel.infra.clock import SystemClock, UuidSource
from tests.fakes.bus import CollectingBus
from tests.fakes.event_log import ListEventLog
from tests.fakes.log import KeptLog
from tests.fakes.roster import DictRoster, Profile
from tests.servers.process import free_port, wait_until
from tests.servers.sip_phone import SipPhone
from tests.servers.switchboard import CITIZEN_HZ, Switchboard, switchboard
from tests.unit.acd.rules import GENERAL, make_rules

pytestmark = pytest.mark.asterisk
ANNA, DESK = AgentId("op0001"), Endpoint("desk001")
BY_DAY_AND_NIGHT = CallbackRules(opens=timedelta(0), closes=timedelta(hours=24))


def distribution(board: Switchboard, bus: CollectingBus) -> Distribution:
    clock = SystemClock()
    made = Distribution(
        rules=replace(make_rules(), callbacks=BY_DAY_AND_NIGHT),
        roster=DictRoster({ANNA: Profile({GENERAL: 5})}),
        control=board.line,
        timers=LoopTimers(clock),
        clock=clock,
        bus=bus,
        ids=UuidSource(),
        event_log=ListEventLog(),
        log=KeptLog(),
    )
    board.line.subscribe(made.post)
    return made


async def happened(bus: CollectingBus, kind: type[ev.Event]) -> ev.Event:
    await asyncio.to_thread(wait_until, lambda: bool(bus.of(kind)), kind.__name__, 30)
    return bus.of(kind)[0]


async def test_a_waiting_citizen_asks_is_rung_in_turn_and_talks_with_the_operator_who_was_held(
    tmp_path: Path,
) -> None:
    port, bus = free_port(), CollectingBus()
    uri = f"sip:127.0.0.1:{port}"
    async with switchboard(tmp_path, start=False, carrier_uri=uri) as board:
        acd = distribution(board, bus)
        await acd.start()
        await board.asterisk.start()
        await board.up()
        home = await SipPhone.open("home", board.values.sip_port, CITIZEN_HZ, port)
        desk = await board.phone(DESK)
        await acd.log_in(ANNA, BoothId("001"), DESK)

        citizen, first = await board.waiting()
        await board.presses(citizen, "1")
        await asyncio.to_thread(wait_until, lambda: bool(board.keys.pressed), "the key", 20)
        await citizen.listen(10)
        citizen.press("1")
        await citizen.wait("ended")
        noted = await happened(bus, ev.CallbackNoted)
        assert noted.call_id == first.call_id
        assert home.offers.empty(), "nobody is free, so nobody is rung"

        await acd.ready(ANNA)
        ringing = await home.incoming()
        assert desk.offers.empty(), "the citizen first"
        ringing.answer()
        await ringing.listen(5)
        ringing.press("1")
        operator = await desk.incoming()
        operator.answer()
        answered = await happened(bus, ev.CallAnswered)
        await operator.listen(10)

        again = CallId(operator.headers["X-Hotline-Call"])
        assert again == answered.call_id != first.call_id
        ended = await happened(bus, ev.CallbackEnded)
        assert isinstance(ended, ev.CallbackEnded)
        assert (ended.call_id, ended.outcome, ended.new_call_id) == (
            first.call_id,
            "answered",
            again,
        )
        offered = bus.of(ev.CallOffered)[0]
        since_first = board.facts.of(again)
        waiting = next(f for f in since_first if isinstance(f, tel.CallWaiting))
        assert waiting.first_arrival_at == first.first_arrival_at
        assert offered.agent_id == ANNA
        outcomes = {e.call_id: e.outcome for e in bus.of(ev.CallEnded)}
        assert outcomes[first.call_id] == "callback"
        assert not bus.of(ev.CallAbandoned)
        operator.hang_up()
        home.close()
        await acd.stop()
