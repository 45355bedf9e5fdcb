"""How long each agent was in each state, from the published events. Pure.

The states of one agent follow one another without a gap: their times add up to the time since the
log-in, to the microsecond. `acd.core.self_audit` compares the sum with the floor's own memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from acd.core.agent import PUBLIC_ACTIVITY, Agent
from kernel import events as ev
from kernel.ids import AgentId


@dataclass(frozen=True, slots=True)
class Stretch:
    """A state that ended: `busy` when a call drove it, `ready` when idle and ready."""

    agent_id: AgentId
    busy: bool
    ready: bool
    length_us: int


@dataclass(slots=True)
class Clock:
    """One agent since log-in. `totals` by activity, or for idle by `ready` / `not_ready:reason`."""

    logged_in_us: int
    since_us: int
    status: str = "not_ready:logged_in"
    activity: str = "idle"
    totals: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return self.status if self.activity == "idle" else self.activity


def words(agent: Agent) -> tuple[str, str]:
    """Status and activity of an agent on the floor, as a clock names them."""
    reason = agent.status.reason
    status = "ready" if reason is None else f"not_ready:{reason}"
    return status, PUBLIC_ACTIVITY[agent.activity.kind]


class AgentTimes:
    """The clocks of all logged-in agents."""

    def __init__(self) -> None:
        self.clocks: dict[AgentId, Clock] = {}

    def fold(self, event: ev.Event, now_us: int) -> Stretch | None:
        """Apply an agent's event; the stretch that it ended, if there was one."""
        if isinstance(event, ev.AgentLoggedIn):
            self.clocks[event.agent_id] = Clock(now_us, now_us)
            return None
        if isinstance(event, ev.AgentLoggedOut):
            clock = self.clocks.pop(event.agent_id, None)
            return None if clock is None else _end(event.agent_id, clock, now_us)
        if isinstance(event, ev.AgentStatusChanged):
            clock = self._clock(event.agent_id, now_us)
            ended = _end(event.agent_id, clock, now_us)
            clock.status = "ready" if event.reason is None else f"not_ready:{event.reason}"
            return ended
        if isinstance(event, ev.AgentActivityChanged):
            clock = self._clock(event.agent_id, now_us)
            ended = _end(event.agent_id, clock, now_us)
            clock.activity = event.activity
            return ended
        return None

    def resume(self, agent: Agent, now_us: int) -> None:
        """Begin a clock in the middle of a session, after a restart."""
        status, activity = words(agent)
        self.clocks[agent.agent_id] = Clock(now_us, now_us, status, activity)

    def totals(self, agent_id: AgentId, now_us: int) -> dict[str, int]:
        """Microseconds by state until now; empty for an agent who is not logged in."""
        clock = self.clocks.get(agent_id)
        if clock is None:
            return {}
        totals = dict(clock.totals)
        totals[clock.state] = totals.get(clock.state, 0) + now_us - clock.since_us
        return totals

    def counted_us(self, agent_id: AgentId, now_us: int) -> int:
        """The sum of the states' times until now; 0 for an agent who is not logged in."""
        clock = self.clocks.get(agent_id)
        return 0 if clock is None else sum(clock.totals.values()) + now_us - clock.since_us

    def _clock(self, agent_id: AgentId, now_us: int) -> Clock:
        return self.clocks.setdefault(agent_id, Clock(now_us, now_us))


def _end(agent_id: AgentId, clock: Clock, now_us: int) -> Stretch:
    state, length = clock.state, now_us - clock.since_us
    clock.totals[state] = clock.totals.get(state, 0) + length
    clock.since_us = now_us
    return Stretch(agent_id, clock.activity != "idle", state == "ready", length)
