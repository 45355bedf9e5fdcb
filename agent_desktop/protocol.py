"""Every message on the two WebSockets, `/desk/ws` and `/wallboard/ws`.

A command carries a `request_id` and is answered by exactly one `ok` or `error` with the same id.
Everything else from the server is news. Texts are Chinese msgids of the catalogue; moments are
ISO 8601 with offset. `frontend/src/shared/protocol.ts` is generated from this module
(`python -m agent_desktop.protocol_typescript`), and a test compares the two.

Headless operators speak the same messages: `hello`, `log_in`, `ready`, then wait for `offer`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL_VERSION = 1

CLOSE_NOT_SIGNED_IN = 4401
CLOSE_TAKEN = 4409
CLOSE_TOO_SLOW = 4413
CLOSE_BAD_MESSAGE = 4422

Status = Literal["logged_out", "ready", "not_ready"]
Activity = Literal["idle", "dialling", "offered", "talking", "consulting", "consulted", "wrap_up"]
WrapUpMode = Literal["optional", "mandatory", "time_boxed", "fixed"]
PhoneKind = Literal["browser", "desk"]
ToastKind = Literal["ok", "info", "warn", "danger"]


class Part(BaseModel):
    """A message or a part of one; unknown fields are an error, so that a typo never passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- commands: client -> server -----------------------------------------------------------------


class Command(Part):
    request_id: Annotated[str, Field(min_length=1, max_length=64)]


class Hello(Command):
    """First message of each connection. The newest tab wins."""

    type: Literal["hello"] = "hello"
    tab_id: Annotated[str, Field(min_length=1, max_length=64)]
    version: int = PROTOCOL_VERSION


class LogIn(Command):
    type: Literal["log_in"] = "log_in"
    booth: Annotated[str, Field(pattern=r"^\d{3}$")]
    phone: PhoneKind


class LogOut(Command):
    """At once when idle, else after the call and the write-up; a phone that rings is declined."""

    type: Literal["log_out"] = "log_out"


class Ready(Command):
    type: Literal["ready"] = "ready"


class NotReady(Command):
    type: Literal["not_ready"] = "not_ready"
    reason: Annotated[str, Field(min_length=1, max_length=40)]


class Decline(Command):
    type: Literal["decline"] = "decline"
    offer_id: str


class Release(Command):
    """End the operator's part; the caller goes on to the survey."""

    type: Literal["release"] = "release"


class TransferTeam(Command):
    type: Literal["transfer_team"] = "transfer_team"
    team: str


class TransferAgent(Command):
    type: Literal["transfer_agent"] = "transfer_agent"
    agent: str


class Consult(Command):
    type: Literal["consult"] = "consult"
    agent: str


class CompleteConsult(Command):
    type: Literal["complete_consult"] = "complete_consult"


class CancelConsult(Command):
    type: Literal["cancel_consult"] = "cancel_consult"


class AnswerSummons(Command):
    """To a plan that asks this operator to come back (`RunningPlan.asks`). `come` makes ready."""

    type: Literal["answer_summons"] = "answer_summons"
    come: bool


class ExtendWrapUp(Command):
    """The limit once again, once."""

    type: Literal["extend_wrap_up"] = "extend_wrap_up"


class WrapUpDone(Command):
    """`reason` is required when `next_status` is not_ready; `disposition` may be empty where the
    state's `wrap_up_mode` is optional."""

    type: Literal["wrap_up_done"] = "wrap_up_done"
    disposition: Annotated[str, Field(max_length=40)]
    next_status: Literal["ready", "not_ready", "logged_out"]
    reason: str | None = None


ClientMessage = Annotated[
    Hello
    | LogIn
    | LogOut
    | Ready
    | NotReady
    | Decline
    | Release
    | TransferTeam
    | TransferAgent
    | Consult
    | CompleteConsult
    | CancelConsult
    | ExtendWrapUp
    | AnswerSummons
    | WrapUpDone,
    Field(discriminator="type"),
]

# --- the screen pop -----------------------------------------------------------------------------


class Choice(Part):
    """A code of the reviewed data with its two names."""

    code: str
    zh: str
    en: str


class PopStep(Part):
    """One step of the menu; `keys` None: left unanswered, empty: the caller stayed silent."""

    title: str
    keys: str | None
    at: datetime


class PopPlace(Part):
    team: str
    position: int
    cause: str
    at: datetime


class PopContact(Part):
    call_id: str
    at: datetime
    team: str | None
    agent_name: str | None
    outcome: str


class PopCase(Part):
    """`number` opens the case's page; `status` is a word for the screen (msgid). `title` is the
    citizen's own words; a case that hides who spoke has neither them nor its category."""

    number: str
    at: datetime
    title: str
    matter: Choice | None
    status: str


class PopOrder(Part):
    number: str
    case_number: str
    title: str
    matter: Choice | None
    authority: str
    authority_en: str
    status: str
    due_at: datetime | None
    overdue: bool


class ScreenPop(Part):
    """`number` is masked as the policy says, empty for an anonymous caller. `history`: loading
    until the lists below are filled, failed when they could not be read. `answered_at`: since when
    the present operator talks with the caller, holds included. `callback`: we called the citizen
    back, or he or she called again instead. `line`: the old line that was dialled, if any."""

    call_id: str
    number: str
    anonymous: bool
    caller_name: str
    dnis: str
    line: Choice | None
    team: str | None
    language: str
    arrived_at: datetime | None
    waited_s: float | None
    answered_at: datetime | None
    callback: Literal["dialled", "again"] | None
    steps: tuple[PopStep, ...]
    places: tuple[PopPlace, ...]
    history: Literal["loading", "ready", "failed"]
    contacts: tuple[PopContact, ...] = ()
    cases: tuple[PopCase, ...] = ()
    open_orders: tuple[PopOrder, ...] = ()
    last_district: str | None = None
    last_address: str | None = None


# --- news: server -> client ---------------------------------------------------------------------


class Ok(Part):
    type: Literal["ok"] = "ok"
    request_id: str


class Error(Part):
    """The command with this id was refused and changed nothing."""

    type: Literal["error"] = "error"
    request_id: str
    code: str
    message: str


class Welcome(Part):
    """Answers `hello` beside its `ok`: who you are and what may be chosen. `serves` are the
    operator's own teams, best skill first."""

    type: Literal["welcome"] = "welcome"
    now: datetime
    agent_id: str
    name: str
    name_en: str
    serves: tuple[str, ...]
    teams: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    dispositions: tuple[Choice, ...]


class Consultation(Part):
    """`agent_id` and the names are the other operator's, who asks us if `asked`."""

    agent_id: str
    name: str
    name_en: str
    asked: bool
    phase: Literal["ringing", "talking"]


class AgentState(Part):
    """The whole state of this operator; each message replaces the one before.

    `deadline`: end of ringing while offered or while a citizen is called back (`dialling`), end of
    wrap-up while in wrap-up. `next_status` is what was chosen during a call for the time after it;
    `moving`: a transfer is under way. `consulted`: a colleague asks us. `next_forced`: what comes
    after the call was ordered by a supervisor, and is not to be chosen. `wrap_up_mode` is set in
    wrap-up; in a fixed one the state lasts on after `wrap_up_done`, and `disposition` is the one
    that was noted.
    """

    type: Literal["agent_state"] = "agent_state"
    status: Status
    reason: str | None
    status_since: datetime | None
    next_status: Literal["ready", "not_ready", "logged_out"] | None
    next_reason: str | None
    next_forced: bool
    activity: Activity
    activity_since: datetime | None
    deadline: datetime | None
    booth: str | None
    phone: PhoneKind | None
    phone_reachable: bool
    call_id: str | None
    offer_id: str | None
    team: str | None
    on_hold: bool
    moving: bool
    wrap_up_mode: WrapUpMode | None
    wrap_up_extended: bool
    disposition: str | None
    consultation: Consultation | None
    line_up: bool


class Offer(Part):
    """A call rings at this operator's phone, and at nobody else's."""

    type: Literal["offer"] = "offer"
    offer_id: str
    call_id: str
    deadline: datetime | None
    pop: ScreenPop


class CallUpdated(Part):
    """More is known about the call in hand; replaces the screen pop."""

    type: Literal["call_updated"] = "call_updated"
    call_id: str
    pop: ScreenPop


class Toast(Part):
    type: Literal["toast"] = "toast"
    kind: ToastKind
    message: str


class Forced(Part):
    """A supervisor (or a plan) has ordered a state, for now or for after the call in hand;
    `reason` in his or her words. `freed`: out of a contradiction with the phone."""

    type: Literal["forced"] = "forced"
    state: Literal["ready", "not_ready", "logged_out", "freed"]
    reason: str
    at_once: bool


class RunningPlan(Part):
    """`wrap_up_s`: so long may a wrap-up last while the plan runs; None: as always. `asks`: this
    operator is asked to come back, and has not answered."""

    zh: str
    en: str
    wrap_up_s: float | None
    asks: bool


class PlansRunning(Part):
    """The peak-hour plans that run for this operator's teams; replaces the list before."""

    type: Literal["plans"] = "plans"
    plans: tuple[RunningPlan, ...]


class Time(Part):
    """The heartbeat: silence for longer than two seconds means a lost connection."""

    type: Literal["time"] = "time"
    now: datetime


class SessionTaken(Part):
    """Another tab of the same operator took over; this socket is closed with 4409."""

    type: Literal["session_taken"] = "session_taken"


ServerMessage = Annotated[
    Ok
    | Error
    | Welcome
    | AgentState
    | Offer
    | CallUpdated
    | Toast
    | Forced
    | PlansRunning
    | Time
    | SessionTaken,
    Field(discriminator="type"),
]

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
