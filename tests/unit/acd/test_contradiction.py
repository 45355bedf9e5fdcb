"""Nobody is stuck: a state that contradicts its phone is told after five seconds, mended where that
is certain, and ended by a supervisor where it is not. No caller is ever hung up by it.

That nobody is suspected without a cause is shown by `test_invariants`, whatever happens.
"""

from __future__ import annotations

import pytest

from acd.core import inputs as inp
from acd.core.agent import Contradiction as C
from acd.core.codec import decode, encode
from kernel import events as ev
from kernel.errors import BadInput, Conflict, HotlineError, NotFound, Unavailable
from kernel.ids import AgentId, CallId, Endpoint
from kernel.telephony import (
    CallHungUp,
    LineRestored,
    OfferAnswered,
    PhoneChanged,
    PhoneUse,
    TalkEnded,
)
from tests.fakes.clock import NOON
from tests.unit.acd.hall import A, B, Hall
from tests.unit.acd.rules import s

PHONE = "booth001"
JUST = 4.9
LONG = 5.0


async def talking(hall: Hall) -> CallId:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up(PHONE)
    await hall.calm()
    return call


def alarm(hall: Hall, agent: AgentId = A) -> str | None:
    [row] = [b for b in hall.acd.wallboard().booths if b.agent_id == agent]
    return row.contradiction


def told(hall: Hall) -> list[str]:
    return [e.contradiction for e in hall.published(ev.AgentContradicted) if e.contradiction]


def ended(hall: Hall) -> list[ev.AgentContradicted]:
    return [e for e in hall.published(ev.AgentContradicted) if e.contradiction is None]


async def free(hall: Hall) -> None:
    await hall.acd.free(A, "话机没有声音", actor="chen")
    await hall.calm()


async def the_phone_only(hall: Hall, use: PhoneUse) -> None:
    """What the telephone says of the phone, and nothing of any call."""
    hall.acd.post(PhoneChanged(Endpoint(PHONE), use, hall.clock.now()))
    await hall.calm()


# --- seen -----------------------------------------------------------------------------------


async def test_a_conversation_without_a_connection_is_told_after_five_seconds(hall: Hall) -> None:
    await talking(hall)
    began = hall.clock.now()
    await the_phone_only(hall, PhoneUse.IDLE)
    await hall.pass_time(JUST)
    assert (alarm(hall), told(hall)) == (None, [])
    await hall.pass_time(LONG - JUST)
    assert (alarm(hall), told(hall)) == (C.NO_CHANNEL, [C.NO_CHANNEL])
    [event] = hall.published(ev.AgentContradicted)
    assert (event.agent_id, event.since) == (A, began)
    assert "agent_contradicted" in hall.log.events
    await the_phone_only(hall, PhoneUse.IN_USE)
    [over] = ended(hall)
    assert (over.since, over.occurred_at - over.since, alarm(hall)) == (began, s(LONG), None)


async def test_a_shorter_difference_is_no_news_and_the_next_one_counts_anew(hall: Hall) -> None:
    await talking(hall)
    for _ in range(3):
        await the_phone_only(hall, PhoneUse.IDLE)
        await hall.pass_time(JUST)
        await the_phone_only(hall, PhoneUse.IN_USE)
        await hall.pass_time(0.1)
    assert told(hall) == []


@pytest.mark.parametrize("use", [PhoneUse.RINGING, PhoneUse.IN_USE])
async def test_a_phone_in_use_by_somebody_idle_is_told(hall: Hall, use: PhoneUse) -> None:
    await hall.seat(A)
    await the_phone_only(hall, use)
    await hall.pass_time(LONG)
    assert alarm(hall) == C.STRAY_CHANNEL


async def test_a_phone_in_use_during_the_write_up_is_told(hall: Hall) -> None:
    await talking(hall)
    hall.exchange.put_down(PHONE)
    await hall.calm()
    await hall.pass_time(LONG)
    assert alarm(hall) is None
    await the_phone_only(hall, PhoneUse.IN_USE)
    await hall.pass_time(LONG)
    assert alarm(hall) == C.STRAY_CHANNEL


async def test_a_phone_that_is_rung_and_stays_silent_is_told(hall: Hall) -> None:
    hall.exchange.silent.add(Endpoint(PHONE))
    await hall.seat(A)
    await hall.arrive("c-1")
    await hall.pass_time(LONG)
    assert alarm(hall) == C.NOT_RINGING


async def test_who_is_ready_without_a_phone_is_told(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.unregister(PHONE)
    await hall.calm()
    await hall.pass_time(LONG)
    assert alarm(hall) == C.UNREACHABLE
    hall.exchange.register(PHONE)
    await hall.calm()
    assert alarm(hall) is None


async def test_the_contradiction_may_change_and_lasts_from_its_beginning(hall: Hall) -> None:
    await hall.seat(A)
    began = hall.clock.now()
    hall.exchange.unregister(PHONE)
    await hall.calm()
    await hall.pass_time(LONG)
    hall.exchange.register(PHONE)
    hall.exchange.leave_stray(PHONE, ours=False)
    await the_phone_only(hall, PhoneUse.IN_USE)
    await hall.pass_time(LONG)
    assert told(hall) == [C.UNREACHABLE, C.STRAY_CHANNEL]
    assert hall.published(ev.AgentContradicted)[0].since == began


async def test_of_a_phone_nobody_told_anything_about_nothing_is_concluded(hall: Hall) -> None:
    await talking(hall)
    live = hall.exchange._live(hall.exchange.callers[CallId("c-1")])
    phones = frozenset(hall.exchange.registered)
    hall.acd.post(LineRestored((live,), phones, hall.clock.now()))
    await hall.calm()
    await hall.pass_time(60)
    assert told(hall) == []


async def test_while_the_line_is_away_nothing_is_concluded(hall: Hall) -> None:
    await talking(hall)
    await the_phone_only(hall, PhoneUse.IDLE)
    await hall.pass_time(LONG)
    hall.exchange.lose()
    await hall.calm()
    assert alarm(hall) is None
    await hall.pass_time(60)
    hall.exchange.restore()
    await hall.calm()
    await hall.pass_time(60)
    assert told(hall) == [C.NO_CHANNEL], "the truth that was read back is another"


async def test_who_leaves_takes_the_alarm_along(hall: Hall) -> None:
    await hall.seat(A)
    await the_phone_only(hall, PhoneUse.IN_USE)
    await hall.pass_time(LONG)
    await hall.acd.log_out(A)
    assert len(ended(hall)) == 1
    await hall.pass_time(60)
    assert told(hall) == [C.STRAY_CHANNEL]


# --- mended ---------------------------------------------------------------------------------


async def test_a_hang_up_that_was_not_heard_is_found_out(hall: Hall) -> None:
    call = await talking(hall)
    hall.exchange.lose_next(CallHungUp)
    hall.exchange.caller_hangs_up(call)
    await hall.calm()
    await hall.pass_time(JUST)
    assert hall.view(A).activity == "talking"
    await hall.pass_time(LONG - JUST)
    assert (hall.view(A).activity, alarm(hall)) == ("wrap_up", None)
    assert [e.call_id for e in hall.published(ev.CallEnded)] == [call]


async def test_an_operator_who_hung_up_unheard_is_found_out(hall: Hall) -> None:
    await talking(hall)
    hall.exchange.lose_next(TalkEnded)
    hall.exchange.put_down(PHONE)
    await hall.calm()
    await hall.pass_time(LONG)
    assert (hall.view(A).activity, alarm(hall)) == ("wrap_up", None)


async def test_an_answer_that_was_not_heard_is_found_out(hall: Hall) -> None:
    await hall.seat(A)
    call = await hall.arrive("c-1")
    hall.exchange.lose_next(OfferAnswered)
    hall.exchange.pick_up(PHONE)
    await hall.calm()
    await hall.pass_time(LONG)
    view = hall.view(A)
    assert (view.activity, view.call_id, alarm(hall)) == ("talking", call, None)


async def test_a_connection_left_over_of_a_call_is_dropped(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.leave_stray(PHONE, ours=True)
    await hall.calm()
    await hall.pass_time(LONG)
    assert (hall.exchange.strays, alarm(hall)) == ({}, None)
    assert len(ended(hall)) == 1


async def test_what_cannot_be_looked_at_stays_an_alarm(hall: Hall) -> None:
    await talking(hall)

    async def silent(*_: object, **__: object) -> None:
        raise Unavailable("电话系统没有应答")

    hall.exchange.check_phone = silent  # type: ignore[method-assign]
    await the_phone_only(hall, PhoneUse.IDLE)
    await hall.pass_time(60)
    assert alarm(hall) == C.NO_CHANNEL
    assert "phone_not_checked" in hall.log.events


# --- ended by a supervisor --------------------------------------------------------------------


async def stuck(hall: Hall, use: PhoneUse) -> None:
    """The telephone insists; looking does not help."""

    async def looked(*_: object, **__: object) -> None:
        hall.exchange.orders.append(("check_phone", CallId("")))

    hall.exchange.check_phone = looked  # type: ignore[method-assign]
    await the_phone_only(hall, use)
    await hall.pass_time(LONG)


async def test_a_caller_goes_back_to_the_line_at_the_old_place_and_is_not_hung_up(
    hall: Hall,
) -> None:
    call = await talking(hall)
    await stuck(hall, PhoneUse.IDLE)
    await hall.seat(B)
    await free(hall)
    assert hall.exchange.ringing() == {"booth002": call}
    assert hall.view(A).activity == "wrap_up"
    [freed] = hall.published(ev.AgentForced)
    assert (freed.state, freed.reason, freed.cause, freed.actor) == (
        "freed",
        "话机没有声音",
        "supervisor",
        "chen",
    )
    [moved] = hall.published(ev.CallTransferred)
    assert (moved.kind, moved.from_agent) == ("freed", A)
    first, second = hall.published(ev.CallQueued)
    assert second.first_arrival_at == first.first_arrival_at


async def test_a_caller_who_was_asked_about_goes_on_to_the_colleague(hall: Hall) -> None:
    call = await talking(hall)
    await hall.seat(B)
    await hall.acd.consult(A, B)
    await hall.calm()
    hall.exchange.pick_up("booth002")
    await hall.calm()
    await stuck(hall, PhoneUse.IDLE)
    await free(hall)
    assert hall.view(A).activity == "wrap_up"
    assert (hall.view(B).activity, hall.view(B).call_id) == ("talking", call)


async def test_a_colleague_who_was_asked_steps_aside(hall: Hall) -> None:
    await hall.seat(B)
    call = await hall.arrive("c-1")
    hall.exchange.pick_up("booth002")
    await hall.calm()
    await hall.seat(A)
    await hall.acd.consult(B, A)
    await hall.calm()
    hall.exchange.pick_up(PHONE)
    await hall.calm()
    await stuck(hall, PhoneUse.IDLE)
    await free(hall)
    assert hall.view(A).activity == "idle"
    assert (hall.view(B).activity, hall.view(B).call_id) == ("talking", call)


async def test_an_offer_to_a_silent_phone_goes_to_somebody_else(hall: Hall) -> None:
    hall.exchange.silent.add(Endpoint(PHONE))
    await hall.seat(A)
    call = await hall.arrive("c-1")
    await hall.pass_time(LONG)
    await hall.seat(B)
    await free(hall)
    assert hall.exchange.ringing() == {"booth002": call}
    view = hall.view(A)
    assert (view.status, view.reason, alarm(hall)) == ("not_ready", "phone_unreachable", None)
    assert hall.outcomes() == ["unreachable"]


async def test_a_foreign_connection_is_dropped(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.leave_stray(PHONE, ours=False)
    await hall.calm()
    await hall.pass_time(LONG)
    assert alarm(hall) == C.STRAY_CHANNEL, "nobody knows what it is"
    await free(hall)
    assert (hall.exchange.strays, alarm(hall)) == ({}, None)


async def test_who_has_no_phone_is_not_ready(hall: Hall) -> None:
    await hall.seat(A)
    hall.exchange.unregister(PHONE)
    await hall.calm()
    await hall.pass_time(LONG)
    await free(hall)
    view = hall.view(A)
    assert (view.status, view.reason, alarm(hall)) == ("not_ready", "phone_unreachable", None)


@pytest.mark.parametrize(
    ("agent", "reason", "error"), [(B, "x", NotFound), (A, " ", BadInput), (A, "x", Conflict)]
)
async def test_freeing_without_sense_is_refused(
    hall: Hall, agent: AgentId, reason: str, error: type[HotlineError]
) -> None:
    await hall.seat(A)
    with pytest.raises(error):
        await hall.acd.free(agent, reason, actor="chen")
    assert hall.published(ev.AgentForced) == []


async def test_a_failed_order_leaves_the_caller_where_he_or_she_is(hall: Hall) -> None:
    await talking(hall)
    await stuck(hall, PhoneUse.IDLE)
    hall.exchange.fail_next("requeue", Conflict("来电不在此处"))
    await free(hall)
    assert (hall.view(A).activity, alarm(hall)) == ("talking", C.NO_CHANNEL)
    await free(hall)
    assert hall.view(A).activity == "wrap_up"


def test_what_was_heard_and_ordered_is_read_back_from_the_log() -> None:
    phone = Endpoint(PHONE)
    for value in (
        inp.FreeAgent(A, "话机没有声音", "supervisor", "chen"),
        PhoneChanged(phone, PhoneUse.RINGING, NOON),
        LineRestored((), frozenset({phone}), NOON, phones=((phone, PhoneUse.IDLE),)),
    ):
        assert decode(encode(value)) == value
