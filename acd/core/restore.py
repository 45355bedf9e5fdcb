"""What had not ended when a run broke off, read from the log. Pure.

Feed the accepted commands of `REMEMBERED` and the events in the order in which they were written;
`agents()` and `calls()` then say who sat where, what they wrote up and chose, and which callers
were in line or talking. `Started` carries the answer into the next run, where the telephone's truth
corrects it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from acd.core.inputs import (
    ChooseNotReady,
    ChooseReady,
    ExtendWrapUp,
    FinishWrapUp,
    ForcedState,
    ForceState,
    Input,
    LogIn,
    LogOut,
    RestoredAgent,
    RestoredCall,
    RestoredCallback,
    RestoredChoice,
    RestoredWrapUp,
)
from kernel import events as ev
from kernel.ids import AgentId, CallbackId, CallId, OfferId, TeamId

REMEMBERED = (LogIn, ChooseReady, ChooseNotReady, LogOut, ExtendWrapUp, FinishWrapUp)
"""Inputs that leave something behind of which no event tells."""


@dataclass(frozen=True, slots=True)
class _Part:
    call_id: CallId
    offer_id: OfferId
    team: TeamId
    talking_since: datetime | None


class Recollection:
    """Folds the log. Events may be missing at its beginning, never in the middle."""

    def __init__(self) -> None:
        self._agents: dict[AgentId, RestoredAgent] = {}
        self._calls: dict[CallId, RestoredCall] = {}
        self._parts: dict[AgentId, _Part] = {}
        self._forced: dict[AgentId, ForceState] = {}
        self._chosen: dict[AgentId, RestoredChoice] = {}
        self._wrap_ups: dict[AgentId, RestoredWrapUp] = {}
        self._open_rings: dict[TeamId, int] = {}
        self._wrap_up_limits: dict[TeamId, timedelta] = {}
        self._handled: dict[AgentId, datetime] = {}
        self._callbacks: dict[CallbackId, RestoredCallback] = {}

    def hear_input(self, item: Input, at: datetime) -> None:
        """An accepted input, before the events that came of it; others pass unnoticed."""
        match item:
            case LogIn():
                # One at the same booth again changes nothing.
                if item.agent_id not in self._agents:
                    self._agents[item.agent_id] = RestoredAgent(item, at, False, "logged_in")
            case ChooseReady():
                self._chosen[item.agent_id] = RestoredChoice(ForcedState.READY)
            case ChooseNotReady():
                chosen = RestoredChoice(ForcedState.NOT_READY, item.reason)
                self._chosen[item.agent_id] = chosen
            case LogOut():
                self._chosen[item.agent_id] = RestoredChoice(ForcedState.LOGGED_OUT)
            case ExtendWrapUp():
                self._change_wrap_up(item.agent_id, extended=True)
            case FinishWrapUp():
                self._change_wrap_up(item.agent_id, disposition=item.disposition or None)
            case _:
                pass

    def _change_wrap_up(self, agent_id: AgentId, **changes: Any) -> None:
        known = self._wrap_ups.get(agent_id)
        if known is not None:
            self._wrap_ups[agent_id] = replace(known, **changes)

    def hear(self, event: ev.Event) -> None:
        """Any published event; others pass unnoticed."""
        match event:
            case ev.AgentLoggedOut():
                self._agents.pop(event.agent_id, None)
                self._parts.pop(event.agent_id, None)
                self._wrap_ups.pop(event.agent_id, None)
                self._forget_choice(event.agent_id)
            case ev.AgentStatusChanged():
                agent = self._agents.get(event.agent_id)
                if agent is not None:
                    self._agents[event.agent_id] = replace(
                        agent, ready=event.reason is None, reason=event.reason or ""
                    )
                    # What was ordered applies when the agent is idle, and so does every status.
                    self._forget_choice(event.agent_id)
            case ev.AgentForced():
                self._forget_choice(event.agent_id)
                if not event.at_once:
                    self._forced[event.agent_id] = ForceState(
                        event.agent_id,
                        ForcedState(event.state),
                        event.reason,
                        event.cause,
                        event.actor,
                    )
            case ev.RingOpened():
                self._open_rings[event.team] = event.ring
            case ev.WrapUpRestricted():
                self._wrap_up_limits.pop(event.team, None)
                if event.limit_s is not None:
                    self._wrap_up_limits[event.team] = timedelta(seconds=event.limit_s)
            case ev.WrapUpFinished():
                self._handled[event.agent_id] = event.occurred_at
                self._wrap_ups.pop(event.agent_id, None)
                self._chosen.pop(event.agent_id, None)
            case ev.TalkFinished():
                # The wrap-up may have been cut off.
                self._handled[event.agent_id] = event.occurred_at
                self._begin_wrap_up(event)
                part = self._parts.get(event.agent_id)
                if part is not None and part.offer_id == event.offer_id:
                    del self._parts[event.agent_id]
                self._drop_answered(event.call_id)
            case _:
                self._hear_call(event)

    def _begin_wrap_up(self, event: ev.TalkFinished) -> None:
        if event.call_id is not None:
            self._wrap_ups[event.agent_id] = RestoredWrapUp(
                event.call_id, event.offer_id, event.team, event.occurred_at
            )

    def _forget_choice(self, agent_id: AgentId) -> None:
        self._forced.pop(agent_id, None)
        self._chosen.pop(agent_id, None)

    def _hear_call(self, event: ev.Event) -> None:
        call_id = event.call_id
        if call_id is None:
            return
        match event:
            case ev.CallQueued():
                self._queued(call_id, event)
            case ev.CallOffered():
                call = self._calls.get(call_id)
                if call is not None:
                    number = event.offer_id.rpartition(".")[2]
                    offers = int(number) if number.isdecimal() else call.offers + 1
                    self._calls[call_id] = replace(call, offers=offers)
                    self._parts[event.agent_id] = _Part(call_id, event.offer_id, event.team, None)
                    self._wrap_ups.pop(event.agent_id, None)
            case ev.OfferEnded():
                part = self._parts.get(event.agent_id)
                if part is not None and part.offer_id == event.offer_id:
                    del self._parts[event.agent_id]
            case ev.CallAnswered():
                call = self._calls.get(call_id)
                if call is not None:
                    self._calls[call_id] = replace(call, answered=True)
                    self._parts[event.agent_id] = _Part(
                        call_id, event.offer_id, event.team, event.occurred_at
                    )
            case ev.CallAbandoned() | ev.CallDiverted() | ev.CallEnded():
                self._calls.pop(call_id, None)
            case _:
                self._hear_callback(call_id, event)

    def _hear_callback(self, call_id: CallId, event: ev.Event) -> None:
        match event:
            case ev.CallbackNoted():
                if not event.joined:
                    self._callbacks[event.callback_id] = _noted(call_id, event)
            case ev.CallbackDialled():
                self._change(event.callback_id, dialling=True, rests_until=None)
            case ev.CallbackMissed():
                self._change(
                    event.callback_id,
                    dialling=False,
                    attempts=event.attempts,
                    rests_until=event.again_at,
                )
            case ev.CallbackPostponed():
                self._change(event.callback_id, rests_until=event.again_at)
            case ev.CallbackEnded():
                self._callbacks.pop(event.callback_id, None)
            case _:
                pass

    def _change(self, callback_id: CallbackId, **changes: Any) -> None:
        known = self._callbacks.get(callback_id)
        if known is not None:
            self._callbacks[callback_id] = replace(known, **changes)

    def _queued(self, call_id: CallId, event: ev.CallQueued) -> None:
        known = self._calls.get(call_id)
        if known is None or known.answered:
            self._calls[call_id] = RestoredCall(
                call_id=call_id,
                team=event.team,
                language=event.language,
                priority=event.priority,
                first_arrival_at=event.first_arrival_at,
                entered_at=event.occurred_at,
                offers=known.offers if known else 0,
                answered=False,
            )

    def _drop_answered(self, call_id: CallId | None) -> None:
        """The survey follows; a transfer would queue the call again."""
        call = self._calls.get(call_id) if call_id else None
        others = any(p.call_id == call_id for p in self._parts.values())
        if call is not None and call.answered and not others:
            del self._calls[call.call_id]

    def agents(self) -> tuple[RestoredAgent, ...]:
        """By id."""
        return tuple(self._agent(a) for a in sorted(self._agents))

    def _agent(self, agent_id: AgentId) -> RestoredAgent:
        agent, part = self._agents[agent_id], self._parts.get(agent_id)
        agent = replace(
            agent,
            forced=self._forced.get(agent_id),
            wrap_up=self._wrap_ups.get(agent_id),
            chosen=self._chosen.get(agent_id),
        )
        if part is None:
            return agent
        return replace(
            agent,
            call_id=part.call_id,
            offer_id=part.offer_id,
            team=part.team,
            talking_since=part.talking_since,
        )

    def open_rings(self) -> tuple[tuple[TeamId, int], ...]:
        """Rings that were opened for a whole team, by team."""
        return tuple(sorted(self._open_rings.items()))

    def wrap_up_limits(self) -> tuple[tuple[TeamId, timedelta], ...]:
        """Restrictions that were not lifted, by team."""
        return tuple(sorted(self._wrap_up_limits.items()))

    def handled(self) -> tuple[tuple[AgentId, datetime], ...]:
        """When each agent's last handled call ended, by agent."""
        return tuple(sorted(self._handled.items()))

    def callbacks(self) -> tuple[RestoredCallback, ...]:
        """By id."""
        return tuple(self._callbacks[c] for c in sorted(self._callbacks))

    def calls(self) -> tuple[RestoredCall, ...]:
        """By id."""
        return tuple(self._calls[c] for c in sorted(self._calls))


def _noted(call_id: CallId, event: ev.CallbackNoted) -> RestoredCallback:
    return RestoredCallback(
        callback_id=event.callback_id,
        call_id=call_id,
        number=event.number,
        team=event.team,
        language=event.language,
        priority=event.priority,
        first_arrival_at=event.first_arrival_at,
        entered_at=event.entered_at,
        expires_at=event.expires_at,
    )
