"""A caller in a conversation is sent back to a line, to be answered by somebody else."""

from __future__ import annotations

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import Agent
from acd.core.call import Call, CallEvent
from acd.core.effects import CompleteConsult, Requeue
from acd.core.work import Work
from kernel.ids import AgentId, TeamId

BLIND = "blind"
LEFT_ALONE = "left_alone"
FREED = "freed"


def move(
    work: Work, agent: Agent, call: Call, team: TeamId, target: AgentId | None, kind: str = BLIND
) -> None:
    """Order the caller out of the agent's conversation. The call is in `Talking`; the caller's
    arrival in the line, or the order's failure, ends the move."""
    assert isinstance(call.state, ca.Talking) and call.state.offer_id is not None
    work.move_call(
        call,
        CallEvent.MOVE,
        ca.Moving(call.state.offer_id, agent.agent_id, team, target, kind),
    )
    work.do(Requeue(call.call_id, team, call.priority, target))
    work.show(agent)


def hand_on(work: Work, agent: Agent, call: Call, kind: str) -> None:
    """Take the caller from an agent who cannot talk: to the colleague who was asked and knows the
    matter (not to one whose phone only rings), else back to the line. Call and agent as for
    `move`."""
    activity = agent.activity
    if isinstance(activity, ag.Consult) and activity.answered:
        work.do(CompleteConsult(call.call_id))
    else:
        move(work, agent, call, call.team, None, kind)
