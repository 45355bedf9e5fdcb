"""A state ordered from above: by a supervisor, or by a plan that calls people in.

Theory of operation: an idle agent changes at once. A conversation is never cut: what was ordered
applies after it (`Chosen`), and the agent's own choices do not change it. A wrap-up ends at once
for an order to be ready or to leave; a phone that rings is told to stop when the agent is to take
no calls. Every order is an event with its reason, its cause and its actor, done at once or not.
"""

from __future__ import annotations

from acd.core import agent as ag
from acd.core.agent import ActivityEvent, Agent, SessionKind
from acd.core.call import Outcome
from acd.core.dialling import let_go
from acd.core.effects import NO_ID
from acd.core.inputs import ForcedState, ForceState
from acd.core.offering import offer_of, take_back
from acd.core.people import be_ready
from acd.core.work import Work
from acd.core.wrap_up import finish_wrap_up
from kernel import events as ev
from kernel.errors import BadInput, Conflict, NotFound


def force_state(work: Work, command: ForceState) -> None:
    """Now when nothing stands in the way, else after the call.

    Raises:
        NotFound: nobody of this id is logged in.
        BadInput: no reason was given.
        Conflict: nobody sits at the desktop who could be ready.
    """
    agent = work.floor.agents.get(command.agent_id)
    if agent is None:
        raise NotFound("该话务员尚未签入座席")
    if not command.reason.strip():
        raise BadInput("请填写原因", "reason")
    if command.state is ForcedState.READY and agent.session.kind is not SessionKind.PRESENT:
        raise Conflict("该话务员的工作台未连接，不能置为就绪")
    work.publish(
        ev.AgentForced(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent.agent_id,
            state=command.state.value,
            reason=command.reason,
            cause=command.cause,
            actor=command.actor,
            at_once=_at_once(work, agent, command.state),
        )
    )
    apply_order(work, agent, command)


def apply_order(work: Work, agent: Agent, command: ForceState) -> None:
    """Do it, or note it for after the call."""
    chosen = chosen_by(work, command)
    if isinstance(agent.activity, ag.Idle):
        if command.state is ForcedState.READY:
            be_ready(work, agent, chosen)
        else:
            agent.next_status = chosen
            work.apply_next_status(agent)
        return
    agent.next_status = chosen
    work.show(agent)
    if not _at_once(work, agent, command.state):
        return
    if isinstance(agent.activity, ag.WrapUp):
        finish_wrap_up(work, agent, ActivityEvent.WRAP_UP_OVER)
    elif (offer := offer_of(work, agent)) is not None:
        take_back(work, offer, Outcome.RESCINDED)
    else:
        let_go(work, agent)


def chosen_by(work: Work, command: ForceState) -> ag.Chosen:
    """The order as what applies when the agent is idle."""
    status: ag.Status | None
    match command.state:
        case ForcedState.READY:
            status = ag.Ready(work.now)
        case ForcedState.NOT_READY:
            status = ag.NotReady(work.now, ag.FORCED)
        case ForcedState.LOGGED_OUT:
            status = None
    return ag.Chosen(status, command.cause, command.actor)


def _at_once(work: Work, agent: Agent, state: ForcedState) -> bool:
    match agent.activity:
        case ag.Idle():
            return True
        case ag.WrapUp():
            return state is not ForcedState.NOT_READY
        case ag.Offered() | ag.Dialling():
            return state is not ForcedState.READY and work.floor.line_up
        case _:
            return False
