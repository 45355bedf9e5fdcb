"""An agent: session, status and activity, each with its one transition table.

Theory of operation: the *session* says where the agent sits and whether the browser is there; the
*status* is the person's own choice (or the distribution's, after an unanswered offer); the
*activity* is driven by calls alone. An agent is *available* when all three agree: present, ready,
idle, and the phone registered. A status chosen while not idle is kept in `next_status` and applied
after the wrap-up. Diagrams: `docs/diagrams/acd-states.md`, generated from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from acd.core.machine import target
from acd.core.rules import WrapUpMode
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language

# --- session --------------------------------------------------------------------------------


class SessionKind(StrEnum):
    LOGGED_OUT = "logged_out"
    PRESENT = "present"
    GRACE = "grace"  # the browser is gone; it may come back to the same state
    ABSENT = "absent"  # the grace is over; the booth is still held


class SessionEvent(StrEnum):
    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    CONNECTION_LOST = "connection_lost"
    CONNECTION_BACK = "connection_back"
    GRACE_OVER = "grace_over"
    SESSION_OVER = "session_over"


SESSION: Mapping[tuple[SessionKind, SessionEvent], SessionKind] = {
    (SessionKind.LOGGED_OUT, SessionEvent.LOG_IN): SessionKind.PRESENT,
    (SessionKind.PRESENT, SessionEvent.LOG_OUT): SessionKind.LOGGED_OUT,
    (SessionKind.PRESENT, SessionEvent.CONNECTION_LOST): SessionKind.GRACE,
    (SessionKind.PRESENT, SessionEvent.CONNECTION_BACK): SessionKind.PRESENT,
    (SessionKind.GRACE, SessionEvent.LOG_OUT): SessionKind.LOGGED_OUT,
    (SessionKind.GRACE, SessionEvent.CONNECTION_LOST): SessionKind.GRACE,
    (SessionKind.GRACE, SessionEvent.CONNECTION_BACK): SessionKind.PRESENT,
    (SessionKind.GRACE, SessionEvent.GRACE_OVER): SessionKind.ABSENT,
    (SessionKind.ABSENT, SessionEvent.LOG_OUT): SessionKind.LOGGED_OUT,
    (SessionKind.ABSENT, SessionEvent.CONNECTION_LOST): SessionKind.ABSENT,
    (SessionKind.ABSENT, SessionEvent.CONNECTION_BACK): SessionKind.PRESENT,
    (SessionKind.ABSENT, SessionEvent.SESSION_OVER): SessionKind.LOGGED_OUT,
}

SESSION_REFUSALS: Mapping[SessionEvent, str] = {
    SessionEvent.LOG_IN: "您已经签入座席",
    SessionEvent.LOG_OUT: "您尚未签入座席",
    SessionEvent.CONNECTION_LOST: "您尚未签入座席",
    SessionEvent.CONNECTION_BACK: "您尚未签入座席",
    SessionEvent.GRACE_OVER: "工作台连接正常",
    SessionEvent.SESSION_OVER: "工作台连接正常",
}


@dataclass(frozen=True, slots=True)
class Session:
    """Present at `booth_id` since `since`; `lost_at` is set while the browser is gone."""

    kind: SessionKind
    booth_id: BoothId
    endpoint: Endpoint
    since: datetime
    lost_at: datetime | None = None


# --- status ---------------------------------------------------------------------------------


class StatusKind(StrEnum):
    READY = "ready"
    NOT_READY = "not_ready"


class StatusEvent(StrEnum):
    CHOOSE_READY = "choose_ready"
    CHOOSE_NOT_READY = "choose_not_ready"
    WITHDRAW = "withdraw"  # by the distribution: unanswered, declined, unreachable, lost
    FORCE_READY = "force_ready"  # by a supervisor or a plan
    FORCE_NOT_READY = "force_not_ready"


STATUS: Mapping[tuple[StatusKind, StatusEvent], StatusKind] = {
    (StatusKind.READY, StatusEvent.CHOOSE_READY): StatusKind.READY,
    (StatusKind.READY, StatusEvent.CHOOSE_NOT_READY): StatusKind.NOT_READY,
    (StatusKind.READY, StatusEvent.WITHDRAW): StatusKind.NOT_READY,
    (StatusKind.READY, StatusEvent.FORCE_READY): StatusKind.READY,
    (StatusKind.READY, StatusEvent.FORCE_NOT_READY): StatusKind.NOT_READY,
    (StatusKind.NOT_READY, StatusEvent.CHOOSE_READY): StatusKind.READY,
    (StatusKind.NOT_READY, StatusEvent.CHOOSE_NOT_READY): StatusKind.NOT_READY,
    (StatusKind.NOT_READY, StatusEvent.WITHDRAW): StatusKind.NOT_READY,
    (StatusKind.NOT_READY, StatusEvent.FORCE_READY): StatusKind.READY,
    (StatusKind.NOT_READY, StatusEvent.FORCE_NOT_READY): StatusKind.NOT_READY,
}

LOGGED_IN = "logged_in"
RING_NO_ANSWER = "ring_no_answer"
DECLINED = "declined"
PHONE_UNREACHABLE = "phone_unreachable"
CONNECTION_LOST = "connection_lost"
FORCED = "forced"
MACHINE_REASONS = frozenset(
    {LOGGED_IN, RING_NO_ANSWER, DECLINED, PHONE_UNREACHABLE, CONNECTION_LOST, FORCED}
)
"""Reasons that only the distribution sets; a person may not choose them."""


@dataclass(frozen=True, slots=True)
class Ready:
    since: datetime

    @property
    def kind(self) -> StatusKind:
        return StatusKind.READY

    @property
    def reason(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class NotReady:
    since: datetime
    reason: str

    @property
    def kind(self) -> StatusKind:
        return StatusKind.NOT_READY


Status = Ready | NotReady

AGENT, ACD = "agent", "acd"
"""Causes of a change; a supervisor's and a plan's come with their order."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What applies when the call in hand is over: a status, or (None) the log-out."""

    status: Status | None
    cause: str = AGENT
    actor: str = ""

    @property
    def forced(self) -> bool:
        """Ordered from above: the agent's own choices do not change it."""
        return self.cause not in (AGENT, ACD)

    @property
    def event(self) -> StatusEvent:
        """How the status comes about."""
        ready = isinstance(self.status, Ready)
        if self.forced:
            return StatusEvent.FORCE_READY if ready else StatusEvent.FORCE_NOT_READY
        if self.cause == ACD:
            return StatusEvent.WITHDRAW
        return StatusEvent.CHOOSE_READY if ready else StatusEvent.CHOOSE_NOT_READY


# --- activity -------------------------------------------------------------------------------


class ActivityKind(StrEnum):
    IDLE = "idle"
    DIALLING = "dialling"  # held for a citizen who is being called back
    OFFERED = "offered"
    TALK = "talk"
    HOLD = "hold"
    CONSULT = "consult"  # talks with a colleague while the caller waits
    CONSULTED = "consulted"  # is the colleague
    WRAP_UP = "wrap_up"


class ActivityEvent(StrEnum):
    RESERVE = "reserve"
    DIAL_OVER = "dial_over"
    OFFER = "offer"
    RING = "ring"
    ANSWER = "answer"
    JOIN = "join"
    DECLINE = "decline"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    CALLER_GONE = "caller_gone"
    RESCIND = "rescind"
    HOLD = "hold"
    RESUME = "resume"
    CONSULT = "consult"
    CONSULT_RINGS = "consult_rings"
    CONSULT_ANSWERED = "consult_answered"
    CONSULT_OVER = "consult_over"
    STEP_ASIDE = "step_aside"
    TAKE_CALLER = "take_caller"
    TALK_END = "talk_end"
    EXTEND_WRAP_UP = "extend_wrap_up"
    RESTRICT_WRAP_UP = "restrict_wrap_up"
    NOTE_DISPOSITION = "note_disposition"
    FINISH_WRAP_UP = "finish_wrap_up"
    WRAP_UP_OVER = "wrap_up_over"
    RELEASE = "release"
    TRANSFER = "transfer"
    LEAVE = "leave"
    RESTORE_OFFER = "restore_offer"
    RESTORE_TALK = "restore_talk"


_A = ActivityKind
_E = ActivityEvent
ACTIVITY: Mapping[tuple[ActivityKind, ActivityEvent], ActivityKind] = {
    (_A.IDLE, _E.RESERVE): _A.DIALLING,
    (_A.DIALLING, _E.DIAL_OVER): _A.IDLE,
    (_A.DIALLING, _E.OFFER): _A.OFFERED,
    (_A.IDLE, _E.OFFER): _A.OFFERED,
    (_A.IDLE, _E.LEAVE): _A.IDLE,
    (_A.IDLE, _E.RESTORE_OFFER): _A.OFFERED,
    (_A.IDLE, _E.RESTORE_TALK): _A.TALK,
    (_A.OFFERED, _E.RING): _A.OFFERED,
    (_A.OFFERED, _E.ANSWER): _A.TALK,
    (_A.OFFERED, _E.JOIN): _A.CONSULTED,
    (_A.OFFERED, _E.DECLINE): _A.IDLE,
    (_A.OFFERED, _E.NO_ANSWER): _A.IDLE,
    (_A.OFFERED, _E.UNREACHABLE): _A.IDLE,
    (_A.OFFERED, _E.CALLER_GONE): _A.IDLE,
    (_A.OFFERED, _E.RESCIND): _A.IDLE,
    (_A.TALK, _E.HOLD): _A.HOLD,
    (_A.TALK, _E.CONSULT): _A.CONSULT,
    (_A.TALK, _E.RELEASE): _A.TALK,
    (_A.TALK, _E.TRANSFER): _A.TALK,
    (_A.TALK, _E.TALK_END): _A.WRAP_UP,
    (_A.HOLD, _E.RESUME): _A.TALK,
    (_A.HOLD, _E.CONSULT): _A.CONSULT,
    (_A.HOLD, _E.RELEASE): _A.HOLD,
    (_A.HOLD, _E.TRANSFER): _A.HOLD,
    (_A.HOLD, _E.TALK_END): _A.WRAP_UP,
    (_A.CONSULT, _E.CONSULT_RINGS): _A.CONSULT,
    (_A.CONSULT, _E.CONSULT_ANSWERED): _A.CONSULT,
    (_A.CONSULT, _E.CONSULT_OVER): _A.TALK,
    (_A.CONSULT, _E.TALK_END): _A.WRAP_UP,
    (_A.CONSULTED, _E.RELEASE): _A.CONSULTED,
    (_A.CONSULTED, _E.STEP_ASIDE): _A.IDLE,
    (_A.CONSULTED, _E.TAKE_CALLER): _A.TALK,
    (_A.WRAP_UP, _E.EXTEND_WRAP_UP): _A.WRAP_UP,
    (_A.WRAP_UP, _E.RESTRICT_WRAP_UP): _A.WRAP_UP,
    (_A.WRAP_UP, _E.NOTE_DISPOSITION): _A.WRAP_UP,
    (_A.WRAP_UP, _E.FINISH_WRAP_UP): _A.IDLE,
    (_A.WRAP_UP, _E.WRAP_UP_OVER): _A.IDLE,
    (_A.WRAP_UP, _E.RESTORE_TALK): _A.TALK,
}

ACTIVITY_REFUSALS: Mapping[ActivityEvent, str] = {
    _E.RESERVE: "该话务员正忙",
    _E.DIAL_OVER: "当前没有进行中的回拨",
    _E.OFFER: "该话务员正忙",
    _E.RING: "当前没有待应答的来电",
    _E.ANSWER: "当前没有待应答的来电",
    _E.JOIN: "当前没有待应答的来电",
    _E.DECLINE: "当前没有待应答的来电",
    _E.NO_ANSWER: "当前没有待应答的来电",
    _E.UNREACHABLE: "当前没有待应答的来电",
    _E.CALLER_GONE: "当前没有待应答的来电",
    _E.RESCIND: "当前没有待应答的来电",
    _E.HOLD: "当前没有进行中的通话",
    _E.RESUME: "当前没有保持中的通话",
    _E.CONSULT: "只有在通话中才能咨询同事",
    _E.CONSULT_RINGS: "当前没有进行中的咨询",
    _E.CONSULT_ANSWERED: "当前没有进行中的咨询",
    _E.CONSULT_OVER: "当前没有进行中的咨询",
    _E.STEP_ASIDE: "当前没有进行中的咨询",
    _E.TAKE_CALLER: "当前没有进行中的咨询",
    _E.TALK_END: "当前没有进行中的通话",
    _E.EXTEND_WRAP_UP: "当前不在话后整理中",
    _E.RESTRICT_WRAP_UP: "当前不在话后整理中",
    _E.NOTE_DISPOSITION: "当前不在话后整理中",
    _E.FINISH_WRAP_UP: "当前不在话后整理中",
    _E.WRAP_UP_OVER: "当前不在话后整理中",
    _E.RELEASE: "当前没有可以挂断的通话",
    _E.TRANSFER: "只有在通话中才能转接",
    _E.LEAVE: "该话务员正忙",
    _E.RESTORE_OFFER: "该话务员正忙",
    _E.RESTORE_TALK: "该话务员正忙",
}


@dataclass(frozen=True, slots=True)
class Idle:
    since: datetime

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.IDLE


@dataclass(frozen=True, slots=True)
class Dialling:
    """Held while a citizen is called back; the citizen's phone rings until `until` at most."""

    since: datetime
    callback_id: CallbackId
    team: TeamId
    until: datetime

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.DIALLING


@dataclass(frozen=True, slots=True)
class Offered:
    """A phone is asked to ring."""

    since: datetime
    offer_id: OfferId
    call_id: CallId
    team: TeamId
    ring_until: datetime
    ringing: bool = False

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.OFFERED


@dataclass(frozen=True, slots=True)
class Conversation:
    """One agent's part of a call: `held` sums the closed holds.

    `offer_id` is the offer by which the telephone knows the talk; it stays when a consultation
    hands the caller over.
    """

    call_id: CallId
    offer_id: OfferId
    team: TeamId
    since: datetime
    held: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Talk:
    since: datetime
    conversation: Conversation

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.TALK


@dataclass(frozen=True, slots=True)
class OnHold:
    since: datetime
    conversation: Conversation

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.HOLD


@dataclass(frozen=True, slots=True)
class Consult:
    """The caller hears music while `target` rings (at `phone`) or talks with this agent."""

    since: datetime
    conversation: Conversation
    offer_id: OfferId
    target: AgentId
    phone: Endpoint
    answered: bool = False

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.CONSULT


@dataclass(frozen=True, slots=True)
class Consulted:
    since: datetime
    call_id: CallId
    offer_id: OfferId
    team: TeamId
    by: AgentId

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.CONSULTED


@dataclass(frozen=True, slots=True)
class WrapUp:
    """`disposition` is set where it was chosen and the time is not over yet."""

    since: datetime
    call_id: CallId
    offer_id: OfferId
    team: TeamId
    until: datetime
    mode: WrapUpMode = WrapUpMode.TIME_BOXED
    extended: bool = False
    disposition: str | None = None

    @property
    def kind(self) -> ActivityKind:
        return ActivityKind.WRAP_UP


class Contradiction(StrEnum):
    """How a state contradicts the phone (`acd.core.contradiction`)."""

    NO_CHANNEL = "no_channel"
    STRAY_CHANNEL = "stray_channel"
    NOT_RINGING = "not_ringing"
    UNREACHABLE = "phone_unreachable"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A contradiction that has lasted too long; it began at `since`."""

    kind: Contradiction
    since: datetime


Activity = Idle | Dialling | Offered | Talk | OnHold | Consult | Consulted | WrapUp
InConversation = Talk | OnHold | Consult

PUBLIC_ACTIVITY: Mapping[ActivityKind, str] = {
    ActivityKind.IDLE: "idle",
    ActivityKind.DIALLING: "dialling",
    ActivityKind.OFFERED: "offered",
    ActivityKind.TALK: "talking",
    ActivityKind.HOLD: "talking",
    ActivityKind.CONSULT: "consulting",
    ActivityKind.CONSULTED: "consulting",
    ActivityKind.WRAP_UP: "wrap_up",
}
"""The words of `kernel.events.AgentActivityChanged`."""


@dataclass(slots=True)
class Agent:
    """One logged-in agent. Owned by the floor and changed by `step` only.

    `skills` in ascending order of team, levels 1-10; `languages` in ascending order.
    `handled_at`: when the last handled call ended with its wrap-up; the log-in before the first.
    It decides whose turn is next, and neither status nor booth nor an unanswered offer moves it
    (ADR 0411). `benched` is set while the agent stands in the index of available agents. `notice`
    is a sentence for the screen about an order that failed. `home` is the team of the best skill,
    ties by id. `on_duty` is set while the agent is counted so (`acd.core.on_duty`). `alarm`: the
    phone has done something else for too long.
    """

    agent_id: AgentId
    skills: tuple[tuple[TeamId, int], ...]
    languages: tuple[Language, ...]
    session: Session
    status: Status
    activity: Activity
    handled_at: datetime
    next_status: Chosen | None = None
    benched: tuple[tuple[TeamId, Language, int], ...] | None = None
    notice: str = ""
    levels: dict[TeamId, int] = field(default_factory=dict)
    home: TeamId | None = None
    on_duty: bool = False
    alarm: Alarm | None = None

    def __post_init__(self) -> None:
        self.levels = dict(self.skills)
        self.home = min(self.skills, key=lambda s: (-s[1], s[0]))[0] if self.skills else None

    @property
    def stays_ready(self) -> bool:
        """Ready, and also after the call in hand."""
        chosen = self.next_status
        status = self.status if chosen is None else chosen.status
        return status is not None and status.kind is StatusKind.READY

    @property
    def conversation(self) -> Conversation | None:
        """The agent's part of a call with a caller, if there is one."""
        if isinstance(self.activity, InConversation):
            return self.activity.conversation
        return None


def check_activity(agent: Agent, event: ActivityEvent) -> ActivityKind:
    """The activity that `event` would lead to. Raises InvalidTransition."""
    return target(ACTIVITY, ACTIVITY_REFUSALS, agent.activity.kind, event)


def check_session(kind: SessionKind, event: SessionEvent) -> SessionKind:
    """The session that `event` would lead to. Raises InvalidTransition."""
    return target(SESSION, SESSION_REFUSALS, kind, event)
