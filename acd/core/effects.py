"""What `step` asks the service to do, in this order. Effects are imperative and plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.core.inputs import TimerKey
from kernel.events import Event
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, EventId, OfferId, TeamId
from kernel.language import Language

# --- orders to the telephone ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliver:
    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    ring_timeout: timedelta


@dataclass(frozen=True, slots=True)
class CancelOffer:
    call_id: CallId
    offer_id: OfferId


@dataclass(frozen=True, slots=True)
class Requeue:
    call_id: CallId
    team: TeamId
    priority: int
    wanted_agent: AgentId | None


@dataclass(frozen=True, slots=True)
class Release:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class StartConsult:
    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    consulted: Endpoint


@dataclass(frozen=True, slots=True)
class CompleteConsult:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class CancelConsult:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class DialBack:
    """`call_id` is the call that asked for it."""

    callback_id: CallbackId
    call_id: CallId
    number: str
    team: TeamId
    language: Language
    priority: int
    arrived_at: datetime
    ring_timeout: timedelta


@dataclass(frozen=True, slots=True)
class CancelDialBack:
    callback_id: CallbackId
    call_id: CallId


@dataclass(frozen=True, slots=True)
class CheckPhone:
    """Look what is really at this phone and tell it as facts. `call_id` is the call that we
    believe to be there; with `free`, hang up whatever there belongs to no caller."""

    endpoint: Endpoint
    call_id: CallId | None
    free: bool = False


Order = (
    Deliver
    | CancelOffer
    | Requeue
    | Release
    | StartConsult
    | CompleteConsult
    | CancelConsult
    | DialBack
    | CancelDialBack
)


# --- time, news, memory ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Expire once at `at`; a running timer of the same key is replaced."""

    timer: TimerKey
    at: datetime


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Nothing happens if it is not running."""

    timer: TimerKey


@dataclass(frozen=True, slots=True)
class Publish:
    """`event.event_id` is `NO_ID`: the service gives the id, so that a replay is exact."""

    event: Event


NO_ID = EventId("")


@dataclass(frozen=True, slots=True)
class Show:
    """This agent's view changed."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person should be able to find in the program's log.

    `what` is a verb in the past tense, `call_id` and `agent_id` say whom it is about.
    """

    what: str
    call_id: CallId | None = None
    agent_id: AgentId | None = None


Note = CheckPhone | StartTimer | CancelTimer | Publish | Show | Remark
"""What moves no caller; it may wait until the orders are on their way."""

Effect = Order | Note

Decided = Order | CheckPhone | StartTimer | CancelTimer | Remark
"""What a replay must repeat beside the events. That a view is to be looked at again is no
decision."""


def decided(effects: Iterable[Effect]) -> tuple[Decided, ...]:
    """These of a step's effects, in their order."""
    return tuple(e for e in effects if not isinstance(e, Publish | Show))
