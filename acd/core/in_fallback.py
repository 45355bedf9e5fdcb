"""Callers whom the telephone's own queue took while we were away, found there on our return.

They wait as before, at the place of their first arrival; only nobody can be offered them until they
say that they are back in our loop. The line fetches them all at once, also those for whom a booth
rings this moment; who is answered there before the order comes is back in line all the same, first.
"""

from __future__ import annotations

from acd.core import call as ca
from acd.core.adoption import adopt
from acd.core.call import Outcome
from acd.core.inputs import TimerKind
from acd.core.lines import enter
from acd.core.offering import fail_offer
from acd.core.talking import end_conversation
from acd.core.work import Work
from kernel.telephony import LiveCall


def found_in_fallback(work: Work, found: LiveCall) -> None:
    """Keep or begin the visit to the line; the caller is on the way back."""
    call = work.floor.calls.get(found.call_id)
    if call is None:
        call = adopt(work, found)
        enter(work, call, call.team, None, "resync")
    elif isinstance(call.state, ca.Offered):
        fail_offer(work, work.floor.offers[call.state.offer_id], Outcome.RESCINDED)
    elif not isinstance(call.state, ca.Waiting | ca.Returning):
        end_conversation(work, call)
        enter(work, call, call.team, None, "resync")
    if isinstance(call.state, ca.Waiting):
        work.floor.close(call)
        call.state = ca.Returning("resync")
    rules = work.floor.rules
    back_by = work.now + rules.ring_timeout + rules.answer_margin
    work.start_timer(TimerKind.RETURN, call.call_id, back_by)
