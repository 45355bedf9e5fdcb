"""Domain events: facts in the past tense that departments publish and others may hear.

`hotline/subscriptions.py` is the one table of who hears what. An event is never changed in
meaning; a new meaning is a new event. Their form on wires is in `kernel.event_wire`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kernel.assignment import Assignment
from kernel.ids import (
    AgentId,
    AuthorityId,
    BoothId,
    CallbackId,
    CallId,
    Endpoint,
    EventId,
    OfferId,
    TeamId,
)
from kernel.language import Language
from kernel.waits import WaitScore


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. `call_id` is None for what belongs to no call."""

    event_id: EventId
    occurred_at: datetime
    call_id: CallId | None = None


# --- the call, as the caller lives it -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Event):
    """`ani` is empty for an anonymous caller; `team` is set when the dialled line decides it."""

    ani: str
    caller_name: str
    dnis: str
    line_name: str | None
    team: TeamId | None


def arrival_id(call_id: CallId) -> EventId:
    """The id of a call's one `CallArrived`: whoever tells it again tells the same event."""
    return EventId(f"{call_id}:arrived")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScreened(Event):
    """The guard judged the call before its dialogue, and not simply let it pass. `decision`: pass,
    challenge, refuse; `reason`: `ivr.core.screening.present.Reason`; `level` of the guard: normal,
    raised, storm. `after_others`: it goes behind the others."""

    decision: str
    reason: str
    level: str
    after_others: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeEnded(Event):
    """What came of asking the caller for a key, or of refusing the call. `outcome`: passed,
    after_others (no key, and goes on behind the others), failed (no key, and was refused), left
    (hung up instead), emergency (took the way to the emergency numbers), let_go."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLevelChanged(Event):
    """The guard asks more or less of callers from now on. `cause`: figures, calm, supervisor,
    unpinned, pin_over; `actor`: a person's account, or empty."""

    level: str
    cause: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuStepEntered(Event):
    """The caller heard a step of the flow; `flow_version` is the version the call began with."""

    flow: str
    flow_version: str
    step: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuKeyPressed(Event):
    """`keys` as pressed; empty means that the caller stayed silent. Each digit of a number that was
    typed in (an order's, a telephone's) is a dot."""

    flow: str
    step: str
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuWordsHeard(Event):
    """The caller spoke at a step. `wish`: the intent that was understood, empty if none was;
    `asked_back`: it was not taken yet, the caller is asked whether it is meant. What was said is
    private and not told."""

    flow: str
    step: str
    wish: str
    asked_back: bool
    confidence_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSpoken(Event):
    """What one side of a conversation just said, as the recogniser understood it. `side`: caller,
    operator; seconds since the recording began. Private: it goes into no journal."""

    team: TeamId
    side: str
    text: str
    confidence_fraction: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferredOut(Event):
    """The caller left for an emergency number, or for the tax line 12366."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(Event):
    """The caller waits. `position` counts from 1; `cause`: entry, ring_no_answer, declined,
    unreachable, transfer, resync, callback (the citizen answered our call)."""

    team: TeamId
    language: Language
    priority: int
    position: int
    cause: str
    first_arrival_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRelaxed(Event):
    """The caller waited so long that more operators may serve the call: those of `ring`, counted
    from 1 (the first, without an event). The place in the line is as it was."""

    team: TeamId
    ring: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOpened(Event):
    """Each call of the team is at least in `ring` from now on; 1: the clock alone decides again.
    `cause`: plan, supervisor; `actor` names the plan or the person."""

    team: TeamId
    ring: int
    cause: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingChanged(Event):
    """The team helps other teams again (`helps`), or keeps to itself because too few of its own
    callers are answered in time: `level` is their projected part (0..1), None when too few came."""

    team: TeamId
    helps: bool
    level: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(Event):
    """One call presented to one agent. `waited_s` from the first arrival in a queue; `why`: the
    reasons (None in the records of versions that did not tell them)."""

    offer_id: OfferId
    agent_id: AgentId
    booth_id: BoothId
    endpoint: Endpoint
    team: TeamId
    waited_s: float
    ring_timeout_s: float
    why: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(Event):
    """The one terminal outcome of an offer: accepted, declined, ring_no_answer,
    caller_abandoned, unreachable, rescinded."""

    offer_id: OfferId
    agent_id: AgentId
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Event):
    offer_id: OfferId
    agent_id: AgentId
    booth_id: BoothId
    team: TeamId
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(Event):
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(Event):
    agent_id: AgentId
    held_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultStarted(Event):
    agent_id: AgentId
    consulted_agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultEnded(Event):
    """`outcome`: completed, cancelled, failed."""

    agent_id: AgentId
    consulted_agent_id: AgentId
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(Event):
    """`kind`: blind, consult, left_alone (the operator vanished, browser and phone both) or freed
    (a supervisor took the caller from an operator whose phone had no conversation).
    Exactly one of `to_team`, `to_agent` is set."""

    kind: str
    from_agent: AgentId
    to_team: TeamId | None
    to_agent: AgentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkFinished(Event):
    """The operator's part is over; the caller may go on to the survey. `talk_s` is the whole
    conversation, `held_s` the part of it on hold."""

    offer_id: OfferId
    agent_id: AgentId
    team: TeamId
    talk_s: float
    held_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitAnnounced(Event):
    """A waiting caller heard about the wait. `position` counts from 1; `expected_s` was forecast,
    and `low_min` to `high_min` minutes were told (`high_min` None: more than `low_min`); all three
    are None when nothing certain enough could be told."""

    team: TeamId
    position: int
    expected_s: float | None
    low_min: int | None
    high_min: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForecastsScored(Event):
    """A wait is over: each forecast made for the caller beside the truth, told or not."""

    team: TeamId
    scores: tuple[WaitScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned(Event):
    """The caller hung up while waiting or while a phone rang."""

    team: TeamId
    waited_s: float
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDiverted(Event):
    """The caller left a team's line without one of its operators and without hanging up.
    `cause`: fallback (served by the telephone system's own queue while the platform was away),
    callback (the caller hung up to be called back), message (the caller left a message)."""

    team: TeamId
    waited_s: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """The last event of each call, but for what becomes of a callback it asked for. `outcome`:
    answered, abandoned, left_in_menu, transferred_out, callback, message, fault. `ended_by`:
    caller, agent, platform, fault."""

    outcome: str
    ended_by: str
    cause: int


# --- callbacks: `call_id` is the call in which the citizen asked, if not said otherwise -----------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackNoted(Event):
    """A caller is to be called back at `number`, and keeps the place of `first_arrival_at`.
    `entered_at` began the visit to the team's line. `joined`: the number was to be called back
    already, by the callback named here, whose place stands."""

    callback_id: CallbackId
    number: str
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    entered_at: datetime
    expires_at: datetime
    joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDialled(Event):
    """It is the citizen's turn: the agent is held, the citizen's phone rings. `team`: as whose
    member the agent serves; `attempt` counts from 1; `why`: the reasons for this agent."""

    callback_id: CallbackId
    agent_id: AgentId
    team: TeamId
    attempt: int
    waited_s: float
    why: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackMissed(Event):
    """A dial did not bring the citizen. `result`: no_answer, busy, refused, failed (the network),
    hung_up (came, and left before anybody could speak), cancelled (taken back: no agent any more),
    unknown (nobody saw). `attempts` so far, this one included where it counts. Tried again not
    before `again_at`; None: `CallbackEnded` follows."""

    callback_id: CallbackId
    result: str
    attempts: int
    again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPostponed(Event):
    """Nobody is rung at the hour of the turn: it comes again at `again_at`, at the old place."""

    callback_id: CallbackId
    again_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackEnded(Event):
    """The one end of a callback. `outcome`: answered (the citizen is on the line: `new_call_id`),
    gave_up (not reached in any attempt), expired, cancelled (by `actor`), caller_called_again
    (`new_call_id` took over the place)."""

    callback_id: CallbackId
    number: str
    team: TeamId
    outcome: str
    attempts: int
    new_call_id: CallId | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReturned(Event):
    """This call continues `first_call_id`, in which the citizen had asked to be called back.
    `dialled`: we called; else the citizen called again and has the old place."""

    callback_id: CallbackId
    first_call_id: CallId
    dialled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTaskMade(Event):
    """The caller of this call is to be called by a person. `kind`: abandoned, callback_failed,
    message; it may be the task of an earlier call of the same number."""

    task_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTaskClosed(Event):
    """The task that this call had made (the newest, where several had) is closed. `result`:
    reached, not_reached, wrong_number, not_needed, reached_meanwhile; `closed_by` an account, or
    `-` when it closed by itself."""

    task_id: str
    result: str
    closed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAsked(Event):
    """The caller hears the first question after the conversation with this operator, who served
    `team`; both None for a call that began before a restart."""

    agent_id: AgentId | None
    team: TeamId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedAnswered(Event):
    """Whether the caller's matter was solved, as the caller says. `solved`: yes, partly, no."""

    agent_id: AgentId | None
    solved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(Event):
    """How the operator served: `score` 1 (very satisfied) .. 5 (very dissatisfied), as asked."""

    agent_id: AgentId | None
    score: int


# --- recordings ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingArchived(Event):
    """`duration_s` of the two-channel file; `sha256` of the archived bytes."""

    file_name: str
    duration_s: float
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMissing(Event):
    """A call was answered, or a message was left, and no usable audio was found."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTranscribed(Event):
    """So many sentences of a message were understood; the words stand with its recording alone."""

    sentences: int


# --- agents -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedIn(Event):
    agent_id: AgentId
    booth_id: BoothId
    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedOut(Event):
    """`cause`: agent, supervisor, plan, connection_lost, shift_end; `actor` names the supervisor
    or the plan."""

    agent_id: AgentId
    booth_id: BoothId
    cause: str
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatusChanged(Event):
    """`status`: ready or not_ready; `reason` a not-ready reason code, None when ready;
    `cause`: agent, acd, supervisor, plan, system; `actor` names the supervisor or the plan."""

    agent_id: AgentId
    status: str
    reason: str | None
    cause: str
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentForced(Event):
    """A state was ordered for an agent: `state` ready, not_ready, logged_out, or freed (out of a
    contradiction with the phone), `reason` in the words of whoever ordered it, `cause` supervisor
    or plan, `actor` which. It was done `at_once`,
    or is done after the call in hand."""

    agent_id: AgentId
    state: str
    reason: str
    cause: str
    actor: str
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContradicted(Event):
    """What an agent does has contradicted the phone for too long, `since` then. `contradiction`:
    no_channel (in a conversation, the phone is not), stray_channel (the phone is in use, the agent
    is not), not_ringing (a call is presented, the phone is silent), phone_unreachable (ready, no
    phone); None when it is over."""

    agent_id: AgentId
    contradiction: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActivityChanged(Event):
    """`activity`: idle, dialling (held for a citizen who is being called back), offered, talking,
    consulting, wrap_up."""

    agent_id: AgentId
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpFinished(Event):
    """`disposition` is the default one when the operator chose none before the end came (by the
    limit, by a supervisor); `timed_out` says so. It is None only where no default is set."""

    agent_id: AgentId
    disposition: str | None
    wrap_up_s: float
    timed_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpRestricted(Event):
    """The team's wrap-ups end after `limit_s` at the latest; None: as the rules say again.
    `cause`: plan, supervisor; `actor` names the plan or the person."""

    team: TeamId
    limit_s: float | None
    cause: str
    actor: str


# --- cases --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFiled(Event):
    """`outcome`: answered (with `article_id`), dispatched, transferred_out, draft."""

    case_number: str
    outcome: str
    category: str
    agent_id: AgentId | None
    article_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderDispatched(Event):
    case_number: str
    work_order_number: str
    authority: AuthorityId
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleOpened(Event):
    """An operator opened a knowledge article, perhaps during a call."""

    article_id: str
    agent_id: AgentId | None


# --- the line itself ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStateChanged(Event):
    """The link to Asterisk: `up` or `down`, with the reason."""

    state: str
    reason: str
