"""Which events make a task, which end one. Pure: events in, wishes out.

Who gave up waiting is known by the call; the number by the call's arrival, which is remembered
while the call lasts. After a restart the number is not known here (`number` is None): the caller
looks it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callbacks.core.task import Kind
from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

_BAD_SCORES = frozenset({4, 5})
"""Dissatisfied and very dissatisfied."""
_FAILED = frozenset({"gave_up", "expired"})
"""Outcomes of a callback after which a person calls."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A citizen whom a person is to call. `number` None: look it up by the call."""

    kind: Kind
    call_id: CallId
    number: str | None
    team: TeamId | None
    language: Language | None
    at: datetime
    about: AgentId | None = None  # whom a dissatisfied citizen spoke with


@dataclass(frozen=True, slots=True)
class Reached:
    """A citizen whom a person speaks with."""

    call_id: CallId
    number: str | None
    at: datetime


@dataclass(slots=True)
class _Caller:
    number: str | None = None
    language: Language | None = None
    team: TeamId | None = None


class Intake:
    """Remembers the callers of live calls."""

    def __init__(self) -> None:
        self._callers: dict[CallId, _Caller] = {}

    def hear(self, event: ev.Event) -> Missed | Reached | None:
        """What the event asks for; nothing, mostly."""
        call_id = event.call_id
        if call_id is None:
            return None
        match event:
            case ev.CallArrived():
                self._callers.setdefault(call_id, _Caller()).number = event.ani
            case ev.CallQueued():
                self._callers.setdefault(call_id, _Caller()).language = event.language
            case ev.SurveyAsked(team=team):
                self._callers.setdefault(call_id, _Caller()).team = team
            case ev.SurveyAnswered(score=score) if score in _BAD_SCORES:
                return self._dissatisfied(call_id, event)
            case ev.SolvedAnswered(solved="no"):
                return self._dissatisfied(call_id, event)
            case ev.CallAnswered():
                return Reached(call_id, self._of(call_id).number, event.occurred_at)
            case ev.CallAbandoned():
                caller = self._of(call_id)
                return Missed(
                    Kind.ABANDONED,
                    call_id,
                    caller.number,
                    event.team,
                    caller.language,
                    event.occurred_at,
                )
            case ev.CallbackEnded() if event.outcome in _FAILED:
                return Missed(
                    Kind.CALLBACK_FAILED,
                    call_id,
                    event.number,
                    event.team,
                    None,
                    event.occurred_at,
                )
            case ev.CallEnded():
                self._callers.pop(call_id, None)
            case _:
                pass
        return None

    def _dissatisfied(
        self, call_id: CallId, event: ev.SurveyAnswered | ev.SolvedAnswered
    ) -> Missed:
        caller = self._of(call_id)
        return Missed(
            Kind.DISSATISFIED,
            call_id,
            caller.number,
            caller.team,
            caller.language,
            event.occurred_at,
            event.agent_id,
        )

    def _of(self, call_id: CallId) -> _Caller:
        return self._callers.get(call_id) or _Caller()
