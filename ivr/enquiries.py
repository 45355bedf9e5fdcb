"""Answers what a flow looks up for a caller, within a deadline and never too often."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from ivr.core.attempts import WRONG_OF_ONE, WRONG_OF_THE_NAMELESS, Attempts
from ivr.core.conditions import CallerKind, caller_kind
from ivr.core.flow import KNOWN_AT, KNOWN_DISTRICT, KNOWN_NUMBER, KNOWN_STAGE, Enquiry
from ivr.core.history import NO_HISTORY, History
from ivr.core.interpreter import UNANSWERED, Answer, Ask, Result
from ivr.ports import CallerHistory, Log, OrderBook
from kernel.phone import PhoneNumber

DEADLINE_S = 1.5
"""The caller hears nothing meanwhile."""
RECOGNISED_AT_ONCE = 20
"""So many callers are looked for at the same moment; a flood of calls is not one of queries."""
_NAMELESS = "nameless"


class Enquiries:
    """The one place where a waiting caller may cost a query. `answer` never raises and never takes
    longer than the deadline; the flow goes on in either case."""

    def __init__(
        self,
        orders: OrderBook,
        log: Log,
        deadline_s: float = DEADLINE_S,
        past: CallerHistory | None = None,
    ) -> None:
        """`past` None: nothing is known of earlier calls."""
        self._orders = orders
        self._past = past
        self._log = log
        self._deadline_s = deadline_s
        self._attempts = Attempts()
        self._recognising = 0
        self._remembering = 0

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

    async def history(self, ani: PhoneNumber, now: datetime) -> History:
        """The earlier calls of a mobile number; none of whoever is asked about too late, or when
        too many are. For the background, as `recognise`. Never raises."""
        if self._past is None or self._remembering >= RECOGNISED_AT_ONCE:
            return NO_HISTORY
        if caller_kind(ani) is not CallerKind.MOBILE:
            return NO_HISTORY
        self._remembering += 1
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._past.history(ani, now)
        except Exception as error:
            self._log.warning("caller_history_unknown", ani=ani.masked, reason=repr(error))
            return NO_HISTORY
        finally:
            self._remembering -= 1

    async def recognise(self, ani: PhoneNumber, now: datetime) -> Mapping[str, str]:
        """The slots of a caller whose number has a recent order, else none. For the background,
        while the greeting is heard: whoever is asked about too late, or when too many are, is a
        caller like any other. Never raises."""
        if self._recognising >= RECOGNISED_AT_ONCE or caller_kind(ani) is not CallerKind.MOBILE:
            # A switchboard's number is many people's.
            return {}
        self._recognising += 1
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await self._orders.latest(ani, now)
        except Exception as error:
            self._log.warning("caller_not_recognised", ani=ani.masked, reason=repr(error))
            return {}
        finally:
            self._recognising -= 1
        if found is None:
            return {}
        return {
            KNOWN_NUMBER: found.digits,
            KNOWN_STAGE: found.progress.stage.value,
            KNOWN_AT: found.progress.since.isoformat(),
            KNOWN_DISTRICT: found.district,
        }

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
