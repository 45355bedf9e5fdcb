"""Answers what a flow looks up for a caller, within a deadline and never too often."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import assert_never

from ivr.core.attempts import WRONG_OF_ONE, WRONG_OF_THE_NAMELESS, Attempts
from ivr.core.flow import Enquiry
from ivr.core.interpreter import UNANSWERED, Answer, Ask, Result
from ivr.ports import Log, OrderBook
from kernel.phone import PhoneNumber

DEADLINE_S = 1.5
"""The caller hears nothing meanwhile."""
_NAMELESS = "nameless"


class Enquiries:
    """The one place where a waiting caller may cost a query. `answer` never raises and never takes
    longer than the deadline; the flow goes on in either case."""

    def __init__(self, orders: OrderBook, log: Log, deadline_s: float = DEADLINE_S) -> None:
        self._orders = orders
        self._log = log
        self._deadline_s = deadline_s
        self._attempts = Attempts()

    async def answer(self, ask: Ask, ani: PhoneNumber, now: datetime) -> Answer:
        try:
            async with asyncio.timeout(self._deadline_s):
                match ask.enquiry:
                    case Enquiry.ORDER_PROGRESS:
                        return await self._order(ask, ani, now)
                    case _:
                        assert_never(ask.enquiry)
        except Exception as error:  # a caller waits: whatever went wrong, the flow has a way on
            self._log.warning("enquiry_failed", enquiry=ask.enquiry, reason=repr(error))
            return UNANSWERED

    async def _order(self, ask: Ask, ani: PhoneNumber, now: datetime) -> Answer:
        digits = ask.slots.get("order_number", "")
        limits = {
            f"order {digits}": WRONG_OF_ONE,
            f"ani {ani.digits or _NAMELESS}": WRONG_OF_THE_NAMELESS
            if ani.anonymous
            else WRONG_OF_ONE,
        }
        if any(self._attempts.refused(key, most, now) for key, most in limits.items()):
            self._log.info("enquiry_refused", ani=ani.masked)
            return Answer(Result.REFUSED)
        found = await self._orders.progress(digits, ask.slots.get("phone_tail", ""))
        if found is None:
            for key, most in limits.items():
                self._attempts.wrong(key, most, now)
            return Answer(Result.NOT_FOUND)
        slots = {"order_stage": found.stage.value, "order_at": found.since.isoformat()}
        return Answer(Result.FOUND, slots)
