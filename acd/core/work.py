"""One step at work: the moves that every handler is made of, each checked against its table.

A handler checks all that may refuse *before* its first move; after that nothing raises. Effects
are collected in order. At the end `settle` brings free agents and waiting calls together.
"""

from __future__ import annotations

from datetime import datetime

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import Activity, ActivityEvent, Agent, StatusEvent
from acd.core.call import Call, CallEvent
from acd.core.effects import (
    NO_ID,
    CancelTimer,
    Effect,
    Publish,
    Remark,
    Show,
    StartTimer,
)
from acd.core.floor import Floor, Waiter
from acd.core.inputs import TimerKey, TimerKind
from kernel import events as ev
from kernel.errors import InvalidTransition
from kernel.ids import AgentId, CallId


class Work:
    """The floor at `now`, the effects so far, and who is to be matched when the step ends."""

    __slots__ = ("arrived", "effects", "floor", "freed", "leaving", "now", "touched", "widened")

    def __init__(self, floor: Floor, now: datetime) -> None:
        self.floor = floor
        self.now = now
        self.effects: list[Effect] = []
        self.freed: list[Agent] = []
        self.arrived: list[Waiter] = []
        # Whose view changed; may name one twice.
        self.touched: list[Agent] = []
        # Whom a chosen log-out awaits at the end of the step.
        self.leaving: list[tuple[Agent, ag.Chosen]] = []
        # More people may serve some calls than before (a ring was opened for a team, the last
        # speaker of a language left, nobody of a team is on duty any more): callers who found
        # nobody may find somebody now.
        self.widened = False

    # --- effects ---------------------------------------------------------------------------

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def publish(self, event: ev.Event) -> None:
        self.effects.append(Publish(event))

    def start_timer(self, kind: TimerKind, of: str, at: datetime) -> None:
        self.effects.append(StartTimer(TimerKey(kind, of), at))

    def cancel_timer(self, kind: TimerKind, of: str) -> None:
        self.effects.append(CancelTimer(TimerKey(kind, of)))

    def remark(
        self, what: str, call_id: CallId | None = None, agent_id: AgentId | None = None
    ) -> None:
        self.effects.append(Remark(what, call_id, agent_id))

    # --- agents ----------------------------------------------------------------------------

    def agent(self, agent_id: AgentId) -> Agent:
        """The logged-in agent. Raises InvalidTransition when he or she is not."""
        found = self.floor.agents.get(agent_id)
        if found is None:
            raise InvalidTransition("您尚未签入座席")
        return found

    def act(self, agent: Agent, event: ActivityEvent, activity: Activity) -> None:
        """Move the agent's activity. Raises InvalidTransition before anything is changed."""
        if ag.check_activity(agent, event) is not activity.kind:
            raise InvalidTransition(ag.ACTIVITY_REFUSALS[event])
        before = ag.PUBLIC_ACTIVITY[agent.activity.kind]
        after = ag.PUBLIC_ACTIVITY[activity.kind]
        self.floor.stand(agent)
        agent.activity = activity
        agent.notice = ""
        if before != after:
            self.publish(
                ev.AgentActivityChanged(
                    event_id=NO_ID,
                    occurred_at=self.now,
                    call_id=_call_of(activity),
                    agent_id=agent.agent_id,
                    activity=after,
                )
            )
        self.consider(agent)

    def set_status(
        self,
        agent: Agent,
        event: StatusEvent,
        reason: str | None,
        cause: str,
        actor: str = "",
    ) -> None:
        """Change the status now: ready when `reason` is None. The same status again is nothing."""
        if agent.status.reason == reason:
            return
        ready = reason is None
        assert ag.STATUS[agent.status.kind, event] is (
            ag.StatusKind.READY if ready else ag.StatusKind.NOT_READY
        )
        self.floor.stand(agent)
        agent.status = ag.NotReady(self.now, reason) if reason is not None else ag.Ready(self.now)
        self.publish(
            ev.AgentStatusChanged(
                event_id=NO_ID,
                occurred_at=self.now,
                agent_id=agent.agent_id,
                status=agent.status.kind.value,
                reason=reason,
                cause=cause,
                actor=actor,
            )
        )
        self.consider(agent)

    def withdraw(self, agent: Agent, reason: str) -> None:
        """The distribution takes the agent out of the pool until he or she says ready."""
        agent.next_status = None
        self.set_status(agent, StatusEvent.WITHDRAW, reason, ag.ACD)

    def become_idle(self, agent: Agent, event: ActivityEvent) -> None:
        """After wrap-up or consultation: idle, and the chosen status applies."""
        self.act(agent, event, ag.Idle(self.now))
        self.apply_next_status(agent)

    def apply_next_status(self, agent: Agent) -> None:
        """What was chosen while the agent was not idle applies now."""
        chosen, agent.next_status = agent.next_status, None
        if chosen is None:
            return
        if chosen.status is None:
            self.leaving.append((agent, chosen))
        else:
            reason = chosen.status.reason
            self.set_status(agent, chosen.event, reason, chosen.cause, chosen.actor)
            self.await_phone(agent)

    def await_phone(self, agent: Agent) -> None:
        """Who became ready without a phone has the grace to get it back."""
        ready = isinstance(agent.status, ag.Ready)
        if ready and not self.floor.phone_reachable(agent.session.endpoint):
            until = self.now + self.floor.rules.grace
            self.start_timer(TimerKind.PHONE, agent.agent_id, until)

    def consider(self, agent: Agent) -> None:
        """The agent's view changed, and he or she may have become available."""
        self.show(agent)
        self.freed.append(agent)

    def notice(self, agent: Agent, sentence: str) -> None:
        """Tell the agent that an order failed; stays until the activity changes."""
        agent.notice = sentence
        self.show(agent)

    def show(self, agent: Agent) -> None:
        """The agent's view changed. Called for each change of session, status or choice, since
        who is on duty is counted by it."""
        self.touched.append(agent)
        self.do(Show(agent.agent_id))

    # --- calls -----------------------------------------------------------------------------

    def move_call(self, call: Call, event: CallEvent, state: ca.CallState) -> None:
        """Move the call's state. Raises InvalidTransition before anything is changed."""
        if ca.check_call(call, event) is not state.kind:
            raise InvalidTransition(ca.CALL_REFUSALS[event])
        call.state = state

    def leave_line(self, call: Call) -> None:
        """The visit is over: no place, no rings, no wanted agent."""
        if not call.in_line:
            return
        self.floor.quit(call)
        self.cancel_timer(TimerKind.RELAX, call.call_id)
        if call.wanted is not None:
            self.cancel_timer(TimerKind.WANTED, call.call_id)
            call.wanted = None

    def waited_s(self, call: Call) -> float:
        """Seconds from the first arrival until now."""
        return max((self.now - call.first_arrival_at).total_seconds(), 0.0)


def _call_of(activity: Activity) -> CallId | None:
    if isinstance(activity, ag.InConversation):
        return activity.conversation.call_id
    if isinstance(activity, ag.Idle | ag.Dialling):
        return None
    return activity.call_id
