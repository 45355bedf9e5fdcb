"""The distribution against the exchange in memory: whole calls, transfers, consultations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kernel import events as ev
from kernel.errors import InvalidTransition, NotFound, Unavailable
from kernel.ids import CallbackId, Endpoint
from kernel.language import Language
from kernel.telephony import OfferRinging
from tests.unit.acd.hall import A, B, C, Hall
from tests.unit.acd.rules import GENERAL, LABOUR


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
    await hall.seat(B)
    await hall.arrive("c-0", "labour")
    hall.exchange.pick_up("booth002")
    await hall.seat(C)
    call = await hall.arrive("c-1", "labour")
    await hall.pass_time(59)
    assert hall.exchange.ringing() == {}
    await hall.pass_time(2)
    assert hall.exchange.ringing() == {"booth003": call}
    [_, offered] = hall.published(ev.CallOffered)
    assert (offered.team, offered.waited_s) == ("general", 60)
    hall.exchange.pick_up("booth003")
    await hall.calm()
    labour, general = (
        next(t for t in hall.acd.wallboard().teams if t.team == name) for name in (LABOUR, GENERAL)
    )
    assert (labour.entered, labour.flowed_out, labour.answered) == (2, 1, 1)
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


async def test_an_order_leaves_before_the_next_input_is_stepped(hall: Hall) -> None:
    """Callers who came in one breath made the first phone wait for the steps of all the others."""
    await hall.seat(A)
    await hall.seat(B)
    stepped_at_order: list[int] = []
    hall.exchange.subscribe(
        lambda fact: (
            stepped_at_order.append(len(hall.event_log.entries))
            if isinstance(fact, OfferRinging)
            else None
        )
    )
    hall.exchange.arrive("c-1", "general")
    hall.exchange.arrive("c-2", "general")
    await hall.calm()
    first, second = stepped_at_order
    assert first < second, "the second caller was stepped before the first phone rang"


async def test_a_citizen_is_called_back_in_turn_and_seen_on_desk_and_wallboard(hall: Hall) -> None:
    phone = await hall.seat(A, ready=False)
    call = await hall.arrive("c-1")
    hall.exchange.ask_for_callback(call)
    await hall.calm()
    assert hall.acd.wallboard().total.callbacks == 1
    assert hall.acd.wallboard().total.waiting == 0
    await hall.acd.ready(A)
    await hall.calm()
    assert hall.view(A).activity == "dialling"
    assert hall.view(A).deadline == hall.clock.now() + timedelta(seconds=30)
    [booth] = hall.acd.wallboard().booths
    assert booth.state == "dialling"
    [waiting] = hall.acd.callbacks()
    assert (waiting.state, waiting.position, waiting.agent_id) == ("dialling", 1, A)
    new = hall.exchange.citizen_picks_up(waiting.callback_id, "c-2")
    await hall.calm()
    assert hall.exchange.ringing() == {phone: new}
    assert hall.acd.callbacks() == []
    assert hall.acd.audit() == []


async def test_a_defect_in_an_order_to_dial_frees_the_agent(hall: Hall) -> None:
    call = await hall.arrive("c-1", ani="110")
    hall.exchange.ask_for_callback(call)
    await hall.seat(A)
    assert hall.exchange.dialling == {}
    assert hall.view(A).activity == "idle"
    assert [e.outcome for e in hall.published(ev.CallbackEnded)] == ["gave_up"]
    with pytest.raises(NotFound):
        await hall.acd.cancel_callback(CallbackId("cb-c-1"), actor="chen")


async def test_callbacks_are_offered_by_day_only(hall: Hall) -> None:
    assert hall.acd.calls_back(), "it is noon in the city"
    hall.clock.advance(timedelta(hours=10))
    assert not hall.acd.calls_back()
    hall.clock.advance(timedelta(hours=9))
    assert hall.acd.calls_back()
