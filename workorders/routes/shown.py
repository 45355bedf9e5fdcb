"""From the core's values to the JSON models, in the reader's language and within his or her rights.

What a person may see is decided by `workorders.core.privacy`; here it is only written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import TypeVar

from kernel.ids import AuthorityId
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.phone import mask
from kernel.policy import Action, Principal, allows
from workorders import schemas
from workorders.core import filing
from workorders.core.case import (
    Answered,
    CallerHistory,
    Case,
    CaseFile,
    Dispatched,
    Draft,
    Outcome,
    Submitted,
    TimelineEntry,
    TransferredOut,
    Withdrawn,
    WorkOrder,
)
from workorders.core.deadline import ALERT_NAMES, Alert, Due, alert
from workorders.core.privacy import Identity, identity_of, may_read_in_lists, shown_text
from workorders.core.words import (
    ACTOR_NAMES,
    EVENT_NAMES,
    NOTE_NAMES,
    ORDER_KIND_NAMES,
    ORDER_STATE_NAMES,
    PARTICULAR_NAMES,
    REQUEST_TYPE_NAMES,
    STATE_NAMES,
    URGENCY_NAMES,
    Actor,
    CaseEvent,
)
from workorders.ports import AuthorityName
from workorders.results import FiledCase
from workorders.service import Cases

Code = TypeVar("Code", bound=StrEnum)

OUTCOMES: dict[str, type[Outcome]] = {
    "answered": Answered,
    "dispatched": Dispatched,
    "submitted": Submitted,
    "transferred_out": TransferredOut,
    "withdrawn": Withdrawn,
}


class Shown:
    """Makes the models. Holds no state of its own."""

    def __init__(self, kit: WebKit, cases: Cases) -> None:
        self._kit = kit
        self._cases = cases

    def say(self, language: ScreenLanguage, text: str) -> str:
        return self._kit.catalogue.text(language, text)

    # --- names -----------------------------------------------------------------------------

    def _named(self, language: ScreenLanguage, zh: str, en: str) -> str:
        return zh if language is ScreenLanguage.CHINESE else en

    def authority_name(self, language: ScreenLanguage, authority: AuthorityName | None) -> str:
        return self._named(language, authority.short, authority.name_en) if authority else ""

    def category_path(self, language: ScreenLanguage, category: str) -> tuple[str, ...]:
        path = self._cases.reference.tree.path(category)
        return tuple(self._named(language, c.zh, c.en) for c in path)

    def districts(self, language: ScreenLanguage) -> dict[str, str]:
        return {
            d.district_id: self._named(language, d.name, d.name_en)
            for d in self._cases.city.districts()
        }

    def teams(self, language: ScreenLanguage) -> dict[str, str]:
        return {
            t.team_id: self._named(language, t.short, t.short_en) for t in self._cases.city.teams()
        }

    # --- cases -----------------------------------------------------------------------------

    def line(
        self, case: Case, viewer: Principal, language: ScreenLanguage, now: datetime
    ) -> schemas.CaseLine:
        """One row of a list."""
        content, authority = case.content, case.progress.authority
        identity = identity_of(case, viewer)
        path = self.category_path(language, content.category)
        book = self._cases.city.authority(authority) if authority else None
        readable = may_read_in_lists(case, viewer)
        return schemas.CaseLine(
            number=case.number,
            filed_at=case.filed_at,
            state=case.state.value,
            state_name=self.say(language, STATE_NAMES[case.state]),
            closed=case.closed,
            request_type=content.request_type.value,
            request_type_name=self.say(language, REQUEST_TYPE_NAMES[content.request_type]),
            category=content.category,
            category_name=path[-1] if path else "",
            title=case.title if readable else "",
            hidden=self.say(language, identity.hidden),
            caller_number=identity.number,
            district=content.district,
            district_name=self.districts(language).get(content.district, ""),
            team=case.team,
            team_name=self.teams(language).get(case.team, case.team),
            authority=authority,
            authority_name=self.authority_name(language, book),
            urgency=content.urgency.value,
            urgency_name=self.say(language, URGENCY_NAMES[content.urgency]),
            due=self._due(case.progress.due, case.alert(now), language),
        )

    def _due(
        self, due: Due | None, level: Alert | None, language: ScreenLanguage
    ) -> schemas.DueOut | None:
        if due is None or level is None:
            return None
        return schemas.DueOut(
            started_at=due.started_at,
            notice_at=due.notice_at,
            warning_at=due.warning_at,
            due_at=due.due_at,
            provisional=due.provisional,
            alert=level.value,
            alert_name=self.say(language, ALERT_NAMES[level]),
        )

    def order(self, order: WorkOrder, language: ScreenLanguage, now: datetime) -> schemas.OrderOut:
        due = self._due(order.due, alert(order.due, now) if order.open else Alert.DONE, language)
        assert due is not None
        authority = self._cases.city.authority(order.authority)
        english = (
            self._cases.reference.policy.in_english(order.rule_id, order.due_text)
            if language is ScreenLanguage.ENGLISH
            else None
        )
        return schemas.OrderOut(
            number=order.number,
            case_number=order.case_number,
            kind=order.kind.value,
            kind_name=self.say(language, ORDER_KIND_NAMES[order.kind]),
            authority=order.authority,
            authority_name=self.authority_name(language, authority) or order.authority,
            state=order.state.value,
            state_name=self.say(language, ORDER_STATE_NAMES[order.state]),
            open=order.open,
            due=due,
            due_text=english or order.due_text,
            due_text_language=language.value if english else ScreenLanguage.CHINESE.value,
            sign_due_at=order.sign_due_at,
            signed_at=order.signed_at,
            closed_at=order.closed_at,
        )

    def history(
        self, history: CallerHistory, viewer: Principal, language: ScreenLanguage
    ) -> schemas.History:
        now = self._cases.now()
        return schemas.History(
            cases=tuple(self.line(c, viewer, language, now) for c in history.cases),
            open_orders=tuple(self.order(o, language, now) for o in history.open_orders),
        )

    async def whole(
        self, file: CaseFile, viewer: Principal, language: ScreenLanguage
    ) -> schemas.CaseOut:
        case, now = file.case, self._cases.now()
        article = case.article_id
        return schemas.CaseOut(
            line=self.line(case, viewer, language, now),
            version=case.progress.version,
            category_path=self.category_path(language, case.content.category),
            description=shown_text(case.content.description, case, viewer),
            address=shown_text(case.content.address, case, viewer),
            details=self._details(case, viewer, language),
            identity=self.identity(identity_of(case, viewer), language),
            confidential=case.content.confidential,
            anonymous=case.content.anonymous,
            language=case.language.value,
            agent_id=case.agent_id,
            article_id=article,
            article_title=await self._cases.article_title(article) if article else None,
            answer=case.answer,
            transfer_target=case.transfer_target,
            supervised=case.progress.supervised,
            returns=case.progress.returns,
            redos=case.progress.redos,
            orders=tuple(self.order(o, language, now) for o in file.orders),
            timeline=tuple(self._entry(e, case, viewer, language) for e in file.timeline),
            calls=tuple(file.calls),
        )

    def _details(
        self, case: Case, viewer: Principal, language: ScreenLanguage
    ) -> tuple[schemas.DetailOut, ...]:
        fields = self._cases.reference.tree.fields
        return tuple(
            schemas.DetailOut(
                label=self._named(language, fields[name].zh, fields[name].en),
                value=shown_text(value, case, viewer),
            )
            for name, value in case.content.details.items()
            if name in fields
        )

    def identity(self, identity: Identity, language: ScreenLanguage) -> schemas.IdentityOut:
        return schemas.IdentityOut(
            name=identity.name,
            number=identity.number,
            contact_number=identity.contact_number,
            hidden=self.say(language, identity.hidden),
            revealable=identity.revealable,
        )

    def _entry(
        self, entry: TimelineEntry, case: Case, viewer: Principal, language: ScreenLanguage
    ) -> schemas.EntryOut:
        what = entry.what
        title = EVENT_NAMES[what] if isinstance(what, CaseEvent) else NOTE_NAMES[what]
        return schemas.EntryOut(
            seq=entry.seq,
            at=entry.at,
            what=entry.what.value,
            title=self.say(language, title),
            actor=entry.actor.value,
            account=entry.account,
            who=self._who(entry, language),
            from_state=entry.from_state.value if entry.from_state else None,
            to_state=entry.to_state.value if entry.to_state else None,
            detail=shown_text(self._detail(entry, language), case, viewer),
        )

    def _who(self, entry: TimelineEntry, language: ScreenLanguage) -> str:
        """Function and person, or the authority by its name."""
        authority = self._cases.city.authority(AuthorityId(entry.account))
        if authority is not None:
            return self.authority_name(language, authority)
        function = self.say(language, ACTOR_NAMES[entry.actor])
        return function if entry.actor is Actor.SYSTEM else f"{function} {entry.account}"

    def _detail(self, entry: TimelineEntry, language: ScreenLanguage) -> str:
        """The particulars as one sentence, codes turned into names."""
        parts = [
            self.say(language, "%(name)s：%(value)s")
            % {
                "name": self.say(language, PARTICULAR_NAMES.get(name, name)),
                "value": self._worded(name, value, language),
            }
            for name, value in entry.particulars.items()
        ]
        return self._joined(parts, "%(first)s；%(second)s", language)

    def _worded(self, name: str, value: str, language: ScreenLanguage) -> str:
        if name not in ("authority", "assisting", "proposed_authority"):
            return value
        names = [
            self.authority_name(language, self._cases.city.authority(AuthorityId(part))) or part
            for part in value.split(",")
        ]
        return self._joined(names, "%(first)s、%(second)s", language)

    def _joined(self, parts: list[str], pattern: str, language: ScreenLanguage) -> str:
        """All parts in one text, two by two, as the language joins them."""
        joint = self.say(language, pattern)
        return reduce(lambda a, b: joint % {"first": a, "second": b}, parts) if parts else ""

    # --- drafts and reference --------------------------------------------------------------

    def draft(self, draft: Draft, viewer: Principal) -> schemas.DraftOut:
        content = self._cases.lenient_content_of(draft.fields)
        full = allows(viewer, Action.SEE_FULL_NUMBER)
        return schemas.DraftOut(
            draft_id=draft.draft_id,
            call_id=draft.call_id,
            team=draft.team,
            language=draft.language.value,
            number=draft.ani if full else mask(draft.ani),
            revision=draft.revision,
            fields=dict(draft.fields),
            missing={
                kind: self._cases.missing_fields(content, outcome)
                for kind, outcome in OUTCOMES.items()
            },
            created_at=draft.created_at,
            updated_at=draft.updated_at,
            case_number=draft.case_number,
        )

    def reference(self, language: ScreenLanguage) -> schemas.FormReference:
        data = self._cases.reference
        return schemas.FormReference(
            categories=tuple(
                schemas.CategoryOut(
                    id=c.category_id,
                    name=self._named(language, c.zh, c.en),
                    parent=c.parent,
                    team=c.team,
                    leaf=c.leaf,
                    required=c.required,
                    usual_type=c.usual_type.value if c.usual_type else None,
                )
                for c in data.tree
            ),
            fields=tuple(
                schemas.FieldOut(
                    name=f.name,
                    label=self._named(language, f.zh, f.en),
                    hint=self._named(language, f.hint_zh, f.hint_en),
                    pattern=f.pattern,
                    max_length=f.max_length,
                )
                for f in data.tree.fields.values()
            ),
            request_types=self._choices(language, REQUEST_TYPE_NAMES),
            urgencies=self._choices(language, URGENCY_NAMES),
            districts=tuple(
                schemas.ChoiceOut(code=code, name=name)
                for code, name in self.districts(language).items()
            ),
            dispositions=tuple(
                schemas.ChoiceOut(code=d.code, name=self._named(language, d.zh, d.en))
                for d in data.dispositions
            ),
            transfer_targets=tuple(
                schemas.TargetOut(
                    number=t.number,
                    name=self._named(language, t.zh, t.en),
                    emergency=t.emergency,
                )
                for t in data.targets
            ),
            required={
                kind: filing.required_fields(outcome, "", data.tree)
                for kind, outcome in OUTCOMES.items()
            },
        )

    def _choices(
        self, language: ScreenLanguage, names: Mapping[Code, str]
    ) -> tuple[schemas.ChoiceOut, ...]:
        return tuple(
            schemas.ChoiceOut(code=str(code), name=self.say(language, name))
            for code, name in names.items()
        )

    def authority(self, authority: AuthorityName, language: ScreenLanguage) -> schemas.AuthorityOut:
        return schemas.AuthorityOut(
            id=authority.authority_id,
            name=self._named(language, authority.name, authority.name_en),
            short=self.authority_name(language, authority),
        )

    def filed(self, filed: FiledCase, language: ScreenLanguage) -> schemas.FiledOut:
        return schemas.FiledOut(
            number=filed.number,
            state=filed.state.value,
            state_name=self.say(language, STATE_NAMES[filed.state]),
            created=filed.created,
            order=self.order(filed.order, language, self._cases.now()) if filed.order else None,
            url=f"/cases/{filed.number}",
        )

    def templates(self, language: ScreenLanguage) -> list[schemas.TemplateOut]:
        return [
            schemas.TemplateOut(
                id=t.template_id,
                name=self._named(language, t.zh, t.en),
                intro=self._named(language, t.intro_zh, t.intro_en),
                request_type=t.request_type.value,
                category=t.category,
                fields=t.fields,
                sentence=t.sentence,
            )
            for t in self._cases.templates()
        ]

    def self_service(self, language: ScreenLanguage) -> list[schemas.SelfServiceOut]:
        return [
            schemas.SelfServiceOut(
                id=i.item_id,
                name=self._named(language, i.zh, i.en),
                summary=self._named(language, i.summary_zh, i.summary_en),
                category=i.category,
                template=i.template,
                keywords=i.keywords,
            )
            for i in self._cases.self_service_items()
        ]
