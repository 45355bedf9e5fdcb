"""The operators' commands and what happens to their sessions.

Each command checks everything that may refuse it before the first move, so that a refused command
changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import ActivityEvent, Agent, SessionEvent, SessionKind, StatusEvent
from acd.core.call import Call, CallEvent, Outcome
from acd.core.consulting import begin_consult
from acd.core.dialling import let_go
from acd.core.effects import (
    NO_ID,
    CancelConsult,
    CompleteConsult,
    Release,
)
from acd.core.inputs import (
    AbortConsult,
    BeginConsult,
    ChooseNotReady,
    ChooseReady,
    ConnectionBack,
    ConnectionLost,
    DeclineOffer,
    EndConsultByTransfer,
    LogIn,
    LogOut,
    ReleaseCall,
    TimerKind,
    TransferToAgent,
    TransferToTeam,
)
from acd.core.left_alone import watch
from acd.core.lines import give_up_wanted
from acd.core.moving import move
from acd.core.offering import offer_of, take_back
from acd.core.work import Work
from kernel import events as ev
from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound, Unavailable
from kernel.ids import AgentId, CallId, Endpoint

# --- session --------------------------------------------------------------------------------


def log_in(work: Work, command: LogIn) -> None:
    """At a free booth; the same operator at the same booth again is a connection that came back.

    Raises:
        Conflict: the booth or its phone is taken, or the operator sits elsewhere.
        BadInput: a skill level outside 1 to 10.
    """
    floor = work.floor
    if any(not 1 <= level <= 10 for _, level in command.skills):
        raise BadInput("技能等级须在 1 到 10 之间", "skills")
    known = floor.agents.get(command.agent_id)
    if known is not None:
        if (known.session.booth_id, known.session.endpoint) != (
            command.booth_id,
            command.endpoint,
        ):
            raise Conflict("您已在其他座席签入，请先在原座席签退")
        connection_back(work, ConnectionBack(command.agent_id))
        return
    if command.booth_id in floor.booths or command.endpoint in floor.endpoints:
        raise Conflict("该座席已有人签入，请换一个座席")
    agent = seat(work, command)
    work.publish(
        ev.AgentLoggedIn(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent.agent_id,
            booth_id=command.booth_id,
            endpoint=command.endpoint,
        )
    )
    work.publish(
        ev.AgentStatusChanged(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent.agent_id,
            status=ag.StatusKind.NOT_READY.value,
            reason=ag.LOGGED_IN,
            cause="system",
        )
    )


def seat(work: Work, command: LogIn) -> Agent:
    """Put an agent on the floor: present, not ready, idle."""
    floor, now = work.floor, work.now
    kind = ag.check_session(SessionKind.LOGGED_OUT, SessionEvent.LOG_IN)
    agent = Agent(
        agent_id=command.agent_id,
        skills=tuple((t, level) for t, level in command.skills if t in floor.lines),
        languages=command.languages,
        session=ag.Session(kind, command.booth_id, command.endpoint, now),
        status=ag.NotReady(now, ag.LOGGED_IN),
        activity=ag.Idle(now),
        handled_at=floor.handled.get(command.agent_id, now),
    )
    floor.agents[agent.agent_id] = agent
    floor.booths[command.booth_id] = agent.agent_id
    floor.endpoints[command.endpoint] = agent.agent_id
    for team, _ in agent.skills:
        for language in agent.languages:
            floor.speakers[team, language] = floor.speakers.get((team, language), 0) + 1
    work.show(agent)
    return agent


def log_out(work: Work, command: LogOut) -> None:
    """At once when idle; else after the call and the write-up in hand. Who leaves while the phone
    rings declines: the caller is back at the old place, and nobody waits for the phone to ring out.

    Raises:
        Conflict: a supervisor has ordered what will be after the call.
        Unavailable: the phone rings, and the line is away.
    """
    agent = work.agent(command.agent_id)
    ag.check_session(agent.session.kind, SessionEvent.LOG_OUT)
    if isinstance(agent.activity, ag.Idle):
        leave(work, agent, ag.AGENT)
        return
    if isinstance(agent.activity, ag.Offered | ag.Dialling):
        _demand_line(work)
    _choose_next(work, agent, None)
    offer = offer_of(work, agent)
    if offer is not None:
        take_back(work, offer, Outcome.DECLINED)
    else:
        let_go(work, agent)


def see_off(work: Work) -> None:
    """Log out whom a chosen log-out awaited, at the end of the step in which the call was over."""
    for agent, chosen in work.leaving:
        if work.floor.agents.get(agent.agent_id) is agent and isinstance(agent.activity, ag.Idle):
            ag.check_session(agent.session.kind, SessionEvent.LOG_OUT)
            leave(work, agent, chosen.cause, chosen.actor)


def leave(work: Work, agent: Agent, cause: str, actor: str = "") -> None:
    """Free the booth and forget the agent, who is idle."""
    ag.check_activity(agent, ActivityEvent.LEAVE)
    floor, agent_id = work.floor, agent.agent_id
    floor.stand(agent)
    del floor.agents[agent_id]
    del floor.booths[agent.session.booth_id]
    del floor.endpoints[agent.session.endpoint]
    for team, _ in agent.skills:
        for language in agent.languages:
            left = floor.speakers[team, language] - 1
            floor.speakers[team, language] = left
            if left == 0:
                work.widened = True
    for kind in (TimerKind.GRACE, TimerKind.SESSION, TimerKind.PHONE, TimerKind.ALONE):
        work.cancel_timer(kind, agent_id)
    work.publish(
        ev.AgentLoggedOut(
            event_id=NO_ID,
            occurred_at=work.now,
            agent_id=agent_id,
            booth_id=agent.session.booth_id,
            cause=cause,
            actor=actor,
        )
    )
    for _, call_id in list(floor.wanted.get(agent_id, ())):
        give_up_wanted(work, CallId(call_id))
    work.show(agent)


def connection_lost(work: Work, command: ConnectionLost) -> None:
    """The browser is gone: a ringing call goes back at once, a conversation goes on."""
    agent = work.agent(command.agent_id)
    kind = ag.check_session(agent.session.kind, SessionEvent.CONNECTION_LOST)
    if kind is agent.session.kind:
        return
    work.floor.stand(agent)
    agent.session = replace(agent.session, kind=kind, lost_at=work.now)
    work.start_timer(TimerKind.GRACE, agent.agent_id, work.now + work.floor.rules.grace)
    offer = offer_of(work, agent)
    if offer is not None:
        take_back(work, offer, Outcome.RESCINDED)
    let_go(work, agent)
    watch(work, agent)
    work.show(agent)


def connection_back(work: Work, command: ConnectionBack) -> None:
    """Within the grace the state is as before; later the agent says ready again."""
    agent = work.agent(command.agent_id)
    kind = ag.check_session(agent.session.kind, SessionEvent.CONNECTION_BACK)
    if kind is agent.session.kind:
        return
    agent.session = replace(agent.session, kind=kind, lost_at=None)
    _withdraw_no_more(agent, ag.CONNECTION_LOST)
    work.cancel_timer(TimerKind.GRACE, agent.agent_id)
    work.cancel_timer(TimerKind.SESSION, agent.agent_id)
    work.await_phone(agent)
    work.consider(agent)


def grace_over(work: Work, agent_id: AgentId) -> None:
    agent = work.floor.agents.get(agent_id)
    if agent is None or agent.session.kind is not SessionKind.GRACE:
        return
    kind = ag.check_session(agent.session.kind, SessionEvent.GRACE_OVER)
    agent.session = replace(agent.session, kind=kind)
    work.start_timer(TimerKind.SESSION, agent_id, work.now + work.floor.rules.session_limit)
    _withdraw_lost(work, agent, ag.CONNECTION_LOST)


def _withdraw_lost(work: Work, agent: Agent, reason: str) -> None:
    """What was lost did not come back in time: not ready, now or after the call in hand. Who is to
    leave then leaves."""
    if isinstance(agent.activity, ag.Idle):
        work.withdraw(agent, reason)
    elif agent.next_status is None or agent.next_status.status is not None:
        agent.next_status = ag.Chosen(ag.NotReady(work.now, reason), ag.ACD)
        work.show(agent)


def _withdraw_no_more(agent: Agent, reason: str) -> None:
    """It came back before the call was over."""
    chosen = agent.next_status
    if chosen is not None and chosen.cause == ag.ACD and chosen.status is not None:
        if chosen.status.reason == reason:
            agent.next_status = None


def session_over(work: Work, agent_id: AgentId) -> None:
    """The browser stayed away: free the booth, or look again later if a call is still on."""
    agent = work.floor.agents.get(agent_id)
    if agent is None or agent.session.kind is not SessionKind.ABSENT:
        return
    if isinstance(agent.activity, ag.Idle):
        ag.check_session(agent.session.kind, SessionEvent.SESSION_OVER)
        leave(work, agent, "connection_lost")
    else:
        work.start_timer(TimerKind.SESSION, agent_id, work.now + work.floor.rules.grace)


def phone_changed(work: Work, endpoint: Endpoint, reachable: bool) -> None:
    """A phone registered or was lost. A ready agent has the grace to get it back; a caller for whom
    it rang goes back at once, and a conversation goes on."""
    floor = work.floor
    (floor.reachable.add if reachable else floor.reachable.discard)(endpoint)
    agent_id = floor.endpoints.get(endpoint)
    if agent_id is None:
        return
    agent = floor.agents[agent_id]
    if reachable:
        work.cancel_timer(TimerKind.PHONE, agent_id)
        _withdraw_no_more(agent, ag.PHONE_UNREACHABLE)
        work.consider(agent)
    elif floor.phones_known:
        floor.stand(agent)
        offer = offer_of(work, agent)
        if offer is not None:
            take_back(work, offer, Outcome.RESCINDED)
        let_go(work, agent)
        work.start_timer(TimerKind.PHONE, agent_id, work.now + floor.rules.grace)
        watch(work, agent)
        work.show(agent)


def phone_stayed_away(work: Work, agent_id: AgentId) -> None:
    agent = work.floor.agents.get(agent_id)
    if agent is None or work.floor.phone_reachable(agent.session.endpoint):
        return
    if agent.stays_ready:
        _withdraw_lost(work, agent, ag.PHONE_UNREACHABLE)


# --- status ---------------------------------------------------------------------------------


def choose_ready(work: Work, command: ChooseReady) -> None:
    """Now when idle, else after the wrap-up. Without a phone the agent is ready but not offered
    calls, and not ready again when the phone stays away for the grace."""
    agent = work.agent(command.agent_id)
    if not isinstance(agent.activity, ag.Idle):
        _choose_next(work, agent, ag.Ready(work.now))
        return
    be_ready(work, agent, ag.Chosen(ag.Ready(work.now)))


def be_ready(work: Work, agent: Agent, chosen: ag.Chosen) -> None:
    """Ready now; a phone that is away has the grace to come back."""
    work.set_status(agent, chosen.event, None, chosen.cause, chosen.actor)
    work.await_phone(agent)


def _choose_next(work: Work, agent: Agent, status: ag.Status | None) -> None:
    """For after the call; None: the log-out. Raises Conflict when a supervisor has ordered what
    will be then."""
    if agent.next_status is not None and agent.next_status.forced:
        raise Conflict("值班长已安排您本次通话后的状态")
    agent.next_status = ag.Chosen(status)
    work.show(agent)


def choose_not_ready(work: Work, command: ChooseNotReady) -> None:
    """Now when idle, else after the wrap-up. Raises BadInput for a reason nobody may choose."""
    agent = work.agent(command.agent_id)
    if not command.reason or command.reason in ag.MACHINE_REASONS:
        raise BadInput("请选择未就绪的原因", "reason")
    if not isinstance(agent.activity, ag.Idle):
        _choose_next(work, agent, ag.NotReady(work.now, command.reason))
        return
    work.set_status(agent, StatusEvent.CHOOSE_NOT_READY, command.reason, ag.AGENT)


# --- the call in hand -----------------------------------------------------------------------


def decline(work: Work, command: DeclineOffer) -> None:
    """The caller goes back to the old place; the agent is not ready (declined)."""
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.DECLINE)
    offer = offer_of(work, agent)
    if offer is None or offer.offer_id != command.offer_id:
        raise NotFound("该来电已不在您的座席振铃")
    _demand_line(work)
    take_back(work, offer, Outcome.DECLINED)


def release(work: Work, command: ReleaseCall) -> None:
    """Hang up the operator's part; a consulted colleague leaves the consultation."""
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.RELEASE)
    _demand_line(work)
    if isinstance(agent.activity, ag.Consulted):
        work.do(CancelConsult(agent.activity.call_id))
        return
    work.do(Release(_call_in_hand(work, agent).call_id))


def transfer_to_team(work: Work, command: TransferToTeam) -> None:
    """Raises NotFound for a team that is not served."""
    agent, call = _transferable(work, command.agent_id)
    if command.team not in work.floor.lines:
        raise NotFound("没有这个班组")
    move(work, agent, call, command.team, None)


def transfer_to_agent(work: Work, command: TransferToAgent) -> None:
    """The target is asked first, for a limited time; then anybody of his or her team.

    Raises:
        NotFound: the target is not logged in.
        BadInput: the target is the agent.
    """
    agent, call = _transferable(work, command.agent_id)
    if command.target == command.agent_id:
        raise BadInput("不能转接给自己", "target")
    target = work.floor.agents.get(command.target)
    if target is None:
        raise NotFound("对方尚未签入座席")
    team = call.team
    if team not in target.levels and target.home is not None:
        team = target.home
    move(work, agent, call, team, target.agent_id)


def _transferable(work: Work, agent_id: AgentId) -> tuple[Agent, Call]:
    agent = work.agent(agent_id)
    ag.check_activity(agent, ActivityEvent.TRANSFER)
    call = _call_in_hand(work, agent)
    ca.check_call(call, CallEvent.MOVE)
    _demand_line(work)
    return agent, call


def consult(work: Work, command: BeginConsult) -> None:
    """Raises NotFound if the colleague is not logged in, Conflict if not free."""
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.CONSULT)
    call = _call_in_hand(work, agent)
    if not isinstance(call.state, ca.Talking):
        raise InvalidTransition("来电正在转接，请稍候")
    if command.target == command.agent_id:
        raise BadInput("不能咨询自己", "target")
    target = work.floor.agents.get(command.target)
    if target is None:
        raise NotFound("对方尚未签入座席")
    if not work.floor.available(target):
        raise Conflict("对方当前不空闲，请换一位同事")
    _demand_line(work)
    begin_consult(work, agent, target, call)


def complete_consult(work: Work, command: EndConsultByTransfer) -> None:
    """Hand the caller to the colleague. Raises InvalidTransition before the colleague answered."""
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.CONSULT_OVER)
    activity = agent.activity
    assert isinstance(activity, ag.Consult)
    if not activity.answered:
        raise InvalidTransition("对方尚未接听，不能完成转接")
    _demand_line(work)
    work.do(CompleteConsult(activity.conversation.call_id))


def cancel_consult(work: Work, command: AbortConsult) -> None:
    """Back to the caller."""
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.CONSULT_OVER)
    activity = agent.activity
    assert isinstance(activity, ag.Consult)
    _demand_line(work)
    work.do(CancelConsult(activity.conversation.call_id))


def _call_in_hand(work: Work, agent: Agent) -> Call:
    conversation = agent.conversation
    call = work.floor.calls.get(conversation.call_id) if conversation is not None else None
    if call is None:
        raise NotFound("来电已经结束")
    return call


def _demand_line(work: Work) -> None:
    if not work.floor.line_up:
        raise Unavailable("电话线路暂时中断，请稍候再试")
