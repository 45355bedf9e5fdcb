"""Between rows and the core's values. No rules, no statements."""

from __future__ import annotations

from typing import Any

from kernel.ids import AgentId, AuthorityId, CallId, EventId, TeamId
from kernel.language import Language
from workorders.adapters.tables import CaseDraftRow, CaseEntryRow, CaseRow, WorkOrderRow
from workorders.core.case import Case, CaseContent, Draft, TimelineEntry, WorkOrder
from workorders.core.deadline import Due
from workorders.core.lifecycle import Progress
from workorders.core.words import (
    Actor,
    CaseEvent,
    CaseState,
    Note,
    OrderKind,
    OrderState,
    RequestType,
    Urgency,
)


def case_values(case: Case) -> dict[str, Any]:
    """All columns of `cases` but `entry_count`, which the store keeps."""
    content, progress = case.content, case.progress
    return {
        "number": case.number,
        "filed_at": case.filed_at,
        "state": progress.state.value,
        "version": progress.version,
        "draft_id": case.draft_id,
        "request_type": content.request_type.value,
        "category": content.category,
        "team": case.team,
        "district": content.district,
        "address": content.address,
        "description": content.description,
        "urgency": content.urgency.value,
        "confidential": content.confidential,
        "anonymous": content.anonymous,
        "requester_name": content.requester_name,
        "contact_number": content.contact_number,
        "details": dict(content.details),
        "ani": case.ani,
        "language": case.language.value,
        "agent_id": case.agent_id,
        "article_id": case.article_id,
        "answer": case.answer,
        "transfer_target": case.transfer_target,
        "authority": progress.authority,
        **_due_values(progress.due),
        "returns": progress.returns,
        "redos": progress.redos,
        "extended": progress.extended,
        "ruled": progress.ruled,
        "supervised": progress.supervised,
        "filed_by": progress.filed_by,
        "handled_by": progress.handled_by,
        "closed_at": progress.closed_at,
    }


def to_case(row: CaseRow) -> Case:
    return Case(
        number=row.number,
        filed_at=row.filed_at,
        content=CaseContent(
            request_type=RequestType(row.request_type),
            category=row.category,
            description=row.description,
            district=row.district,
            address=row.address,
            urgency=Urgency(row.urgency),
            confidential=row.confidential,
            anonymous=row.anonymous,
            requester_name=row.requester_name,
            contact_number=row.contact_number,
            details=dict(row.details),
        ),
        progress=Progress(
            state=CaseState(row.state),
            filed_by=row.filed_by,
            version=row.version,
            authority=AuthorityId(row.authority) if row.authority else None,
            due=_due_of(row),
            returns=row.returns,
            redos=row.redos,
            extended=row.extended,
            ruled=row.ruled,
            supervised=row.supervised,
            handled_by=row.handled_by,
            closed_at=row.closed_at,
        ),
        team=TeamId(row.team),
        ani=row.ani,
        language=Language(row.language),
        agent_id=AgentId(row.agent_id),
        draft_id=row.draft_id,
        article_id=row.article_id,
        answer=row.answer,
        transfer_target=row.transfer_target,
    )


def order_values(order: WorkOrder) -> dict[str, Any]:
    return {
        "number": order.number,
        "case_number": order.case_number,
        "ordinal": order.ordinal,
        "kind": order.kind.value,
        "authority": order.authority,
        "state": order.state.value,
        **_due_values(order.due),
        "sign_due_at": order.sign_due_at,
        "rule_id": order.rule_id,
        "due_text": order.due_text,
        "policy_version": order.policy_version,
        "signed_at": order.signed_at,
        "closed_at": order.closed_at,
    }


def to_order(row: WorkOrderRow) -> WorkOrder:
    due = _due_of(row)
    assert due is not None
    return WorkOrder(
        number=row.number,
        case_number=row.case_number,
        ordinal=row.ordinal,
        kind=OrderKind(row.kind),
        authority=AuthorityId(row.authority),
        state=OrderState(row.state),
        due=due,
        sign_due_at=row.sign_due_at,
        rule_id=row.rule_id,
        due_text=row.due_text,
        policy_version=row.policy_version,
        signed_at=row.signed_at,
        closed_at=row.closed_at,
    )


def entry_values(entry: TimelineEntry, seq: int) -> dict[str, Any]:
    return {
        "case_number": entry.case_number,
        "seq": seq,
        "event_id": entry.event_id,
        "at": entry.at,
        "kind": "event" if isinstance(entry.what, CaseEvent) else "note",
        "what": entry.what.value,
        "actor": entry.actor.value,
        "account": entry.account,
        "from_state": entry.from_state.value if entry.from_state else None,
        "to_state": entry.to_state.value if entry.to_state else None,
        "particulars": dict(entry.particulars),
    }


def to_entry(row: CaseEntryRow) -> TimelineEntry:
    return TimelineEntry(
        event_id=EventId(row.event_id),
        case_number=row.case_number,
        seq=row.seq,
        at=row.at,
        what=CaseEvent(row.what) if row.kind == "event" else Note(row.what),
        actor=Actor(row.actor),
        account=row.account,
        from_state=CaseState(row.from_state) if row.from_state else None,
        to_state=CaseState(row.to_state) if row.to_state else None,
        particulars=dict(row.particulars),
    )


def draft_values(draft: Draft) -> dict[str, Any]:
    return {
        "draft_id": draft.draft_id,
        "agent_id": draft.agent_id,
        "call_id": draft.call_id,
        "ani": draft.ani,
        "team": draft.team,
        "language": draft.language.value,
        "revision": draft.revision,
        "fields": dict(draft.fields),
        "created_at": draft.created_at,
        "updated_at": draft.updated_at,
        "case_number": draft.case_number,
    }


def to_draft(row: CaseDraftRow) -> Draft:
    return Draft(
        draft_id=row.draft_id,
        agent_id=AgentId(row.agent_id),
        call_id=CallId(row.call_id) if row.call_id else None,
        ani=row.ani,
        team=TeamId(row.team),
        language=Language(row.language),
        revision=row.revision,
        fields=dict(row.fields),
        created_at=row.created_at,
        updated_at=row.updated_at,
        case_number=row.case_number,
    )


def _due_values(due: Due | None) -> dict[str, Any]:
    return {
        "started_at": due.started_at if due else None,
        "notice_at": due.notice_at if due else None,
        "warning_at": due.warning_at if due else None,
        "due_at": due.due_at if due else None,
        "due_provisional": due.provisional if due else False,
    }


def _due_of(row: CaseRow | WorkOrderRow) -> Due | None:
    started, notice, warning, due = row.started_at, row.notice_at, row.warning_at, row.due_at
    if started is None or notice is None or warning is None or due is None:
        return None
    return Due(started, notice, warning, due, row.due_provisional)
