"""Nobody talks to an empty chair: whose operator vanished with the sound is handed to a colleague.

Theory of operation: an operator in a conversation is *gone* while both the browser's connection
and the phone are away. Either alone proves nothing: a desk phone talks on without a browser, and a
browser with its own phone may lose one socket and keep the other. Both come back together after a
short loss of the network, so the caller stays for `left_alone_after`, and then returns to the line
with the first arrival kept, where the next free colleague is asked.
"""

from __future__ import annotations

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import Agent, SessionKind
from acd.core.inputs import TimerKind
from acd.core.moving import LEFT_ALONE, hand_on
from acd.core.work import Work
from kernel.ids import AgentId


def watch(work: Work, agent: Agent) -> None:
    """Called when the browser or the phone went away: does a caller sit there alone?"""
    if _gone(work, agent):
        until = work.now + work.floor.rules.left_alone_after
        work.start_timer(TimerKind.ALONE, agent.agent_id, until)


def alone_too_long(work: Work, agent_id: AgentId) -> None:
    """Hand the caller on, unless browser or phone came back. Looks again, since orders may fail."""
    agent = work.floor.agents.get(agent_id)
    if agent is None or not _gone(work, agent):
        return
    watch(work, agent)
    if not work.floor.line_up:
        return
    conversation = agent.conversation
    call = work.floor.calls.get(conversation.call_id) if conversation is not None else None
    if call is None or not isinstance(call.state, ca.Talking):
        return
    work.remark("caller_left_alone", call.call_id, agent_id)
    hand_on(work, agent, call, LEFT_ALONE)


def _gone(work: Work, agent: Agent) -> bool:
    return (
        agent.session.kind is not SessionKind.PRESENT
        and isinstance(agent.activity, ag.InConversation)
        and not work.floor.phone_reachable(agent.session.endpoint)
    )
