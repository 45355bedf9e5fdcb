"""Citizens who are called back instead of waiting: noted, dialled at their turn, ended once.

Theory of operation: a callback stands in its team's line at the score of the call it came from and
takes part in the matching like a waiting caller, so it is never ahead of an older live caller; when
it is its turn an agent is held and the citizen is dialled (`acd.core.dialling`). The citizen who
answers enters the line at the old score and is offered to the agent who is held. A dial that did
not bring the citizen frees the agent at once, and the callback rests until the next attempt. Each
callback ends in exactly one `CallbackOutcome`; what did not bring the citizen becomes a task for a
person elsewhere. There is one callback for each number: a citizen who asks again keeps the first,
and one who calls again and comes to wait takes over its place. Source: contact-centre notes 2.3;
ADR 0415.
"""

from __future__ import annotations

from datetime import datetime

from acd.core import call as ca
from acd.core import callback as cb
from acd.core.call import Call, CallEvent, Outcome
from acd.core.callback import Callback, CallbackEvent, CallbackOutcome, move_callback
from acd.core.dialling import await_word, free_agent, rest
from acd.core.effects import NO_ID, CancelDialBack
from acd.core.floor import Floor, call_key
from acd.core.inputs import CancelCallback, OrderFailed, OrderFault, OrderKind, TimerKind
from acd.core.machine import target
from acd.core.offering import make_offer, take_back
from acd.core.rings import begin_rings
from acd.core.work import Work
from kernel import events as ev
from kernel.assignment import Choice
from kernel.errors import Conflict, NotFound
from kernel.ids import CallbackId, CallId
from kernel.telephony import CallbackAsked, CallEntered, DialBackEnded, DialResult, MessageLeft

UNKNOWN, HUNG_UP = "unknown", "hung_up"
"""Results of a dial beside the telephone's own: nobody saw; came, and left before the line."""

# --- the wish -------------------------------------------------------------------------------


def on_callback_asked(work: Work, fact: CallbackAsked) -> None:
    """The caller leaves the line, or never entered it, and keeps the place. A call that we do not
    know is believed."""
    floor, call = work.floor, work.floor.calls.get(fact.call_id)
    if fact.number.anonymous:
        work.remark("callback_without_number", fact.call_id)
        return
    callback_id, arrived_at = _wish(call, fact), fact.first_arrival_at
    entered_at = min(arrived_at, work.now)
    known = floor.callbacks.get(floor.numbers.get(fact.number.digits, callback_id))
    if call is not None:
        arrived_at = call.first_arrival_at
        entered_at = call.entered_at if call.in_line else entered_at
        _leave_line(work, call, "callback")
        call.callback_id = known.callback_id if known is not None else callback_id
    else:
        _leave_menu(work, fact.call_id, "callback")
    if known is not None:
        _publish_noted(work, known, fact.call_id, joined=True)
        return
    callback = Callback(
        callback_id=callback_id,
        call_id=fact.call_id,
        number=fact.number.digits,
        team=floor.rules.team(fact.team).team,
        language=fact.language,
        priority=fact.priority,
        first_arrival_at=arrived_at,
        entered_at=entered_at,
        expires_at=work.now + floor.rules.callbacks.expires_after,
        key=call_key(CallId(callback_id), arrived_at, fact.priority),
        state=cb.Resting(work.now),
    )
    keep(work, callback)
    _publish_noted(work, callback, fact.call_id, joined=False)
    stand(work, callback)


def on_message_left(work: Work, fact: MessageLeft) -> None:
    """The caller leaves the line and is neither answered nor lost: a person hears the message."""
    call = work.floor.calls.get(fact.call_id)
    if call is not None:
        _leave_line(work, call, "message")
        call.left_message = True
    else:
        _leave_menu(work, fact.call_id, "message")


def _leave_menu(work: Work, call_id: CallId, outcome: str) -> None:
    """The caller never waited: only how the call ends is remembered, until it has."""
    if call_id not in work.floor.closed:
        work.floor.menu[call_id] = outcome


def _wish(call: Call | None, fact: CallbackAsked) -> CallbackId:
    """A new id; a call may ask again after its callback is over."""
    wishes = 1
    if call is not None:
        wishes = call.wishes = call.wishes + 1
    return CallbackId(f"cb-{fact.call_id}" if wishes == 1 else f"cb-{fact.call_id}-{wishes}")


def keep(work: Work, callback: Callback) -> None:
    """Let the floor know of a callback."""
    work.floor.callbacks[callback.callback_id] = callback
    work.floor.numbers[callback.number] = callback.callback_id
    work.start_timer(TimerKind.EXPIRY, callback.callback_id, callback.expires_at)


def _leave_line(work: Work, call: Call, cause: str) -> None:
    """The visit ends: neither answered nor abandoned."""
    if not call.in_line:
        return
    if isinstance(call.state, ca.Offered):
        take_back(work, work.floor.offers[call.state.offer_id], Outcome.RESCINDED)
    work.leave_line(call)
    work.cancel_timer(TimerKind.RETURN, call.call_id)
    work.move_call(call, CallEvent.LEAVE_LINE, ca.AfterCall())
    work.publish(
        ev.CallDiverted(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            team=call.team,
            waited_s=work.waited_s(call),
            cause=cause,
        )
    )


def _publish_noted(work: Work, callback: Callback, call_id: CallId, *, joined: bool) -> None:
    work.publish(
        ev.CallbackNoted(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call_id,
            callback_id=callback.callback_id,
            number=callback.number,
            team=callback.team,
            language=callback.language,
            priority=callback.priority,
            first_arrival_at=callback.first_arrival_at,
            entered_at=callback.entered_at,
            expires_at=callback.expires_at,
            joined=joined,
        )
    )


def stand(work: Work, callback: Callback) -> None:
    """In line at the old place; nothing is tried any more after the expiry."""
    if work.now >= callback.expires_at:
        end(work, callback, CallbackOutcome.EXPIRED)
        return
    move_callback(callback, CallbackEvent.STAND, cb.Due())
    work.cancel_timer(TimerKind.DIAL, callback.callback_id)
    work.floor.join_callback(callback)
    begin_rings(work, callback)
    work.floor.open(callback)
    work.arrived.append(callback)


# --- what the telephone says ------------------------------------------------------------------


def on_dial_back_ended(work: Work, fact: DialBackEnded) -> None:
    """A word on a callback that is over, or on a dial that was given up, changes nothing."""
    callback = work.floor.callbacks.get(fact.callback_id)
    if callback is None:
        return
    if fact.result is DialResult.ANSWERED:
        if fact.call_id is not None and fact.call_id not in work.floor.calls:
            pick_up(work, callback, fact.call_id)
    elif isinstance(callback.state, cb.TakenBack) and fact.result is DialResult.CANCELLED:
        _publish_missed(work, callback, fact.result.value, work.now)
        stand(work, callback)
    elif isinstance(callback.state, cb.Dialling | cb.TakenBack):
        missed(work, callback, fact.result.value, counts=fact.result is not DialResult.CANCELLED)


def pick_up(work: Work, callback: Callback, call_id: CallId) -> None:
    """The citizen is there and comes into the line as `call_id`; the place is kept meanwhile."""
    floor, held = work.floor, callback.held
    floor.close(callback)
    floor.join_callback(callback)
    move_callback(callback, CallbackEvent.PICK_UP, cb.Arriving(held, call_id))
    work.cancel_timer(TimerKind.REDIAL, callback.callback_id)
    floor.returning[call_id] = callback.callback_id
    await_word(work, callback)


def missed(work: Work, callback: Callback, result: str, *, counts: bool = True) -> None:
    """A dial did not bring the citizen. Whoever refused is not rung again by a machine."""
    rules = work.floor.rules.callbacks
    free_agent(work, callback)
    callback.attempts += counts
    again_at = rules.open_at(work.now + rules.interval_after(callback.attempts))
    if callback.attempts >= rules.attempts or result == DialResult.REFUSED.value:
        _publish_missed(work, callback, result, None)
        end(work, callback, CallbackOutcome.GAVE_UP)
    elif again_at >= callback.expires_at:
        _publish_missed(work, callback, result, None)
        end(work, callback, CallbackOutcome.EXPIRED)
    else:
        _publish_missed(work, callback, result, again_at)
        rest(work, callback, again_at)


def _publish_missed(work: Work, callback: Callback, result: str, again_at: datetime | None) -> None:
    work.publish(
        ev.CallbackMissed(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=callback.call_id,
            callback_id=callback.callback_id,
            result=result,
            attempts=callback.attempts,
            again_at=again_at,
        )
    )


def on_citizen_entered(work: Work, fact: CallEntered) -> None:
    """Somebody picked up and hears who calls; what comes of it is told later."""
    callback = work.floor.callbacks.get(fact.callback_id) if fact.callback_id else None
    if callback is None:
        return
    work.floor.returning[fact.call_id] = callback.callback_id
    if isinstance(callback.state, cb.Dialling):
        await_word(work, callback)


def left_before_the_line(work: Work, call_id: CallId) -> None:
    """The citizen's new call is gone, and was never in line."""
    callback_id = work.floor.returning.pop(call_id, None)
    callback = work.floor.callbacks.get(callback_id) if callback_id else None
    if callback is None:
        return
    if isinstance(callback.state, cb.Arriving) and callback.state.call_id == call_id:
        missed(work, callback, HUNG_UP)


def on_dial_order_failed(work: Work, failed: OrderFailed) -> None:
    """Not answered: a word still comes. Refused: an earlier dial is not over, so it is left in
    peace. Impossible: the number may not be called. A dial that cannot be taken back has ended or
    was answered, and that is told."""
    callback = work.floor.callbacks.get(failed.callback_id) if failed.callback_id else None
    if callback is None or failed.order is not OrderKind.DIAL_BACK:
        return
    if not isinstance(callback.state, cb.Dialling) or failed.fault is OrderFault.UNAVAILABLE:
        return
    if failed.fault is OrderFault.IMPOSSIBLE:
        callback.attempts = work.floor.rules.callbacks.attempts - 1
    missed(work, callback, DialResult.FAILED.value, counts=failed.fault is OrderFault.IMPOSSIBLE)


# --- the citizen is back in line ----------------------------------------------------------------


def claim(floor: Floor, call: Call) -> Callback | None:
    """The callback whose place a new caller has: the one that was answered, or one noted for the
    same number. Sets the first arrival; `fulfil` follows when the caller stands in line."""
    callback_id = (
        floor.returning.get(call.call_id) or call.callback_id or floor.numbers.get(call.ani)
    )
    callback = floor.callbacks.get(callback_id) if callback_id else None
    call.callback_id = None
    if callback is None:
        floor.returning.pop(call.call_id, None)
        return None
    state = callback.state
    if isinstance(state, cb.Arriving) and state.call_id != call.call_id:
        return None
    call.first_arrival_at = min(call.first_arrival_at, callback.first_arrival_at)
    return callback


def fulfil(work: Work, callback: Callback, call: Call) -> None:
    """The citizen is in line (or talks already): offered to the agent who was held, if one was."""
    dialled = work.floor.returning.pop(call.call_id, None) is not None
    _keep_ring(work, callback, call)
    agent = work.floor.agents.get(callback.held) if callback.held else None
    outcome = CallbackOutcome.ANSWERED if dialled else CallbackOutcome.CALLER_CALLED_AGAIN
    if dialled and agent is not None and isinstance(call.state, ca.Waiting):
        make_offer(work, call, agent, Choice.HELD)
    end(work, callback, outcome, new_call_id=call.call_id, stop=not dialled)
    work.publish(
        ev.CallbackReturned(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            callback_id=callback.callback_id,
            first_call_id=callback.call_id,
            dialled=dialled,
        )
    )


def _keep_ring(work: Work, callback: Callback, call: Call) -> None:
    """Whoever could have served the citizen before may do so now, too."""
    if call.team != callback.team or call.ring >= callback.ring or not call.in_line:
        return
    waiting = isinstance(call.state, ca.Waiting)
    if waiting:
        work.floor.close(call)
    call.ring = callback.ring
    if waiting:
        work.floor.open(call)


# --- the end ------------------------------------------------------------------------------------


def end(
    work: Work,
    callback: Callback,
    outcome: CallbackOutcome,
    *,
    new_call_id: CallId | None = None,
    actor: str = "",
    stop: bool = True,
) -> None:
    """Write down the one outcome: the only place where a callback leaves the floor. A phone that
    still rings is told to stop, unless its citizen is there."""
    floor, callback_id = work.floor, callback.callback_id
    target(cb.CALLBACK, cb.CALLBACK_REFUSALS, callback.state.kind, CallbackEvent.END)
    if stop and isinstance(callback.state, cb.Dialling):
        work.do(CancelDialBack(callback_id, callback.call_id))
    free_agent(work, callback)
    floor.quit_callback(callback)
    del floor.callbacks[callback_id]
    del floor.numbers[callback.number]
    for kind in (TimerKind.DIAL, TimerKind.REDIAL, TimerKind.EXPIRY, TimerKind.RELAX):
        work.cancel_timer(kind, callback_id)
    work.publish(
        ev.CallbackEnded(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=callback.call_id,
            callback_id=callback_id,
            number=callback.number,
            team=callback.team,
            outcome=outcome.value,
            attempts=callback.attempts,
            new_call_id=new_call_id,
            actor=actor,
        )
    )


def cancel_callback(work: Work, command: CancelCallback) -> None:
    """Raises NotFound when it is over, Conflict when the citizen has answered."""
    callback = work.floor.callbacks.get(command.callback_id)
    if callback is None:
        raise NotFound("该回拨已经结束")
    if isinstance(callback.state, cb.Arriving):
        raise Conflict("市民已接听回拨，正在接入")
    end(work, callback, CallbackOutcome.CANCELLED, actor=command.actor)


# --- time -----------------------------------------------------------------------------------------


def dial_expired(work: Work, callback_id: CallbackId) -> None:
    """The telephone said nothing for longer than ringing and greeting take."""
    callback = work.floor.callbacks.get(callback_id)
    if callback is None or not work.floor.line_up:
        return  # over meanwhile, or to be judged by the telephone's truth when it is back
    if isinstance(callback.state, cb.TakenBack):
        stand(work, callback)
    elif isinstance(callback.state, cb.Dialling | cb.Arriving):
        work.remark("dial_without_result", callback.call_id, callback.held)
        if isinstance(callback.state, cb.Dialling):
            work.do(CancelDialBack(callback_id, callback.call_id))
        missed(work, callback, UNKNOWN)


def redial(work: Work, callback_id: CallbackId) -> None:
    """The rest is over."""
    callback = work.floor.callbacks.get(callback_id)
    if callback is not None and isinstance(callback.state, cb.Resting):
        stand(work, callback)


def callback_expired(work: Work, callback_id: CallbackId) -> None:
    """Nothing is tried any more. A phone that rings this moment may still be answered."""
    callback = work.floor.callbacks.get(callback_id)
    if callback is not None and not isinstance(callback.state, cb.Dialling | cb.Arriving):
        end(work, callback, CallbackOutcome.EXPIRED)
