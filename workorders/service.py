"""Cases: drafts, filing, dispatch, reading. Decides when; the rules are in `workorders.core`.

Each command is one transaction of the store. What the bus must tell others is published after
the commit, once for each case, however often a filing is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kernel.audit import AuditTrail
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from kernel.events import CaseFiled, WorkOrderDispatched
from kernel.ids import AgentId, AuthorityId, CallId, EventId, IdSource, TeamId
from kernel.language import Language
from kernel.paging import DEFAULT_SIZE, MAX_SIZE, Page
from kernel.policy import Action, Principal, allows, demand
from workorders.core import filing
from workorders.core.case import (
    Answered,
    CallerHistory,
    Case,
    CaseContent,
    CaseFile,
    CaseFilter,
    Dispatched,
    Draft,
    Outcome,
    TransferredOut,
    WorkOrder,
    without_text,
)
from workorders.core.category import Guess, guess
from workorders.core.course import Course, note
from workorders.core.lifecycle import Happening, Progress, actors_of
from workorders.core.numbers import city_day
from workorders.core.privacy import Identity, full_identity
from workorders.core.words import Actor, CaseEvent, CaseState, Note
from workorders.ports import (
    ArticleBook,
    CallBook,
    CallFacts,
    CaseStore,
    Change,
    CityBook,
    NewCase,
)
from workorders.reference import Reference, SelfServiceItem, Template
from workorders.results import AuthorityChoice, DraftConflict, FiledCase

HISTORY_LENGTH = 20
OPEN_DRAFTS_SHOWN = 20
TEXT_SEARCH_REACH = timedelta(days=90)
RECALCULATION_BATCH = 500
DRAFT_VALUE_LIMIT = 4000
_FILING_FIELDS = ("outcome", "article_id", "answer", "authority", "assisting", "target", "reason")


class Cases:
    """The department's service. Safe to call from many requests at once; keeps no state."""

    def __init__(
        self,
        *,
        store: CaseStore,
        reference: Reference,
        city: CityBook,
        articles: ArticleBook,
        calls: CallBook,
        audit: AuditTrail,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self.reference = reference
        self._course = Course(reference.policy, reference.calendar)
        self.city = city
        self._articles = articles
        self._calls = calls
        self._audit = audit
        self._bus = bus
        self._clock = clock
        self._ids = ids

    # --- drafts ----------------------------------------------------------------------------

    async def open_draft(
        self,
        *,
        agent_id: AgentId,
        team: TeamId,
        call_id: CallId | None = None,
        ani: str = "",
        language: Language = Language.MANDARIN,
    ) -> Draft:
        """The agent's draft for this call, made if there is none yet.

        A new one is filled in with what a colleague had written before the call was handed on,
        else from the last case of the number that hides no identity.
        """
        now = self._clock.now()
        left = await self._store.draft_left_on(call_id) if call_id is not None else None
        prefilled = dict(left.fields) if left is not None else {}
        prefilled = prefilled or await self._from_last_case(ani)
        return await self._store.open_draft(
            Draft(
                draft_id=self._ids.new(),
                agent_id=agent_id,
                call_id=call_id,
                ani=ani,
                team=team,
                language=language,
                revision=1,
                fields=prefilled,
                created_at=now,
                updated_at=now,
            )
        )

    async def _from_last_case(self, ani: str) -> dict[str, str]:
        last = (await self.history(ani)).last_open_text
        if last is None:
            return {}
        content = last.content
        values = {
            "district": content.district,
            "address": content.address,
            "requester_name": content.requester_name,
        }
        return {name: value for name, value in values.items() if value}

    async def open_draft_for_call(
        self, call_id: CallId, *, agent_id: AgentId, team: TeamId
    ) -> Draft:
        """As `open_draft`, with what the call book knows; `team` is used if it names none.

        Raises NotFound unless this agent has this call.
        """
        call = await self._own_call(call_id, agent_id)
        return await self.open_draft(
            agent_id=agent_id,
            team=call.team or team,
            call_id=call_id,
            ani=call.ani,
            language=call.language or Language.MANDARIN,
        )

    async def _own_call(self, call_id: CallId, agent_id: AgentId | None) -> CallFacts:
        call = await self._calls.call(call_id)
        if call is None or call.agent_id is None or call.agent_id != agent_id:
            raise NotFound("没有找到这通来电")
        return call

    async def draft(self, draft_id: str, *, agent_id: AgentId) -> Draft:
        """Raises NotFound for an unknown draft and for somebody else's."""
        found = await self._store.draft(draft_id)
        if found is None or found.agent_id != agent_id:
            raise NotFound("没有找到这份草稿")
        return found

    async def open_drafts(self, agent_id: AgentId) -> list[Draft]:
        """The agent's drafts that are not filed yet, last saved first, at most 20."""
        return await self._store.open_drafts(agent_id, OPEN_DRAFTS_SHOWN)

    async def save_draft(
        self, draft_id: str, *, agent_id: AgentId, revision: int, fields: Mapping[str, str]
    ) -> Draft:
        """Keep the form's values as typed; `revision` is the one that the form was loaded at.

        Raises:
            NotFound: no such draft of this agent.
            BadInput: a field that no form has, or a value longer than 4,000 characters.
            DraftConflict: it was saved elsewhere since; nothing is changed.
        """
        found = await self.draft(draft_id, agent_id=agent_id)
        if found.case_number is not None:
            raise Conflict("草稿已提交，不能再修改")
        known = {*filing.FORM_FIELDS, *_FILING_FIELDS, *self.reference.tree.fields}
        for name, value in fields.items():
            if name not in known:
                raise BadInput("没有这个字段", name[:40])
            if len(value) > DRAFT_VALUE_LIMIT:
                raise BadInput("内容过长", name)
        saved = await self._store.save_draft(draft_id, revision, fields, self._clock.now())
        if saved is None:
            raise DraftConflict(await self.draft(draft_id, agent_id=agent_id))
        return saved

    # --- filing ----------------------------------------------------------------------------

    def content_of(self, fields: Mapping[str, str]) -> CaseContent:
        """The content that a form's values say. Raises BadInput for an unknown choice."""
        return filing.content_of(fields, self.reference.tree)

    def lenient_content_of(self, fields: Mapping[str, str]) -> CaseContent:
        """As `content_of`, for a form half typed: an unknown choice counts as not chosen."""
        known = {k: v for k, v in fields.items() if k not in ("request_type", "urgency")}
        return filing.content_of(known, self.reference.tree)

    def missing_fields(self, content: CaseContent, outcome: type[Outcome]) -> tuple[str, ...]:
        """Names of required fields that are still empty, in the order of the form."""
        return filing.missing_fields(content, outcome, self.reference.tree)

    async def file(
        self, draft_id: str, *, agent_id: AgentId, content: CaseContent, outcome: Outcome
    ) -> FiledCase:
        """File a draft: exactly once, however often it is asked for.

        Publishes `CaseFiled`, and `WorkOrderDispatched` for the main order, after the commit.

        Raises:
            NotFound: no such draft of this agent.
            BadInput: `field` names what is missing or wrong; nothing is kept.
        """
        draft = await self.draft(draft_id, agent_id=agent_id)
        if draft.case_number is None:
            await self._check(content, outcome)
        now = self._clock.now()
        number, made = await self._store.file(
            draft_id, city_day(now), lambda number: self._new_case(number, draft, content, outcome)
        )
        if made is None:
            kept = await self._file_of(number)
            return FiledCase(
                number=number,
                state=kept.case.state,
                order=kept.orders[0] if kept.orders else None,
                created=False,
            )
        order = made.orders[0] if made.orders else None
        self._publish_filing(made.case, order, draft.call_id)
        return FiledCase(number=number, state=made.case.state, order=order, created=True)

    async def _check(self, content: CaseContent, outcome: Outcome) -> None:
        districts = frozenset(d.district_id for d in self.city.districts())
        filing.check(content, outcome, self.reference.tree, districts)
        match outcome:
            case Dispatched():
                self._demand_authorities((outcome.authority, *outcome.assisting))
            case TransferredOut():
                if outcome.target not in {t.number for t in self.reference.targets}:
                    raise BadInput("不能转接到这个号码", "target")
            case Answered(article_id=str(article_id)) if article_id:
                if await self._articles.title(article_id) is None:
                    raise BadInput("没有这个知识条目", "article_id")
            case _:
                pass

    def _demand_authorities(self, wanted: Sequence[AuthorityId]) -> None:
        for authority in wanted:
            if self.city.authority(authority) is None:
                raise BadInput("没有这个承办单位", "authority")

    def _new_case(
        self, number: str, draft: Draft, content: CaseContent, outcome: Outcome
    ) -> NewCase:
        now = self._clock.now()
        category = self.reference.tree.find(content.category)
        case = Case(
            number=number,
            filed_at=now,
            content=content,
            progress=Progress(CaseState.DRAFT, filed_by=draft.agent_id),
            team=category.team if category else draft.team,
            ani=draft.ani,
            language=draft.language,
            agent_id=draft.agent_id,
            draft_id=draft.draft_id,
            article_id=outcome.article_id if isinstance(outcome, Answered) else None,
            answer=outcome.answer.strip() if isinstance(outcome, Answered) else "",
            transfer_target=outcome.target if isinstance(outcome, TransferredOut) else "",
        )
        account, opened_at = draft.agent_id, draft.created_at
        opened = note(case, Note.OPENED, Actor.AGENT, account, opened_at, self._event_id(), seq=1)
        due = None
        if isinstance(outcome, Dispatched):
            due = self._course.clock_of(case, CaseEvent.DISPATCHED, now)
        happening = filing.happening_of(outcome, account=account, at=now, due=due)
        moved = self._course.move(case, (), happening, self._event_id(), seq=2)
        return NewCase(
            case=moved.case,
            orders=moved.orders,
            entries=(opened, moved.entry),
            calls=(draft.call_id,) if draft.call_id else (),
        )

    def _publish_filing(self, case: Case, order: WorkOrder | None, call_id: CallId | None) -> None:
        self._bus.publish(
            CaseFiled(
                event_id=self._event_id(),
                occurred_at=case.filed_at,
                call_id=call_id,
                case_number=case.number,
                outcome=case.state.value,
                category=case.content.category,
                agent_id=case.agent_id,
                article_id=case.article_id,
            )
        )
        if order is not None:
            self._publish_dispatch(order, call_id)

    def _publish_dispatch(self, order: WorkOrder, call_id: CallId | None) -> None:
        self._bus.publish(
            WorkOrderDispatched(
                event_id=self._event_id(),
                occurred_at=order.due.started_at,
                call_id=call_id,
                case_number=order.case_number,
                work_order_number=order.number,
                authority=order.authority,
                due_at=order.due.due_at,
            )
        )

    # --- after filing ----------------------------------------------------------------------

    async def dispatch(
        self,
        number: str,
        *,
        by: Principal,
        authority: AuthorityId,
        assisting: Sequence[AuthorityId] = (),
        version: int,
    ) -> CaseFile:
        """A dispatcher sends a pending case to its authority; the clock starts now.

        Raises:
            NotAllowed: before anything about the case is looked at.
            NotFound, Conflict (`version` is not the present one), InvalidTransition, BadInput.
        """
        demand(by, Action.DISPATCH_WORK_ORDER)
        self._demand_authorities((authority, *assisting))
        file = await self.advance(
            number,
            event=CaseEvent.DISPATCHED,
            actor=Actor.DISPATCHER,
            account=by.account,
            particulars={"authority": authority, "assisting": ",".join(assisting)},
            assisting=tuple(assisting),
            version=version,
        )
        call_id = file.calls[0] if file.calls else None
        self._publish_dispatch(next(o for o in file.orders if o.open), call_id)
        return file

    async def withdraw(
        self, number: str, *, by: Principal, reason: str, verified: str, version: int
    ) -> CaseFile:
        """The citizen takes the case back. `verified` says how the person was recognised.

        Raises as `dispatch` does.
        """
        if allows(by, Action.DISPATCH_WORK_ORDER):
            actor = Actor.DISPATCHER
        else:
            demand(by, Action.FILE_CASE)
            actor = Actor.AGENT
        return await self.advance(
            number,
            event=CaseEvent.WITHDRAWN,
            actor=actor,
            account=by.account,
            particulars={"reason": reason, "requester_verified": verified},
            version=version,
        )

    async def advance(
        self,
        number: str,
        *,
        event: CaseEvent,
        actor: Actor,
        account: str,
        particulars: Mapping[str, str],
        version: int,
        assisting: tuple[AuthorityId, ...] = (),
        due_at: datetime | None = None,
    ) -> CaseFile:
        """Walk one line of the transition table. The caller vouches for `actor`.

        A new clock is taken from the policy pack; `due_at` overrides it (an extension).

        Raises:
            NotAllowed: this actor's function never does this (checked before the version).
            NotFound, Conflict, InvalidTransition, BadInput: nothing is changed.
        """
        if actor not in actors_of(event):
            raise NotAllowed("您没有执行此操作的权限")
        now = self._clock.now()

        def decide(file: CaseFile) -> Change:
            if file.case.progress.version != version:
                raise Conflict("工单已被他人处理，请刷新后再试")
            happening = Happening(
                event=event,
                actor=actor,
                account=account,
                at=now,
                particulars={k: v.strip() for k, v in particulars.items() if v.strip()},
                due=self._course.clock_of(file.case, event, now, due_at),
                assisting=assisting,
            )
            moved = self._course.move(file.case, file.orders, happening, self._event_id())
            return Change(case=moved.case, orders=moved.orders, entries=(moved.entry,))

        return await self._store.change(number, decide)

    async def link_call(self, number: str, call_id: CallId, *, by: Principal) -> CaseFile:
        """Join another call to the case (the citizen rang again). Linking twice changes nothing.

        Raises NotAllowed, or NotFound unless this person has this call.
        """
        demand(by, Action.FILE_CASE)
        await self._own_call(call_id, by.agent_id)

        def decide(file: CaseFile) -> Change:
            if call_id in file.calls:
                return Change(case=file.case)
            entry = note(
                file.case,
                Note.CALL_LINKED,
                Actor.AGENT,
                by.account,
                self._clock.now(),
                self._event_id(),
                {"call_id": call_id},
            )
            return Change(case=file.case, entries=(entry,), calls=(call_id,))

        return await self._store.change(number, decide)

    async def reveal(self, number: str, *, by: Principal, reason: str) -> Identity:
        """Name and numbers of a case in full. The reading is in the audit trail and in the
        case's timeline before anything is returned.

        Raises NotAllowed, NotFound, BadInput without a reason, Unavailable without an audit.
        """
        demand(by, Action.SEE_FULL_NUMBER)
        if not reason.strip():
            raise BadInput("请填写查看理由", "reason")
        if len(reason) > filing.LIMITS["reason"]:
            raise BadInput("内容过长", "reason")
        file = await self._file_of(number)
        await self._audit.record(
            who=by.account,
            action="identity_revealed",
            object_id=number,
            detail={"reason": reason.strip()},
        )
        now, event_id = self._clock.now(), self._event_id()

        def decide(found: CaseFile) -> Change:
            entry = note(
                found.case,
                Note.IDENTITY_REVEALED,
                Actor.SUPERVISOR,
                by.account,
                now,
                event_id,
                {"reason": reason.strip()},
            )
            return Change(case=found.case, entries=(entry,))

        await self._store.change(number, decide)
        return full_identity(file.case)

    async def audit_export(self, by: Principal, wanted: CaseFilter) -> None:
        """Record that a list leaves the house, before it does. Raises NotAllowed, Unavailable."""
        demand(by, Action.EXPORT)
        await self._audit.record(
            who=by.account,
            action="cases_exported",
            object_id="cases",
            detail={
                "state": wanted.state.value if wanted.state else None,
                "since": wanted.since.isoformat() if wanted.since else None,
                "until": wanted.until.isoformat() if wanted.until else None,
            },
        )

    async def recalculate_provisional(self) -> int:
        """Give open cases whose clock rests on a provisional calendar the clock of the present
        one (run at start, after the official year has been loaded). Returns how many moved."""
        changed: list[str] = []

        def decide(file: CaseFile) -> Change:
            moved = self._course.recalculated(file, self._clock.now(), self._event_id())
            if moved is None:
                return Change(case=file.case)
            changed.append(file.case.number)
            return Change(case=moved.case, orders=moved.orders, entries=(moved.entry,))

        last = ""
        while numbers := await self._store.with_provisional_due(last, RECALCULATION_BATCH):
            for number in numbers:
                await self._store.change(number, decide)
            last = numbers[-1]
        return len(changed)

    # --- reads -----------------------------------------------------------------------------

    async def case(self, number: str) -> CaseFile:
        """Raises NotFound."""
        return await self._file_of(number)

    async def article_title(self, article_id: str) -> str | None:
        return await self._articles.title(article_id)

    async def search(
        self,
        wanted: CaseFilter,
        cursor: str | None = None,
        size: int = DEFAULT_SIZE,
        *,
        viewer: Principal,
    ) -> Page[Case]:
        """Cases, newest first. A search by words reaches 90 days back unless `since` is set.

        Raises NotAllowed, or BadInput for a bad cursor.
        """
        demand(viewer, Action.SEE_CASES)
        if wanted.text and wanted.since is None:
            wanted = replace(wanted, since=self._clock.now() - TEXT_SEARCH_REACH)
        size = min(max(size, 1), MAX_SIZE)
        full = allows(viewer, Action.SEE_FULL_NUMBER)
        return await self._store.search(wanted, cursor, size, with_hidden=full)

    async def history(self, ani: str) -> CallerHistory:
        """The last 20 cases of a number and their open orders; empty for an anonymous caller.

        Cases that hide their identity come without their words: another person may be calling.
        """
        if not ani:
            return CallerHistory()
        found = await self._store.cases_of(ani, HISTORY_LENGTH)
        open_numbers = [c.number for c in found if not c.closed]
        waiting = await self._store.open_orders(open_numbers) if open_numbers else []
        return CallerHistory(
            cases=tuple(without_text(c) if c.hides_identity else c for c in found),
            open_orders=tuple(waiting),
        )

    async def cases_of_call(self, call_id: CallId) -> list[Case]:
        """Cases that a call belongs to, newest first."""
        return await self._store.cases_of_call(call_id)

    def guess(self, text: str, team: TeamId | None = None, limit: int = 3) -> list[Guess]:
        """The likeliest categories for what is being typed, best first."""
        return guess(self.reference.tree, text, team, limit)

    def authorities_for(self, category: str, district: str = "") -> AuthorityChoice:
        """Whom to send it to: suggestions of the category first, then all in their order."""
        everybody = tuple(self.city.authorities())
        government = next(
            (a.authority_id for a in everybody if district and a.district == district), None
        )
        known = {a.authority_id: a for a in everybody}
        ids = self.reference.tree.suggested(category, government)
        return AuthorityChoice(
            suggested=tuple(known[i] for i in ids if i in known), everybody=everybody
        )

    def templates(self) -> tuple[Template, ...]:
        return self.reference.templates

    def self_service_items(self) -> tuple[SelfServiceItem, ...]:
        return self.reference.items

    # --- helpers ---------------------------------------------------------------------------

    def now(self) -> datetime:
        """The present, for showing how far a clock has run."""
        return self._clock.now()

    async def _file_of(self, number: str) -> CaseFile:
        found = await self._store.case_file(number)
        if found is None:
            raise NotFound("没有找到这件诉求")
        return found

    def _event_id(self) -> EventId:
        return EventId(self._ids.new())
