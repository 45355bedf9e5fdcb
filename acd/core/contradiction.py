"""Nobody is stuck: what an operator does is compared with what the phone does.

Theory of operation: the telephone tells of each phone whether it rings, is in a conversation or
does nothing, by a way that has nothing to do with offers and calls. After each step the operators
whom it changed are compared with their phones (`judge`). Small differences are normal, since two
ways are never equally fast. One that has lasted for `PATIENCE` is an alarm: it is published, and
the telephone is asked to look at that phone (`CheckPhone`) and to tell by ordinary facts what it
finds, which mends all that can be known for certain. What stays is shown until it is over, or until
a supervisor frees the operator (`free_agent`); no caller is ever hung up by it.

Of a phone of which nothing was told, and while the line is away, nothing is concluded. One timer
serves all: doubts stand in the order in which they began, so only the first needs to be awaited.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import Agent, Contradiction, SessionKind
from acd.core.call import Outcome
from acd.core.effects import NO_ID, CancelConsult, CheckPhone
from acd.core.floor import Floor
from acd.core.inputs import FreeAgent, TimerKind
from acd.core.moving import FREED, hand_on
from acd.core.offering import offer_of, take_back
from acd.core.work import Work
from kernel import events as ev
from kernel.errors import BadInput, Conflict, NotFound
from kernel.ids import CallId
from kernel.telephony import PhoneChanged, PhoneUse

PATIENCE = timedelta(seconds=5)
ALL = "all"
"""What the one timer belongs to."""


def on_phone_changed(work: Work, fact: PhoneChanged) -> None:
    floor = work.floor
    floor.phone_use[fact.endpoint] = fact.use
    agent_id = floor.endpoints.get(fact.endpoint)
    if agent_id is not None:
        work.touched.append(floor.agents[agent_id])


def judge(floor: Floor, agent: Agent) -> Contradiction | None:
    """How the agent's state contradicts the phone now; None when it does not, or nobody knows."""
    if not floor.line_up:
        return None
    idle = isinstance(agent.activity, ag.Idle)
    if idle and _waits_without_phone(floor, agent):
        return Contradiction.UNREACHABLE
    use = floor.phone_use.get(agent.session.endpoint)
    if use is None:
        return None
    if idle or isinstance(agent.activity, ag.WrapUp | ag.Dialling):
        return Contradiction.STRAY_CHANNEL if use is not PhoneUse.IDLE else None
    if isinstance(agent.activity, ag.Offered):
        return _of_offer(use)
    return Contradiction.NO_CHANNEL if use is not PhoneUse.IN_USE else None


def _waits_without_phone(floor: Floor, agent: Agent) -> bool:
    return (
        isinstance(agent.status, ag.Ready)
        and agent.session.kind is SessionKind.PRESENT
        and not floor.phone_reachable(agent.session.endpoint)
    )


def _of_offer(use: PhoneUse) -> Contradiction | None:
    match use:
        case PhoneUse.RINGING:
            return None
        case PhoneUse.IDLE:
            return Contradiction.NOT_RINGING
        case PhoneUse.IN_USE:
            return Contradiction.STRAY_CHANNEL


# --- doubts and alarms ----------------------------------------------------------------------


def compare_phones(work: Work) -> None:
    """At the end of each step: doubts begin and end, alarms change and end."""
    floor = work.floor
    for agent in work.touched:
        if floor.agents.get(agent.agent_id) is agent:
            _compare(work, agent, judge(floor, agent))
        elif agent.agent_id not in floor.agents:
            _compare(work, agent, None)
    if floor.doubts and not floor.awaits_doubt:
        floor.awaits_doubt = True
        first = next(iter(floor.doubts.values()))
        work.start_timer(TimerKind.DOUBT, ALL, first + PATIENCE)


def _compare(work: Work, agent: Agent, found: Contradiction | None) -> None:
    alarm = agent.alarm
    if found is None:
        work.floor.doubts.pop(agent.agent_id, None)
        if alarm is not None:
            _end_alarm(work, agent, alarm)
    elif alarm is None:
        work.floor.doubts.setdefault(agent.agent_id, work.now)
    elif alarm.kind is not found:
        _raise_alarm(work, agent, ag.Alarm(found, alarm.since))


def doubt_over(work: Work, _of: str) -> None:
    """The first doubts have lasted long enough."""
    floor = work.floor
    floor.awaits_doubt = False
    due = takewhile(lambda doubt: doubt[1] + PATIENCE <= work.now, floor.doubts.items())
    for agent_id, since in list(due):
        del floor.doubts[agent_id]
        agent = floor.agents[agent_id]
        found = judge(floor, agent)
        if found is not None:
            _raise_alarm(work, agent, ag.Alarm(found, since))


def _raise_alarm(work: Work, agent: Agent, alarm: ag.Alarm) -> None:
    agent.alarm = alarm
    work.remark("agent_contradicted", _call_of(agent), agent.agent_id)
    work.publish(
        ev.AgentContradicted(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent.agent_id,
            contradiction=alarm.kind.value,
            since=alarm.since,
        )
    )
    if alarm.kind is not Contradiction.UNREACHABLE:
        work.do(CheckPhone(agent.session.endpoint, _call_of(agent)))


def _end_alarm(work: Work, agent: Agent, alarm: ag.Alarm) -> None:
    agent.alarm = None
    work.publish(
        ev.AgentContradicted(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent.agent_id,
            contradiction=None,
            since=alarm.since,
        )
    )


def _call_of(agent: Agent) -> CallId | None:
    """The call that ought to be at the phone."""
    activity = agent.activity
    if isinstance(activity, ag.Offered | ag.Consulted):
        return activity.call_id
    return agent.conversation.call_id if agent.conversation is not None else None


# --- a supervisor's way out -----------------------------------------------------------------


def free_agent(work: Work, command: FreeAgent) -> None:
    """End what the agent is stuck in. A caller in it goes back to the line, at the old place.

    Raises:
        NotFound: nobody of this id is logged in.
        BadInput: no reason was given.
        Conflict: state and phone do not contradict each other (any more).
    """
    agent = work.floor.agents.get(command.agent_id)
    if agent is None:
        raise NotFound("该话务员尚未签入座席")
    if not command.reason.strip():
        raise BadInput("请填写原因", "reason")
    if agent.alarm is None:
        raise Conflict("该话务员的状态与话机一致，无需解除")
    work.publish(
        ev.AgentForced(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent.agent_id,
            state=FREED,
            reason=command.reason,
            cause=command.cause,
            actor=command.actor,
            at_once=True,
        )
    )
    _end_what_is_open(work, agent, agent.alarm)


def _end_what_is_open(work: Work, agent: Agent, alarm: ag.Alarm) -> None:
    match agent.activity:
        case ag.Idle() | ag.WrapUp() | ag.Dialling():
            if alarm.kind is Contradiction.UNREACHABLE:
                work.withdraw(agent, ag.PHONE_UNREACHABLE)
            else:
                work.do(CheckPhone(agent.session.endpoint, None, free=True))
        case ag.Offered():
            offer = offer_of(work, agent)
            if offer is not None:
                take_back(work, offer, Outcome.UNREACHABLE)
        case ag.Consulted(call_id=call_id):
            work.do(CancelConsult(call_id))
        case ag.Talk() | ag.OnHold() | ag.Consult():
            _free_from_talk(work, agent)


def _free_from_talk(work: Work, agent: Agent) -> None:
    conversation = agent.conversation
    call = work.floor.calls.get(conversation.call_id) if conversation is not None else None
    if call is not None and isinstance(call.state, ca.Talking):
        hand_on(work, agent, call, FREED)
