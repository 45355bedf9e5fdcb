"""A caller in a conversation is sent back to a line, to be answered by somebody else."""

from __future__ import annotations

from acd.core import call as ca
from acd.core.agent import Agent
from acd.core.call import Call, CallEvent
from acd.core.effects import Requeue
from acd.core.work import Work
from kernel.ids import AgentId, TeamId

BLIND = "blind"
LEFT_ALONE = "left_alone"


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
