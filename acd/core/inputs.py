"""What `step` is fed beside telephony facts: commands, expired timers, failed orders, the start.

Every input is a value and can be written to the log (`acd.core.codec`); nothing else ever changes
the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from acd.core.rules import Rules
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.telephony import TelephonyFact

# --- commands -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogIn:
    """`skills` in ascending order of team, levels 1-10; `languages` in ascending order."""

    agent_id: AgentId
    booth_id: BoothId
    endpoint: Endpoint
    skills: tuple[tuple[TeamId, int], ...]
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class LogOut:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ChooseReady:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ChooseNotReady:
    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    agent_id: AgentId
    offer_id: OfferId


@dataclass(frozen=True, slots=True)
class ReleaseCall:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class FinishWrapUp:
    """`disposition` may be empty where the team's mode is optional."""

    agent_id: AgentId
    disposition: str


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class TransferToTeam:
    agent_id: AgentId
    team: TeamId


@dataclass(frozen=True, slots=True)
class TransferToAgent:
    agent_id: AgentId
    target: AgentId


@dataclass(frozen=True, slots=True)
class BeginConsult:
    agent_id: AgentId
    target: AgentId


@dataclass(frozen=True, slots=True)
class EndConsultByTransfer:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class AbortConsult:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ConnectionBack:
    agent_id: AgentId


class ForcedState(StrEnum):
    READY = "ready"
    NOT_READY = "not_ready"
    LOGGED_OUT = "logged_out"


@dataclass(frozen=True, slots=True)
class ForceState:
    """A state ordered for somebody else. `cause`: supervisor or plan; `actor` names which;
    `reason` is a sentence for the agent and the record."""

    agent_id: AgentId
    state: ForcedState
    reason: str
    cause: str
    actor: str


@dataclass(frozen=True, slots=True)
class FreeAgent:
    """End the contradiction between an agent's state and phone. `cause`, `actor` and `reason` as
    for `ForceState`."""

    agent_id: AgentId
    reason: str
    cause: str
    actor: str


@dataclass(frozen=True, slots=True)
class OpenRing:
    """Each call of the team is at least in `ring` from now on; 1 leaves it to the clock again.
    `cause`: plan or supervisor; `actor` names which."""

    team: TeamId
    ring: int
    cause: str
    actor: str


@dataclass(frozen=True, slots=True)
class RestrictWrapUp:
    """The team's wrap-ups are shorter from now on; None: as its rules say again. `cause` and
    `actor` as for `OpenRing`."""

    team: TeamId
    limit: timedelta | None
    cause: str
    actor: str


@dataclass(frozen=True, slots=True)
class LeftForNumber:
    """A caller in the menu was transferred out (emergency numbers), as the IVR tells."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class CancelCallback:
    """The citizen is not to be called back any more; `actor` names who says so."""

    callback_id: CallbackId
    actor: str


Command = (
    LogIn
    | LogOut
    | ChooseReady
    | ChooseNotReady
    | DeclineOffer
    | ReleaseCall
    | FinishWrapUp
    | ExtendWrapUp
    | TransferToTeam
    | TransferToAgent
    | BeginConsult
    | EndConsultByTransfer
    | AbortConsult
    | ConnectionLost
    | ConnectionBack
    | ForceState
    | FreeAgent
    | OpenRing
    | RestrictWrapUp
    | CancelCallback
)

# --- what comes back from the world ---------------------------------------------------------


class TimerKind(StrEnum):
    RING = "ring"  # of an offer
    RETURN = "return"  # of a call
    RELAX = "relax"  # of a call
    WANTED = "wanted"  # of a call
    WRAP_UP = "wrap_up"  # of an agent
    GRACE = "grace"  # of an agent
    SESSION = "session"  # of an agent
    PHONE = "phone"  # of an agent
    ALONE = "alone"  # of an agent
    SHARE = "share"  # of a team
    DIAL = "dial"  # of a callback: what the telephone has to say of a dial
    REDIAL = "redial"  # of a callback
    EXPIRY = "expiry"  # of a callback
    DOUBT = "doubt"  # one for all


@dataclass(frozen=True, slots=True)
class TimerKey:
    """`of` is the id of the offer, call, callback, agent or team that the timer belongs to."""

    kind: TimerKind
    of: str


@dataclass(frozen=True, slots=True)
class TimerExpired:
    timer: TimerKey


class OrderKind(StrEnum):
    DELIVER = "deliver"
    CANCEL_OFFER = "cancel_offer"
    REQUEUE = "requeue"
    RELEASE = "release"
    START_CONSULT = "start_consult"
    COMPLETE_CONSULT = "complete_consult"
    CANCEL_CONSULT = "cancel_consult"
    DIAL_BACK = "dial_back"
    CANCEL_DIAL_BACK = "cancel_dial_back"


class OrderFault(StrEnum):
    NOT_FOUND = "not_found"  # the telephone has no such call
    REFUSED = "refused"  # the call is elsewhere than the order supposes: a fact is under way
    UNAVAILABLE = "unavailable"  # no answer: it may have been done or not
    IMPOSSIBLE = "impossible"  # it can never be done: a number that may not be called


@dataclass(frozen=True, slots=True)
class OrderFailed:
    """An order to the telephone failed. `offer_id` is set where the order had one, `callback_id`
    for a citizen who was to be called back (`call_id` is then the call that asked for it)."""

    order: OrderKind
    call_id: CallId
    offer_id: OfferId | None
    fault: OrderFault
    callback_id: CallbackId | None = None


# --- the start ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RestoredWrapUp:
    """A write-up that the end of the run cut off. `disposition` was noted in one of fixed time."""

    call_id: CallId
    offer_id: OfferId
    team: TeamId
    since: datetime
    extended: bool = False
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class RestoredChoice:
    """What the agent chose for after the call: a state, not ready for `reason`."""

    state: ForcedState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RestoredAgent:
    """A session found in the log: logged in, status as it was, perhaps amid a call.

    With a `call_id`: talking since `talking_since`, or offered the call when that is None.
    `forced` was ordered for after the call and had not been done; else what was `chosen` is.
    """

    log_in: LogIn
    since: datetime
    ready: bool
    reason: str
    call_id: CallId | None = None
    offer_id: OfferId | None = None
    team: TeamId | None = None
    talking_since: datetime | None = None
    forced: ForceState | None = None
    wrap_up: RestoredWrapUp | None = None
    chosen: RestoredChoice | None = None


@dataclass(frozen=True, slots=True)
class RestoredCall:
    """A call found in the log that had not ended: waiting, offered or talking."""

    call_id: CallId
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    entered_at: datetime
    offers: int
    answered: bool


@dataclass(frozen=True, slots=True)
class RestoredCallback:
    """A callback found in the log that had not ended. `dialling`: nobody knows what came of the
    dial; `rests_until`: not to be tried before."""

    callback_id: CallbackId
    call_id: CallId
    number: str
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    entered_at: datetime
    expires_at: datetime
    attempts: int = 0
    dialling: bool = False
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """First input of each run; the telephone's truth follows as `LineRestored`.

    `handled`: when each agent's last handled call ended, as far as the log was read.
    `recalled_at`: the moment for which it was read, None in logs of older versions; `code` names
    the version of what decides.
    """

    rules: Rules
    agents: tuple[RestoredAgent, ...] = ()
    calls: tuple[RestoredCall, ...] = ()
    open_rings: tuple[tuple[TeamId, int], ...] = ()
    handled: tuple[tuple[AgentId, datetime], ...] = ()
    wrap_up_limits: tuple[tuple[TeamId, timedelta], ...] = ()
    recalled_at: datetime | None = None
    code: str = ""
    callbacks: tuple[RestoredCallback, ...] = ()


Input = Started | Command | LeftForNumber | TimerExpired | OrderFailed | TelephonyFact
