"""The distribution against the exchange in memory: whole calls, and everything that goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from acd.core.views import AgentView, Wallboard, as_json
from acd.service import Distribution
from kernel import events as ev
from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound, Unavailable
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from tests.fakes.bus import CollectingBus
from tests.fakes.call_control import Exchange
from tests.fakes.clock import SetClock
from tests.fakes.event_log import ListEventLog
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.roster import DictRoster, Profile
from tests.fakes.timers import HandTimers
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules

E = TypeVar("E", bound=ev.Event)
A, B, C = AgentId("op0001"), AgentId("op0002"), AgentId("op0003")


@dataclass
class Hall:
    """The distribution with everything around it."""

    clock: SetClock = field(default_factory=SetClock)
    bus: CollectingBus = field(default_factory=CollectingBus)
    timers: HandTimers = field(default_factory=HandTimers)
    event_log: ListEventLog = field(default_factory=ListEventLog)
    log: KeptLog = field(default_factory=KeptLog)
    roster: DictRoster = field(default_factory=DictRoster)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.clock)
        self.roster.profiles = {
            A: Profile({GENERAL: 5, LABOUR: 5}),
            B: Profile({GENERAL: 5, LABOUR: 8}),
            C: Profile({GENERAL: 7}, frozenset({Language.MANDARIN, Language.CANTONESE})),
        }
        self.acd = Distribution(
            rules=make_rules(),
            roster=self.roster,
            control=self.exchange,
            timers=self.timers,
            clock=self.clock,
            bus=self.bus,
            ids=CountedIds(),
            event_log=self.event_log,
            log=self.log,
        )
        self.exchange.subscribe(self.acd.post)

    async def calm(self) -> None:
        """Return when every fact, order and order's failure is worked off."""
        import asyncio

        while True:
            await self.acd.settled()
            before = len(self.event_log.entries), len(self.exchange.orders)
            for _ in range(5):
                await asyncio.sleep(0)
            await self.acd.settled()
            if before == (len(self.event_log.entries), len(self.exchange.orders)):
                return

    async def seat(self, agent: AgentId, ready: bool = True) -> str:
        """Log in at the booth with the operator's number; the phone's name."""
        booth = agent[-3:]
        phone = f"booth{booth}"
        self.exchange.register(phone)
        await self.acd.log_in(agent, BoothId(booth), Endpoint(phone))
        if ready:
            await self.acd.ready(agent)
        await self.calm()
        return phone

    async def arrive(self, call_id: str, team: str = "general", **more: Any) -> CallId:
        found = self.exchange.arrive(call_id, team, **more)
        await self.calm()
        return found

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while (due := self.timers.due()) is not None and due <= end:
            self.clock.advance(max(due - self.clock.now(), timedelta(0)))
            self.timers.expire_until(self.clock.now())
            await self.calm()
        self.clock.advance(end - self.clock.now())

    def view(self, agent: AgentId) -> AgentView:
        return self.acd.agent_view(agent)

    def published(self, event_type: type[E]) -> list[E]:
        return self.bus.of(event_type)

    def outcomes(self) -> list[str]:
        return [e.outcome for e in self.published(ev.OfferEnded)]


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    hall = Hall()
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    yield hall
    await hall.acd.stop()
    crashed = [line for line in hall.log.lines if line[0] == "exception"]
    assert crashed == []


async def test_a_call_is_offered_answered_released_and_wrapped_up(hall: Hall) -> None:
    phone = await hall.seat(A)
    call = await hall.arrive("c-1")
    assert hall.exchange.ringing() == {phone: call}
    assert hall.view(A).activity == "offered"
    assert hall.view(A).ringing
    hall.clock.advance(timedelta(seconds=4))
    hall.exchange.pick_up(phone)
    await hall.calm()
    assert hall.view(A).activity == "talking"
    hall.clock.advance(timedelta(seconds=100))
    await hall.acd.release(A)
    await hall.calm()
    assert hall.view(A).activity == "wrap_up"
    assert hall.view(A).call_id == call
    hall.clock.advance(timedelta(seconds=20))
    await hall.acd.finish_wrap_up(A, "answered")
    assert (hall.view(A).status, hall.view(A).activity) == ("ready", "idle")
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    [answered] = hall.published(ev.CallAnswered)
    assert answered.waited_s == 4
    [finished] = hall.published(ev.TalkFinished)
    assert finished.talk_s == 100
    [wrapped] = hall.published(ev.WrapUpFinished)
    assert (wrapped.disposition, wrapped.wrap_up_s, wrapped.timed_out) == ("answered", 20, False)
    assert hall.outcomes() == ["accepted"]


async def test_the_call_keeps_its_place_after_ring_no_answer(hall: Hall) -> None:
    phone_a = await hall.seat(A)
    first = await hall.arrive("c-1")
    hall.clock.advance(timedelta(seconds=5))
    second = await hall.arrive("c-2")
    hall.exchange.ring_out(phone_a)
    await hall.calm()
    assert (hall.view(A).status, hall.view(A).reason) == ("not_ready", "ring_no_answer")
    assert hall.acd.position(first) == 1
    assert hall.acd.position(second) == 2
    phone_b = await hall.seat(B)
    assert hall.exchange.ringing() == {phone_b: first}
    assert hall.outcomes() == ["ring_no_answer"]
    assert [e.cause for e in hall.published(ev.CallQueued)] == [
        "entry", "entry", "ring_no_answer",
    ]  # fmt: skip


async def test_a_declined_call_goes_to_the_next_agent_and_the_decliner_is_not_ready(
    hall: Hall,
) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    phone_b = await hall.seat(B)
    offer = hall.view(A).offer_id
    assert offer is not None
    await hall.acd.decline(A, offer)
    await hall.calm()
    assert (hall.view(A).status, hall.view(A).reason) == ("not_ready", "declined")
    assert hall.exchange.ringing() == {phone_b: call}


async def test_a_phone_that_refuses_counts_as_a_decline(hall: Hall) -> None:
    phone = await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.refuse(phone)
    await hall.calm()
    assert hall.view(A).reason == "declined"
    assert hall.outcomes() == ["declined"]


async def test_an_unreachable_phone_takes_the_agent_out_and_the_next_is_asked(
    hall: Hall,
) -> None:
    await hall.seat(A)
    # The registrar still believes in the phone when it is already gone.
    hall.exchange.registered.discard(Endpoint("booth001"))
    call = await hall.arrive("c-1")
    assert hall.view(A).reason == "phone_unreachable"
    assert hall.outcomes() == ["unreachable"]
    phone_b = await hall.seat(B)
    assert hall.exchange.ringing() == {phone_b: call}


async def test_a_caller_who_hangs_up_while_ringing_frees_the_agent(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.clock.advance(timedelta(seconds=7))
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    assert (hall.view(A).status, hall.view(A).activity) == ("ready", "idle")
    [abandoned] = hall.published(ev.CallAbandoned)
    assert (abandoned.waited_s, abandoned.position) == (7, 1)
    assert hall.outcomes() == ["caller_abandoned"]
    assert hall.acd.position(call) is None


async def test_the_longest_ready_agent_of_the_highest_level_is_asked_first(hall: Hall) -> None:
    await hall.seat(A)
    hall.clock.advance(timedelta(seconds=10))
    phone_b = await hall.seat(B)
    await hall.arrive("c-1", "labour")
    assert set(hall.exchange.ringing()) == {phone_b}, "level 8 before level 5"
    await hall.arrive("c-2", "general")
    assert "booth001" in hall.exchange.ringing()


async def test_a_cantonese_caller_is_kept_for_a_cantonese_speaker(hall: Hall) -> None:
    await hall.seat(A)
    await hall.seat(C, ready=False)
    call = await hall.arrive("c-1", "general", language=Language.CANTONESE)
    assert hall.exchange.ringing() == {}
    await hall.acd.ready(C)
    await hall.calm()
    assert hall.exchange.ringing() == {"booth003": call}


async def test_a_language_nobody_logged_in_speaks_is_not_demanded(hall: Hall) -> None:
    await hall.seat(A)
    await hall.seat(C, ready=False)
    call = await hall.arrive("c-1", "general", language=Language.CANTONESE)
    await hall.acd.log_out(C)
    await hall.calm()
    assert hall.exchange.ringing() == {"booth001": call}


async def test_a_call_overflows_to_the_comprehensive_team_and_keeps_its_place(
    hall: Hall,
) -> None:
    await hall.seat(C)
    call = await hall.arrive("c-1", "labour")
    await hall.pass_time(59)
    assert hall.exchange.ringing() == {}
    await hall.pass_time(2)
    assert hall.exchange.ringing() == {"booth003": call}
    [offered] = hall.published(ev.CallOffered)
    assert (offered.team, offered.waited_s) == ("general", 60)
    hall.exchange.pick_up("booth003")
    await hall.calm()
    labour, general = (
        next(t for t in hall.acd.wallboard().teams if t.team == name) for name in (LABOUR, GENERAL)
    )
    assert (labour.entered, labour.flowed_out, labour.answered) == (1, 1, 0)
    assert (general.entered, general.answered) == (1, 1)


async def test_priority_is_worth_a_minute_of_waiting_for_each_point(hall: Hall) -> None:
    first = await hall.arrive("c-1")
    hall.clock.advance(timedelta(seconds=50))
    urgent = await hall.arrive("c-2", priority=1)
    assert hall.acd.position(urgent) == 1
    assert hall.acd.position(first) == 2


async def test_a_blind_transfer_to_a_team_keeps_the_first_arrival(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.clock.advance(timedelta(seconds=30))
    younger = await hall.arrive("c-2", "labour")
    await hall.acd.transfer_to_team(A, LABOUR)
    await hall.calm()
    assert hall.view(A).activity == "wrap_up"
    assert hall.acd.position(call) == 1
    assert hall.acd.position(younger) == 2
    [moved] = hall.published(ev.CallTransferred)
    assert (moved.kind, moved.to_team, moved.to_agent) == ("blind", LABOUR, None)


async def test_a_transfer_to_an_agent_waits_for_that_agent_and_then_for_anybody(
    hall: Hall,
) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    await hall.seat(B, ready=False)
    await hall.seat(C)
    await hall.acd.transfer_to_agent(A, B)
    await hall.calm()
    assert hall.exchange.ringing() == {}
    await hall.pass_time(31)
    assert hall.exchange.ringing() == {"booth003": call}


async def test_a_transfer_to_an_agent_rings_that_agent_first(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(C)
    await hall.seat(B)
    await hall.acd.transfer_to_agent(A, B)
    await hall.calm()
    assert hall.exchange.ringing() == {"booth002": call}
    [moved] = hall.published(ev.CallTransferred)
    assert (moved.to_team, moved.to_agent) == (None, B)


async def test_a_wanted_agent_who_declines_leaves_the_call_to_the_team(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(C)
    await hall.seat(B)
    await hall.acd.transfer_to_agent(A, B)
    await hall.calm()
    hall.exchange.refuse("booth002")
    await hall.calm()
    assert hall.exchange.ringing() == {"booth003": call}


async def test_a_failed_transfer_leaves_the_caller_with_the_agent_and_says_so(
    hall: Hall,
) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.exchange.fail_next("requeue", Unavailable("线路无响应"))
    await hall.acd.transfer_to_team(A, LABOUR)
    await hall.calm()
    assert hall.view(A).activity == "talking"
    assert not hall.view(A).moving
    assert hall.view(A).notice != ""
    assert hall.published(ev.CallTransferred) == []


async def test_a_consultation_is_completed_by_handing_the_caller_over(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(B)
    await hall.acd.consult(A, B)
    await hall.calm()
    view = hall.view(A)
    assert view.activity == "consulting" and view.consultation is not None
    assert (view.consultation.agent_id, view.consultation.phase) == (B, "ringing")
    with pytest.raises(InvalidTransition):
        await hall.acd.complete_consult(A)
    hall.exchange.pick_up("booth002")
    await hall.calm()
    assert hall.view(B).activity == "consulting"
    await hall.acd.complete_consult(A)
    await hall.calm()
    assert hall.view(A).activity == "wrap_up"
    assert (hall.view(B).activity, hall.view(B).call_id) == ("talking", call)
    assert [e.outcome for e in hall.published(ev.ConsultEnded)] == ["completed"]
    assert hall.outcomes() == ["accepted", "accepted"]
    await hall.acd.release(B)
    await hall.calm()
    assert hall.view(B).activity == "wrap_up"
    assert len(hall.published(ev.CallAnswered)) == 1


async def test_a_cancelled_consultation_goes_back_to_the_caller(hall: Hall) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(B)
    await hall.acd.consult(A, B)
    await hall.calm()
    hall.exchange.pick_up("booth002")
    await hall.calm()
    await hall.acd.cancel_consult(A)
    await hall.calm()
    assert hall.view(A).activity == "talking"
    assert (hall.view(B).activity, hall.view(B).status) == ("idle", "ready")


async def test_a_consulted_colleague_who_does_not_answer_is_taken_out(hall: Hall) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(B)
    await hall.acd.consult(A, B)
    await hall.calm()
    hall.exchange.ring_out("booth002")
    await hall.calm()
    assert hall.view(A).activity == "talking"
    assert hall.view(B).reason == "ring_no_answer"
    assert [e.outcome for e in hall.published(ev.ConsultEnded)] == ["failed"]


async def test_a_caller_who_leaves_during_a_consultation_frees_both(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(B)
    await hall.acd.consult(A, B)
    await hall.calm()
    hall.exchange.pick_up("booth002")
    await hall.calm()
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    assert hall.view(A).activity == "wrap_up"
    assert (hall.view(B).activity, hall.view(B).status) == ("idle", "ready")


async def test_a_consultation_that_cannot_start_frees_the_colleague(hall: Hall) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.seat(B)
    hall.exchange.fail_next("start_consult", Unavailable("线路无响应"))
    await hall.acd.consult(A, B)
    await hall.calm()
    assert hall.view(A).activity == "talking"
    assert hall.view(A).notice != ""
    assert (hall.view(B).activity, hall.view(B).status) == ("idle", "ready")


async def test_hold_is_counted_inside_the_talk(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.clock.advance(timedelta(seconds=10))
    hall.exchange.hold("booth001", True)
    await hall.calm()
    assert hall.view(A).on_hold
    hall.clock.advance(timedelta(seconds=30))
    hall.exchange.hold("booth001", False)
    await hall.calm()
    assert not hall.view(A).on_hold
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    [finished] = hall.published(ev.TalkFinished)
    assert (finished.talk_s, finished.held_s) == (40, 30)
    [resumed] = hall.published(ev.CallResumed)
    assert resumed.held_s == 30


async def test_wrap_up_ends_at_the_limit_with_the_default_disposition(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    await hall.pass_time(61)
    assert (hall.view(A).activity, hall.view(A).status) == ("idle", "ready")
    [wrapped] = hall.published(ev.WrapUpFinished)
    assert (wrapped.disposition, wrapped.timed_out, wrapped.wrap_up_s) == ("unrecorded", True, 60)


async def test_wrap_up_may_be_extended_once(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    await hall.acd.extend_wrap_up(A)
    with pytest.raises(Conflict):
        await hall.acd.extend_wrap_up(A)
    await hall.pass_time(100)
    assert hall.view(A).activity == "wrap_up"
    await hall.pass_time(21)
    assert hall.view(A).activity == "idle"


async def test_a_status_chosen_while_talking_applies_after_the_wrap_up(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    await hall.acd.not_ready(A, "meal")
    assert (hall.view(A).status, hall.view(A).next_reason) == ("ready", "meal")
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    await hall.arrive("c-2")
    await hall.acd.finish_wrap_up(A, "answered")
    await hall.calm()
    assert (hall.view(A).status, hall.view(A).reason) == ("not_ready", "meal")
    assert hall.exchange.ringing() == {}


async def test_a_disposition_is_required(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    with pytest.raises(BadInput):
        await hall.acd.finish_wrap_up(A, "")
    assert hall.view(A).activity == "wrap_up"


async def test_a_talking_call_survives_a_lost_browser(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    await hall.acd.connection_lost(A)
    await hall.pass_time(61)
    assert (hall.view(A).activity, hall.view(A).connected) == ("talking", False)
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    await hall.pass_time(61)
    assert (hall.view(A).activity, hall.view(A).reason) == ("idle", "connection_lost")


async def test_a_browser_back_within_the_grace_finds_the_same_state(hall: Hall) -> None:
    await hall.seat(A)
    await hall.acd.connection_lost(A)
    call = await hall.arrive("c-1")
    assert hall.exchange.ringing() == {}, "nobody is offered a call without a screen"
    await hall.pass_time(59)
    await hall.acd.connection_back(A)
    await hall.calm()
    assert hall.exchange.ringing() == {"booth001": call}


async def test_a_ringing_call_goes_back_at_once_when_the_browser_is_lost(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    await hall.seat(B)
    await hall.acd.connection_lost(A)
    await hall.calm()
    assert hall.exchange.ringing() == {"booth002": call}
    assert hall.outcomes() == ["rescinded"]
    assert hall.view(A).status == "ready"


async def test_a_booth_is_freed_when_the_browser_stays_away(hall: Hall) -> None:
    await hall.seat(A)
    await hall.acd.connection_lost(A)
    await hall.pass_time(60 + 1800 + 1)
    assert hall.view(A).status == "logged_out"
    [out] = hall.published(ev.AgentLoggedOut)
    assert out.cause == "connection_lost"
    await hall.acd.log_in(B, BoothId("001"), Endpoint("booth001"))


async def test_a_phone_that_is_lost_has_the_grace_to_come_back(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.unregister("booth001")
    call = await hall.arrive("c-1")
    assert hall.exchange.ringing() == {}
    assert hall.view(A).status == "ready"
    hall.exchange.register("booth001")
    await hall.calm()
    assert hall.exchange.ringing() == {"booth001": call}


async def test_a_phone_that_stays_away_makes_the_agent_not_ready(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.unregister("booth001")
    await hall.calm()
    await hall.pass_time(61)
    assert hall.view(A).reason == "phone_unreachable"


async def test_a_booth_holds_one_operator_and_an_operator_one_booth(hall: Hall) -> None:
    await hall.seat(A)
    with pytest.raises(Conflict):
        await hall.acd.log_in(B, BoothId("001"), Endpoint("booth001"))
    with pytest.raises(Conflict):
        await hall.acd.log_in(A, BoothId("009"), Endpoint("booth009"))
    with pytest.raises(NotFound):
        await hall.acd.log_in(AgentId("nobody"), BoothId("009"), Endpoint("booth009"))
    assert hall.view(A).booth_id == "001"
    assert hall.view(B).status == "logged_out"


async def test_a_delivery_that_finds_no_call_ends_the_offer_once(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.fail_next("deliver", NotFound("来电已经结束"))
    call = await hall.arrive("c-1")
    assert hall.outcomes() == ["caller_abandoned"]
    assert (hall.view(A).activity, hall.view(A).status) == ("idle", "ready")
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    assert len(hall.published(ev.CallAbandoned)) == 1
    assert hall.outcomes() == ["caller_abandoned"]


async def test_a_call_the_telephone_never_finds_again_is_closed(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.fail_next("deliver", NotFound("来电已经结束"))
    call = await hall.arrive("c-1")
    await hall.pass_time(11)
    assert hall.acd.position(call) is None
    assert len(hall.published(ev.CallAbandoned)) == 1


async def test_a_delivery_without_an_answer_is_tried_again_after_the_margin(
    hall: Hall,
) -> None:
    await hall.seat(A)
    hall.exchange.fail_next("deliver", Unavailable("线路无响应"))
    call = await hall.arrive("c-1")
    assert hall.outcomes() == ["rescinded"]
    await hall.pass_time(11)
    assert hall.exchange.ringing() == {"booth001": call}


async def test_an_offer_without_any_result_is_taken_back_after_ring_time_and_margin(
    hall: Hall,
) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    await hall.pass_time(31)
    assert hall.outcomes() == ["ring_no_answer"]
    assert ("cancel_offer", "c-1") in hall.exchange.orders
    assert hall.view(A).reason == "ring_no_answer"


async def test_nothing_is_offered_while_the_line_is_lost(hall: Hall) -> None:
    call = await hall.arrive("c-1")
    hall.exchange.lose()
    await hall.calm()
    assert hall.acd.healthy is not None
    await hall.acd.log_in(A, BoothId("001"), Endpoint("booth001"))
    await hall.acd.ready(A)
    await hall.calm()
    assert hall.exchange.orders == []
    hall.exchange.registered.add(Endpoint("booth001"))
    hall.exchange.restore()
    await hall.calm()
    assert hall.exchange.ringing() == {"booth001": call}
    assert hall.acd.healthy is None


async def test_commands_that_need_the_line_are_refused_while_it_is_lost(hall: Hall) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    hall.exchange.lose()
    await hall.calm()
    for command in (
        hall.acd.release(A),
        hall.acd.transfer_to_team(A, LABOUR),
    ):
        with pytest.raises(Unavailable):
            await command
    assert hall.view(A).activity == "talking"


async def test_calls_that_vanished_while_the_line_was_lost_are_closed(hall: Hall) -> None:
    await hall.seat(A)
    await hall.seat(B)
    talking = await hall.arrive("c-1")
    phone = next(iter(hall.exchange.ringing()))
    hall.exchange.pick_up(phone)
    ringing = await hall.arrive("c-2")
    waiting = await hall.arrive("c-3")
    hall.exchange.lose()
    hall.exchange.callers.clear()
    hall.exchange.restore()
    await hall.calm()
    assert {hall.view(A).activity, hall.view(B).activity} == {"wrap_up", "idle"}
    assert {e.call_id for e in hall.published(ev.CallAbandoned)} == {ringing, waiting}
    assert [e.call_id for e in hall.published(ev.TalkFinished)] == [talking]
    assert hall.outcomes() == ["accepted", "caller_abandoned"]


async def test_an_answer_missed_while_the_line_was_lost_is_found(hall: Hall) -> None:
    phone = await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.lose()
    hall.exchange.pick_up(phone)
    hall.exchange.restore()
    await hall.calm()
    assert (hall.view(A).activity, hall.view(A).call_id) == ("talking", call)
    assert hall.outcomes() == ["accepted"]


async def test_waiting_callers_met_after_a_restart_are_served_by_first_arrival(
    hall: Hall,
) -> None:
    hall.exchange.lose()
    await hall.calm()
    early = hall.clock.now() - timedelta(seconds=90)
    late = hall.clock.now() - timedelta(seconds=30)
    young = hall.exchange.arrive("c-young", first_arrival_at=late)
    old = hall.exchange.arrive("c-old", first_arrival_at=early)
    hall.exchange.restore()
    await hall.calm()
    assert (hall.acd.position(old), hall.acd.position(young)) == (1, 2)
    assert {e.cause for e in hall.published(ev.CallQueued)} == {"resync"}
    phone = await hall.seat(A)
    assert hall.exchange.ringing() == {phone: old}


async def test_a_conversation_found_after_a_restart_belongs_to_whoever_sits_there(
    hall: Hall,
) -> None:
    await hall.seat(A, ready=False)
    hall.exchange.lose()
    call = hall.exchange.arrive("c-1")
    caller = hall.exchange.callers[call]
    caller.place, caller.offer_id, caller.phone = "talking", OfferId("c-1.4"), Endpoint("booth001")
    hall.exchange.restore()
    await hall.calm()
    assert (hall.view(A).activity, hall.view(A).offer_id) == ("talking", "c-1.4")


async def test_a_watcher_hears_each_change_until_it_unsubscribes(hall: Hall) -> None:
    heard: list[AgentView] = []
    unsubscribe = hall.acd.watch_agent(A, heard.append)
    phone = await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up(phone)
    await hall.calm()
    assert [v.activity for v in heard][-2:] == ["offered", "talking"]
    count = len(heard)
    unsubscribe()
    await hall.acd.release(A)
    await hall.calm()
    assert len(heard) == count


async def test_the_wallboard_is_pushed_and_coalesced(hall: Hall) -> None:
    import asyncio

    pushed: list[Wallboard] = []
    second = asyncio.Event()

    def keep(board: Wallboard) -> None:
        pushed.append(board)
        if len(pushed) == 2:
            second.set()

    hall.acd.watch_wallboard(keep)
    await hall.seat(A)
    for number in range(50):
        await hall.arrive(f"c-{number:02}")
    assert len(pushed) == 1, "fifty changes within half a second are one push"
    await asyncio.wait_for(second.wait(), 5)
    general = next(t for t in pushed[1].teams if t.team == GENERAL)
    assert (general.waiting, general.entered) == (50, 50)
    assert pushed[1].balanced
    [booth] = pushed[1].booths
    assert (booth.booth_id, booth.agent_id, booth.state) == ("001", A, "offered")
    assert as_json(pushed[1])["teams"][4]["waiting"] == 50


async def test_commands_of_somebody_not_logged_in_are_refused_in_chinese(hall: Hall) -> None:
    with pytest.raises(InvalidTransition, match="尚未签入"):
        await hall.acd.ready(A)


async def test_a_target_who_is_not_there_is_named_not_found(hall: Hall) -> None:
    await hall.seat(A)
    await hall.arrive("c-1")
    hall.exchange.pick_up("booth001")
    await hall.calm()
    with pytest.raises(NotFound):
        await hall.acd.transfer_to_agent(A, B)
    with pytest.raises(NotFound):
        await hall.acd.transfer_to_team(A, TeamId("nobody"))
    with pytest.raises(BadInput):
        await hall.acd.consult(A, A)
