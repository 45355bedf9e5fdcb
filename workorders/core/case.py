"""The values of a case: what was said, how it was settled, where it stands, what happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from kernel.ids import AgentId, AuthorityId, CallId, EventId, TeamId
from kernel.language import Language
from workorders.core.deadline import Alert, Due, alert
from workorders.core.lifecycle import Progress
from workorders.core.words import (
    CLOSED_STATES,
    OPEN_ORDER_STATES,
    Actor,
    CaseEvent,
    CaseState,
    Note,
    OrderKind,
    OrderState,
    RequestType,
    Urgency,
)

TITLE_LENGTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContent:
    """What the citizen said, as the form has it. `details` are the category's own fields.

    `confidential`: keep the identity from everybody who does not need it; `anonymous`: the
    citizen gave no name and wants none kept.
    """

    request_type: RequestType
    category: str
    description: str
    district: str = ""
    address: str = ""
    urgency: Urgency = Urgency.NORMAL
    confidential: bool = False
    anonymous: bool = False
    requester_name: str = ""
    contact_number: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


# --- how reception settles it ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """Answered at once, from an article or in free words (one of the two at least)."""

    article_id: str | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A work order to an authority, with assisting authorities if there are any."""

    authority: AuthorityId
    assisting: tuple[AuthorityId, ...] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """Left to the dispatchers, because the authority is not clear."""


@dataclass(frozen=True, slots=True)
class TransferredOut:
    """Transferred to another hotline: `target` is its number."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The citizen took it back during the call."""

    reason: str


Outcome = Answered | Dispatched | Submitted | TransferredOut | Withdrawn


# --- the records ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One order to one authority. `due_text` is the rule's sentence as it was at dispatch."""

    number: str
    case_number: str
    ordinal: int
    kind: OrderKind
    authority: AuthorityId
    state: OrderState
    due: Due
    sign_due_at: datetime
    rule_id: str
    due_text: str
    policy_version: str
    signed_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN_ORDER_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case as it stands. `ani` is the number it came from, empty for an anonymous caller."""

    number: str
    filed_at: datetime
    content: CaseContent
    progress: Progress
    team: TeamId
    ani: str
    language: Language
    agent_id: AgentId
    draft_id: str
    article_id: str | None = None
    answer: str = ""
    transfer_target: str = ""

    @property
    def state(self) -> CaseState:
        return self.progress.state

    @property
    def closed(self) -> bool:
        return self.state in CLOSED_STATES

    @property
    def hides_identity(self) -> bool:
        return self.content.confidential or self.content.anonymous

    @property
    def title(self) -> str:
        """The first words of the description, on one line; empty if nothing was written."""
        text = " ".join(self.content.description.split())
        return text if len(text) <= TITLE_LENGTH else f"{text[:TITLE_LENGTH]}…"

    def alert(self, now: datetime) -> Alert | None:
        """Where the clock stands; None if none ever ran, DONE once the case is closed."""
        if self.progress.due is None:
            return None
        return Alert.DONE if self.closed else alert(self.progress.due, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One visible line of a case's history. `seq` counts from 1 and never has holes."""

    event_id: EventId
    case_number: str
    seq: int
    at: datetime
    what: CaseEvent | Note
    actor: Actor
    account: str
    from_state: CaseState | None
    to_state: CaseState | None
    particulars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with all that belongs to it: orders by number, entries and calls oldest first."""

    case: Case
    orders: tuple[WorkOrder, ...]
    timeline: tuple[TimelineEntry, ...]
    calls: tuple[CallId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerHistory:
    """What the screen pop shows: the last cases of a number, newest first, and their open orders,
    the most urgent first. Cases that hide their identity never come here with their text."""

    cases: tuple[Case, ...] = ()
    open_orders: tuple[WorkOrder, ...] = ()

    @property
    def last_open_text(self) -> Case | None:
        """The latest case that may be used to fill in the next form."""
        return next((c for c in self.cases if not c.hides_identity), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A form being typed. `fields` holds the form's values by name, as typed; `revision` grows
    by 1 with each save; `case_number` is set once it has been filed."""

    draft_id: str
    agent_id: AgentId
    call_id: CallId | None
    ani: str
    team: TeamId
    language: Language
    revision: int
    fields: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    case_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What a list may be narrowed by; all that are set must hold. `since` <= filed < `until`."""

    state: CaseState | None = None
    team: TeamId | None = None
    authority: AuthorityId | None = None
    district: str | None = None
    category: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    ani: str | None = None
    call_id: CallId | None = None
    text: str | None = None


def without_identity(case: Case) -> Case:
    """The case without name and numbers, and without the words that could name somebody."""
    blank = replace(case.content, requester_name="", contact_number="")
    return replace(case, content=blank, ani="")


def without_text(case: Case) -> Case:
    """The case as a list may show it to somebody who may not know who spoke."""
    bare = replace(without_identity(case).content, description="", address="", details={})
    return replace(case, content=bare, ani="", answer="")
