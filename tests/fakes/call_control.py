"""A telephone exchange in memory (port `acd.ports.CallControl`), with its callers and phones.

It keeps the promises that `cti.service.TelephoneLine` makes: a waiting caller is reported at each
entry of the waiting loop; each delivery ends in exactly one of answered, failed and back in the
loop, or hung up; what an order did is told as a fact, never as the order's result.
`tests/integration/test_call_control_contract.py` runs the same contract against both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kernel.clock import Clock
from kernel.errors import BadInput, Conflict, HotlineError, NotFound, Unavailable
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, callable_number
from kernel.telephony import (
    CallbackAsked,
    CallEntered,
    CallHungUp,
    CallWaiting,
    ConsultChanged,
    ConsultPhase,
    DialBackEnded,
    DialResult,
    EndedBy,
    EndpointChanged,
    HoldChanged,
    LineLost,
    LineRestored,
    LiveCall,
    MessageLeft,
    OfferAnswered,
    OfferFailed,
    OfferResult,
    OfferRinging,
    PhoneChanged,
    PhoneUse,
    TalkEnded,
    TelephonyFact,
)
from tests.fakes.calls_at_phones import CallsAtPhones

Sink = Callable[[TelephonyFact], None]


@dataclass
class Caller:
    """One caller's leg. `place` as in `LiveCall`; `phone` the operator's, when there is one."""

    call_id: CallId
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    ani: PhoneNumber
    dnis: str
    place: str = "waiting"
    offer_id: OfferId | None = None
    phone: Endpoint | None = None
    consulted: Endpoint | None = None
    consult_answered: bool = False
    wanted: AgentId | None = None
    callback_id: CallbackId | None = None


@dataclass(frozen=True)
class Dial:
    """A citizen whose telephone rings."""

    callback_id: CallbackId
    number: PhoneNumber
    team: TeamId
    language: Language
    priority: int
    arrived_at: datetime


@dataclass
class Exchange:
    """The truth. Facts go to the sinks at once; orders are kept in `orders` as given."""

    clock: Clock
    sinks: list[Sink] = field(default_factory=list)
    callers: dict[CallId, Caller] = field(default_factory=dict)
    registered: set[Endpoint] = field(default_factory=set)
    dialling: dict[CallbackId, Dial] = field(default_factory=dict)
    orders: list[tuple[str, CallId | CallbackId]] = field(default_factory=list)
    up: bool = True
    faults: dict[str, list[HotlineError]] = field(default_factory=dict)
    rings_out_after: timedelta | None = None
    """Deliveries and diallings with at most this ring time are not answered at all."""
    strays: dict[Endpoint, bool] = field(default_factory=dict)
    """Phones with a connection that belongs to nobody; True: left over of a call that ended."""
    silent: set[Endpoint] = field(default_factory=set)
    """Phones that do not ring when they are rung."""
    lost: list[TelephonyFact] = field(default_factory=list)
    """Facts that never arrived (`lose_next`), until the phone is looked at."""
    ended: set[CallId] = field(default_factory=set)
    """Calls whose end was told."""
    _losing: list[type[TelephonyFact]] = field(default_factory=list)
    _uses: dict[Endpoint, PhoneUse] = field(default_factory=dict)
    _unseen: list[DialBackEnded] = field(default_factory=list)
    _calls_at: CallsAtPhones = field(default_factory=CallsAtPhones)

    # --- the line --------------------------------------------------------------------------

    def subscribe(self, sink: Sink) -> None:
        self.sinks.append(sink)

    def tell(self, fact: TelephonyFact) -> None:
        if self.up and type(fact) in self._losing:
            self._losing.remove(type(fact))
            self.lost.append(fact)
        elif self.up:
            if isinstance(fact, CallHungUp):
                self.ended.add(fact.call_id)
            for sink in self.sinks:
                sink(fact)
        if not isinstance(fact, PhoneChanged):
            self._tell_uses(getattr(fact, "call_id", None))

    def lose_next(self, kind: type[TelephonyFact]) -> None:
        """The next fact of this kind never arrives."""
        self._losing.append(kind)

    def use(self, endpoint: Endpoint) -> PhoneUse:
        return self._use(endpoint, self.callers.values())

    def _use(self, endpoint: Endpoint, callers: Iterable[Caller]) -> PhoneUse:
        for caller in callers:
            if endpoint == caller.phone and caller.place != "offered":
                return PhoneUse.IN_USE
            if endpoint == caller.consulted and caller.consult_answered:
                return PhoneUse.IN_USE
            if endpoint in (caller.phone, caller.consulted) and endpoint not in self.silent:
                return PhoneUse.RINGING
        return PhoneUse.IN_USE if endpoint in self.strays else PhoneUse.IDLE

    def _tell_uses(self, call_id: CallId | None = None) -> None:
        """What the phones do is told apart from all calls; with `call_id` those of that call."""
        touched = set() if call_id is None else self._touched(call_id)
        one = call_id is not None and len(self._uses) >= len(self.registered)
        for endpoint in sorted(touched if one else {*self.registered, *self._uses}):
            calls = self._calls_at.at(endpoint) if one else self.callers
            use = self._use(endpoint, [self.callers[c] for c in calls if c in self.callers])
            if self.up and self._uses.get(endpoint) is not use:
                self._uses[endpoint] = use
                self.tell(PhoneChanged(endpoint, use, self.clock.now()))

    def _touched(self, call_id: CallId) -> set[Endpoint]:
        caller = self.callers.get(call_id)
        phones = [] if caller is None else [e for e in (caller.phone, caller.consulted) if e]
        return self._calls_at.put(call_id, phones)

    def leave_stray(self, endpoint: str, *, ours: bool) -> None:
        """A connection stays at the phone when it should not."""
        self.strays[Endpoint(endpoint)] = ours
        self._tell_uses()

    def restore(self) -> None:
        """The link is there (again): the whole truth."""
        self.up = True
        unseen, self._unseen = self._unseen, []
        for ended in unseen:
            self.tell(ended)
        live = tuple(self._live(c) for c in self.callers.values())
        self._uses = {e: self.use(e) for e in sorted({*self.registered, *self._uses})}
        self.lost.clear()
        self.tell(
            LineRestored(
                live,
                frozenset(self.registered),
                self.clock.now(),
                frozenset(self.dialling),
                tuple(self._uses.items()),
            )
        )

    def lose(self, reason: str = "cut") -> None:
        self.tell(LineLost(reason, self.clock.now()))
        self.up = False

    def _live(self, caller: Caller) -> LiveCall:
        return LiveCall(
            call_id=caller.call_id,
            place=caller.place,
            ani=caller.ani,
            dnis=caller.dnis,
            team=caller.team,
            language=caller.language,
            priority=caller.priority,
            first_arrival_at=caller.first_arrival_at,
            offer_id=caller.offer_id,
            endpoint=caller.phone,
            callback_id=caller.callback_id,
        )

    def fail_next(self, order: str, error: HotlineError) -> None:
        """The next order of this name raises and does nothing."""
        self.faults.setdefault(order, []).append(error)

    # --- callers ---------------------------------------------------------------------------

    def arrive(
        self,
        call_id: str,
        team: str = "general",
        *,
        language: Language = Language.MANDARIN,
        priority: int = 0,
        ani: str = "13800138000",
        dnis: str = "12345",
        first_arrival_at: datetime | None = None,
    ) -> CallId:
        """A caller enters the waiting loop."""
        caller = Caller(
            CallId(call_id),
            TeamId(team),
            language,
            priority,
            first_arrival_at or self.clock.now(),
            PhoneNumber(ani),
            dnis,
        )
        self.callers[caller.call_id] = caller
        self._waits(caller)
        return caller.call_id

    def caller_hangs_up(self, call_id: CallId, by: EndedBy = EndedBy.CALLER) -> None:
        del self.callers[call_id]
        self.tell(CallHungUp(call_id, by, 16, self.clock.now()))

    def ask_for_callback(self, call_id: CallId, number: str = "") -> None:
        """The waiting caller chose to be called back, and is let go."""
        caller = self.callers[call_id]
        assert caller.place == "waiting"
        self.tell(
            CallbackAsked(
                call_id,
                PhoneNumber(number) if number else caller.ani,
                caller.team,
                caller.language,
                caller.priority,
                caller.first_arrival_at,
                self.clock.now(),
            )
        )
        self.caller_hangs_up(call_id, EndedBy.PLATFORM)

    def leave_message(self, call_id: CallId, spoken: timedelta = timedelta(seconds=9)) -> None:
        """The waiting caller spoke a message, and is let go."""
        caller = self.callers[call_id]
        assert caller.place == "waiting"
        now = self.clock.now()
        self.tell(MessageLeft(call_id, caller.ani, caller.team, caller.language, spoken, now))
        self.caller_hangs_up(call_id, EndedBy.PLATFORM)

    def _waits(self, caller: Caller) -> None:
        caller.place, caller.offer_id, caller.phone = "waiting", None, None
        caller.consulted = None
        self.tell(
            CallWaiting(
                caller.call_id,
                caller.team,
                caller.language,
                caller.priority,
                caller.first_arrival_at,
                caller.ani,
                caller.dnis,
                caller.wanted,
                self.clock.now(),
            )
        )
        caller.wanted = None

    # --- citizens whom we call ---------------------------------------------------------------

    def citizen_picks_up(self, callback_id: CallbackId, call_id: str) -> CallId:
        """The citizen is there and wants to talk: a new call in the old place."""
        dial = self.dialling.pop(callback_id)
        caller = Caller(
            CallId(call_id),
            dial.team,
            dial.language,
            dial.priority,
            dial.arrived_at,
            dial.number,
            "12345",
            callback_id=callback_id,
        )
        self.callers[caller.call_id] = caller
        self._enters(caller)
        self._dial_ends(callback_id, DialResult.ANSWERED, caller.call_id)
        self._waits(caller)
        return caller.call_id

    def citizen_declines(self, callback_id: CallbackId, call_id: str) -> None:
        """Picked up, heard who calls, and hung up."""
        dial = self.dialling.pop(callback_id)
        now = self.clock.now()
        self.tell(CallEntered(CallId(call_id), dial.number, "", "12345", now, callback_id))
        self._dial_ends(callback_id, DialResult.REFUSED, CallId(call_id))
        self.tell(CallHungUp(CallId(call_id), EndedBy.CALLER, 16, now))

    def citizen_not_had(
        self, callback_id: CallbackId, result: DialResult = DialResult.NO_ANSWER
    ) -> None:
        """Nobody picked up, it is busy, ..."""
        del self.dialling[callback_id]
        self._dial_ends(callback_id, result, None)

    def _enters(self, caller: Caller) -> None:
        self.tell(
            CallEntered(
                caller.call_id,
                caller.ani,
                "",
                caller.dnis,
                self.clock.now(),
                caller.callback_id,
            )
        )

    def _dial_ends(
        self, callback_id: CallbackId, result: DialResult, call_id: CallId | None
    ) -> None:
        if not self.up and result is not DialResult.ANSWERED:
            result = DialResult.FAILED
        ended = DialBackEnded(callback_id, result, call_id, self.clock.now())
        if self.up:
            self.tell(ended)
        else:
            self._unseen.append(ended)

    # --- the native queue, while the platform is away ----------------------------------------

    def fall_back(self, call_id: CallId) -> None:
        """The caller came (back) to the waiting loop, which found the platform silent."""
        caller = self.callers[call_id]
        caller.place, caller.offer_id, caller.phone = "fallback", None, None

    def fallback_answers(self, call_id: CallId, endpoint: str) -> None:
        """One of the logged-in booths answers it. Such an offer has the number 0."""
        caller = self.callers[call_id]
        assert caller.place == "fallback"
        caller.place, caller.phone = "talking", Endpoint(endpoint)
        caller.offer_id = OfferId(f"{call_id}.0")
        self.tell(OfferAnswered(call_id, caller.offer_id, caller.phone, self.clock.now()))

    def take_back(self, call_id: CallId) -> None:
        """The caller is fetched out of the native queue, or leaves it at the end of its turn."""
        caller = self.callers[call_id]
        assert caller.place == "fallback"
        self._waits(caller)

    # --- phones ----------------------------------------------------------------------------

    def register(self, *endpoints: str) -> None:
        for name in endpoints:
            self.registered.add(Endpoint(name))
            self.tell(EndpointChanged(Endpoint(name), True, self.clock.now()))

    def unregister(self, endpoint: str) -> None:
        self.registered.discard(Endpoint(endpoint))
        self.tell(EndpointChanged(Endpoint(endpoint), False, self.clock.now()))

    def ringing(self) -> dict[Endpoint, CallId]:
        """Phones that ring for a caller (consultations too)."""
        found = {c.phone: c.call_id for c in self.callers.values() if c.place == "offered"}
        for caller in self.callers.values():
            if caller.consulted is not None and not caller.consult_answered:
                found[caller.consulted] = caller.call_id
        return {phone: call_id for phone, call_id in found.items() if phone is not None}

    def pick_up(self, endpoint: str) -> CallId:
        """The ringing phone is answered."""
        caller = self._at(endpoint)
        if caller.consulted == endpoint and not caller.consult_answered:
            caller.consult_answered = True
            self._consult(caller, ConsultPhase.TALKING)
            return caller.call_id
        assert caller.place == "offered" and caller.offer_id and caller.phone
        caller.place = "talking"
        now = self.clock.now()
        self.tell(OfferAnswered(caller.call_id, caller.offer_id, caller.phone, now))
        return caller.call_id

    def refuse(self, endpoint: str) -> None:
        caller = self._at(endpoint)
        if caller.consulted == endpoint:
            self.ring_out(endpoint)
        else:
            self._offer_fails(caller, OfferResult.BUSY)

    def ring_out(self, endpoint: str) -> None:
        """Nobody answers in time."""
        caller = self._at(endpoint)
        if caller.consulted == endpoint:
            self._consult(caller, ConsultPhase.FAILED)
            self._end_consult(caller)
        else:
            self._offer_fails(caller, OfferResult.NO_ANSWER)

    def put_down(self, endpoint: str) -> None:
        """The operator hangs up."""
        caller = self._at(endpoint)
        if caller.consulted == endpoint:
            self._consult(caller, ConsultPhase.FAILED)
            self._end_consult(caller)
            return
        self._drop_operator(caller)

    def hold(self, endpoint: str, on_hold: bool) -> None:
        caller = self._at(endpoint)
        self.tell(HoldChanged(caller.call_id, Endpoint(endpoint), on_hold, self.clock.now()))

    def _at(self, endpoint: str) -> Caller:
        for caller in self.callers.values():
            if endpoint in (caller.phone, caller.consulted):
                return caller
        raise AssertionError(f"nothing at {endpoint}")

    def _drop_operator(self, caller: Caller) -> None:
        offer_id, phone = caller.offer_id, caller.phone
        assert offer_id is not None and phone is not None
        caller.place, caller.offer_id, caller.phone = "after_call", None, None
        caller.consulted = None
        self.tell(TalkEnded(caller.call_id, offer_id, phone, self.clock.now()))

    def _offer_fails(self, caller: Caller, result: OfferResult) -> None:
        assert caller.place == "offered" and caller.offer_id and caller.phone
        self.tell(
            OfferFailed(caller.call_id, caller.offer_id, caller.phone, result, self.clock.now())
        )
        self._waits(caller)

    # --- orders (the port) -----------------------------------------------------------------

    def _busy(self, endpoint: Endpoint, *, except_call: CallId) -> bool:
        return any(
            endpoint in (c.phone, c.consulted) and c.call_id != except_call
            for c in self.callers.values()
        )

    def _ordered(self, name: str, call_id: CallId, *places: str) -> Caller:
        self.orders.append((name, call_id))
        if not self.up:
            raise Unavailable("线路中断")
        faults = self.faults.get(name)
        if faults:
            raise faults.pop(0)
        caller = self.callers.get(call_id)
        if caller is None:
            raise NotFound("来电已经结束")
        if places and caller.place not in places:
            raise Conflict("来电不在此处")
        return caller

    async def deliver(
        self, call_id: CallId, offer_id: OfferId, endpoint: Endpoint, ring_timeout: timedelta
    ) -> None:
        caller = self._ordered("deliver", call_id, "waiting")
        busy = self._busy(endpoint, except_call=call_id)
        caller.place, caller.offer_id, caller.phone = "offered", offer_id, endpoint
        if busy or endpoint not in self.registered:
            result = OfferResult.BUSY if busy else OfferResult.UNREACHABLE
            self._offer_fails(caller, result)
            return
        if endpoint in self.silent:
            self._tell_uses()
        else:
            self.tell(OfferRinging(call_id, offer_id, endpoint, self.clock.now()))
        if self.rings_out_after is not None and ring_timeout <= self.rings_out_after:
            self.ring_out(endpoint)

    async def cancel_offer(self, call_id: CallId, offer_id: OfferId) -> None:
        caller = self._ordered("cancel_offer", call_id, "offered")
        if caller.offer_id != offer_id:
            raise Conflict("该次派话已结束")
        self._offer_fails(caller, OfferResult.CANCELLED)

    async def requeue(
        self, call_id: CallId, team: TeamId, priority: int, wanted_agent: AgentId | None
    ) -> None:
        caller = self._ordered("requeue", call_id, "talking", "consulting")
        self._drop_operator(caller)
        caller.team, caller.priority, caller.wanted = team, priority, wanted_agent
        self._waits(caller)

    async def release(self, call_id: CallId) -> None:
        self._drop_operator(self._ordered("release", call_id, "talking", "consulting"))

    async def hang_up(self, call_id: CallId) -> None:
        self._ordered("hang_up", call_id)
        self.caller_hangs_up(call_id, EndedBy.PLATFORM)

    async def start_consult(
        self, call_id: CallId, offer_id: OfferId, endpoint: Endpoint, consulted: Endpoint
    ) -> None:
        caller = self._ordered("start_consult", call_id, "talking")
        if caller.offer_id != offer_id or caller.phone != endpoint:
            raise Conflict("通话已不在该座席")
        caller.consulted = consulted
        caller.consult_answered = False
        caller.place = "consulting"
        if consulted not in self.registered or self._busy(consulted, except_call=call_id):
            self._consult(caller, ConsultPhase.FAILED)
            self._end_consult(caller)
            return
        self._consult(caller, ConsultPhase.RINGING)

    async def complete_consult(self, call_id: CallId) -> None:
        caller = self._ordered("complete_consult", call_id, "consulting")
        if not caller.consult_answered:
            raise Conflict("被咨询的座席尚未接听")
        self._consult(caller, ConsultPhase.COMPLETED)
        caller.phone = caller.consulted  # the offer's id stays that of the first operator
        self._end_consult(caller)

    async def cancel_consult(self, call_id: CallId) -> None:
        caller = self._ordered("cancel_consult", call_id, "consulting")
        self._consult(caller, ConsultPhase.CANCELLED)
        self._end_consult(caller)

    async def check_phone(
        self, endpoint: Endpoint, call_id: CallId | None, *, free: bool = False
    ) -> None:
        self.orders.append(("check_phone", call_id or CallId("")))
        if not self.up:
            raise Unavailable("线路中断")
        found = [f for f in self.lost if _about(f, endpoint, call_id)]
        self.lost = [f for f in self.lost if f not in found]
        for fact in found:
            self.tell(fact)
        if call_id is not None and not {call_id} & (self.callers.keys() | self.ended):
            self.tell(CallHungUp(call_id, EndedBy.CALLER, 0, self.clock.now()))
        if self.strays.get(endpoint, False) or free:
            self.strays.pop(endpoint, None)
        self._tell_uses()

    async def dial_back(
        self,
        callback_id: CallbackId,
        number: PhoneNumber,
        team: TeamId,
        language: Language,
        priority: int,
        arrived_at: datetime,
        ring_timeout: timedelta,
    ) -> None:
        self.orders.append(("dial_back", callback_id))
        if not callable_number(number):
            raise BadInput("该号码不能回拨")
        there = {*self.dialling, *(c.callback_id for c in self.callers.values())}
        if callback_id in there:
            raise Conflict("正在回拨")
        faults = self.faults.get("dial_back")
        if faults or not self.up:
            self._dial_ends(callback_id, DialResult.FAILED, None)
            raise faults.pop(0) if faults else Unavailable("线路中断")
        self.dialling[callback_id] = Dial(callback_id, number, team, language, priority, arrived_at)
        if self.rings_out_after is not None and ring_timeout <= self.rings_out_after:
            self.citizen_not_had(callback_id)

    async def cancel_dial_back(self, callback_id: CallbackId) -> None:
        self.orders.append(("cancel_dial_back", callback_id))
        if not self.up:
            raise Unavailable("线路中断")
        if callback_id not in self.dialling:
            raise NotFound("没有在回拨")
        self.citizen_not_had(callback_id, DialResult.CANCELLED)

    def _end_consult(self, caller: Caller) -> None:
        caller.place = "talking"
        caller.consulted = None
        caller.consult_answered = False
        self._tell_uses()

    def _consult(self, caller: Caller, phase: ConsultPhase) -> None:
        assert caller.phone and caller.consulted and caller.offer_id
        self.tell(
            ConsultChanged(
                caller.call_id,
                caller.offer_id,
                caller.phone,
                caller.consulted,
                phase,
                self.clock.now(),
            )
        )


def _about(fact: TelephonyFact, endpoint: Endpoint, call_id: CallId | None) -> bool:
    of_call = call_id is not None and getattr(fact, "call_id", None) == call_id
    return of_call or getattr(fact, "endpoint", None) == endpoint
