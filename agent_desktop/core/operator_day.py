"""One operator's day, folded from the events: what a supervisor asks about first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from kernel.events import (
    AgentLoggedIn,
    CallAnswered,
    Event,
    OfferEnded,
    TalkFinished,
    WrapUpFinished,
)

_NOT_TAKEN = frozenset({"declined", "ring_no_answer"})


@dataclass(frozen=True, slots=True)
class OperatorDay:
    """Sums of one city day. `talk_s` without the wrap-up; `first_at` the first log-in."""

    first_at: datetime | None = None
    calls: int = 0
    talk_s: float = 0.0
    wrap_up_s: float = 0.0
    declined: int = 0


def tell(day: OperatorDay, event: Event) -> OperatorDay:
    """The day after `event`; other events change nothing."""
    match event:
        case AgentLoggedIn():
            return replace(day, first_at=day.first_at or event.occurred_at)
        case CallAnswered():
            return replace(day, calls=day.calls + 1)
        case TalkFinished():
            return replace(day, talk_s=day.talk_s + event.talk_s)
        case WrapUpFinished():
            return replace(day, wrap_up_s=day.wrap_up_s + event.wrap_up_s)
        case OfferEnded() if event.outcome in _NOT_TAKEN:
            return replace(day, declined=day.declined + 1)
        case _:
            return day
