"""Offers: made by matching, ended with exactly one outcome, the caller back to the old place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import ActivityEvent, Agent
from acd.core.call import Call, CallEvent, Offer, Outcome
from acd.core.callback import Callback, Due
from acd.core.dialling import begin_dial
from acd.core.effects import NO_ID, CancelConsult, CancelOffer, Deliver
from acd.core.floor import CallKey, Floor, LaneKey, Waiter
from acd.core.inputs import TimerKind
from acd.core.reasons import reasons
from acd.core.sharing import call_for
from acd.core.work import Work
from kernel import events as ev
from kernel.assignment import Choice
from kernel.ids import AgentId, OfferId, TeamId
from kernel.telephony import OfferRinging

# --- matching -------------------------------------------------------------------------------


Source = tuple[TeamId, LaneKey] | AgentId
"""Where a call waits: in a lane, or for one agent."""


def settle(work: Work) -> None:
    """Bring together whoever can be; afterwards no available agent faces a call he may serve.

    Usually one side is new, and one only: a freed agent takes the best call or sits down, a call
    that arrived takes the best agent. Otherwise everybody free sits down first, and the calls find
    the best of all, best score first. Without a line to the telephone nobody is offered anything.
    """
    floor, freed = work.floor, _available(work)
    if not floor.line_up:
        for agent in freed:
            floor.sit(agent)
    elif len(freed) + len(work.arrived) > 1 or work.widened:
        _settle_many(work, freed)
    else:
        for call in work.arrived:
            _seek_agent(work, call)
        for agent in freed:
            _seek_call(work, agent)


def _available(work: Work) -> list[Agent]:
    """Each agent who became available in this step, once."""
    floor = work.floor
    freed = {
        a.agent_id: a
        for a in work.freed
        if a.benched is None and floor.available(a) and floor.agents.get(a.agent_id) is a
    }
    return list(freed.values())


def _seek_agent(work: Work, call: Waiter) -> None:
    agent = work.floor.best_agent(call) if type(call.state) in _OPEN else None
    if agent is not None:
        _serve(work, call, agent)


def _seek_call(work: Work, agent: Agent) -> None:
    while (call := call_for(work.floor, agent, work.now)) is not None:
        if _serve(work, call, agent):
            return
    work.floor.sit(agent)


_OPEN = (ca.Waiting, Due)


def _serve(work: Work, waiter: Waiter, agent: Agent) -> bool:
    """Offer the caller, or dial the citizen. False: it is not the hour, and whoever it was does
    not stand in line any more."""
    if isinstance(waiter, Callback):
        return begin_dial(work, waiter, agent)
    make_offer(work, waiter, agent)
    return True


def _settle_many(work: Work, freed: list[Agent]) -> None:
    """What the first of a lane does not find, no other of it finds: no call is looked at twice."""
    floor = work.floor
    for one in freed:
        floor.sit(one)
    sources: set[Source] = {
        (team, lane_key) for team, lanes in floor.open_calls.items() for lane_key in lanes
    }
    sources.update(floor.wanted)
    while heads := _heads(floor, sources):
        key = min(heads)
        call = floor.waiter(key)
        agent = floor.best_agent(call)
        if agent is None:
            sources.discard(heads[key])
        else:
            _serve(work, call, agent)


def _heads(floor: Floor, sources: Iterable[Source]) -> dict[CallKey, Source]:
    """The first call of each of the sources that are still there."""
    found: dict[CallKey, Source] = {}
    for source in sources:
        if isinstance(source, tuple):
            line = floor.open_calls[source[0]].get(source[1])
        else:
            line = floor.wanted.get(source)
        head = line.first() if line is not None else None
        if head is not None:
            found[head] = source
    return found


def make_offer(work: Work, call: Call, agent: Agent, made: Choice | None = None) -> None:
    """Reserve the agent for the call and order the delivery. `made`: the choice, where it was made
    before (`reasons`)."""
    floor, now = work.floor, work.now
    team = floor.serving_team(agent, call)
    call.offers += 1
    offer_id = OfferId(f"{call.call_id}.{call.offers}")
    floor.close(call)
    why = reasons(floor, call, agent, team, now, made)
    work.move_call(call, CallEvent.OFFER, ca.Offered(offer_id, agent.agent_id))
    floor.offers[offer_id] = Offer(offer_id, call.call_id, agent.agent_id, team, now)
    ring_until = now + floor.rules.ring_timeout
    session = agent.session
    work.do(Deliver(call.call_id, offer_id, session.endpoint, floor.rules.ring_timeout))
    work.act(
        agent,
        ActivityEvent.OFFER,
        ag.Offered(now, offer_id, call.call_id, team, ring_until),
    )
    work.start_timer(TimerKind.RING, offer_id, ring_until + floor.rules.answer_margin)
    work.publish(
        ev.CallOffered(
            event_id=NO_ID,
            occurred_at=now,
            call_id=call.call_id,
            offer_id=offer_id,
            agent_id=agent.agent_id,
            booth_id=session.booth_id,
            endpoint=session.endpoint,
            team=team,
            waited_s=work.waited_s(call),
            ring_timeout_s=floor.rules.ring_timeout.total_seconds(),
            why=why,
        )
    )


# --- outcomes -------------------------------------------------------------------------------

_AGENT_EVENT = {
    Outcome.DECLINED: ActivityEvent.DECLINE,
    Outcome.RING_NO_ANSWER: ActivityEvent.NO_ANSWER,
    Outcome.CALLER_ABANDONED: ActivityEvent.CALLER_GONE,
    Outcome.UNREACHABLE: ActivityEvent.UNREACHABLE,
    Outcome.RESCINDED: ActivityEvent.RESCIND,
}
_WITHDRAWN = {
    Outcome.DECLINED: ag.DECLINED,
    Outcome.RING_NO_ANSWER: ag.RING_NO_ANSWER,
    Outcome.UNREACHABLE: ag.PHONE_UNREACHABLE,
}


def close_offer(work: Work, offer: Offer, outcome: Outcome) -> None:
    """Write down the one outcome. The only place where an offer leaves the table."""
    del work.floor.offers[offer.offer_id]
    work.cancel_timer(TimerKind.RING, offer.offer_id)
    work.publish(
        ev.OfferEnded(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=offer.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            outcome=outcome.value,
        )
    )


def fail_offer(work: Work, offer: Offer, outcome: Outcome, *, missing: bool = False) -> None:
    """End an open offer without a conversation.

    The agent is idle again: withdrawn if he or she (or the phone) is the cause, else with the old
    place among the free. A caller's call waits to be back in the loop; a consultation's call is
    not touched.
    """
    close_offer(work, offer, outcome)
    agent = work.floor.agents[offer.agent_id]
    work.act(agent, _AGENT_EVENT[outcome], ag.Idle(work.now))
    chosen = agent.next_status
    if (reason := _WITHDRAWN.get(outcome)) is not None:
        work.withdraw(agent, reason)
        # Who does not answer is not made ready, by whomever; an order to take no calls stands, and
        # so does the wish to leave.
        leaves = chosen is not None and chosen.status is None
        if leaves or (chosen and chosen.forced and not isinstance(chosen.status, ag.Ready)):
            agent.next_status = chosen
    work.apply_next_status(agent)
    if offer.by is None:
        _return_call(work, work.floor.calls[offer.call_id], outcome, missing)


def _return_call(work: Work, call: Call, outcome: Outcome, missing: bool) -> None:
    work.move_call(call, CallEvent.OFFER_ENDED, ca.Returning(ca.RETURN_CAUSE[outcome], missing))
    if call.wanted is not None:
        # The wanted agent had the chance; from now on anybody of the team may serve.
        work.cancel_timer(TimerKind.WANTED, call.call_id)
        call.wanted = None
    work.start_timer(TimerKind.RETURN, call.call_id, work.now + work.floor.rules.answer_margin)


def take_back(work: Work, offer: Offer, outcome: Outcome) -> None:
    """End an offer by our own decision: the telephone is told to stop ringing."""
    order = CancelOffer(offer.call_id, offer.offer_id)
    work.do(order if offer.by is None else CancelConsult(offer.call_id))
    fail_offer(work, offer, outcome)


def ring_expired(work: Work, offer_id: OfferId) -> None:
    """The telephone said nothing for longer than ringing takes."""
    offer = work.floor.offers.get(offer_id)
    if offer is None or not work.floor.line_up:
        return  # ended meanwhile, or to be judged by the telephone's truth when it is back
    work.remark("offer_without_result", offer.call_id, offer.agent_id)
    take_back(work, offer, Outcome.RING_NO_ANSWER)


def offer_of(work: Work, agent: Agent) -> Offer | None:
    """The agent's open offer."""
    if isinstance(agent.activity, ag.Offered):
        return work.floor.offers.get(agent.activity.offer_id)
    return None


def on_ringing(work: Work, fact: OfferRinging) -> None:
    """The phone rings."""
    offer = work.floor.offers.get(fact.offer_id)
    agent = work.floor.agents.get(offer.agent_id) if offer is not None else None
    if agent is not None and isinstance(agent.activity, ag.Offered):
        work.act(agent, ActivityEvent.RING, replace(agent.activity, ringing=True))
