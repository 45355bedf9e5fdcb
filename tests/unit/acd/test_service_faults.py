"""The distribution against the exchange in memory: time limits, lost browsers, phones and lines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acd.core.views import AgentView, Wallboard, as_json
from kernel import events as ev
from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound, Unavailable
from kernel.ids import AgentId, BoothId, Endpoint, OfferId, TeamId
from tests.unit.acd.hall import A, B, Hall
from tests.unit.acd.rules import GENERAL, LABOUR


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
    assert hall.acd.audit() == []
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
