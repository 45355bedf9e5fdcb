"""One agent's part of a call: it begins, may be held, and ends in wrap-up."""

from __future__ import annotations

from dataclasses import replace

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import ActivityEvent, Agent, Conversation
from acd.core.call import CallEvent, Offer
from acd.core.effects import NO_ID
from acd.core.inputs import TimerKind
from acd.core.sharing import wait_ended
from acd.core.work import Work
from acd.core.wrap_up import begin_wrap_up
from kernel import events as ev


def begin_talk(work: Work, offer: Offer, event: ActivityEvent) -> None:
    """The offer's agent and the caller talk from now on; the visit ends as answered."""
    call, agent = work.floor.calls[offer.call_id], work.floor.agents[offer.agent_id]
    waited_s = work.waited_s(call)
    was_in_line, call.answered = call.in_line, True
    work.leave_line(call)
    work.cancel_timer(TimerKind.RETURN, call.call_id)
    work.move_call(call, CallEvent.ANSWER, ca.Talking(offer.offer_id, agent.agent_id))
    conversation = Conversation(call.call_id, offer.offer_id, offer.team, work.now)
    work.act(agent, event, ag.Talk(work.now, conversation))
    if was_in_line:
        wait_ended(work, call, answered=True)
        work.publish(
            ev.CallAnswered(
                event_id=NO_ID,
                occurred_at=work.now,
                call_id=call.call_id,
                offer_id=offer.offer_id,
                agent_id=agent.agent_id,
                booth_id=agent.session.booth_id,
                team=offer.team,
                waited_s=waited_s,
            )
        )


def close_hold(work: Work, agent: Agent, held: ag.OnHold) -> Conversation:
    """The conversation with the hold added to it."""
    length = work.now - held.since
    work.publish(
        ev.CallResumed(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=held.conversation.call_id,
            agent_id=agent.agent_id,
            held_s=length.total_seconds(),
        )
    )
    return replace(held.conversation, held=held.conversation.held + length)


def finish_part(work: Work, agent: Agent, conversation: Conversation) -> None:
    """Talk to wrap-up; an open hold is counted."""
    held = conversation.held
    if isinstance(agent.activity, ag.OnHold):
        held += work.now - agent.activity.since
    begin_wrap_up(work, agent, conversation)
    work.publish(
        ev.TalkFinished(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=conversation.call_id,
            offer_id=conversation.offer_id,
            agent_id=agent.agent_id,
            team=conversation.team,
            talk_s=(work.now - conversation.since).total_seconds(),
            held_s=held.total_seconds(),
        )
    )
