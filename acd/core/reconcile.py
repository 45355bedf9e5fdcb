"""The start and the return of the line: our memory is corrected by the telephone's truth.

While the line is lost nothing is offered and nothing is concluded. `LineRestored` then lists every
caller. What is missing from the list has ended; what differs is moved to where it really is; and
only when all are placed are offers made again, oldest first.
Source: reliability notes A2.3 (memory alone is never trusted for "who is talking").
"""

from __future__ import annotations

from dataclasses import replace

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.adoption import adopt, agent_at, divert, offer_number, take_over_talk
from acd.core.agent import ActivityEvent, Agent, SessionEvent
from acd.core.call import Call, CallEvent, Offer, Outcome
from acd.core.callbacks_restored import after_placing, before_placing, restore_callback
from acd.core.consulting import end_unknown_consult, on_consult_changed
from acd.core.conversation import begin_talk
from acd.core.effects import NO_ID, CancelConsult, CancelOffer
from acd.core.floor import call_key
from acd.core.forcing import chosen_by
from acd.core.in_fallback import found_in_fallback
from acd.core.inputs import (
    ForcedState,
    RestoredAgent,
    RestoredCall,
    RestoredChoice,
    Started,
    TimerKind,
)
from acd.core.left_alone import watch
from acd.core.lines import (
    LEFT_IN_MENU,
    close_unseen,
    end_in_menu,
    enter,
    on_waiting,
    stand_again,
)
from acd.core.offering import close_offer, fail_offer
from acd.core.people import seat
from acd.core.rings import begin_rings
from acd.core.talking import end_conversation
from acd.core.work import Work
from acd.core.wrap_up import resume_wrap_up
from kernel import events as ev
from kernel.ids import AgentId, OfferId, TeamId
from kernel.telephony import (
    CallWaiting,
    ConsultChanged,
    ConsultPhase,
    EndedBy,
    LineLost,
    LineRestored,
    LiveCall,
    PhoneUse,
)

# --- the start ------------------------------------------------------------------------------


def on_started(work: Work, started: Started) -> None:
    """Put back what the log remembers; `LineRestored` will tell what became of it."""
    work.floor.open_rings.update(
        (team, ring)
        for team, ring in started.open_rings
        if team in work.floor.teams and ring <= work.floor.teams[team].last_ring
    )
    work.floor.handled.update(started.handled)
    work.floor.wrap_up_limits.update(
        (team, limit) for team, limit in started.wrap_up_limits if team in work.floor.teams
    )
    for call in started.calls:
        _restore_call(work, call)
    for agent in started.agents:
        _restore_agent(work, agent)
    for callback in started.callbacks:
        restore_callback(work, callback)


def _restore_call(work: Work, found: RestoredCall) -> None:
    floor = work.floor
    team = floor.rules.team(found.team).team
    call = Call(
        call_id=found.call_id,
        team=team,
        language=found.language,
        priority=found.priority,
        first_arrival_at=found.first_arrival_at,
        ani="",
        dnis="",
        state=ca.Talking(None, None) if found.answered else ca.Returning("resync"),
        entered_at=found.entered_at,
        key=call_key(found.call_id, found.first_arrival_at, found.priority),
        offers=found.offers,
        answered=found.answered,
    )
    floor.calls[call.call_id] = call
    if not found.answered:
        floor.join(call)
        begin_rings(work, call)


def _restore_agent(work: Work, found: RestoredAgent) -> None:
    """Seated as before, in the grace of a lost connection until the browser is back."""
    agent = seat(work, found.log_in)
    kind = ag.check_session(agent.session.kind, SessionEvent.CONNECTION_LOST)
    agent.session = replace(agent.session, kind=kind, since=found.since, lost_at=work.now)
    agent.handled_at = work.floor.handled.get(agent.agent_id, found.since)
    agent.status = ag.Ready(work.now) if found.ready else ag.NotReady(work.now, found.reason)
    work.start_timer(TimerKind.GRACE, agent.agent_id, work.now + work.floor.rules.grace)
    _restore_part(work, agent, found)
    if found.forced is not None:
        agent.next_status = chosen_by(work, found.forced)
        if isinstance(agent.activity, ag.Idle):
            work.apply_next_status(agent)
    elif found.chosen is not None and not isinstance(agent.activity, ag.Idle):
        agent.next_status = _chosen(work, found.chosen)


def _chosen(work: Work, found: RestoredChoice) -> ag.Chosen:
    match found.state:
        case ForcedState.READY:
            return ag.Chosen(ag.Ready(work.now))
        case ForcedState.NOT_READY:
            return ag.Chosen(ag.NotReady(work.now, found.reason))
        case ForcedState.LOGGED_OUT:
            return ag.Chosen(None)


def _restore_part(work: Work, agent: Agent, found: RestoredAgent) -> None:
    """The call that the agent was in when the run broke off, or its write-up."""
    if found.wrap_up is not None:
        resume_wrap_up(work, agent, found.wrap_up)
        return
    call = work.floor.calls.get(found.call_id) if found.call_id else None
    if call is None or found.offer_id is None:
        return
    team, since = found.team or call.team, found.talking_since
    if since is not None and isinstance(call.state, ca.Talking):
        call.state = ca.Talking(found.offer_id, agent.agent_id)
        agent.activity = ag.Talk(since, ag.Conversation(call.call_id, found.offer_id, team, since))
    elif since is None and isinstance(call.state, ca.Returning):
        _restore_offer(work, call, agent, found.offer_id, team)


def _restore_offer(work: Work, call: Call, agent: Agent, offer_id: OfferId, team: TeamId) -> None:
    """It rang when the run broke off; the telephone will tell what became of it."""
    now = work.now
    call.state = ca.Offered(offer_id, agent.agent_id)
    work.floor.offers[offer_id] = Offer(offer_id, call.call_id, agent.agent_id, team, now)
    until = now + work.floor.rules.ring_timeout
    agent.activity = ag.Offered(now, offer_id, call.call_id, team, until)


# --- the line -------------------------------------------------------------------------------


def on_line_lost(work: Work, fact: LineLost) -> None:
    work.floor.line_up = False
    work.floor.line_reason = fact.reason
    _show_all(work)


def on_line_restored(work: Work, fact: LineRestored) -> None:
    """Correct everything by the telephone's list, then distribute again."""
    floor = work.floor
    floor.line_up, floor.line_reason = True, ""
    floor.phones_known, floor.reachable = True, set(fact.reachable)
    floor.phone_use = dict(fact.phones)
    live = {c.call_id: c for c in fact.calls}
    for call_id in sorted(floor.calls.keys() - live.keys()):
        work.remark("call_vanished", call_id)
        close_unseen(work, floor.calls[call_id])
    for call_id in sorted(floor.menu.keys() - live.keys()):
        end_in_menu(work, call_id, EndedBy.FAULT, 0)
    before_placing(work, fact)
    for found in sorted(fact.calls, key=lambda c: (c.first_arrival_at or fact.at, c.call_id)):
        _place(work, found)
    for agent_id in sorted(floor.agents):
        _check_phone(work, floor.agents[agent_id])
    work.arrived = [c for c in floor.calls.values() if isinstance(c.state, ca.Waiting)]
    after_placing(work)
    work.arrived.sort(key=lambda c: c.key)


def _show_all(work: Work) -> None:
    for agent_id in sorted(work.floor.agents):
        work.show(work.floor.agents[agent_id])


def _check_phone(work: Work, agent: Agent) -> None:
    floor = work.floor
    floor.stand(agent)
    if floor.phone_reachable(agent.session.endpoint):
        work.cancel_timer(TimerKind.PHONE, agent.agent_id)
    elif isinstance(agent.status, ag.Ready):
        work.start_timer(TimerKind.PHONE, agent.agent_id, work.now + floor.rules.grace)
    watch(work, agent)
    work.consider(agent)


def _place(work: Work, found: LiveCall) -> None:
    known = work.floor.calls.get(found.call_id)
    if known is None or not known.ani:
        _tell_arrival(work, found)
    if known is not None and not known.ani:
        # The log does not keep numbers; the telephone does.
        known.ani, known.dnis = found.ani.digits, found.dnis
    match found.place:
        case "waiting":
            _found_waiting(work, found)
        case "offered":
            _found_offered(work, found)
        case "talking" | "consulting":
            _found_talking(work, found)
        case "fallback":
            found_in_fallback(work, found)
        case "after_call":
            _found_after_call(work, found)
        case _:
            _found_elsewhere(work, found)


def _tell_arrival(work: Work, found: LiveCall) -> None:
    """Nobody may have heard this caller arrive: the record needs the number all the same. The event
    has one id for each call, so that telling it twice is telling it once."""
    work.publish(
        ev.CallArrived(
            event_id=NO_ID,
            occurred_at=min(found.first_arrival_at or work.now, work.now),
            call_id=found.call_id,
            ani=found.ani.digits,
            caller_name="",
            dnis=found.dnis,
            line_name=None,
            team=None,
        )
    )


def _found_waiting(work: Work, found: LiveCall) -> None:
    call = work.floor.calls.get(found.call_id)
    if call is None:
        call = adopt(work, found)
        enter(work, call, call.team, None, "resync")
    elif isinstance(call.state, ca.Waiting):
        return
    elif isinstance(call.state, ca.Offered):
        fail_offer(work, work.floor.offers[call.state.offer_id], Outcome.RESCINDED)
        stand_again(work, call, "resync")
    else:
        on_waiting(work, _as_waiting(work, call, found))


def _as_waiting(work: Work, call: Call, found: LiveCall) -> CallWaiting:
    state = call.state
    return CallWaiting(
        call_id=call.call_id,
        team=found.team or call.team,
        language=found.language,
        priority=found.priority,
        first_arrival_at=call.first_arrival_at,
        ani=found.ani,
        dnis=found.dnis,
        wanted_agent=state.to_agent if isinstance(state, ca.Moving) else None,
        at=work.now,
    )


def _found_offered(work: Work, found: LiveCall) -> None:
    """Rings at a phone: our offer goes on, an unknown one is taken over if the agent is idle."""
    call = work.floor.calls.get(found.call_id)
    if call is not None and isinstance(call.state, ca.Offered):
        if call.state.offer_id == found.offer_id:
            _restart_ring(work, call.state.offer_id)
            return
        fail_offer(work, work.floor.offers[call.state.offer_id], Outcome.RESCINDED)
    if call is None:
        call = adopt(work, found)
        enter(work, call, call.team, None, "resync")
        work.floor.close(call)
        call.state = ca.Returning("resync")
    elif isinstance(call.state, ca.Waiting):
        work.floor.close(call)
        call.state = ca.Returning("resync")
    elif not isinstance(call.state, ca.Returning):
        end_conversation(work, call)
        enter(work, call, call.team, None, "resync")
        work.floor.close(call)
        call.state = ca.Returning("resync")
    agent = agent_at(work, found.endpoint)
    if found.offer_id is None:
        work.start_timer(
            TimerKind.RETURN,
            call.call_id,
            work.now + work.floor.rules.ring_timeout + work.floor.rules.answer_margin,
        )
        return
    free = agent is not None and isinstance(agent.activity, ag.Idle)
    if agent is None or not free or offer_number(found.offer_id) <= call.offers:
        # An offer of ours that has its outcome (the order arrived late), or one that nobody at
        # that phone can take: the caller is better off in the line.
        work.do(CancelOffer(call.call_id, found.offer_id))
        work.start_timer(TimerKind.RETURN, call.call_id, work.now + work.floor.rules.answer_margin)
        return
    _take_over_offer(work, call, agent, found.offer_id)


def _take_over_offer(work: Work, call: Call, agent: Agent, offer_id: OfferId) -> None:
    now, rules = work.now, work.floor.rules
    call.offers = max(call.offers, offer_number(offer_id))
    work.cancel_timer(TimerKind.RETURN, call.call_id)
    work.move_call(call, CallEvent.OFFER, ca.Offered(offer_id, agent.agent_id))
    work.floor.offers[offer_id] = Offer(offer_id, call.call_id, agent.agent_id, call.team, now)
    until = now + rules.ring_timeout
    work.act(
        agent,
        ActivityEvent.RESTORE_OFFER,
        ag.Offered(now, offer_id, call.call_id, call.team, until),
    )
    _restart_ring(work, offer_id)


def _restart_ring(work: Work, offer_id: OfferId) -> None:
    rules = work.floor.rules
    work.start_timer(TimerKind.RING, offer_id, work.now + rules.ring_timeout + rules.answer_margin)


def _found_talking(work: Work, found: LiveCall) -> None:
    call = work.floor.calls.get(found.call_id)
    if call is None:
        call = adopt(work, found)
    state = call.state
    if isinstance(state, ca.Offered):
        offer = work.floor.offers[state.offer_id]
        if state.offer_id == found.offer_id or found.offer_id is None:
            close_offer(work, offer, Outcome.ACCEPTED)
            begin_talk(work, offer, ActivityEvent.ANSWER)
            return
        fail_offer(work, offer, Outcome.RESCINDED)
    elif isinstance(state, ca.Moving) and _still_talks(work, call, state, found):
        work.move_call(call, CallEvent.MOVE_FAILED, ca.Talking(state.offer_id, state.agent_id))
        return
    elif isinstance(state, ca.Talking) and state.agent_id is not None:
        _check_talk(work, call, state.agent_id, found)
        return
    take_over_talk(work, call, agent_at(work, found.endpoint), found.offer_id)


def _still_talks(work: Work, call: Call, moving: ca.Moving, found: LiveCall) -> bool:
    """The transfer was not done: the agent who ordered it has the caller as before."""
    agent = work.floor.agents.get(moving.agent_id)
    conversation = agent.conversation if agent is not None else None
    return (
        agent is not None
        and conversation is not None
        and conversation.call_id == call.call_id
        and found.endpoint in (None, agent.session.endpoint)
    )


def _check_consult(
    work: Work, call: Call, agent: Agent, consult: ag.Consult, found: LiveCall
) -> None:
    phone = consult.phone
    phase: ConsultPhase | None = None
    if found.place == "talking":
        phase = ConsultPhase.COMPLETED if found.endpoint == phone else ConsultPhase.CANCELLED
    elif consult.offer_id not in work.floor.offers:
        if not consult.answered:
            # We took it back, and the order was lost.
            work.do(CancelConsult(call.call_id))
    elif work.floor.phone_use.get(phone) is PhoneUse.IN_USE:
        phase = ConsultPhase.TALKING
    else:
        _restart_ring(work, consult.offer_id)
    if phase is not None:
        changed = ConsultChanged(
            call.call_id, consult.offer_id, agent.session.endpoint, phone, phase, work.now
        )
        on_consult_changed(work, changed)


def _check_talk(work: Work, call: Call, agent_id: AgentId, found: LiveCall) -> None:
    """We know the conversation. A consultation may have moved on or ended meanwhile."""
    agent = work.floor.agents[agent_id]
    if isinstance(agent.activity, ag.Consult):
        _check_consult(work, call, agent, agent.activity, found)
    elif found.place == "consulting" and found.endpoint == agent.session.endpoint:
        end_unknown_consult(work, call.call_id)
    elif found.endpoint is not None and found.endpoint != agent.session.endpoint:
        end_conversation(work, call)
        take_over_talk(work, call, agent_at(work, found.endpoint), found.offer_id)


def _found_after_call(work: Work, found: LiveCall) -> None:
    call = work.floor.calls.get(found.call_id)
    if call is None:
        call = adopt(work, found)
        call.state, call.answered = ca.AfterCall(), True
        return
    if isinstance(call.state, ca.Offered):
        # Answered and finished while the line was lost.
        offer = work.floor.offers[call.state.offer_id]
        close_offer(work, offer, Outcome.ACCEPTED)
        begin_talk(work, offer, ActivityEvent.ANSWER)
    _found_elsewhere(work, found)


def _found_elsewhere(work: Work, found: LiveCall) -> None:
    """In the menu or the survey: not ours now. A caller who was in line was served without us."""
    call = work.floor.calls.get(found.call_id)
    if call is None:
        work.floor.menu.setdefault(found.call_id, LEFT_IN_MENU)
        return
    if isinstance(call.state, ca.Offered):
        fail_offer(work, work.floor.offers[call.state.offer_id], Outcome.RESCINDED)
    end_conversation(work, call)
    if call.in_line:
        divert(work, call)
    work.cancel_timer(TimerKind.RETURN, call.call_id)
    if isinstance(call.state, ca.Waiting | ca.Returning | ca.Moving):
        work.move_call(call, CallEvent.LEAVE_LINE, ca.AfterCall())
