"""The write-up after a call: how it begins, what ends it, and who may make it shorter.

Theory of operation: a team's `WrapUpMode` says what the operator may do; a timer runs in every
mode, so that nobody is left in it for ever. A restriction of the team (a plan, a supervisor) makes
the limit shorter for the wrap-ups that run and for those to come, until it is lifted.
Source: contact-centre notes 2.1 (Genesys' modes of after-call work; 900 s at most).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from acd.core import agent as ag
from acd.core.agent import ActivityEvent, Agent, Conversation
from acd.core.effects import NO_ID
from acd.core.inputs import (
    ExtendWrapUp,
    FinishWrapUp,
    RestoredWrapUp,
    RestrictWrapUp,
    TimerKind,
)
from acd.core.rules import WRAP_UP_LIMITS, WrapUpMode
from acd.core.work import Work
from kernel import events as ev
from kernel.errors import BadInput, Conflict, NotFound
from kernel.ids import AgentId, TeamId


def begin_wrap_up(work: Work, agent: Agent, conversation: Conversation) -> None:
    """Talk to wrap-up, by the mode and the limit of the conversation's team."""
    until = work.now + limit_of(work, conversation.team)
    work.act(
        agent,
        ActivityEvent.TALK_END,
        ag.WrapUp(
            work.now,
            conversation.call_id,
            conversation.offer_id,
            conversation.team,
            until,
            mode_of(work, conversation.team),
        ),
    )
    work.start_timer(TimerKind.WRAP_UP, agent.agent_id, until)


def resume_wrap_up(work: Work, agent: Agent, found: RestoredWrapUp) -> None:
    """After a restart: as it was, and as long as it would have been; over at once if that is."""
    team, limit = work.floor.rules.team(found.team), limit_of(work, found.team)
    until = found.since + (2 * limit if found.extended else limit)
    agent.activity = ag.WrapUp(
        found.since,
        found.call_id,
        found.offer_id,
        found.team,
        until,
        mode_of(work, found.team),
        found.extended,
        found.disposition if team.wrap_up_mode is WrapUpMode.FIXED else None,
    )
    work.start_timer(TimerKind.WRAP_UP, agent.agent_id, until)


def mode_of(work: Work, team: TeamId) -> WrapUpMode:
    """The team's mode; where a plan presses, no wrap-up is without a limit."""
    rules = work.floor.rules.team(team)
    mandatory = rules.wrap_up_mode is WrapUpMode.MANDATORY
    pressed = mandatory and rules.team in work.floor.wrap_up_limits
    return WrapUpMode.TIME_BOXED if pressed else rules.wrap_up_mode


def limit_of(work: Work, team: TeamId) -> timedelta:
    """The team's limit, or the shorter one that a plan has set."""
    rules = work.floor.rules.team(team)
    restricted = work.floor.wrap_up_limits.get(rules.team)
    return rules.wrap_up_limit if restricted is None else min(restricted, rules.wrap_up_limit)


# --- the operator's part --------------------------------------------------------------------


def wrap_up_done(work: Work, command: FinishWrapUp) -> None:
    """The end, or in a team of fixed time the disposition only.

    Raises BadInput without a disposition, unless the team's mode is optional.
    """
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.FINISH_WRAP_UP)
    wrap_up = agent.activity
    assert isinstance(wrap_up, ag.WrapUp)
    optional = wrap_up.mode is WrapUpMode.OPTIONAL
    if not command.disposition and not optional:
        raise BadInput("请选择通话结果", "disposition")
    disposition = command.disposition or work.floor.rules.default_disposition
    if wrap_up.mode is WrapUpMode.FIXED:
        noted = replace(wrap_up, disposition=disposition)
        work.act(agent, ActivityEvent.NOTE_DISPOSITION, noted)
    else:
        finish_wrap_up(work, agent, ActivityEvent.FINISH_WRAP_UP, disposition)


def extend_wrap_up(work: Work, command: ExtendWrapUp) -> None:
    """Once for each wrap-up, by the limit again. Raises Conflict the second time, and where no
    limit presses."""
    agent = work.agent(command.agent_id)
    ag.check_activity(agent, ActivityEvent.EXTEND_WRAP_UP)
    wrap_up = agent.activity
    assert isinstance(wrap_up, ag.WrapUp)
    if wrap_up.mode is WrapUpMode.MANDATORY:
        raise Conflict("本班组的话后整理没有时限，不必延长")
    if wrap_up.extended:
        raise Conflict("话后整理只能延长一次")
    until = wrap_up.until + limit_of(work, wrap_up.team)
    work.act(agent, ActivityEvent.EXTEND_WRAP_UP, replace(wrap_up, until=until, extended=True))
    work.start_timer(TimerKind.WRAP_UP, agent.agent_id, until)


# --- the end --------------------------------------------------------------------------------


def finish_wrap_up(
    work: Work, agent: Agent, event: ActivityEvent, disposition: str | None = None
) -> None:
    """Wrap-up to idle, and the status chosen meanwhile applies.

    Without a `disposition` the noted one counts, or the default one: the operator chose none.
    """
    ag.check_activity(agent, event)
    wrap_up = agent.activity
    assert isinstance(wrap_up, ag.WrapUp)
    chosen = disposition or wrap_up.disposition
    work.cancel_timer(TimerKind.WRAP_UP, agent.agent_id)
    work.publish(
        ev.WrapUpFinished(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=wrap_up.call_id,
            agent_id=agent.agent_id,
            disposition=chosen or work.floor.rules.default_disposition,
            wrap_up_s=(work.now - wrap_up.since).total_seconds(),
            timed_out=chosen is None,
        )
    )
    agent.handled_at = work.floor.handled[agent.agent_id] = work.now
    work.become_idle(agent, event)


def wrap_up_expired(work: Work, agent_id: AgentId) -> None:
    agent = work.floor.agents.get(agent_id)
    if agent is None or not isinstance(agent.activity, ag.WrapUp):
        return
    if agent.activity.until <= work.now:
        finish_wrap_up(work, agent, ActivityEvent.WRAP_UP_OVER)


# --- a restriction --------------------------------------------------------------------------


def restrict_wrap_up(work: Work, command: RestrictWrapUp) -> None:
    """Shorten the team's wrap-ups: those to come, and from now on those that run; None lifts it.

    Raises:
        NotFound: the team is not served.
        BadInput: the limit is outside 5 s to 15 minutes.
    """
    floor, limit = work.floor, command.limit
    if command.team not in floor.teams:
        raise NotFound("没有这个班组")
    least, most = WRAP_UP_LIMITS
    if limit is not None and not least <= limit <= most:
        raise BadInput("话后整理时限须在 5 秒到 15 分钟之间", "limit")
    if floor.wrap_up_limits.get(command.team) == limit:
        return
    if limit is None:
        del floor.wrap_up_limits[command.team]
    else:
        floor.wrap_up_limits[command.team] = limit
        for agent in floor.agents.values():
            _shorten(work, agent, command.team, limit)
    work.publish(
        ev.WrapUpRestricted(
            event_id=NO_ID,
            occurred_at=work.now,
            team=command.team,
            limit_s=limit.total_seconds() if limit is not None else None,
            cause=command.cause,
            actor=command.actor,
        )
    )


def _shorten(work: Work, agent: Agent, team: TeamId, limit: timedelta) -> None:
    wrap_up, until = agent.activity, work.now + limit
    if not isinstance(wrap_up, ag.WrapUp) or wrap_up.team != team or wrap_up.until <= until:
        return
    mode = wrap_up.mode
    if mode is WrapUpMode.MANDATORY:
        mode = WrapUpMode.TIME_BOXED
    work.act(agent, ActivityEvent.RESTRICT_WRAP_UP, replace(wrap_up, until=until, mode=mode))
    work.start_timer(TimerKind.WRAP_UP, agent.agent_id, until)
