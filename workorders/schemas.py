"""The JSON of this department, as the operator's desktop reads and writes it.

Unsafe requests carry the header `X-CSRF-Token`. Errors are
`{"error": code, "message": sentence, "field": name or null}`; the field is the name of the form's
field. All moments are ISO 8601 with offset; names are in the reader's language.

| request | body -> answer |
|---|---|
| `GET /api/categories` | -> `FormReference`: tree, fields, choices; changes only with a release |
| `GET /api/categories/guess?text=&team=` | -> `Guesses` |
| `GET /api/authorities-for-category?category=&district=` | -> `AuthoritiesForCategory` |
| `GET /api/drafts` | -> list of `DraftOut`, not yet filed, last saved first |
| `POST /api/drafts` | `OpenDraft` -> `DraftOut`: the same one for the same call |
| `GET /api/drafts/{draft_id}` | -> `DraftOut` |
| `PUT /api/drafts/{draft_id}` | `SaveDraft` -> `DraftOut`, or 409 with `DraftConflictOut` |
| `GET /api/drafts/{draft_id}/history` | -> `History` of the caller |
| `POST /api/cases` | `FileCase` -> `FiledOut`, 201; 200 when it had been filed before |
| `GET /api/cases?...` | -> `CasePage`, filters as on the page `/cases` |
| `GET /api/cases/{number}` | -> `CaseOut` |
| `POST /api/cases/{number}/calls` | `LinkCall` -> `CaseOut` |
| `POST /api/cases/{number}/dispatch` | `DispatchCase` -> `CaseOut` |
| `POST /api/cases/{number}/withdraw` | `WithdrawCase` -> `CaseOut` |
| `POST /api/cases/{number}/reveal` | `Reveal` -> `IdentityOut` |
| `GET /api/templates`, `GET /api/self-service` | -> lists of `TemplateOut`, `SelfServiceOut` |

The form's fields, all text: `request_type` (consult, complaint, report, suggestion, help, praise),
`category` (a leaf), `district`, `address`, `description`, `urgency` (normal, urgent, critical),
`confidential` and `anonymous` ("1" or ""), `requester_name`, `contact_number`, and the fields of
the category (`FormReference.fields`). A draft may also keep `outcome`, `article_id`, `answer`,
`authority`, `assisting`, `target`, `reason`, which filing takes from `FileCase.outcome` instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(max_length=120)]
Words = Annotated[str, Field(max_length=4000)]


class _In(BaseModel):
    """What a browser sends; a field nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


# --- what browsers send -------------------------------------------------------------------------


class OpenDraft(_In):
    """`call_id` None: a case without a call. `team` is used if the call names none."""

    call_id: Short | None = None
    team: Short = "general"


class SaveDraft(_In):
    """`revision`: the one that the form was loaded at, or that the last save returned."""

    revision: int
    fields: Annotated[dict[Short, Words], Field(max_length=80)]


class AnsweredIn(_In):
    kind: Literal["answered"]
    article_id: Short | None = None
    answer: Words = ""


class DispatchedIn(_In):
    kind: Literal["dispatched"]
    authority: Short
    assisting: Annotated[tuple[Short, ...], Field(max_length=20)] = ()


class SubmittedIn(_In):
    """To the dispatchers, because the authority is not clear."""

    kind: Literal["submitted"]


class TransferredOutIn(_In):
    kind: Literal["transferred_out"]
    target: Short
    reason: Words


class WithdrawnIn(_In):
    kind: Literal["withdrawn"]
    reason: Words


OutcomeIn = Annotated[
    AnsweredIn | DispatchedIn | SubmittedIn | TransferredOutIn | WithdrawnIn,
    Field(discriminator="kind"),
]


class FileCase(_In):
    """`fields` are the form's values at the moment of sending; the draft need not be saved."""

    draft_id: Short
    fields: Annotated[dict[Short, Words], Field(max_length=80)]
    outcome: OutcomeIn


class LinkCall(_In):
    call_id: Short


class DispatchCase(_In):
    """`version` as in `CaseOut`."""

    authority: Short
    assisting: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    version: int


class WithdrawCase(_In):
    """`verified`: how the citizen was recognised."""

    reason: Words
    verified: Short
    version: int


class Reveal(_In):
    reason: Words


# --- what browsers get --------------------------------------------------------------------------


class ChoiceOut(_Out):
    code: str
    name: str


class FieldOut(_Out):
    """`pattern` is a regular expression for the whole value, empty for any text."""

    name: str
    label: str
    hint: str
    pattern: str
    max_length: int


class CategoryOut(_Out):
    """`required`: fields beside those of `FormReference.required`; `usual_type` may be None."""

    id: str
    name: str
    parent: str | None
    team: str
    leaf: bool
    required: tuple[str, ...]
    usual_type: str | None


class TargetOut(_Out):
    number: str
    name: str
    emergency: bool


class FormReference(_Out):
    """`required`: by outcome kind, the fields that every category needs."""

    categories: tuple[CategoryOut, ...]
    fields: tuple[FieldOut, ...]
    request_types: tuple[ChoiceOut, ...]
    urgencies: tuple[ChoiceOut, ...]
    districts: tuple[ChoiceOut, ...]
    dispositions: tuple[ChoiceOut, ...]
    transfer_targets: tuple[TargetOut, ...]
    required: dict[str, tuple[str, ...]]


class GuessOut(_Out):
    id: str
    path: tuple[str, ...]
    matched: tuple[str, ...]


class Guesses(_Out):
    guesses: tuple[GuessOut, ...]


class AuthorityOut(_Out):
    id: str
    name: str
    short: str


class AuthoritiesForCategory(_Out):
    suggested: tuple[AuthorityOut, ...]
    everybody: tuple[AuthorityOut, ...]


class DraftOut(_Out):
    """`number` is the caller's, masked as the policy says; `missing`: by outcome kind, the
    required fields that are still empty."""

    draft_id: str
    call_id: str | None
    team: str
    language: str
    number: str
    revision: int
    fields: dict[str, str]
    missing: dict[str, tuple[str, ...]]
    created_at: datetime
    updated_at: datetime
    case_number: str | None


class DraftConflictOut(_Out):
    """Both versions; nothing was changed. `theirs.revision` is the one to save at next."""

    error: str
    message: str
    field: str | None
    mine: dict[str, str]
    theirs: DraftOut


class DueOut(_Out):
    """`alert`: on_time, halfway, soon, overdue, done; `alert_name` says it in words."""

    started_at: datetime
    notice_at: datetime
    warning_at: datetime
    due_at: datetime
    provisional: bool
    alert: str
    alert_name: str


class OrderOut(_Out):
    """`due_text`: the rule as printed at dispatch, or the same in the reader's language, as
    `due_text_language` says."""

    number: str
    case_number: str
    kind: str
    kind_name: str
    authority: str
    authority_name: str
    state: str
    state_name: str
    open: bool
    due: DueOut
    due_text: str
    due_text_language: str
    sign_due_at: datetime
    signed_at: datetime | None
    closed_at: datetime | None


class CaseLine(_Out):
    """One row of a list. `title` is empty for a case whose words this person may not see here."""

    number: str
    filed_at: datetime
    state: str
    state_name: str
    closed: bool
    request_type: str
    request_type_name: str
    category: str
    category_name: str
    title: str
    hidden: str
    caller_number: str
    district: str
    district_name: str
    team: str
    team_name: str
    authority: str | None
    authority_name: str
    urgency: str
    urgency_name: str
    due: DueOut | None


class CasePage(_Out):
    rows: tuple[CaseLine, ...]
    next_cursor: str | None


class History(_Out):
    cases: tuple[CaseLine, ...]
    open_orders: tuple[OrderOut, ...]


class EntryOut(_Out):
    """One line of the timeline; `who` names function and person or the authority, `detail` is a
    sentence made of the particulars."""

    seq: int
    at: datetime
    what: str
    title: str
    actor: str
    account: str
    who: str
    from_state: str | None
    to_state: str | None
    detail: str


class IdentityOut(_Out):
    """`hidden` says why nothing is shown, empty otherwise."""

    name: str
    number: str
    contact_number: str
    hidden: str
    revealable: bool


class DetailOut(_Out):
    label: str
    value: str


class CaseOut(_Out):
    """A whole case. `version` goes with every change; `calls` are ids, oldest first."""

    line: CaseLine
    version: int
    category_path: tuple[str, ...]
    description: str
    address: str
    details: tuple[DetailOut, ...]
    identity: IdentityOut
    confidential: bool
    anonymous: bool
    language: str
    agent_id: str
    article_id: str | None
    article_title: str | None
    answer: str
    transfer_target: str
    supervised: int
    returns: int
    redos: int
    orders: tuple[OrderOut, ...]
    timeline: tuple[EntryOut, ...]
    calls: tuple[str, ...]


class FiledOut(_Out):
    """`order` is None unless a work order was made."""

    number: str
    state: str
    state_name: str
    created: bool
    order: OrderOut | None
    url: str


class TemplateOut(_Out):
    """`sentence` opens the description; its `{names}` are fields."""

    id: str
    name: str
    intro: str
    request_type: str
    category: str
    fields: tuple[str, ...]
    sentence: str


class SelfServiceOut(_Out):
    id: str
    name: str
    summary: str
    category: str
    template: str
    keywords: tuple[str, ...]
