"""The contract of the port `CallControl`, and its run against the exchange in memory.

Each `contract_...` function is one promise of `docs/contracts.md` (cti) as the distribution relies
on it. They need a `Rig` only: `test_call_control_on_asterisk.py` runs the same functions against
the real telephone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import pytest

from acd.ports import CallControl
from kernel.errors import BadInput, Conflict, NotFound, Unavailable
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallEntered,
    CallHungUp,
    CallWaiting,
    ConsultChanged,
    ConsultPhase,
    DialBackEnded,
    DialResult,
    LineRestored,
    OfferAnswered,
    OfferFailed,
    OfferResult,
    OfferRinging,
    PhoneChanged,
    PhoneUse,
    TalkEnded,
    TelephonyFact,
)
from tests.fakes.call_control import Exchange
from tests.fakes.clock import SetClock

RING = timedelta(seconds=20)
GENERAL, LABOUR = TeamId("general"), TeamId("labour")
Fact = TypeVar("Fact", bound=TelephonyFact)


class Rig(Protocol):
    """A telephone with callers and two registered phones whose hands the test moves."""

    phone: Endpoint
    other_phone: Endpoint
    dead_phone: Endpoint
    """An endpoint that exists and is not registered."""

    @property
    def control(self) -> CallControl: ...

    @property
    def facts(self) -> list[TelephonyFact]:
        """All facts so far, in order."""

    async def caller_waits(self) -> CallId:
        """A new caller stands in the waiting loop (its `CallWaiting` is among the facts)."""

    async def caller_hangs_up(self, call_id: CallId) -> None: ...

    async def pick_up(self, phone: Endpoint) -> None:
        """The phone rings; answer it."""

    async def refuse(self, phone: Endpoint) -> None:
        """The phone rings; press the red key."""

    async def put_down(self, phone: Endpoint) -> None:
        """The phone is in a conversation; hang up."""

    async def citizen_picks_up(self, callback_id: CallbackId) -> None:
        """The citizen's telephone rings for this callback; pick up, and be willing to talk."""

    async def citizen_is_busy(self, callback_id: CallbackId) -> None:
        """The citizen's telephone rings for this callback; say that it is engaged."""

    async def citizen_hangs_up_at_the_greeting(self, callback_id: CallbackId) -> None:
        """The citizen's telephone rings for this callback; pick up, listen, hang up."""

    def lose_next(self, kind: type[TelephonyFact]) -> None:
        """The next fact of this kind is lost on its way. (`OfferAnswered`, `CallHungUp`.)"""

    async def leave_leg(self, phone: Endpoint) -> None:
        """A connection stays at the phone of which the call has ended."""

    async def cut(self) -> None:
        """Break the link between the platform and the telephone."""

    async def mend(self) -> None:
        """Let the broken link come back, and wait until it is."""


async def fact(
    rig: Rig, kind: type[Fact], after: int = 0, where: Callable[[Fact], bool] | None = None
) -> Fact:
    """The first fact of this kind from place `after` on; waits up to 20 s for it."""
    async with asyncio.timeout(20):
        while True:
            for found in rig.facts[after:]:
                if isinstance(found, kind) and (where is None or where(found)):
                    return found
            await asyncio.sleep(0.005)


async def _talk(rig: Rig) -> tuple[CallId, OfferId]:
    call_id = await rig.caller_waits()
    offer_id = OfferId(f"{call_id}.1")
    await rig.control.deliver(call_id, offer_id, rig.phone, RING)
    await rig.pick_up(rig.phone)
    await fact(rig, OfferAnswered)
    return call_id, offer_id


async def contract_a_delivery_rings_and_is_answered(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    offer_id = OfferId(f"{call_id}.1")
    await rig.control.deliver(call_id, offer_id, rig.phone, RING)
    ringing = await fact(rig, OfferRinging)
    assert (ringing.call_id, ringing.offer_id, ringing.endpoint) == (
        call_id, offer_id, rig.phone,
    )  # fmt: skip
    await rig.pick_up(rig.phone)
    answered = await fact(rig, OfferAnswered)
    assert (answered.call_id, answered.offer_id) == (call_id, offer_id)
    assert not [f for f in rig.facts if isinstance(f, OfferFailed)]


async def contract_a_refused_delivery_fails_once_and_the_caller_waits_again(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    before = len(rig.facts)
    first_arrival = (await fact(rig, CallWaiting)).first_arrival_at
    await rig.control.deliver(call_id, OfferId(f"{call_id}.1"), rig.phone, RING)
    await rig.refuse(rig.phone)
    failed = await fact(rig, OfferFailed)
    assert failed.result is OfferResult.BUSY
    waiting = await fact(rig, CallWaiting, after=before)
    assert waiting.call_id == call_id
    assert waiting.first_arrival_at == first_arrival, "the first arrival is kept"
    ends = [type(f) for f in rig.facts[before:] if isinstance(f, OfferFailed | CallWaiting)]
    assert ends == [OfferFailed, CallWaiting]


async def contract_an_unanswered_delivery_fails_after_the_ring_timeout(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    before = len(rig.facts)
    await rig.control.deliver(call_id, OfferId(f"{call_id}.1"), rig.phone, timedelta(seconds=1))
    failed = await fact(rig, OfferFailed)
    assert failed.result is OfferResult.NO_ANSWER
    assert (await fact(rig, CallWaiting, after=before)).call_id == call_id


async def contract_an_unregistered_phone_is_unreachable(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    before = len(rig.facts)
    await rig.control.deliver(call_id, OfferId(f"{call_id}.1"), rig.dead_phone, RING)
    failed = await fact(rig, OfferFailed)
    assert failed.result is OfferResult.UNREACHABLE
    assert (await fact(rig, CallWaiting, after=before)).call_id == call_id


async def contract_a_cancelled_offer_brings_the_caller_back(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    offer_id = OfferId(f"{call_id}.1")
    await rig.control.deliver(call_id, offer_id, rig.phone, RING)
    await fact(rig, OfferRinging)
    before = len(rig.facts)
    await rig.control.cancel_offer(call_id, offer_id)
    assert (await fact(rig, CallWaiting, after=before)).call_id == call_id
    ends = [f for f in rig.facts if isinstance(f, OfferFailed)]
    assert all(f.result is OfferResult.CANCELLED for f in ends) and len(ends) <= 1
    await rig.control.deliver(call_id, OfferId(f"{call_id}.2"), rig.phone, RING)
    await rig.pick_up(rig.phone)
    assert (await fact(rig, OfferAnswered)).offer_id == f"{call_id}.2"


async def contract_a_caller_who_leaves_while_ringing_ends_the_delivery(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    await rig.control.deliver(call_id, OfferId(f"{call_id}.1"), rig.phone, RING)
    await fact(rig, OfferRinging)
    before = len(rig.facts)
    await rig.caller_hangs_up(call_id)
    assert (await fact(rig, CallHungUp)).call_id == call_id
    later = rig.facts[before:]
    assert not [f for f in later if isinstance(f, OfferAnswered | CallWaiting)]


async def contract_release_ends_the_talk_and_keeps_the_caller(rig: Rig) -> None:
    call_id, offer_id = await _talk(rig)
    await rig.control.release(call_id)
    ended = await fact(rig, TalkEnded)
    assert (ended.call_id, ended.offer_id, ended.endpoint) == (call_id, offer_id, rig.phone)


async def contract_an_operator_who_hangs_up_ends_the_talk(rig: Rig) -> None:
    call_id, offer_id = await _talk(rig)
    await rig.put_down(rig.phone)
    assert (await fact(rig, TalkEnded)).offer_id == offer_id


async def contract_requeue_keeps_the_first_arrival_and_names_team_and_agent(rig: Rig) -> None:
    call_id, offer_id = await _talk(rig)
    first = await fact(rig, CallWaiting)
    before = len(rig.facts)
    await rig.control.requeue(call_id, LABOUR, 2, AgentId("op0002"))
    waiting = await fact(rig, CallWaiting, after=before)
    assert waiting.call_id == call_id
    assert (waiting.team, waiting.priority, waiting.wanted_agent) == (LABOUR, 2, "op0002")
    assert waiting.first_arrival_at == first.first_arrival_at
    assert (await fact(rig, TalkEnded)).offer_id == offer_id
    await rig.control.deliver(call_id, OfferId(f"{call_id}.2"), rig.other_phone, RING)
    await rig.pick_up(rig.other_phone)
    answered = await fact(rig, OfferAnswered, after=before)
    assert answered.endpoint == rig.other_phone


def _phase(phase: ConsultPhase) -> Callable[[ConsultChanged], bool]:
    return lambda found: found.phase is phase


async def _consult(rig: Rig) -> tuple[CallId, OfferId]:
    call_id, offer_id = await _talk(rig)
    await rig.control.start_consult(call_id, offer_id, rig.phone, rig.other_phone)
    await rig.pick_up(rig.other_phone)
    talking = await fact(rig, ConsultChanged, where=_phase(ConsultPhase.TALKING))
    assert (talking.call_id, talking.offer_id) == (call_id, offer_id)
    assert (talking.endpoint, talking.consulted) == (rig.phone, rig.other_phone)
    return call_id, offer_id


async def contract_a_completed_consultation_hands_the_caller_over(rig: Rig) -> None:
    call_id, offer_id = await _consult(rig)
    await rig.control.complete_consult(call_id)
    await fact(rig, ConsultChanged, where=_phase(ConsultPhase.COMPLETED))
    before = len(rig.facts)
    await rig.put_down(rig.other_phone)
    ended = await fact(rig, TalkEnded, after=before)
    assert (ended.offer_id, ended.endpoint) == (offer_id, rig.other_phone)


async def contract_a_cancelled_consultation_goes_back_to_the_caller(rig: Rig) -> None:
    call_id, _ = await _consult(rig)
    await rig.control.cancel_consult(call_id)
    await fact(rig, ConsultChanged, where=_phase(ConsultPhase.CANCELLED))
    before = len(rig.facts)
    await rig.put_down(rig.phone)
    assert (await fact(rig, TalkEnded, after=before)).offer_id == f"{call_id}.1"


async def contract_a_consulted_phone_that_refuses_fails_the_consultation(rig: Rig) -> None:
    call_id, offer_id = await _talk(rig)
    await rig.control.start_consult(call_id, offer_id, rig.phone, rig.other_phone)
    await fact(rig, ConsultChanged, where=_phase(ConsultPhase.RINGING))
    await rig.refuse(rig.other_phone)
    await fact(rig, ConsultChanged, where=_phase(ConsultPhase.FAILED))


async def contract_an_order_for_a_call_that_is_gone_is_not_found(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    await rig.caller_hangs_up(call_id)
    await fact(rig, CallHungUp)
    control, offer_id = rig.control, OfferId(f"{call_id}.1")
    orders: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: control.deliver(call_id, offer_id, rig.phone, RING),
        lambda: control.cancel_offer(call_id, offer_id),
        lambda: control.requeue(call_id, GENERAL, 0, None),
        lambda: control.release(call_id),
        lambda: control.start_consult(call_id, offer_id, rig.phone, rig.other_phone),
        lambda: control.complete_consult(call_id),
        lambda: control.cancel_consult(call_id),
    )
    for order in orders:
        with pytest.raises(NotFound):
            await order()


async def contract_an_order_for_a_call_in_another_place_is_a_conflict(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    with pytest.raises(Conflict):
        await rig.control.release(call_id)
    with pytest.raises(Conflict):
        await rig.control.cancel_offer(call_id, OfferId(f"{call_id}.1"))
    await rig.control.deliver(call_id, OfferId(f"{call_id}.1"), rig.phone, RING)
    await rig.pick_up(rig.phone)
    await fact(rig, OfferAnswered)
    with pytest.raises(Conflict):
        await rig.control.deliver(call_id, OfferId(f"{call_id}.2"), rig.other_phone, RING)
    with pytest.raises(Conflict):
        await rig.control.cancel_consult(call_id)


async def contract_without_a_link_every_order_is_unavailable(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    await rig.cut()
    with pytest.raises(Unavailable):
        await rig.control.deliver(call_id, OfferId(f"{call_id}.1"), rig.phone, RING)
    with pytest.raises(Unavailable):
        await rig.control.release(call_id)


# --- a look at a phone ------------------------------------------------------------------------


def _use(phone: Endpoint, use: PhoneUse) -> Callable[[PhoneChanged], bool]:
    return lambda found: found.endpoint == phone and found.use is use


async def contract_a_look_at_a_conversation_as_it_should_be_tells_and_ends_nothing(
    rig: Rig,
) -> None:
    call_id, offer_id = await _talk(rig)
    await fact(rig, PhoneChanged, where=_use(rig.phone, PhoneUse.IN_USE))
    before = len(rig.facts)
    await rig.control.check_phone(rig.phone, call_id)
    await rig.control.check_phone(rig.phone, call_id, free=True)
    await rig.put_down(rig.phone)
    assert (await fact(rig, TalkEnded, after=before)).offer_id == offer_id
    told = [f for f in rig.facts[before:] if not isinstance(f, PhoneChanged)]
    assert isinstance(told[0], TalkEnded)


async def contract_a_look_for_a_call_that_nobody_knows_ends_it_once(rig: Rig) -> None:
    lost = CallId("gz1-1795492774-77")
    await rig.control.check_phone(rig.phone, lost)
    assert (await fact(rig, CallHungUp)).call_id == lost
    await rig.control.check_phone(rig.phone, lost)
    await rig.caller_waits()
    assert sum(isinstance(f, CallHungUp) for f in rig.facts) == 1


async def contract_an_answer_that_was_lost_is_told_after_a_look(rig: Rig) -> None:
    call_id = await rig.caller_waits()
    offer_id = OfferId(f"{call_id}.1")
    rig.lose_next(OfferAnswered)
    await rig.control.deliver(call_id, offer_id, rig.phone, RING)
    await rig.pick_up(rig.phone)
    await fact(rig, PhoneChanged, where=_use(rig.phone, PhoneUse.IN_USE))
    async with asyncio.timeout(20):
        # The two are connected some milliseconds after the phone is in use.
        while not any(isinstance(f, OfferAnswered) for f in rig.facts):
            await rig.control.check_phone(rig.phone, call_id)
            await asyncio.sleep(0.02)
    answered = await fact(rig, OfferAnswered)
    assert (answered.call_id, answered.offer_id, answered.endpoint) == (
        call_id, offer_id, rig.phone,
    )  # fmt: skip
    assert sum(isinstance(f, OfferAnswered) for f in rig.facts) == 1


async def contract_a_hang_up_that_was_lost_is_told_after_a_look(rig: Rig) -> None:
    call_id, _ = await _talk(rig)
    before = len(rig.facts)
    rig.lose_next(CallHungUp)
    await rig.caller_hangs_up(call_id)
    await fact(rig, PhoneChanged, before, where=_use(rig.phone, PhoneUse.IDLE))
    assert not [f for f in rig.facts if isinstance(f, CallHungUp)]
    await rig.control.check_phone(rig.phone, call_id)
    assert (await fact(rig, CallHungUp)).call_id == call_id


async def contract_what_is_left_of_a_call_that_ended_is_dropped(rig: Rig) -> None:
    await rig.leave_leg(rig.phone)
    await fact(rig, PhoneChanged, where=_use(rig.phone, PhoneUse.IN_USE))
    before = len(rig.facts)
    await rig.control.check_phone(rig.phone, None)
    await fact(rig, PhoneChanged, before, where=_use(rig.phone, PhoneUse.IDLE))
    assert not [f for f in rig.facts[before:] if isinstance(f, CallHungUp)], "no caller with it"


async def contract_without_a_link_no_phone_is_looked_at(rig: Rig) -> None:
    await rig.cut()
    with pytest.raises(Unavailable):
        await rig.control.check_phone(rig.phone, None)


# --- callbacks ------------------------------------------------------------------------------

CALLBACK = CallbackId("cb-1")
CITIZEN = PhoneNumber("13800138000")
LONG_AGO = datetime(2026, 11, 24, 1, 2, 3, 456_000, UTC)


async def dial(rig: Rig, number: PhoneNumber = CITIZEN, ring: timedelta = RING) -> None:
    await rig.control.dial_back(CALLBACK, number, LABOUR, Language.CANTONESE, 3, LONG_AGO, ring)


def ends(rig: Rig) -> list[DialBackEnded]:
    return [f for f in rig.facts if isinstance(f, DialBackEnded)]


async def contract_a_citizen_called_back_waits_at_the_old_place_and_is_delivered(rig: Rig) -> None:
    await dial(rig)
    await rig.citizen_picks_up(CALLBACK)
    waiting = await fact(rig, CallWaiting)
    assert (waiting.team, waiting.language, waiting.priority) == (LABOUR, Language.CANTONESE, 3)
    assert (waiting.first_arrival_at, waiting.ani) == (LONG_AGO, CITIZEN)
    entered = await fact(rig, CallEntered)
    assert (entered.call_id, entered.callback_id) == (waiting.call_id, CALLBACK)
    (ended,) = ends(rig)
    assert (ended.callback_id, ended.result) == (CALLBACK, DialResult.ANSWERED)
    assert ended.call_id == waiting.call_id
    order = [f for f in rig.facts if isinstance(f, CallEntered | DialBackEnded | CallWaiting)]
    assert order == [entered, ended, waiting]
    await rig.control.deliver(waiting.call_id, OfferId(f"{waiting.call_id}.1"), rig.phone, RING)
    await rig.pick_up(rig.phone)
    assert (await fact(rig, OfferAnswered)).call_id == waiting.call_id


async def contract_a_busy_citizen_ends_the_dialling_once(rig: Rig) -> None:
    await dial(rig)
    await rig.citizen_is_busy(CALLBACK)
    ended = await fact(rig, DialBackEnded)
    assert (ended.result, ended.call_id) == (DialResult.BUSY, None)
    assert ends(rig) == [ended]


async def contract_a_citizen_who_does_not_pick_up_ends_the_dialling(rig: Rig) -> None:
    await dial(rig, ring=timedelta(seconds=1))
    ended = await fact(rig, DialBackEnded)
    assert (ended.result, ended.call_id) == (DialResult.NO_ANSWER, None)


async def contract_a_citizen_who_hangs_up_on_the_greeting_refused(rig: Rig) -> None:
    await dial(rig)
    await rig.citizen_hangs_up_at_the_greeting(CALLBACK)
    hung_up = await fact(rig, CallHungUp)
    (ended,) = ends(rig)
    assert (ended.result, ended.call_id) == (DialResult.REFUSED, hung_up.call_id)
    assert not [f for f in rig.facts if isinstance(f, CallWaiting)]


async def contract_a_dialling_taken_back_stops_the_ringing(rig: Rig) -> None:
    await dial(rig)
    with pytest.raises(Conflict):
        await dial(rig)
    await rig.control.cancel_dial_back(CALLBACK)
    assert (await fact(rig, DialBackEnded)).result is DialResult.CANCELLED
    with pytest.raises(NotFound):
        await rig.control.cancel_dial_back(CALLBACK)
    assert len(ends(rig)) == 1


async def contract_only_citizens_numbers_are_called(rig: Rig) -> None:
    for digits in ("", "110", "12345", "0085291234567", "+85291234567", "4008001234", "*100#"):
        with pytest.raises(BadInput):
            await dial(rig, PhoneNumber(digits))
    assert not ends(rig)


async def contract_a_dialling_that_a_cut_link_hid_ends_once_with_the_next_truth(rig: Rig) -> None:
    await rig.cut()
    with pytest.raises(Unavailable):
        await dial(rig)
    await rig.mend()
    ended = await fact(rig, DialBackEnded)
    assert ended.result is DialResult.FAILED
    assert ends(rig) == [ended]


async def contract_a_citizen_who_rings_over_a_cut_link_is_in_the_next_truth(rig: Rig) -> None:
    await dial(rig)
    before = len(rig.facts)
    await rig.cut()
    await rig.mend()
    restored = await fact(rig, LineRestored, after=before)
    assert restored.dialling == {CALLBACK}
    await rig.citizen_picks_up(CALLBACK)
    assert (await fact(rig, DialBackEnded)).result is DialResult.ANSWERED
    assert len(ends(rig)) == 1


CONTRACT: tuple[Callable[[Rig], Awaitable[None]], ...] = tuple(
    value for name, value in sorted(globals().items()) if name.startswith("contract_")
)


class MemoryRig:
    """The exchange in memory as a rig."""

    phone = Endpoint("booth001")
    other_phone = Endpoint("booth002")
    dead_phone = Endpoint("booth003")

    def __init__(self) -> None:
        self.exchange = Exchange(SetClock())
        self._facts: list[TelephonyFact] = []
        self.exchange.subscribe(self._facts.append)
        self.exchange.register(self.phone, self.other_phone)
        self.exchange.rings_out_after = timedelta(seconds=1)

    @property
    def control(self) -> CallControl:
        return self.exchange

    @property
    def facts(self) -> list[TelephonyFact]:
        return self._facts

    async def caller_waits(self) -> CallId:
        return self.exchange.arrive("c-1")

    async def caller_hangs_up(self, call_id: CallId) -> None:
        self.exchange.caller_hangs_up(call_id)

    async def pick_up(self, phone: Endpoint) -> None:
        self.exchange.pick_up(phone)

    async def refuse(self, phone: Endpoint) -> None:
        self.exchange.refuse(phone)

    async def put_down(self, phone: Endpoint) -> None:
        self.exchange.put_down(phone)

    async def citizen_picks_up(self, callback_id: CallbackId) -> None:
        self.exchange.citizen_picks_up(callback_id, "c-2")

    async def citizen_is_busy(self, callback_id: CallbackId) -> None:
        self.exchange.citizen_not_had(callback_id, DialResult.BUSY)

    async def citizen_hangs_up_at_the_greeting(self, callback_id: CallbackId) -> None:
        self.exchange.citizen_declines(callback_id, "c-2")

    def lose_next(self, kind: type[TelephonyFact]) -> None:
        self.exchange.lose_next(kind)

    async def leave_leg(self, phone: Endpoint) -> None:
        self.exchange.leave_stray(phone, ours=True)

    async def cut(self) -> None:
        self.exchange.lose()

    async def mend(self) -> None:
        self.exchange.restore()


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda f: f.__name__.removeprefix("contract_"))
async def test_the_exchange_in_memory_keeps_the_promise(
    promise: Callable[[Rig], Awaitable[None]],
) -> None:
    await promise(MemoryRig())
