"""Telephone words shared by `cti` (who knows Asterisk) and those who decide: `ivr` and `acd`.

Facts are what the telephone system reports, in the order it happened; instructions are what a
caller's dialplan is told to do next. No Asterisk word but the endpoint's name appears here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids import AgentId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber

# --- facts: telephone system -> platform ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallEntered:
    """A citizen's call was answered by the dialplan and asks what to do."""

    call_id: CallId
    ani: PhoneNumber
    caller_name: str  # as sent, control characters removed, at most 80 characters
    dnis: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallWaiting:
    """The caller is in the waiting loop and may be delivered from now on.

    Reported at each entry of the loop: first, after a failed offer, after a transfer.
    """

    call_id: CallId
    team: TeamId
    language: Language
    priority: int  # 0 normal; each point is worth 60 s of waiting
    first_arrival_at: datetime
    ani: PhoneNumber
    dnis: str
    wanted_agent: AgentId | None
    at: datetime


class OfferResult(StrEnum):
    """How the telephone side of an offer ended without a conversation."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"  # the phone refused (486/600/603): the operator pressed decline on the phone
    UNREACHABLE = "unreachable"  # not registered, or transport failed
    CANCELLED = "cancelled"  # we took it back, or the caller hung up


@dataclass(frozen=True, slots=True)
class OfferRinging:
    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferFailed:
    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    result: OfferResult
    at: datetime


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The operator's leg is gone; the caller may still be there (survey, transfer)."""

    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldChanged:
    call_id: CallId
    endpoint: Endpoint
    on_hold: bool
    at: datetime


class ConsultPhase(StrEnum):
    RINGING = "ringing"
    TALKING = "talking"
    COMPLETED = "completed"  # the caller now talks with the consulted operator
    CANCELLED = "cancelled"  # back to the caller
    FAILED = "failed"  # the consulted phone did not answer; back to the caller


@dataclass(frozen=True, slots=True)
class ConsultChanged:
    """A consultation of `endpoint` with `consulted` moved on; the caller hears music meanwhile."""

    call_id: CallId
    offer_id: OfferId
    endpoint: Endpoint
    consulted: Endpoint
    phase: ConsultPhase
    at: datetime


class EndedBy(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    PLATFORM = "platform"  # dialplan or our own decision
    FAULT = "fault"  # the telephone system died


@dataclass(frozen=True, slots=True)
class CallHungUp:
    """The caller's leg is gone: the last fact of each call."""

    call_id: CallId
    ended_by: EndedBy
    cause: int  # Q.850 cause, 16 is normal clearing
    at: datetime


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """A phone registered or was lost."""

    endpoint: Endpoint
    reachable: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingClosed:
    """The raw file of a call is complete on disk (name relative to the spool folder)."""

    call_id: CallId
    file_name: str
    started_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One caller present in the telephone system, as read back after a reconnect."""

    call_id: CallId
    # ivr | waiting | fallback (the telephone's own queue) | offered | talking | consulting |
    # after_call
    place: str
    ani: PhoneNumber
    dnis: str
    team: TeamId | None
    language: Language
    priority: int
    first_arrival_at: datetime | None
    offer_id: OfferId | None
    endpoint: Endpoint | None  # the operator's phone, when offered or talking


@dataclass(frozen=True, slots=True)
class LineRestored:
    """The link to the telephone system is back; this is its whole truth at that moment."""

    calls: tuple[LiveCall, ...]
    reachable: frozenset[Endpoint]
    at: datetime


@dataclass(frozen=True, slots=True)
class LineLost:
    """No link to the telephone system: decide nothing until LineRestored."""

    reason: str
    at: datetime


TelephonyFact = (
    CallEntered
    | CallWaiting
    | OfferRinging
    | OfferAnswered
    | OfferFailed
    | TalkEnded
    | HoldChanged
    | ConsultChanged
    | CallHungUp
    | EndpointChanged
    | RecordingClosed
    | LineRestored
    | LineLost
)

# --- the dialogue: the dialplan asks, the platform answers with one instruction -------------


@dataclass(frozen=True, slots=True)
class Prompt:
    """One recorded phrase: `name` in the prompt catalogue, spoken in `language`."""

    name: str
    language: Language


@dataclass(frozen=True, slots=True)
class Play:
    """Play the phrases to the end, then ask again."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Collect:
    """Play the phrases, interruptible by a key; wait for digits; then ask again."""

    prompts: tuple[Prompt, ...]
    max_digits: int
    timeout: timedelta  # after the last phrase, or between digits


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Go and wait for an operator of `team`."""

    team: TeamId
    language: Language
    priority: int
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferOut:
    """Leave for an outside number of the allow-list (110, 119, 120, 122)."""

    number: str
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class Disconnect:
    prompts: tuple[Prompt, ...] = ()


Instruction = Play | Collect | EnterQueue | TransferOut | Disconnect


class InputKind(StrEnum):
    DIGITS = "digits"
    SILENCE = "silence"  # Collect ended without a key
    PLAYED = "played"  # Play ended


@dataclass(frozen=True, slots=True)
class CallerInput:
    """What came of the last instruction. `digits` is empty unless kind is DIGITS."""

    kind: InputKind
    digits: str
    at: datetime
