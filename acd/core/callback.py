"""A callback: a citizen who is to be called back and keeps the place in the line.

Theory of operation: from the wish to its one outcome a callback is DUE (it stands in its team's
line at the score of the call it came from, and is dialled when that score is the best of those a
free agent may serve), DIALLING (that agent is held while the citizen's phone rings), ARRIVING (the
citizen answered and is on the way into the line), TAKEN_BACK (nobody is held any more; the
telephone was told to stop and its word is awaited) or RESTING (until the next attempt, or until
citizens may be rung again; meanwhile it stands in no line). Diagram: `docs/diagrams/acd-states.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.core.machine import target
from kernel.errors import InvalidTransition
from kernel.ids import AgentId, CallbackId, CallId, TeamId
from kernel.language import Language


class CallbackKind(StrEnum):
    DUE = "due"
    DIALLING = "dialling"
    ARRIVING = "arriving"
    TAKEN_BACK = "taken_back"
    RESTING = "resting"
    OVER = "over"


class CallbackEvent(StrEnum):
    STAND = "stand"  # in line, at the old place
    DIAL = "dial"
    PICK_UP = "pick_up"
    TAKE_BACK = "take_back"
    REST = "rest"
    END = "end"


_K = CallbackKind
_E = CallbackEvent
CALLBACK: Mapping[tuple[CallbackKind, CallbackEvent], CallbackKind] = {
    (_K.DUE, _E.DIAL): _K.DIALLING,
    (_K.DUE, _E.REST): _K.RESTING,
    # A dial that was thought to be over was answered after all.
    (_K.DUE, _E.PICK_UP): _K.ARRIVING,
    (_K.DUE, _E.END): _K.OVER,
    # The agent is gone, another is held.
    (_K.DIALLING, _E.DIAL): _K.DIALLING,
    (_K.DIALLING, _E.PICK_UP): _K.ARRIVING,
    (_K.DIALLING, _E.TAKE_BACK): _K.TAKEN_BACK,
    (_K.DIALLING, _E.STAND): _K.DUE,
    (_K.DIALLING, _E.REST): _K.RESTING,
    (_K.DIALLING, _E.END): _K.OVER,
    (_K.ARRIVING, _E.PICK_UP): _K.ARRIVING,
    (_K.ARRIVING, _E.STAND): _K.DUE,
    (_K.ARRIVING, _E.REST): _K.RESTING,
    (_K.ARRIVING, _E.END): _K.OVER,
    (_K.TAKEN_BACK, _E.PICK_UP): _K.ARRIVING,
    (_K.TAKEN_BACK, _E.STAND): _K.DUE,
    (_K.TAKEN_BACK, _E.REST): _K.RESTING,
    (_K.TAKEN_BACK, _E.END): _K.OVER,
    (_K.RESTING, _E.STAND): _K.DUE,
    (_K.RESTING, _E.PICK_UP): _K.ARRIVING,
    (_K.RESTING, _E.END): _K.OVER,
}

CALLBACK_REFUSALS: Mapping[CallbackEvent, str] = {
    _E.STAND: "该回拨不能重新排队",
    _E.DIAL: "该回拨现在不能拨出",
    _E.PICK_UP: "该回拨已经结束",
    _E.TAKE_BACK: "该回拨没有在拨出",
    _E.REST: "该回拨不能推迟",
    _E.END: "该回拨已经结束",
}


class CallbackOutcome(StrEnum):
    """The one end of a callback; the words of `kernel.events.CallbackEnded`."""

    ANSWERED = "answered"
    GAVE_UP = "gave_up"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CALLER_CALLED_AGAIN = "caller_called_again"


@dataclass(frozen=True, slots=True)
class Due:
    @property
    def kind(self) -> CallbackKind:
        return CallbackKind.DUE


@dataclass(frozen=True, slots=True)
class Dialling:
    """The citizen's phone rings and `agent_id` is held."""

    agent_id: AgentId

    @property
    def kind(self) -> CallbackKind:
        return CallbackKind.DIALLING


@dataclass(frozen=True, slots=True)
class Arriving:
    """The citizen is on the way as `call_id`; `agent_id` is held, None when he or she is gone."""

    agent_id: AgentId | None
    call_id: CallId

    @property
    def kind(self) -> CallbackKind:
        return CallbackKind.ARRIVING


@dataclass(frozen=True, slots=True)
class TakenBack:
    @property
    def kind(self) -> CallbackKind:
        return CallbackKind.TAKEN_BACK


@dataclass(frozen=True, slots=True)
class Resting:
    until: datetime

    @property
    def kind(self) -> CallbackKind:
        return CallbackKind.RESTING


CallbackState = Due | Dialling | Arriving | TakenBack | Resting


@dataclass(slots=True)
class Callback:
    """One citizen to be called back. Owned by the floor and changed by `step` only.

    `call_id` is the call in which it was asked for, whose team, language, priority, first arrival
    and `ring` it keeps; `key` and `entered_at` as of `acd.core.call.Call`. `attempts` are the dials
    that count. Nobody is ever asked for by name (`wanted`).
    """

    callback_id: CallbackId
    call_id: CallId
    number: str
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    entered_at: datetime
    expires_at: datetime
    key: tuple[int, str]
    state: CallbackState
    ring: int = 1
    attempts: int = 0
    wanted: AgentId | None = None

    @property
    def in_line(self) -> bool:
        """Whether it has a place in the line: always but while it rests."""
        return not isinstance(self.state, Resting)

    @property
    def held(self) -> AgentId | None:
        """The agent who is held for the citizen."""
        return self.state.agent_id if isinstance(self.state, Dialling | Arriving) else None


def move_callback(callback: Callback, event: CallbackEvent, state: CallbackState) -> None:
    """Move the callback's state. Raises InvalidTransition before anything is changed."""
    found = target(CALLBACK, CALLBACK_REFUSALS, callback.state.kind, event)
    if found is not state.kind:
        raise InvalidTransition(CALLBACK_REFUSALS[event])
    callback.state = state
