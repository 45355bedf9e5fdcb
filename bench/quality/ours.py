"""The distribution itself: the real `step`, fed with the facts that the telephone would tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from acd.core import effects as fx
from acd.core import inputs as inp
from acd.core.rules import Rules
from acd.core.virtual import ORDER_S, VirtualFloor
from bench.quality.hall import Hall, Visit
from bench.quality.people import Operator
from kernel.ids import AgentId, CallId, OfferId
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallHungUp,
    CallWaiting,
    EndedBy,
    LineRestored,
    OfferAnswered,
    OfferRinging,
    TalkEnded,
)

START = datetime(2026, 11, 24, tzinfo=UTC)
ANI = PhoneNumber("13800138000")


class Ours(Hall):
    """The operators log in, say ready, and then only answer; every timer of the core runs."""

    name = "ours"
    order_delay = ORDER_S

    def __init__(self, operators: Sequence[Operator], rules: Rules, name: str = "ours") -> None:
        super().__init__(operators)
        self.name = name
        self._core = VirtualFloor(rules, self, START, {fx.Deliver: self._deliver})
        self._feed, self._time = self._core.feed, self._core.time
        self._visits: dict[CallId, Visit] = {}
        self._offers: dict[int, OfferId] = {}
        self._at_phone = {o.endpoint: o for o in operators}
        phones = frozenset(o.endpoint for o in operators)
        self._feed(LineRestored((), phones, START))
        for operator in operators:
            self._feed(operator.log_in)
            self._feed(inp.ChooseReady(operator.agent_id))

    # --- orders ------------------------------------------------------------------------------

    def _deliver(self, order: fx.Deliver) -> None:
        visit = self._visits[order.call_id]
        self._offers[visit.caller.number] = order.offer_id
        operator = self._at_phone[order.endpoint]
        self.ring(visit, operator)
        self.after(self.order_delay, self._ringing, order, visit, operator)

    # --- facts -------------------------------------------------------------------------------

    def _ringing(self, order: fx.Deliver, visit: Visit, operator: Operator) -> None:
        if visit.by is operator:
            self._feed(OfferRinging(order.call_id, order.offer_id, operator.endpoint, self._time()))

    def arrived(self, visit: Visit) -> None:
        caller = visit.caller
        call_id = _call_id(visit)
        self._visits[call_id] = visit
        now = self._time()
        self._feed(
            CallWaiting(call_id, caller.team, caller.language, 0, now, ANI, "12345", None, now)
        )

    def left(self, visit: Visit, ringing: Operator | None) -> None:
        self._feed(CallHungUp(_call_id(visit), EndedBy.CALLER, 16, self._time()))
        del self._visits[_call_id(visit)]

    def answered(self, visit: Visit, operator: Operator) -> None:
        offer_id = self._offers[visit.caller.number]
        self._feed(OfferAnswered(_call_id(visit), offer_id, operator.endpoint, self._time()))

    def talked(self, visit: Visit, operator: Operator) -> None:
        call_id, now = _call_id(visit), self._time()
        offer_id = self._offers.pop(visit.caller.number)
        self._feed(TalkEnded(call_id, offer_id, operator.endpoint, now))
        self._feed(CallHungUp(call_id, EndedBy.CALLER, 16, now))
        del self._visits[call_id]

    def free(self, operator: Operator) -> None:
        self._feed(inp.FinishWrapUp(AgentId(operator.agent_id), "answered"))


def _call_id(visit: Visit) -> CallId:
    return CallId(f"q-{visit.caller.number:08}")
