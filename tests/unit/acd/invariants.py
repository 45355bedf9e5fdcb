"""What must hold on the floor after every step, checked by looking at everything (slow on purpose).

The indexes that `step` works with are compared with what they ought to hold, computed afresh.
"""

from __future__ import annotations

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import callback as cb
from acd.core.contradiction import ALL, judge
from acd.core.floor import CallKey, Floor, LaneKey, microseconds
from acd.core.inputs import TimerKey, TimerKind
from acd.core.metrics import Count, Metrics
from kernel.ids import AgentId
from tests.unit.acd.eligibility import best_skill, first_with_people, may_take, works


def check(floor: Floor) -> None:
    """Raise AssertionError for any contradiction."""
    check_offers(floor)
    check_conversations(floor)
    check_lines(floor)
    check_on_duty(floor)
    check_callbacks(floor)
    check_doubts(floor)
    check_bench(floor)


def check_offers(floor: Floor) -> None:
    """At most one open offer per agent and per call, and both sides know of it."""
    for offer in floor.offers.values():
        activity = floor.agents[offer.agent_id].activity
        assert isinstance(activity, ag.Offered), (offer, activity)
        assert activity.offer_id == offer.offer_id
        call = floor.calls[offer.call_id]
        if offer.by is None:
            assert call.state == ca.Offered(offer.offer_id, offer.agent_id)
        else:
            asker = floor.agents[offer.by].activity
            assert isinstance(asker, ag.Consult) and asker.offer_id == offer.offer_id
    offered_agents = [a for a in floor.agents.values() if isinstance(a.activity, ag.Offered)]
    assert len(offered_agents) == len(floor.offers)
    offered_calls = [c for c in floor.calls.values() if isinstance(c.state, ca.Offered)]
    assert len(offered_calls) == sum(o.by is None for o in floor.offers.values())


def check_conversations(floor: Floor) -> None:
    """A conversation is known to its agent and to its call alike."""
    for agent in floor.agents.values():
        conversation = agent.conversation
        if conversation is None:
            continue
        state = floor.calls[conversation.call_id].state
        assert isinstance(state, ca.Talking | ca.Moving), (agent, state)
        assert (state.agent_id, state.offer_id) == (agent.agent_id, conversation.offer_id)
    for call in floor.calls.values():
        if isinstance(call.state, ca.Talking) and call.state.agent_id is not None:
            found = floor.agents[call.state.agent_id].conversation
            assert found is not None and found.call_id == call.call_id, (call, found)
    for agent in floor.agents.values():
        if isinstance(agent.activity, ag.Consulted):
            asker = floor.agents[agent.activity.by].activity
            assert isinstance(asker, ag.Consult) and asker.answered


def check_lines(floor: Floor) -> None:
    """Lines hold exactly those in line; those that may be offered are found where they should."""
    for team, line in floor.lines.items():
        assert list(line) == sorted(
            c.key for c in floor.calls.values() if c.in_line and c.team == team
        )
        lanes: dict[LaneKey, list[CallKey]] = {}
        for call in floor.calls.values():
            if isinstance(call.state, ca.Waiting) and call.wanted is None and call.team == team:
                lanes.setdefault((call.ring, call.language), []).append(call.key)
        for callback in floor.callbacks.values():
            if isinstance(callback.state, cb.Due) and callback.team == team:
                lanes.setdefault((callback.ring, callback.language), []).append(callback.key)
        found = {lane: list(keys) for lane, keys in floor.open_calls[team].items()}
        assert found == {lane: sorted(keys) for lane, keys in lanes.items()}
    wanted = sorted(
        (c.wanted, c.key)
        for c in floor.calls.values()
        if c.wanted is not None and isinstance(c.state, ca.Waiting)
    )
    assert wanted == sorted((a, k) for a, keys in floor.wanted.items() for k in keys)
    for call in floor.calls.values():
        in_line = isinstance(call.state, ca.Waiting | ca.Offered | ca.Returning)
        assert call.in_line == in_line, call
        assert 1 <= call.ring <= floor.teams[call.team].last_ring


def check_on_duty(floor: Floor) -> None:
    """The rings that are passed are those of which nobody works."""
    for agent in floor.agents.values():
        assert agent.on_duty is works(agent), agent
    working = [a for a in floor.agents.values() if works(a)]
    for team in floor.rules.teams:
        own = [a for a in working if best_skill(a) == team.team]
        skilled = [a for a in working if team.team in dict(a.skills)]
        assert floor.home_on_duty[team.team] == len(own), team.team
        assert floor.on_duty[team.team] == len(skilled), team.team
        assert floor.staffed_rings[team.team] == first_with_people(floor, team), team.team


def check_callbacks(floor: Floor) -> None:
    """One for each number; who is held is held for one dial, and no dial is without an agent."""
    assert floor.numbers == {c.number: c.callback_id for c in floor.callbacks.values()}
    for team, line in floor.callback_lines.items():
        assert list(line) == sorted(
            c.key for c in floor.callbacks.values() if c.in_line and c.team == team
        )
    held = {c.held: c.callback_id for c in floor.callbacks.values() if c.held is not None}
    assert held == {
        a.agent_id: a.activity.callback_id
        for a in floor.agents.values()
        if isinstance(a.activity, ag.Dialling)
    }
    dialled = [c for c in floor.callbacks.values() if isinstance(c.state, cb.Dialling)]
    assert len(dialled) <= len(held)


def check_doubts(floor: Floor) -> None:
    """Whoever contradicts the phone is in doubt or in alarm, and nobody else."""
    for agent in floor.agents.values():
        doubted = agent.agent_id in floor.doubts or agent.alarm is not None
        assert doubted == (judge(floor, agent) is not None), agent
    assert floor.doubts.keys() <= floor.agents.keys()
    assert list(floor.doubts.values()) == sorted(floor.doubts.values())


def check_bench(floor: Floor) -> None:
    """The bench holds exactly the available, and nobody there could serve a waiting call."""
    for agent in floor.agents.values():
        assert (agent.benched is not None) == floor.available(agent), agent
    for team, benches in floor.bench.items():
        for language, keys in benches.items():
            assert list(keys) == sorted(
                (-a.levels[team], microseconds(a.handled_at), a.agent_id)
                for a in floor.agents.values()
                if a.benched is not None and team in a.levels and language in a.languages
            )
            assert list(floor.home_bench[team][language]) == [
                key for key in keys if best_skill(floor.agents[AgentId(key[2])]) == team
            ]
    if floor.line_up:
        for agent in floor.agents.values():
            if agent.benched is not None:
                assert not any(may_take(floor, agent, call) for call in floor.calls.values())
                assert not any(may_take(floor, agent, c) for c in floor.callbacks.values())


def check_timers(floor: Floor, running: set[TimerKey]) -> None:
    """Whatever must end by itself has a timer: nobody is stuck."""
    for agent in floor.agents.values():
        for kind in _awaited(floor, agent):
            assert TimerKey(kind, agent.agent_id) in running, (kind, agent)
    for callback in floor.callbacks.values():
        assert TimerKey(TimerKind.EXPIRY, callback.callback_id) in running or isinstance(
            callback.state, cb.Dialling | cb.Arriving
        )
        if isinstance(callback.state, cb.Resting):
            assert TimerKey(TimerKind.REDIAL, callback.callback_id) in running
    assert floor.awaits_doubt == (TimerKey(TimerKind.DOUBT, ALL) in running)
    assert floor.awaits_doubt or not floor.doubts
    if not floor.line_up:
        return
    for callback in floor.callbacks.values():
        if isinstance(callback.state, cb.Dialling | cb.Arriving | cb.TakenBack):
            assert TimerKey(TimerKind.DIAL, callback.callback_id) in running, callback
    for offer in floor.offers:
        assert TimerKey(TimerKind.RING, offer) in running
    for call in floor.calls.values():
        if isinstance(call.state, ca.Returning):
            assert TimerKey(TimerKind.RETURN, call.call_id) in running
        if call.in_line and call.ring < floor.teams[call.team].last_ring:
            assert TimerKey(TimerKind.RELAX, call.call_id) in running


def _awaited(floor: Floor, agent: ag.Agent) -> list[TimerKind]:
    """What ends by itself of an agent's state."""
    found = []
    if isinstance(agent.activity, ag.WrapUp):
        found.append(TimerKind.WRAP_UP)
    if agent.session.kind is ag.SessionKind.GRACE:
        found.append(TimerKind.GRACE)
    if agent.session.kind is ag.SessionKind.ABSENT:
        found.append(TimerKind.SESSION)
    idle = isinstance(agent.activity, ag.Idle) and isinstance(agent.status, ag.Ready)
    if idle and not floor.phone_reachable(agent.session.endpoint):
        found.append(TimerKind.PHONE)
    return found


def check_metrics(floor: Floor, metrics: Metrics) -> None:
    """Conservation: entered = answered + abandoned + flowed out + waiting, for each team."""
    for team, figures in metrics.teams.items():
        day = figures.day
        assert figures.waiting == len(floor.lines[team])
        assert day[Count.ENTERED] == (
            day[Count.ANSWERED] + day[Count.ABANDONED] + day[Count.FLOWED_OUT] + figures.waiting
        )
        assert day[Count.SHORT_ABANDONED] <= day[Count.ABANDONED]
