"""An operator's browser and phone vanish amid a conversation: nobody talks to an empty chair."""

from __future__ import annotations

from kernel import events as ev
from kernel.errors import Unavailable
from kernel.ids import CallId
from tests.unit.acd.hall import A, B, Hall

AFTER_S = 20


async def talking(hall: Hall, call_id: str = "c-1") -> CallId:
    """A talks; B is ready and free."""
    await hall.seat(A)
    call = await hall.arrive(call_id)
    hall.exchange.pick_up("booth001")
    await hall.calm()
    await hall.seat(B)
    return call


async def vanish(hall: Hall) -> None:
    """A's browser, which is the phone as well, is closed."""
    hall.exchange.unregister("booth001")
    await hall.acd.connection_lost(A)
    await hall.calm()


async def test_the_caller_of_a_closed_browser_is_handed_to_the_next_colleague(hall: Hall) -> None:
    call = await talking(hall)
    await hall.pass_time(100)
    await vanish(hall)
    await hall.pass_time(AFTER_S - 1)
    assert hall.view(A).activity == "talking", "the network may come back"
    assert hall.exchange.ringing() == {}
    await hall.pass_time(2)
    assert hall.exchange.ringing() == {"booth002": call}
    assert (hall.view(A).activity, hall.view(A).call_id) == ("wrap_up", call)
    [moved] = hall.published(ev.CallTransferred)
    assert (moved.kind, moved.from_agent, moved.to_team) == ("left_alone", A, "general")
    first, second = hall.published(ev.CallQueued)
    assert second.first_arrival_at == first.first_arrival_at


async def test_the_vanished_operator_is_not_ready_after_the_wrap_up(hall: Hall) -> None:
    await talking(hall)
    await vanish(hall)
    await hall.pass_time(AFTER_S + 120)
    view = hall.view(A)
    assert (view.activity, view.status, view.reason) == ("idle", "not_ready", "connection_lost")


async def test_a_network_that_comes_back_in_time_leaves_the_two_talking(hall: Hall) -> None:
    await talking(hall)
    await vanish(hall)
    await hall.pass_time(AFTER_S - 5)
    await hall.acd.connection_back(A)
    await hall.calm()
    await hall.pass_time(60)
    assert hall.view(A).activity == "talking"
    assert hall.published(ev.CallTransferred) == []


async def test_a_phone_that_lives_talks_on_without_a_browser(hall: Hall) -> None:
    await talking(hall)
    await hall.acd.connection_lost(A)
    await hall.pass_time(300)
    assert hall.view(A).activity == "talking"


async def test_a_browser_that_lives_may_lose_its_phone_for_a_while(hall: Hall) -> None:
    await talking(hall)
    hall.exchange.unregister("booth001")
    await hall.calm()
    await hall.pass_time(300)
    assert hall.view(A).activity == "talking"


async def test_the_time_begins_when_the_second_of_the_two_is_gone(hall: Hall) -> None:
    call = await talking(hall)
    await hall.acd.connection_lost(A)
    await hall.pass_time(100)
    hall.exchange.unregister("booth001")
    await hall.calm()
    await hall.pass_time(AFTER_S - 1)
    assert hall.view(A).activity == "talking"
    await hall.pass_time(2)
    assert hall.exchange.ringing() == {"booth002": call}


async def test_a_consulted_colleague_takes_the_caller_over(hall: Hall) -> None:
    call = await talking(hall)
    await hall.acd.consult(A, B)
    hall.exchange.pick_up("booth002")
    await hall.calm()
    await vanish(hall)
    await hall.pass_time(AFTER_S + 1)
    assert (hall.view(B).activity, hall.view(B).call_id) == ("talking", call)
    assert hall.view(A).activity == "wrap_up"


async def test_a_colleague_who_only_rings_is_not_left_with_a_stranger(hall: Hall) -> None:
    call = await talking(hall)
    await hall.pass_time(1)
    await hall.acd.consult(A, B)
    await hall.calm()
    await vanish(hall)
    await hall.pass_time(AFTER_S - 1)
    offers = hall.published(ev.CallOffered)
    await hall.pass_time(2)
    assert hall.exchange.ringing() == {"booth002": call}, "offered as a call, not as a question"
    assert len(hall.published(ev.CallOffered)) == len(offers) + 1
    assert hall.view(A).activity == "wrap_up"


async def test_an_order_that_fails_is_tried_again(hall: Hall) -> None:
    call = await talking(hall)
    await vanish(hall)
    hall.exchange.fail_next("requeue", Unavailable("线路无响应"))
    await hall.pass_time(AFTER_S + 1)
    assert hall.view(A).activity == "talking"
    await hall.pass_time(AFTER_S + 1)
    assert hall.exchange.ringing() == {"booth002": call}


async def test_nothing_is_ordered_while_the_line_is_lost(hall: Hall) -> None:
    call = await talking(hall)
    await vanish(hall)
    hall.exchange.lose()
    await hall.pass_time(AFTER_S + 30)
    assert ("requeue", call) not in hall.exchange.orders
    hall.exchange.restore()
    await hall.calm()
    await hall.pass_time(AFTER_S + 1)
    assert hall.exchange.ringing() == {"booth002": call}
