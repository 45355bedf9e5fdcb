"""A call in the distribution's sight, and an offer: states and their transition tables.

Theory of operation: a caller is known from the first `CallWaiting` until `CallHungUp`. Only in
WAITING may an offer be made. RETURNING is the short time between the end of an offer and the
telephone's word that the caller is back in the waiting loop. MOVING is a transfer under way.
Diagrams: `docs/diagrams/acd-states.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.core.machine import target
from kernel.ids import AgentId, CallbackId, CallId, OfferId, TeamId
from kernel.language import Language


class CallKind(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    RETURNING = "returning"
    TALKING = "talking"
    MOVING = "moving"
    AFTER_CALL = "after_call"  # the survey, or nobody there
    GONE = "gone"


class CallEvent(StrEnum):
    WAIT = "wait"
    OFFER = "offer"
    ANSWER = "answer"
    OFFER_ENDED = "offer_ended"
    MOVE = "move"
    MOVE_FAILED = "move_failed"
    TALK_END = "talk_end"
    HAND_OVER = "hand_over"
    LEAVE_LINE = "leave_line"
    HANG_UP = "hang_up"


_C = CallKind
_E = CallEvent
CALL: Mapping[tuple[CallKind, CallEvent], CallKind] = {
    (_C.WAITING, _E.WAIT): _C.WAITING,
    (_C.WAITING, _E.OFFER): _C.OFFERED,
    (_C.WAITING, _E.ANSWER): _C.TALKING,
    (_C.WAITING, _E.LEAVE_LINE): _C.AFTER_CALL,
    (_C.WAITING, _E.HANG_UP): _C.GONE,
    (_C.OFFERED, _E.ANSWER): _C.TALKING,
    (_C.OFFERED, _E.OFFER_ENDED): _C.RETURNING,
    (_C.OFFERED, _E.HANG_UP): _C.GONE,
    (_C.RETURNING, _E.WAIT): _C.WAITING,
    (_C.RETURNING, _E.OFFER): _C.OFFERED,
    (_C.RETURNING, _E.ANSWER): _C.TALKING,
    (_C.RETURNING, _E.LEAVE_LINE): _C.AFTER_CALL,
    (_C.RETURNING, _E.HANG_UP): _C.GONE,
    (_C.TALKING, _E.MOVE): _C.MOVING,
    (_C.TALKING, _E.HAND_OVER): _C.TALKING,
    (_C.TALKING, _E.TALK_END): _C.AFTER_CALL,
    (_C.TALKING, _E.HANG_UP): _C.GONE,
    (_C.MOVING, _E.MOVE_FAILED): _C.TALKING,
    (_C.MOVING, _E.TALK_END): _C.MOVING,
    (_C.MOVING, _E.WAIT): _C.WAITING,
    (_C.MOVING, _E.ANSWER): _C.TALKING,
    (_C.MOVING, _E.LEAVE_LINE): _C.AFTER_CALL,
    (_C.MOVING, _E.HANG_UP): _C.GONE,
    (_C.AFTER_CALL, _E.WAIT): _C.WAITING,
    (_C.AFTER_CALL, _E.ANSWER): _C.TALKING,
    (_C.AFTER_CALL, _E.HANG_UP): _C.GONE,
}

CALL_REFUSALS: Mapping[CallEvent, str] = {
    _E.WAIT: "来电不在排队",
    _E.OFFER: "来电不在排队",
    _E.ANSWER: "来电不在振铃",
    _E.OFFER_ENDED: "来电不在振铃",
    _E.MOVE: "来电不在通话中，不能转接",
    _E.MOVE_FAILED: "来电不在转接中",
    _E.TALK_END: "来电不在通话中",
    _E.HAND_OVER: "来电不在通话中",
    _E.LEAVE_LINE: "来电不在排队",
    _E.HANG_UP: "来电已经结束",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    @property
    def kind(self) -> CallKind:
        return CallKind.WAITING


@dataclass(frozen=True, slots=True)
class Offered:
    offer_id: OfferId
    agent_id: AgentId

    @property
    def kind(self) -> CallKind:
        return CallKind.OFFERED


@dataclass(frozen=True, slots=True)
class Returning:
    """`cause` of the next `CallQueued`; `missing` when the telephone did not find the call."""

    cause: str
    missing: bool = False

    @property
    def kind(self) -> CallKind:
        return CallKind.RETURNING


@dataclass(frozen=True, slots=True)
class Talking:
    """`agent_id` is None for a conversation met after a restart whose operator is unknown."""

    offer_id: OfferId | None
    agent_id: AgentId | None

    @property
    def kind(self) -> CallKind:
        return CallKind.TALKING


@dataclass(frozen=True, slots=True)
class Moving:
    """A blind transfer was ordered by `agent_id`, or because he or she is gone (`left_alone`)."""

    offer_id: OfferId
    agent_id: AgentId
    to_team: TeamId | None
    to_agent: AgentId | None
    how: str

    @property
    def kind(self) -> CallKind:
        return CallKind.MOVING


@dataclass(frozen=True, slots=True)
class AfterCall:
    @property
    def kind(self) -> CallKind:
        return CallKind.AFTER_CALL


CallState = Waiting | Offered | Returning | Talking | Moving | AfterCall


@dataclass(slots=True)
class Call:
    """One caller. Owned by the floor and changed by `step` only.

    `key` orders all lines: (microseconds of first arrival less 60 s per point of priority, id).
    `entered_at` begins the present visit; `ring`, from 1, is what the visit's age made of who may
    serve it. `in_line` is True from entry until answer, abandon or transfer. `answered` once a
    person was there; `closed` when its end was published already and it turned up again;
    `callback_id` when the caller left the line to be called back, for the n-th time (`wishes`);
    `left_message` when the caller left it with a message.
    """

    call_id: CallId
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    ani: str
    dnis: str
    state: CallState
    entered_at: datetime
    key: tuple[int, str]
    ring: int = 1
    wanted: AgentId | None = None
    offers: int = 0
    in_line: bool = False
    answered: bool = False
    closed: bool = False
    callback_id: CallbackId | None = None
    wishes: int = 0
    left_message: bool = False


def check_call(call: Call, event: CallEvent) -> CallKind:
    """The state that `event` would lead to. Raises InvalidTransition."""
    return target(CALL, CALL_REFUSALS, call.state.kind, event)


# --- offers ---------------------------------------------------------------------------------


class Outcome(StrEnum):
    """The one end of an offer; the words of `kernel.events.OfferEnded`."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    RING_NO_ANSWER = "ring_no_answer"
    CALLER_ABANDONED = "caller_abandoned"
    UNREACHABLE = "unreachable"
    RESCINDED = "rescinded"


@dataclass(frozen=True, slots=True)
class Offer:
    """An open reservation of one agent for one call. `by` is set for a consultation.

    An offer is open while it stands in the floor's table and is removed with its outcome, so
    that a second outcome has nothing to end.
    """

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId
    team: TeamId
    offered_at: datetime
    by: AgentId | None = None


RETURN_CAUSE: Mapping[Outcome, str] = {
    Outcome.DECLINED: "declined",
    Outcome.RING_NO_ANSWER: "ring_no_answer",
    Outcome.UNREACHABLE: "unreachable",
    Outcome.CALLER_ABANDONED: "resync",
    Outcome.RESCINDED: "resync",
}
"""`CallQueued.cause` when the caller is back after this outcome."""
