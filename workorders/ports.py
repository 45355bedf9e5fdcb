"""What this department needs from others, by capability. No implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kernel.ids import AgentId, AuthorityId, CallId, TeamId
from kernel.language import Language
from kernel.paging import Page
from workorders.core.case import (
    Case,
    CaseFile,
    CaseFilter,
    Draft,
    TimelineEntry,
    WorkOrder,
)


class AuthorityName(Protocol):
    """One authority as this department shows it. `district` is set for district governments."""

    @property
    def authority_id(self) -> AuthorityId: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...
    @property
    def short(self) -> str: ...
    @property
    def district(self) -> str | None: ...


class DistrictName(Protocol):
    @property
    def district_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


class TeamName(Protocol):
    """`short` and `short_en` are for tables."""

    @property
    def team_id(self) -> TeamId: ...
    @property
    def short(self) -> str: ...
    @property
    def short_en(self) -> str: ...


class CityBook(Protocol):
    """Who and where, from memory: `directory.service.Directory` has this shape."""

    def authority(self, authority_id: AuthorityId) -> AuthorityName | None: ...

    def authorities(self) -> Sequence[AuthorityName]:
        """All 123, in the order of the directory."""

    def districts(self) -> Sequence[DistrictName]: ...

    def teams(self) -> Sequence[TeamName]: ...


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a draft needs to know of a call. `agent_id`: who answered it last."""

    call_id: CallId
    ani: str
    team: TeamId | None
    language: Language | None
    agent_id: AgentId | None


class CallBook(Protocol):
    """The calls. What is known of a living call must be found at once, so whoever fills this asks
    the live state first and the journal second."""

    async def call(self, call_id: CallId) -> CallFacts | None: ...


class ArticleBook(Protocol):
    """The knowledge base, as far as a case quotes it."""

    async def title(self, article_id: str) -> str | None:
        """None when there is no such article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to be kept, whole: with its first entries, orders and calls."""

    case: Case
    orders: tuple[WorkOrder, ...]
    entries: tuple[TimelineEntry, ...]
    calls: tuple[CallId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a case: its new form, orders changed or added, entries and calls to add.

    An entry's `seq` is set by the store, which alone knows the last one.
    """

    case: Case
    orders: tuple[WorkOrder, ...] = ()
    entries: tuple[TimelineEntry, ...] = ()
    calls: tuple[CallId, ...] = ()


class CaseStore(Protocol):
    """Where drafts, cases, orders and entries are kept. Each method is one transaction."""

    # --- drafts ---

    async def open_draft(self, draft: Draft) -> Draft:
        """Keep `draft`, or return the one that this agent already has for this call."""

    async def draft(self, draft_id: str) -> Draft | None: ...

    async def draft_left_on(self, call_id: CallId) -> Draft | None:
        """The last saved of this call's drafts that are not filed, whosever it is."""

    async def open_drafts(self, agent_id: AgentId, limit: int) -> list[Draft]:
        """Not yet filed, last saved first."""

    async def save_draft(
        self, draft_id: str, revision: int, fields: Mapping[str, str], at: datetime
    ) -> Draft | None:
        """The draft after the save; None, and nothing changed, unless it stands at `revision`
        and is not filed."""

    # --- cases ---

    async def file(
        self, draft_id: str, day: date, make: Callable[[str], NewCase]
    ) -> tuple[str, NewCase | None]:
        """File a draft once: number it within `day`, keep what `make(number)` says.

        Returns the case number and what was made; None for the second when the draft had been
        filed before (the number is then the earlier one). `make` may raise: nothing is kept.

        Raises:
            NotFound: there is no such draft.
        """

    async def keep(self, cases: Sequence[NewCase]) -> None:
        """Keep whole cases with numbers of their own (the demo city); known numbers are passed
        over."""

    async def change(self, number: str, decide: Callable[[CaseFile], Change]) -> CaseFile:
        """Lock the case, let `decide` say what becomes of it, keep that. `decide` is pure and may
        raise: nothing is changed then. Raises NotFound for an unknown number."""

    async def case_file(self, number: str) -> CaseFile | None: ...

    async def search(
        self, wanted: CaseFilter, cursor: str | None, size: int, *, with_hidden: bool
    ) -> Page[Case]:
        """Newest first. Unless `with_hidden`, cases that hide their identity are not found by
        their words or their number of origin. Raises BadInput for a bad cursor."""

    async def cases_of(self, ani: str, limit: int) -> list[Case]:
        """The last cases of a number, newest first."""

    async def open_orders(self, case_numbers: Sequence[str]) -> list[WorkOrder]:
        """The open orders of these cases, the earliest due first."""

    async def cases_of_call(self, call_id: CallId) -> list[Case]:
        """Newest first."""

    async def with_provisional_due(self, after: str, limit: int) -> list[str]:
        """Numbers, ascending from behind `after`, of open cases whose clock rests on a
        provisional calendar."""
