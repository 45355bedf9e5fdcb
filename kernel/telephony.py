"""Telephone words shared by `cti` (who knows Asterisk) and those who decide: `ivr` and `acd`.

Facts are what the telephone system reports, in the order it happened; instructions are what a
caller's dialplan is told to do next. No Asterisk word but the endpoint's name appears here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber

# --- facts: telephone system -> platform ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallEntered:
    """A citizen's call was answered by the dialplan and asks what to do.

    With `callback_id`, it is the other way round: the citizen whom we called picked up. It is a
    call with an id of its own; `ani` is the number that was dialled, `dnis` our own.
    """

    call_id: CallId
    ani: PhoneNumber
    caller_name: str  # as sent, control characters removed, at most 80 characters
    dnis: str
    at: datetime
    callback_id: CallbackId | None = None


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
class CallbackAsked:
    """A caller asked to be called back, in the line or instead of entering it, confirmed the
    number, and is let go.

    No delivery reaches the caller any more; the call's `CallHungUp` follows. The callback keeps
    what the call had: team, language, priority and first arrival. Told once by each run.
    """

    call_id: CallId
    number: PhoneNumber  # never anonymous; the caller's own, or one that the caller typed
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageLeft:
    """A caller spoke a message instead of waiting, and is let go: as `CallbackAsked`, it
    ends the wait, and `CallHungUp` follows. The audio is the call's recording."""

    call_id: CallId
    number: PhoneNumber  # whom to call about it
    team: TeamId
    language: Language
    spoken: timedelta
    at: datetime


class DialResult(StrEnum):
    """What came of dialling a citizen."""

    ANSWERED = "answered"  # picked up and wants to talk: waits in line with the old place
    NO_ANSWER = "no_answer"  # nobody picked up in time, or a machine did
    BUSY = "busy"
    REFUSED = "refused"  # rejected the call, hung up on our greeting, or wants no call any more
    FAILED = "failed"  # the number or the network was not to be had, or nobody saw what came of it
    CANCELLED = "cancelled"  # we took it back


@dataclass(frozen=True, slots=True)
class DialBackEnded:
    """The end of one dialling: exactly one for each order `dial_back` that was not refused.

    `call_id` is the citizen's new call, when somebody or something picked up; its `CallEntered`
    came before. After `ANSWERED` the call's `CallWaiting` follows, else its `CallHungUp`.
    """

    callback_id: CallbackId
    result: DialResult
    call_id: CallId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """A phone registered or was lost."""

    endpoint: Endpoint
    reachable: bool
    at: datetime


class PhoneUse(StrEnum):
    """What a phone does, as the telephone system knows it apart from all calls and offers."""

    IDLE = "idle"
    RINGING = "ringing"
    IN_USE = "in_use"


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """A phone does something else than before. It may be told a moment before or after the facts
    of the call that is the cause."""

    endpoint: Endpoint
    use: PhoneUse
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
    # after_call | leaving (let go with the promise of a callback)
    place: str
    ani: PhoneNumber
    dnis: str
    team: TeamId | None
    language: Language
    priority: int
    first_arrival_at: datetime | None
    offer_id: OfferId | None
    endpoint: Endpoint | None  # the operator's phone, when offered or talking
    callback_id: CallbackId | None = None  # of a citizen whom we called


@dataclass(frozen=True, slots=True)
class LineRestored:
    """The link to the telephone system is back; this is its whole truth at that moment.

    A callback that rings is in `dialling`, one that was picked up is the `callback_id` of a live
    call. One that an earlier run dialled and that is neither has ended, and nobody saw how.
    """

    calls: tuple[LiveCall, ...]
    reachable: frozenset[Endpoint]
    at: datetime
    dialling: frozenset[CallbackId] = frozenset()
    phones: tuple[tuple[Endpoint, PhoneUse], ...] = ()  # what each known phone does


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
    | CallbackAsked
    | MessageLeft
    | DialBackEnded
    | EndpointChanged
    | PhoneChanged
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
    """Play the phrases, interruptible by a key; wait for digits; then ask again.

    Keys that were pressed before, and answered no other question, answer this one, in order; the
    phrases are not played then. Not where it is `fresh`: there they are forgotten.
    """

    prompts: tuple[Prompt, ...]
    max_digits: int
    timeout: timedelta  # after the last phrase, or between digits
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Listen:
    """Play the phrases, interruptible by a voice or a key; listen until an utterance has ended, a
    key came, or `timeout` after the last phrase; then ask again with `HEARD`, `DIGITS`, `SILENCE`,
    or `DEAF`.

    `max_digits` and `fresh` as in `Collect`, with `timeout` between digits too. Sent only while a
    recogniser for `language` is ready; whoever carries it out without one collects keys instead.
    """

    prompts: tuple[Prompt, ...]
    language: Language
    max_digits: int
    timeout: timedelta
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Go and wait for an operator of `team`."""

    team: TeamId
    language: Language
    priority: int
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferOut:
    """Leave for an outside number of the allow-list (110, 119, 120, 122, 12366)."""

    number: str
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class Disconnect:
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceInLine:
    """The place of a caller who is let go before waiting for anybody: as if he or she had entered
    the line of `team` at `since`."""

    team: TeamId
    language: Language
    priority: int
    since: datetime


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    """Who waits in line: all that is needed to speak to this caller."""

    call_id: CallId
    team: TeamId
    language: Language
    ani: PhoneNumber
    first_arrival_at: datetime


@dataclass(frozen=True, slots=True)
class KeepWaiting:
    """To the music, or back to it: the place in the line was never given up."""

    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class PromiseCallback:
    """Let the caller go; `number` will be called (`callable_number`). A caller whose turn has come
    meanwhile is not let go. `place`: of a caller who does not wait yet; None for one who waits."""

    number: PhoneNumber
    prompts: tuple[Prompt, ...] = ()
    place: PlaceInLine | None = None


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Let the caller speak after the phrases, until `silence`, a hash or `longest`; then ask again.
    `number` is whom to call about it. Who hangs up has left it if it lasted `shortest`. `place` as
    in `PromiseCallback`."""

    number: PhoneNumber
    prompts: tuple[Prompt, ...]
    shortest: timedelta
    silence: timedelta
    longest: timedelta
    place: PlaceInLine | None = None


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """What was spoken is long enough: let the caller go. `place` as in `PromiseCallback`."""

    number: PhoneNumber
    prompts: tuple[Prompt, ...] = ()
    place: PlaceInLine | None = None


Instruction = (
    Play
    | Collect
    | Listen
    | EnterQueue
    | TransferOut
    | PromiseCallback
    | TakeMessage
    | KeepMessage
    | Disconnect
)
WaitingAnswer = Play | Collect | KeepWaiting | PromiseCallback | TakeMessage | KeepMessage
GreetingAnswer = Play | Collect | KeepWaiting | Disconnect


class InputKind(StrEnum):
    DIGITS = "digits"
    SILENCE = "silence"  # Collect or Listen ended without a key and without a word
    PLAYED = "played"  # Play ended
    MESSAGE = "message"  # TakeMessage ended; `digits` are the whole seconds spoken
    HEARD = "heard"  # Listen ended with an utterance
    DEAF = "deaf"  # Listen found no recogniser, or it died; keys still work


@dataclass(frozen=True, slots=True)
class CallerInput:
    """What came of the last instruction. `digits` is empty unless kind is DIGITS or MESSAGE.
    `text` (no spaces) and `confidence_fraction` (0..1, the least sure word) belong to HEARD."""

    kind: InputKind
    digits: str
    at: datetime
    text: str = ""
    confidence_fraction: float = 0.0
