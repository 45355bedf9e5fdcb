"""What began without us and is true nevertheless: taken over, so that memory and truth agree."""

from __future__ import annotations

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import ActivityEvent, Agent
from acd.core.call import Call, CallEvent, Offer, Outcome
from acd.core.conversation import begin_talk
from acd.core.dialling import let_go
from acd.core.effects import NO_ID
from acd.core.floor import call_key
from acd.core.inputs import TimerKind
from acd.core.offering import fail_offer
from acd.core.talking import end_conversation
from acd.core.work import Work
from kernel import events as ev
from kernel.ids import Endpoint, OfferId
from kernel.telephony import LiveCall


def agent_at(work: Work, endpoint: Endpoint | None) -> Agent | None:
    """Who sits at that phone."""
    agent_id = work.floor.endpoints.get(endpoint) if endpoint else None
    return work.floor.agents[agent_id] if agent_id else None


def offer_number(offer_id: OfferId | None) -> int:
    """The number in the offer's id, counting from 1; 0 when there is none."""
    number = offer_id.rpartition(".")[2] if offer_id else ""
    return int(number) if number.isdecimal() else 0


def adopt(work: Work, found: LiveCall) -> Call:
    """A call that we did not know, not yet in a line."""
    arrived = found.first_arrival_at or work.now
    team = work.floor.rules.team(found.team or work.floor.rules.fallback_team).team
    call = Call(
        call_id=found.call_id,
        team=team,
        language=found.language,
        priority=found.priority,
        first_arrival_at=arrived,
        ani=found.ani.digits,
        dnis=found.dnis,
        state=ca.Returning("resync"),
        entered_at=work.now,
        key=call_key(found.call_id, arrived, found.priority),
        closed=found.call_id in work.floor.closed,
        offers=work.floor.closed.pop(found.call_id, 0),
    )
    work.floor.menu.pop(found.call_id, None)
    work.floor.calls[call.call_id] = call
    return call


def take_over_talk(work: Work, call: Call, agent: Agent | None, offer_id: OfferId | None) -> None:
    """A conversation that began without us belongs to whoever sits at that phone.

    With nobody there, or somebody in another conversation, the call is talking with nobody known:
    its visit counts as served by other means.
    """
    offer_id = offer_id or OfferId(f"{call.call_id}.{call.offers + 1}")
    call.offers = max(call.offers, offer_number(offer_id))
    if agent is not None and isinstance(agent.activity, ag.Offered):
        fail_offer(work, work.floor.offers[agent.activity.offer_id], Outcome.RESCINDED)
    if agent is not None:
        let_go(work, agent)
    end_conversation(work, call)
    if agent is None or not isinstance(agent.activity, ag.Idle | ag.WrapUp):
        work.remark("conversation_without_agent", call.call_id)
        divert(work, call)
        work.move_call(call, CallEvent.ANSWER, ca.Talking(None, None))
        return
    work.cancel_timer(TimerKind.WRAP_UP, agent.agent_id)
    offer = Offer(offer_id, call.call_id, agent.agent_id, call.team, work.now)
    begin_talk(work, offer, ActivityEvent.RESTORE_TALK)


def divert(work: Work, call: Call) -> None:
    """The visit ends: the telephone's own queue served the caller while we were away."""
    call.answered = True
    if not call.in_line:
        return
    work.leave_line(call)
    work.publish(
        ev.CallDiverted(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            team=call.team,
            waited_s=work.waited_s(call),
            cause="fallback",
        )
    )
