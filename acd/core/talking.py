"""Conversations as the telephone reports them: held, resumed, ended."""

from __future__ import annotations

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import ActivityEvent
from acd.core.call import Call, CallEvent
from acd.core.consulting import drop_consult
from acd.core.conversation import close_hold, finish_part
from acd.core.effects import NO_ID
from acd.core.work import Work
from kernel import events as ev
from kernel.telephony import HoldChanged, TalkEnded


def on_hold_changed(work: Work, fact: HoldChanged) -> None:
    """A hold that does not fit (another endpoint, during a consultation) is passed over."""
    agent_id = work.floor.endpoints.get(fact.endpoint)
    agent = work.floor.agents.get(agent_id) if agent_id else None
    if agent is None:
        return
    activity = agent.activity
    if isinstance(activity, ag.Talk) and fact.on_hold:
        if activity.conversation.call_id == fact.call_id:
            work.act(agent, ActivityEvent.HOLD, ag.OnHold(work.now, activity.conversation))
            work.publish(
                ev.CallHeld(
                    event_id=NO_ID,
                    occurred_at=work.now,
                    call_id=fact.call_id,
                    agent_id=agent.agent_id,
                )
            )
    elif isinstance(activity, ag.OnHold) and not fact.on_hold:
        conversation = close_hold(work, agent, activity)
        work.act(agent, ActivityEvent.RESUME, ag.Talk(work.now, conversation))


def on_talk_ended(work: Work, fact: TalkEnded) -> None:
    """The operator's leg is gone. Of a conversation that is over already, nothing is left to do."""
    call = work.floor.calls.get(fact.call_id)
    if call is None:
        return
    state = call.state
    if not isinstance(state, ca.Talking | ca.Moving):
        return
    # The phone tells whose leg it was: after a consultation was completed the telephone still
    # names the first operator's offer.
    agent = work.floor.agents.get(state.agent_id) if state.agent_id else None
    if agent is None or agent.session.endpoint == fact.endpoint:
        end_conversation(work, call)


def end_conversation(work: Work, call: Call) -> None:
    """End whatever conversation the call is in: the agent wraps up, the caller may stay."""
    end_talk_of(work, call)
    if isinstance(call.state, ca.Talking):
        work.move_call(call, CallEvent.TALK_END, ca.AfterCall())


def end_talk_of(work: Work, call: Call) -> None:
    """The agent's part ends, if an agent still has one."""
    state = call.state
    if not isinstance(state, ca.Talking | ca.Moving) or state.agent_id is None:
        return
    agent = work.floor.agents.get(state.agent_id)
    conversation = agent.conversation if agent is not None else None
    if agent is None or conversation is None or conversation.offer_id != state.offer_id:
        return
    if isinstance(agent.activity, ag.Consult):
        drop_consult(work, agent, agent.activity)
    finish_part(work, agent, conversation)
