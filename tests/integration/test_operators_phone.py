"""The desk phone is lost for real: unregistered, or gone from the network without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from acd.adapters.timers import LoopTimers
from acd.core.views import AgentView
from acd.service import Distribution
from kernel import events as ev
from kernel import telephony as tel
from kernel.ids import AgentId, BoothId, Endpoint
from kernel.infra.clock import SystemClock, UuidSource
from tests.fakes.bus import CollectingBus
from tests.fakes.event_log import ListEventLog
from tests.fakes.log import KeptLog
from tests.fakes.roster import DictRoster, Profile
from tests.servers.sip_phone import SipPhone
from tests.servers.switchboard import COLLEAGUE_HZ, SECRET, Switchboard, switchboard
from tests.unit.acd.rules import GENERAL, make_rules

pytestmark = pytest.mark.asterisk
ME, OTHER = AgentId("op0001"), AgentId("op0002")
DESK, OTHER_DESK = Endpoint("desk001"), Endpoint("desk002")
LONG, SHORT = timedelta(seconds=60), timedelta(seconds=2)


@dataclass
class Floor:
    """The real telephone, the distribution, and two operators with desk phones; ME is ready."""

    board: Switchboard
    acd: Distribution
    bus: CollectingBus
    desks: dict[Endpoint, SipPhone] = field(default_factory=dict)

    def view(self, agent: AgentId = ME) -> AgentView:
        return self.acd.agent_view(agent)

    async def until(self, holds: Callable[[], bool], what: str, within_s: float = 30) -> None:
        try:
            async with asyncio.timeout(within_s):
                while True:
                    if holds():
                        return
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise TimeoutError(f"not {what}: {self.view()}") from None

    async def vanish(self, how: str) -> None:
        """The phone says goodbye, or somebody pulls its plug."""
        desk = self.desks[DESK]
        if how == "unregisters":
            await desk.register(SECRET, expires=0)
        else:
            desk.silent = True
        await self.until(lambda: not self.view().phone_reachable, "noticed")

    async def appear(self) -> None:
        self.desks[DESK].silent = False
        await self.desks[DESK].register(SECRET)
        await self.until(lambda: self.view().phone_reachable, "back")


@pytest.fixture
def grace() -> timedelta:
    return LONG


@pytest.fixture
async def floor(tmp_path: Path, grace: timedelta) -> AsyncIterator[Floor]:
    clock, bus = SystemClock(), CollectingBus()
    # Looked at each second, so that a phone without a word is missed soon.
    async with switchboard(tmp_path, start=False, qualify_s=1) as board:
        acd = Distribution(
            rules=replace(make_rules(), grace=grace),
            roster=DictRoster({ME: Profile({GENERAL: 5}), OTHER: Profile({GENERAL: 5})}),
            control=board.line,
            timers=LoopTimers(clock),
            clock=clock,
            bus=bus,
            ids=UuidSource(),
            event_log=ListEventLog(),
            log=KeptLog(),
        )
        board.line.subscribe(acd.post)
        await acd.start()
        try:
            await board.asterisk.start()
            await board.up()
            made = Floor(board, acd, bus)
            made.desks[DESK] = await board.phone(DESK)
            made.desks[OTHER_DESK] = await board.phone(OTHER_DESK, COLLEAGUE_HZ)
            await acd.log_in(ME, BoothId("001"), DESK)
            await acd.log_in(OTHER, BoothId("002"), OTHER_DESK)
            await acd.ready(ME)
            yield made
        finally:
            await acd.stop()


WAYS = ("unregisters", "is gone without a word")


@pytest.mark.parametrize("how", WAYS)
async def test_who_is_back_in_time_is_as_before_and_was_not_offered_anything_meanwhile(
    floor: Floor, how: str
) -> None:
    await floor.vanish(how)
    assert (floor.view().status, floor.view().activity) == ("ready", "idle")
    _, waiting = await floor.board.waiting()
    await floor.until(lambda: floor.acd.position(waiting.call_id) == 1, "in line")
    assert not floor.bus.of(ev.CallOffered)
    await floor.appear()
    ringing = await floor.desks[DESK].incoming()
    assert ringing.headers["X-Hotline-Call"] == waiting.call_id
    ringing.answer()
    await floor.until(lambda: floor.view().activity == "talking", "talking")


@pytest.mark.parametrize("grace", [SHORT])
async def test_who_is_back_too_late_says_ready_again(floor: Floor) -> None:
    await floor.vanish("unregisters")
    await floor.until(lambda: floor.view().status == "not_ready", "not ready")
    assert floor.view().reason == "phone_unreachable"
    _, waiting = await floor.board.waiting()
    await floor.appear()
    await floor.until(lambda: floor.acd.position(waiting.call_id) == 1, "in line")
    assert not floor.bus.of(ev.CallOffered)
    await floor.acd.ready(ME)
    await floor.desks[DESK].incoming()


@pytest.mark.parametrize("grace", [SHORT])
async def test_a_conversation_outlives_the_registration_and_the_grace(floor: Floor) -> None:
    citizen, _ = await floor.board.waiting()
    operator = await floor.desks[DESK].incoming()
    operator.answer()
    await floor.until(lambda: floor.view().activity == "talking", "talking")
    await floor.vanish("unregisters")
    await floor.until(lambda: floor.view().next_reason == "phone_unreachable", "given up")
    await citizen.listen(25)
    await operator.listen(25)
    assert floor.view().activity == "talking"
    operator.hang_up()
    await floor.until(lambda: floor.view().activity == "wrap_up", "in wrap-up")
    await floor.acd.finish_wrap_up(ME, "answered")
    assert (floor.view().status, floor.view().reason) == ("not_ready", "phone_unreachable")


async def test_a_caller_for_whom_a_lost_phone_rang_goes_to_a_colleague(floor: Floor) -> None:
    citizen, waiting = await floor.board.waiting()
    await floor.desks[DESK].incoming()
    await floor.acd.ready(OTHER)
    await floor.vanish("unregisters")
    ringing = await floor.desks[OTHER_DESK].incoming()
    assert ringing.headers["X-Hotline-Call"] == waiting.call_id
    ringing.answer()
    await floor.until(lambda: floor.view(OTHER).activity == "talking", "talking")
    [ended] = [e for e in floor.bus.of(ev.OfferEnded) if e.agent_id == ME]
    assert ended.outcome == "rescinded"
    assert (floor.view().status, floor.view().activity) == ("ready", "idle")
    assert not citizen.ended.is_set()
    [failed] = [f for f in floor.board.facts.all if isinstance(f, tel.OfferFailed)]
    assert failed.result is tel.OfferResult.CANCELLED
