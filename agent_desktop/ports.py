"""What the desktop and the wallboard need from the other departments, by capability.

The composition root fills each port; nothing here knows a table, a socket or another package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent_desktop.core.named import Named
from kernel.events import Event
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId

# --- the distribution (acd) ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationView:
    """`agent_id` is the other operator; `phase`: ringing or talking; `asked`: we are the one who
    was asked."""

    agent_id: AgentId
    phase: str
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSituation:
    """One operator as the distribution sees him or her at one moment.

    `status`: logged_out, ready, not_ready; `activity`: idle, dialling (a citizen is being called
    back), offered, talking, consulting, consulted (a colleague asks this operator), wrap_up.
    `next_*`: chosen during a call for the time after it. `deadline` is the end of ringing or of
    wrap-up. `call_id` stays set during wrap-up. `moving`: a transfer is under way; `notice`: a
    sentence for the operator about an order that failed, empty when there is none.
    """

    status: str
    reason: str | None = None
    status_since: datetime | None = None
    next_status: str | None = None
    next_reason: str | None = None
    next_forced: bool = False
    activity: str = "idle"
    activity_since: datetime | None = None
    deadline: datetime | None = None
    booth_id: BoothId | None = None
    endpoint: Endpoint | None = None
    phone_reachable: bool = False
    call_id: CallId | None = None
    offer_id: OfferId | None = None
    team: TeamId | None = None
    on_hold: bool = False
    moving: bool = False
    wrap_up_mode: str | None = None
    wrap_up_extended: bool = False
    disposition: str | None = None
    consultation: ConsultationView | None = None
    notice: str = ""
    line_up: bool = True


class Floor(Protocol):
    """The operator's commands and state. Each command raises a `HotlineError` with a sentence for
    the operator, and then nothing has changed."""

    async def log_in(self, agent_id: AgentId, booth_id: BoothId, endpoint: Endpoint) -> None: ...
    async def log_out(self, agent_id: AgentId) -> None: ...
    async def ready(self, agent_id: AgentId) -> None: ...
    async def not_ready(self, agent_id: AgentId, reason: str) -> None: ...
    async def decline(self, agent_id: AgentId, offer_id: OfferId) -> None: ...
    async def release(self, agent_id: AgentId) -> None: ...
    async def finish_wrap_up(self, agent_id: AgentId, disposition: str) -> None: ...
    async def extend_wrap_up(self, agent_id: AgentId) -> None: ...
    async def transfer_to_team(self, agent_id: AgentId, team: TeamId) -> None: ...
    async def transfer_to_agent(self, agent_id: AgentId, target: AgentId) -> None: ...
    async def consult(self, agent_id: AgentId, target: AgentId) -> None: ...
    async def complete_consult(self, agent_id: AgentId) -> None: ...
    async def cancel_consult(self, agent_id: AgentId) -> None: ...
    async def connection_lost(self, agent_id: AgentId) -> None: ...
    async def connection_back(self, agent_id: AgentId) -> None: ...
    async def force(self, agent_id: AgentId, state: str, reason: str, actor: str) -> None:
        """A supervisor's order: `state` is ready, not_ready or logged_out."""

    async def free(self, agent_id: AgentId, reason: str, actor: str) -> None:
        """A supervisor ends the contradiction between an operator's state and phone."""

    def situation(self, agent_id: AgentId) -> AgentSituation: ...

    def watch(
        self, agent_id: AgentId, callback: Callable[[AgentSituation], None]
    ) -> Callable[[], None]:
        """Call back synchronously after each change; returns the unsubscriber."""


# --- people and places (directory) --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """`teams`: best skill first."""

    agent_id: AgentId
    name: str
    name_en: str
    teams: tuple[TeamId, ...]


class People(Protocol):
    """All from memory."""

    def operator(self, agent_id: AgentId) -> Operator | None: ...
    def teams(self) -> Sequence[Named]:
        """In the order of the menu."""

    def booths(self) -> Sequence[BoothId]:
        """In order of their numbers."""

    def line(self, dnis: str) -> Named | None:
        """The old line that was dialled; None for 12345 itself and for an unknown number."""


class MenuTitles(Protocol):
    """The words of the telephone menu."""

    def step_title(self, flow: str, step: str) -> str | None:
        """What a person calls this step, in Chinese; None for a step that nobody hears."""


# --- what is known of a caller (workorders, cti's journal) --------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PastContact:
    call_id: CallId
    at: datetime
    team: TeamId | None
    agent_name: str | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """`title` is the citizen's own words, `matter` their category; a case that hides who spoke has
    neither."""

    number: str
    at: datetime
    title: str
    matter: Named | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    number: str
    case_number: str
    title: str
    matter: Named | None
    authority: str
    authority_en: str
    status: str
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPast:
    """Newest first; `last_*` come from the latest case that had them. Each `status` is a word for
    the screen (msgid)."""

    contacts: tuple[PastContact, ...] = ()
    cases: tuple[PastCase, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    last_district: str | None = None
    last_address: str | None = None


class CallerRecords(Protocol):
    """May take a while: asked off the call path, after the phone already rings."""

    async def past(self, ani: str, *, except_call: CallId) -> CallerPast: ...

    async def events(self, call_id: CallId) -> Sequence[Event]:
        """What has been recorded of a call, oldest first: its story after a restart."""


# --- the telephone in the browser (cti) ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccess:
    """What a browser needs to be the phone `endpoint`."""

    websocket_url: str
    endpoint: str
    password: str
    realm: str


class Phones(Protocol):
    def access(self, endpoint: str) -> PhoneAccess:
        """Raises NotFound for an endpoint that is no browser's phone."""


# --- the wallboard (acd) ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFigures:
    """`longest_since`: arrival of the caller who waits longest. Counts and `abandon_rate` are of
    the current day. `service_rate`: answered within 15 s, last 30 minutes, 0..1, an abandoned call
    being a failure; `service_ignoring` leaves abandoned calls out, `service_positive` counts them
    as served; `asa_s`, `aht_s`, `occupancy`: speed of answer, handle time, share of time on calls,
    same window; `connect_rate`: rolling 24 h, 0..1, `connect_crosses_at`: when it falls below its
    limit (is back, once `connect_breached`) at the present pace; `wait_told`: announced waits that
    could be judged, last 24 h, of which `wait_within_rate` came true, `wait_mae_s` off on average;
    None: no calls to divide by.
    """

    team: TeamId
    waiting: int
    callbacks: int = 0
    longest_since: datetime | None
    entered: int
    answered: int
    abandoned: int
    short_abandoned: int
    abandon_rate: float | None
    service_rate: float | None
    service_ignoring: float | None
    service_positive: float | None
    asa_s: float | None
    aht_s: float | None
    occupancy: float | None
    connect_rate: float | None
    connect_breached: bool
    connect_crosses_at: datetime | None
    wait_told: int
    wait_within_rate: float | None
    wait_mae_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupiedBooth:
    """`state`: the activity, or for an idle operator ready / not_ready. `contradiction`: the phone
    does something else (no_channel, stray_channel, not_ringing, phone_unreachable)."""

    booth_id: BoothId
    agent_id: AgentId
    state: str
    reason: str | None
    since: datetime
    team: TeamId | None
    phone_reachable: bool
    contradiction: str | None = None
    contradiction_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureDrift:
    """Figures that contradict each other. `check`: visits (of a team), agent_time, agent_state (of
    an agent), ghost_callers, unknown_callers; `ours` and `other` are the two counts."""

    check: str
    subject: str
    ours: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorFigures:
    """The whole centre at `at`; `total` is all teams together. `drifts` is empty as it should."""

    at: datetime
    line_up: bool
    total: TeamFigures
    teams: tuple[TeamFigures, ...]
    booths: tuple[OccupiedBooth, ...]
    drifts: tuple[FigureDrift, ...]


class FiguresSource(Protocol):
    def figures(self) -> FloorFigures: ...

    def watch(self, callback: Callable[[FloorFigures], None]) -> Callable[[], None]:
        """Coalesced by the source, at most three a second; returns the unsubscriber."""


# --- peak-hour plans (acd) ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """An operator whom a running plan asked to come back. `answer`: asked (none yet), came,
    declined, left."""

    agent_id: AgentId
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSituation:
    """One plan now. `team`: whose figures count (empty: the whole hall), `teams`: whom it concerns.

    `state`: running, resting, cooling (no trigger starts it before `until`), starting (its
    condition is met since `since`). While it runs: `since`, `cause` (trigger, supervisor), `by`
    (account) and `wrap_up_s`, the limit it sets. `values`: its triggers' present figures.
    """

    plan_id: str
    zh: str
    en: str
    team: TeamId
    teams: tuple[TeamId, ...]
    state: str
    since: datetime | None = None
    until: datetime | None = None
    cause: str | None = None
    by: str = ""
    values: tuple[float | None, ...] = ()
    wrap_up_s: float | None = None
    reserves: tuple[Reserve, ...] = ()

    def asks(self, agent_id: AgentId) -> bool:
        """True while it waits for this operator's answer."""
        return any(r.agent_id == agent_id and r.answer == "asked" for r in self.reserves)


class PlanSource(Protocol):
    def plans(self) -> tuple[PlanSituation, ...]:
        """Every plan, in the order of the reviewed file; from memory."""

    async def answer(self, agent_id: AgentId, *, come: bool) -> None:
        """The operator's answer to the plans that ask him or her."""


# --- what the service is given ------------------------------------------------------------------


class Outbox(Protocol):
    """One socket's way out. Never blocks; a reader that falls behind is cut off by the route."""

    def send(self, text: str) -> None: ...
    def close(self, code: int) -> None: ...


class Log(Protocol):
    def info(self, event: str, **fields: object) -> object: ...
    def warning(self, event: str, **fields: object) -> object: ...
