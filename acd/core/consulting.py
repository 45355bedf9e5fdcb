"""Consultation: an agent asks a colleague while the caller waits, and may hand the caller over."""

from __future__ import annotations

from dataclasses import replace

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import ActivityEvent, Agent
from acd.core.call import Call, CallEvent, Offer, Outcome
from acd.core.conversation import close_hold, finish_part
from acd.core.effects import NO_ID, CancelConsult, StartConsult
from acd.core.inputs import TimerKind
from acd.core.offering import close_offer, fail_offer
from acd.core.work import Work
from kernel import events as ev
from kernel.ids import CallId, OfferId
from kernel.telephony import ConsultChanged, ConsultPhase


def begin_consult(work: Work, agent: Agent, target: Agent, call: Call) -> None:
    """Reserve the colleague and order the consultation. The caller has checked that both may."""
    floor, now = work.floor, work.now
    activity = agent.activity
    assert isinstance(activity, ag.Talk | ag.OnHold)
    conversation = activity.conversation
    if isinstance(activity, ag.OnHold):
        conversation = close_hold(work, agent, activity)
    call.offers += 1
    offer_id = OfferId(f"{call.call_id}.{call.offers}")
    floor.offers[offer_id] = Offer(
        offer_id, call.call_id, target.agent_id, conversation.team, now, by=agent.agent_id
    )
    ring_until = now + floor.rules.ring_timeout
    # The telephone knows a consultation by the conversation that it interrupts.
    work.do(
        StartConsult(
            call.call_id,
            conversation.offer_id,
            agent.session.endpoint,
            target.session.endpoint,
        )
    )
    work.act(
        agent,
        ActivityEvent.CONSULT,
        ag.Consult(now, conversation, offer_id, target.agent_id, target.session.endpoint),
    )
    work.act(
        target,
        ActivityEvent.OFFER,
        ag.Offered(now, offer_id, call.call_id, conversation.team, ring_until),
    )
    work.start_timer(TimerKind.RING, offer_id, ring_until + floor.rules.answer_margin)
    work.publish(
        ev.ConsultStarted(
            event_id=NO_ID,
            occurred_at=now,
            call_id=call.call_id,
            agent_id=agent.agent_id,
            consulted_agent_id=target.agent_id,
        )
    )


def on_consult_changed(work: Work, fact: ConsultChanged) -> None:
    """A phase that does not belong to the consultation under way is passed over; a consultation
    that we believe never began is ended, since the caller hears music for nothing."""
    asking = _asking(work, fact)
    if asking is None:
        if fact.phase in (ConsultPhase.RINGING, ConsultPhase.TALKING):
            end_unknown_consult(work, fact.call_id)
        return
    agent, consult = asking
    match fact.phase:
        case ConsultPhase.RINGING:
            _ringing(work, consult)
        case ConsultPhase.TALKING:
            _answered(work, agent, consult)
        case ConsultPhase.COMPLETED:
            _completed(work, agent, consult)
        case ConsultPhase.CANCELLED:
            _back_to_caller(work, agent, consult, Outcome.RESCINDED, "cancelled")
        case ConsultPhase.FAILED:
            _back_to_caller(work, agent, consult, Outcome.RING_NO_ANSWER, "failed")


def end_unknown_consult(work: Work, call_id: CallId) -> None:
    """The telephone has a consultation where we believe that caller and operator talk: the order
    for it failed without an answer, and was carried out. Back to the caller."""
    call = work.floor.calls.get(call_id)
    if call is None or not isinstance(call.state, ca.Talking) or call.state.agent_id is None:
        return
    agent = work.floor.agents.get(call.state.agent_id)
    if agent is not None and isinstance(agent.activity, ag.Talk | ag.OnHold):
        work.remark("unknown_consultation_ended", call_id, agent.agent_id)
        work.do(CancelConsult(call_id))


def _asking(work: Work, fact: ConsultChanged) -> tuple[Agent, ag.Consult] | None:
    call = work.floor.calls.get(fact.call_id)
    if call is None or not isinstance(call.state, ca.Talking) or call.state.agent_id is None:
        return None
    agent = work.floor.agents.get(call.state.agent_id)
    if agent is None or not isinstance(agent.activity, ag.Consult):
        return None
    # The colleague may have gone home meanwhile: the phone tells which consultation it is.
    return (agent, agent.activity) if agent.activity.phone == fact.consulted else None


def _ringing(work: Work, consult: ag.Consult) -> None:
    target = work.floor.agents.get(consult.target)
    if target is None or consult.offer_id not in work.floor.offers:
        return
    if isinstance(target.activity, ag.Offered):
        work.act(target, ActivityEvent.RING, replace(target.activity, ringing=True))


def _answered(work: Work, agent: Agent, consult: ag.Consult) -> None:
    """The colleague picked up: the offer is accepted, the two talk."""
    offer = work.floor.offers.get(consult.offer_id)
    if offer is None:
        return
    close_offer(work, offer, Outcome.ACCEPTED)
    target = work.floor.agents[consult.target]
    work.act(
        target,
        ActivityEvent.JOIN,
        ag.Consulted(work.now, offer.call_id, offer.offer_id, offer.team, agent.agent_id),
    )
    work.act(agent, ActivityEvent.CONSULT_ANSWERED, replace(consult, answered=True))


def _completed(work: Work, agent: Agent, consult: ag.Consult) -> None:
    """The caller goes to the colleague; the first agent wraps up."""
    if consult.offer_id in work.floor.offers:
        _answered(work, agent, consult)
    target = work.floor.agents.get(consult.target)
    if target is None or not isinstance(target.activity, ag.Consulted):
        return
    call = work.floor.calls[consult.conversation.call_id]
    consulted = target.activity
    work.move_call(
        call, CallEvent.HAND_OVER, ca.Talking(consult.conversation.offer_id, target.agent_id)
    )
    _publish_end(work, agent, consult, "completed")
    work.publish(
        ev.CallTransferred(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            kind="consult",
            from_agent=agent.agent_id,
            to_team=None,
            to_agent=target.agent_id,
        )
    )
    work.act(
        target,
        ActivityEvent.TAKE_CALLER,
        ag.Talk(
            work.now,
            ag.Conversation(call.call_id, consult.conversation.offer_id, consulted.team, work.now),
        ),
    )
    finish_part(work, agent, consult.conversation)


def _back_to_caller(
    work: Work, agent: Agent, consult: ag.Consult, outcome: Outcome, word: str
) -> None:
    release_target(work, consult, outcome)
    _publish_end(work, agent, consult, word)
    work.act(agent, ActivityEvent.CONSULT_OVER, ag.Talk(work.now, consult.conversation))


def release_target(work: Work, consult: ag.Consult, outcome: Outcome) -> None:
    """The colleague's part ends: an open offer with `outcome`, a talk by stepping aside."""
    offer = work.floor.offers.get(consult.offer_id)
    if offer is not None:
        fail_offer(work, offer, outcome)
        return
    target = work.floor.agents.get(consult.target)
    if (
        target is not None
        and isinstance(target.activity, ag.Consulted)
        and target.activity.offer_id == consult.offer_id
    ):
        work.become_idle(target, ActivityEvent.STEP_ASIDE)


def consult_failed(work: Work, agent: Agent, consult: ag.Consult, notice: str) -> None:
    """An order of the consultation failed, or nobody answered: back to the caller."""
    _back_to_caller(work, agent, consult, Outcome.RESCINDED, "failed")
    work.notice(agent, notice)


def drop_consult(work: Work, agent: Agent, consult: ag.Consult) -> None:
    """The conversation that the consultation belongs to ends: the caller is gone or moved."""
    release_target(work, consult, Outcome.CALLER_ABANDONED)
    _publish_end(work, agent, consult, "failed")


def _publish_end(work: Work, agent: Agent, consult: ag.Consult, outcome: str) -> None:
    work.publish(
        ev.ConsultEnded(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=consult.conversation.call_id,
            agent_id=agent.agent_id,
            consulted_agent_id=consult.target,
            outcome=outcome,
        )
    )
