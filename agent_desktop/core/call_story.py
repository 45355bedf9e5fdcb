"""What a live call has been through, folded from the events of the bus.

`tell(story, event)` is the only way a story grows. Lists are oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from kernel.events import (
    CallAnswered,
    CallArrived,
    CallbackReturned,
    CallOffered,
    CallQueued,
    CallTransferred,
    Event,
    MenuKeyPressed,
    MenuStepEntered,
)
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

_MAX_STEPS = 50
"""A caller may walk round a menu for long; the operator needs the recent part only."""


@dataclass(frozen=True, slots=True)
class MenuStep:
    """`keys` is what the caller pressed there: None before any answer, empty for silence."""

    flow: str
    step: str
    keys: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """One entry into a line of waiting callers; `position` counts from 1."""

    team: TeamId
    position: int
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallStory:
    """`ani` is empty for an anonymous caller; `waited_s` is fixed when an operator is offered;
    `answered_by` is who talks, or talked last, with the caller. `callback`: `dialled` for a citizen
    whom we called back, `again` for one who called again instead."""

    call_id: CallId
    arrived_at: datetime
    ani: str = ""
    caller_name: str = ""
    dnis: str = ""
    team: TeamId | None = None
    language: Language = Language.MANDARIN
    steps: tuple[MenuStep, ...] = ()
    places: tuple[QueuePlace, ...] = ()
    first_arrival_at: datetime | None = None
    waited_s: float | None = None
    answered_at: datetime | None = None
    answered_by: AgentId | None = None
    callback: str | None = None


def begin(call_id: CallId, at: datetime) -> CallStory:
    """The story of a call of which nothing is known but that it exists."""
    return CallStory(call_id=call_id, arrived_at=at)


def tell(story: CallStory, event: Event) -> CallStory:
    """The story after `event`; events that the operator need not know change nothing."""
    match event:
        case CallArrived():
            return replace(
                story,
                arrived_at=event.occurred_at,
                ani=event.ani,
                caller_name=event.caller_name,
                dnis=event.dnis,
                team=event.team or story.team,
            )
        case MenuStepEntered():
            step = MenuStep(event.flow, event.step, None, event.occurred_at)
            steps = (*story.steps, step)[-_MAX_STEPS:]
            return replace(story, steps=steps, language=event.language)
        case MenuKeyPressed():
            return replace(story, steps=_with_keys(story.steps, event))
        case CallQueued():
            place = QueuePlace(event.team, event.position, event.cause, event.occurred_at)
            return replace(
                story,
                team=event.team,
                language=event.language,
                places=(*story.places, place)[-_MAX_STEPS:],
                first_arrival_at=event.first_arrival_at,
                # Told with the place, before the offer: the screen pop must not come without it.
                callback="dialled" if event.cause == "callback" else story.callback,
            )
        case CallbackReturned():
            return replace(story, callback="dialled" if event.dialled else "again")
        case CallOffered():
            return replace(story, team=event.team, waited_s=event.waited_s)
        case CallAnswered():
            return replace(
                story,
                waited_s=event.waited_s,
                answered_at=event.occurred_at,
                answered_by=event.agent_id,
            )
        case CallTransferred(kind="consult", to_agent=colleague) if colleague is not None:
            # A colleague who was asked takes the caller over without a new offer.
            return replace(story, answered_by=colleague, answered_at=event.occurred_at)
        case _:
            return story


def _with_keys(steps: tuple[MenuStep, ...], event: MenuKeyPressed) -> tuple[MenuStep, ...]:
    """Mark the latest visit of that step; a key without a step is kept as its own entry."""
    for index in range(len(steps) - 1, -1, -1):
        if steps[index].step == event.step and steps[index].keys is None:
            return (*steps[:index], replace(steps[index], keys=event.keys), *steps[index + 1 :])
    return (*steps, MenuStep(event.flow, event.step, event.keys, event.occurred_at))[-_MAX_STEPS:]
