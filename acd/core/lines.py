"""Callers in line: entry, return to the old place, wanted agent, abandon, the end."""

from __future__ import annotations

from acd.core import call as ca
from acd.core.adoption import agent_at, take_over_talk
from acd.core.agent import ActivityEvent
from acd.core.call import Call, CallEvent, Outcome
from acd.core.callbacks import claim, fulfil, left_before_the_line, on_citizen_entered
from acd.core.conversation import begin_talk
from acd.core.effects import NO_ID
from acd.core.floor import Floor, call_key
from acd.core.inputs import LeftForNumber, TimerKind
from acd.core.offering import close_offer, fail_offer
from acd.core.rings import begin_rings
from acd.core.sharing import wait_ended
from acd.core.talking import end_conversation
from acd.core.work import Work
from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId
from kernel.telephony import (
    CallEntered,
    CallHungUp,
    CallWaiting,
    EndedBy,
    OfferAnswered,
    OfferFailed,
    OfferResult,
)

LEFT_IN_MENU = "left_in_menu"
"""How the call of a caller ends who never asked for a person."""


def on_waiting(work: Work, fact: CallWaiting) -> None:
    """The caller stands in the waiting loop: new, back from an offer, or transferred."""
    call = work.floor.calls.get(fact.call_id)
    if call is None:
        work.floor.menu.pop(fact.call_id, None)
        call = new_call(work.floor, fact)
        work.floor.calls[fact.call_id] = call
        begin_visit(work, call, fact)
        return
    state = call.state
    if isinstance(state, ca.Waiting | ca.Offered):
        # The loop is reported at each entry; while an offer is open its own end is awaited.
        work.remark("waiting_reported_again", call.call_id)
    elif isinstance(state, ca.Returning):
        stand_again(work, call, state.cause)
    else:
        _arrive_by_transfer(work, call, fact)


def begin_visit(work: Work, call: Call, fact: CallWaiting) -> None:
    """A new caller; who was to be called back has the old place."""
    callback = claim(work.floor, call)
    called = call.call_id in work.floor.returning
    enter(work, call, fact.team, fact.wanted_agent, "callback" if called else "entry")
    if callback is not None:
        fulfil(work, callback, call)


def _arrive_by_transfer(work: Work, call: Call, fact: CallWaiting) -> None:
    state = call.state
    end_conversation(work, call)
    if isinstance(state, ca.Moving):
        work.publish(
            ev.CallTransferred(
                event_id=NO_ID,
                occurred_at=work.now,
                call_id=call.call_id,
                kind=state.how,
                from_agent=state.agent_id,
                to_team=None if state.to_agent else state.to_team,
                to_agent=state.to_agent,
            )
        )
    call.priority = fact.priority
    call.language = fact.language
    if call.callback_id is not None:
        # Let go to be called back, and here again: an offer crossed the wish.
        begin_visit(work, call, fact)
        return
    enter(work, call, fact.team, fact.wanted_agent, "transfer")


def new_call(floor: Floor, fact: CallWaiting) -> Call:
    """A caller not seen before, not yet in a line."""
    return Call(
        call_id=fact.call_id,
        team=fact.team,
        language=fact.language,
        priority=fact.priority,
        first_arrival_at=fact.first_arrival_at,
        ani=fact.ani.digits,
        dnis=fact.dnis,
        state=ca.Returning("entry"),
        entered_at=fact.at,
        key=call_key(fact.call_id, fact.first_arrival_at, fact.priority),
        closed=fact.call_id in floor.closed,
        offers=floor.closed.pop(fact.call_id, 0),
    )


def enter(work: Work, call: Call, team: TeamId, wanted: AgentId | None, cause: str) -> None:
    """Begin a visit to a team's line, at the place of the first arrival."""
    floor, now = work.floor, work.now
    rules = floor.rules.team(team)
    if rules.team != team:
        work.remark("unknown_team_replaced", call.call_id)
    work.move_call(call, CallEvent.WAIT, ca.Waiting())
    call.team = rules.team
    # A caller met again after an interruption has waited all the time, whoever was counting.
    call.entered_at = min(call.first_arrival_at, now) if cause == "resync" else now
    call.key = call_key(call.call_id, call.first_arrival_at, call.priority)
    floor.join(call)
    if wanted is not None and wanted in floor.agents:
        call.wanted = wanted
        work.start_timer(TimerKind.WANTED, call.call_id, now + floor.rules.wanted_agent_for)
    begin_rings(work, call)
    _open(work, call, cause)


def stand_again(work: Work, call: Call, cause: str) -> None:
    """Back in the loop after an offer: the same visit, the same place."""
    work.cancel_timer(TimerKind.RETURN, call.call_id)
    work.move_call(call, CallEvent.WAIT, ca.Waiting())
    _open(work, call, cause)


def _open(work: Work, call: Call, cause: str) -> None:
    work.floor.open(call)
    work.arrived.append(call)
    work.publish(
        ev.CallQueued(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            team=call.team,
            language=call.language,
            priority=call.priority,
            position=work.floor.position(call),
            cause=cause,
            first_arrival_at=call.first_arrival_at,
        )
    )


# --- time in line ---------------------------------------------------------------------------


def give_up_wanted(work: Work, call_id: CallId) -> None:
    """The wanted agent was not free in time: anybody of the team may serve."""
    call = work.floor.calls.get(call_id)
    if call is None or call.wanted is None:
        return
    waiting = isinstance(call.state, ca.Waiting)
    if waiting:
        work.floor.close(call)
    call.wanted = None
    work.cancel_timer(TimerKind.WANTED, call_id)
    if waiting:
        work.floor.open(call)
        work.arrived.append(call)


def return_expired(work: Work, call_id: CallId) -> None:
    """The telephone did not say that the caller is back in the loop.

    A call that the telephone did not find is closed. Any other is taken as waiting: if that is
    wrong, the next delivery finds out, and moving the one caller can never ring twice.
    """
    call = work.floor.calls.get(call_id)
    if call is None or not isinstance(call.state, ca.Returning) or not work.floor.line_up:
        return
    if call.state.missing:
        work.remark("lost_call_closed", call_id)
        close_unseen(work, call)
    else:
        work.remark("return_assumed", call_id)
        stand_again(work, call, call.state.cause)


# --- offers answered and failed -------------------------------------------------------------

_OUTCOMES = {
    OfferResult.NO_ANSWER: Outcome.RING_NO_ANSWER,
    OfferResult.BUSY: Outcome.DECLINED,
    OfferResult.UNREACHABLE: Outcome.UNREACHABLE,
    # An offer that we took back is closed already; here the telephone did it, and the caller
    # waits again (one who leaves is told by CallHungUp alone).
    OfferResult.CANCELLED: Outcome.RESCINDED,
}


def on_offer_failed(work: Work, fact: OfferFailed) -> None:
    offer = work.floor.offers.get(fact.offer_id)
    if offer is not None and offer.by is None:
        fail_offer(work, offer, _OUTCOMES[fact.result])


def on_offer_answered(work: Work, fact: OfferAnswered) -> None:
    offer = work.floor.offers.get(fact.offer_id)
    if offer is not None:
        if offer.by is None:
            close_offer(work, offer, Outcome.ACCEPTED)
            begin_talk(work, offer, ActivityEvent.ANSWER)
        return
    call = work.floor.calls.get(fact.call_id)
    if call is None:
        return
    # Picked up in the instant in which we took the offer back: the two do talk, so be it.
    if isinstance(call.state, ca.Offered):
        fail_offer(work, work.floor.offers[call.state.offer_id], Outcome.RESCINDED)
    if isinstance(call.state, ca.Returning | ca.Waiting):
        work.remark("late_answer_taken_over", call.call_id)
        take_over_talk(work, call, agent_at(work, fact.endpoint), fact.offer_id)


# --- the end --------------------------------------------------------------------------------


def on_entered(work: Work, fact: CallEntered) -> None:
    """In the menu: remembered only to tell how the call ended."""
    on_citizen_entered(work, fact)
    if fact.call_id not in work.floor.calls:
        work.floor.menu.setdefault(fact.call_id, LEFT_IN_MENU)


def on_left_for_number(work: Work, told: LeftForNumber) -> None:
    if told.call_id in work.floor.menu:
        work.floor.menu[told.call_id] = "transferred_out"


def on_hung_up(work: Work, fact: CallHungUp) -> None:
    """The last fact of each call, and so the last event."""
    call = work.floor.calls.get(fact.call_id)
    if call is None:
        left_before_the_line(work, fact.call_id)
        if fact.call_id not in work.floor.closed:
            end_in_menu(work, fact.call_id, fact.ended_by, fact.cause)
        return
    forget(work, call)
    if not call.closed:
        _publish_end(work, call, fact.ended_by, fact.cause)


def close_unseen(work: Work, call: Call) -> None:
    """The caller is not there any more and nobody saw how it ended."""
    forget(work, call)
    work.floor.note_closed(call)
    if not call.closed:
        _publish_end(work, call, EndedBy.FAULT, 0)


def end_in_menu(work: Work, call_id: CallId, ended_by: EndedBy, cause: int) -> None:
    """The end of a caller who never asked for a person."""
    outcome = work.floor.menu.pop(call_id, LEFT_IN_MENU)
    _ended(work, call_id, outcome, ended_by, cause)


def _publish_end(work: Work, call: Call, ended_by: EndedBy, cause: int) -> None:
    if call.answered:
        outcome = "answered"
    elif call.callback_id is not None:
        outcome = "callback"
    else:
        outcome = "message" if call.left_message else "abandoned"
    _ended(work, call.call_id, outcome, ended_by, cause)


def _ended(work: Work, call_id: CallId, outcome: str, ended_by: EndedBy, cause: int) -> None:
    """A call that the telephone system's death cut off is a fault, unless the caller had got what
    he or she wanted."""
    if ended_by is EndedBy.FAULT and outcome not in ("answered", "callback", "message"):
        outcome = "fault"
    work.publish(
        ev.CallEnded(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call_id,
            outcome=outcome,
            ended_by=ended_by.value,
            cause=cause,
        )
    )


def forget(work: Work, call: Call) -> None:
    """The caller is gone: end what is open, count an abandon if in line, drop the call."""
    state = call.state
    abandon(work, call)
    if isinstance(state, ca.Offered):
        fail_offer(work, work.floor.offers[state.offer_id], Outcome.CALLER_ABANDONED)
    else:
        end_conversation(work, call)
    ca.check_call(call, CallEvent.HANG_UP)
    work.cancel_timer(TimerKind.RETURN, call.call_id)
    del work.floor.calls[call.call_id]


def abandon(work: Work, call: Call) -> None:
    """End the visit of a caller who left; nothing happens to one who was answered."""
    if not call.in_line:
        return
    position = work.floor.position(call)
    work.leave_line(call)
    wait_ended(work, call, answered=False)
    work.publish(
        ev.CallAbandoned(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            team=call.team,
            waited_s=work.waited_s(call),
            position=position,
        )
    )
