"""An agent is held for a citizen who is being called back: begun, handed on, over.

What the telephone says of a dial is heard in `acd.core.callbacks`. Nothing is dialled without an
agent who is held for it, so there are never more dials than agents taken from the free for them.
"""

from __future__ import annotations

from datetime import datetime

from acd.core import agent as ag
from acd.core import callback as cb
from acd.core.agent import ActivityEvent, Agent
from acd.core.callback import Callback, CallbackEvent, move_callback
from acd.core.effects import NO_ID, CancelDialBack, DialBack
from acd.core.inputs import TimerKind
from acd.core.reasons import reasons
from acd.core.work import Work
from kernel import events as ev


def begin_dial(work: Work, callback: Callback, agent: Agent) -> bool:
    """Hold the agent and order the dial. False at an hour at which nobody is rung: the callback
    rests until that is over, and the agent is as free as before."""
    floor, now, rules = work.floor, work.now, work.floor.rules.callbacks
    opens_at = rules.open_at(now)
    if opens_at != now:
        rest(work, callback, opens_at)
        work.publish(
            ev.CallbackPostponed(
                event_id=NO_ID,
                occurred_at=now,
                call_id=callback.call_id,
                callback_id=callback.callback_id,
                again_at=opens_at,
            )
        )
        return False
    team = floor.serving_team(agent, callback)
    floor.close(callback)
    why = reasons(floor, callback, agent, team, now)
    work.do(
        DialBack(
            callback.callback_id,
            callback.call_id,
            callback.number,
            callback.team,
            callback.language,
            callback.priority,
            callback.first_arrival_at,
            rules.ring,
        )
    )
    _hold(work, callback, agent)
    await_word(work, callback)
    work.publish(
        ev.CallbackDialled(
            event_id=NO_ID,
            occurred_at=now,
            call_id=callback.call_id,
            callback_id=callback.callback_id,
            agent_id=agent.agent_id,
            team=team,
            attempt=callback.attempts + 1,
            waited_s=max((now - callback.first_arrival_at).total_seconds(), 0.0),
            why=why,
        )
    )
    return True


def _hold(work: Work, callback: Callback, agent: Agent) -> None:
    until = work.now + work.floor.rules.callbacks.ring
    team, state = work.floor.serving_team(agent, callback), callback.state
    if isinstance(state, cb.Arriving):
        still = cb.Arriving(agent.agent_id, state.call_id)
        move_callback(callback, CallbackEvent.PICK_UP, still)
    else:
        move_callback(callback, CallbackEvent.DIAL, cb.Dialling(agent.agent_id))
    work.act(
        agent,
        ActivityEvent.RESERVE,
        ag.Dialling(work.now, callback.callback_id, team, until),
    )


def await_word(work: Work, callback: Callback) -> None:
    """The telephone's word on a dial is due after ringing, and what the citizen hears first."""
    rules = work.floor.rules
    until = work.now + rules.callbacks.ring + rules.callbacks.greeting + rules.answer_margin
    work.start_timer(TimerKind.DIAL, callback.callback_id, until)


def rest(work: Work, callback: Callback, until: datetime) -> None:
    """Out of the line until then."""
    work.floor.quit_callback(callback)
    move_callback(callback, CallbackEvent.REST, cb.Resting(until))
    work.cancel_timer(TimerKind.DIAL, callback.callback_id)
    work.cancel_timer(TimerKind.RELAX, callback.callback_id)
    work.start_timer(TimerKind.REDIAL, callback.callback_id, until)


def free_agent(work: Work, callback: Callback) -> None:
    """Nobody is held for the citizen any more: the agent is idle, at the old turn."""
    agent = work.floor.agents.get(callback.held) if callback.held is not None else None
    if agent is not None and isinstance(agent.activity, ag.Dialling):
        work.become_idle(agent, ActivityEvent.DIAL_OVER)


def let_go(work: Work, agent: Agent) -> None:
    """The agent who is held goes away: the best of those who are free is held instead. With nobody
    free the dial is taken back; a citizen who answered is on the way and keeps the place."""
    if not isinstance(agent.activity, ag.Dialling):
        return
    callback = work.floor.callbacks[agent.activity.callback_id]
    work.become_idle(agent, ActivityEvent.DIAL_OVER)
    other = work.floor.best_agent(callback) if work.floor.line_up else None
    state = callback.state
    if other is not None:
        _hold(work, callback, other)
    elif isinstance(state, cb.Arriving):
        move_callback(callback, CallbackEvent.PICK_UP, cb.Arriving(None, state.call_id))
    else:
        take_back(work, callback)


def take_back(work: Work, callback: Callback) -> None:
    """The telephone is told to stop; its word is awaited."""
    work.do(CancelDialBack(callback.callback_id, callback.call_id))
    move_callback(callback, CallbackEvent.TAKE_BACK, cb.TakenBack())
    work.start_timer(
        TimerKind.DIAL, callback.callback_id, work.now + work.floor.rules.answer_margin
    )
