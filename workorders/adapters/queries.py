"""The statements that read. Each is named, so that the test of query plans can explain it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Select, or_, select, tuple_

from kernel.errors import BadInput
from kernel.ids import AgentId, CallId
from kernel.paging import decode_cursor
from workorders.adapters.tables import (
    CaseCallRow,
    CaseDraftRow,
    CaseEntryRow,
    CaseRow,
    WorkOrderRow,
)
from workorders.core.case import CaseFilter
from workorders.core.words import OPEN_ORDER_STATES


def search(wanted: CaseFilter, cursor: str | None, *, with_hidden: bool) -> Select[CaseRow]:
    """A list, newest first, after the cursor. Raises BadInput for a cursor that is not ours."""
    query = select(CaseRow).order_by(CaseRow.filed_at.desc(), CaseRow.number.desc())
    equal = (
        (CaseRow.state, wanted.state.value if wanted.state else None),
        (CaseRow.team, wanted.team),
        (CaseRow.authority, wanted.authority),
        (CaseRow.district, wanted.district),
        (CaseRow.number, wanted.number),
        (CaseRow.ani, wanted.ani),
    )
    for column, value in equal:
        if value:
            query = query.where(column == value)
    if wanted.category:
        below = CaseRow.category.startswith(f"{wanted.category}.", autoescape=True)
        query = query.where(or_(CaseRow.category == wanted.category, below))
    if wanted.since is not None:
        query = query.where(CaseRow.filed_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(CaseRow.filed_at < wanted.until)
    if wanted.call_id:
        linked = select(CaseCallRow.case_number).where(CaseCallRow.call_id == wanted.call_id)
        query = query.where(CaseRow.number.in_(linked))
    if wanted.text:
        words = (
            CaseRow.description.contains(wanted.text, autoescape=True),
            CaseRow.address.contains(wanted.text, autoescape=True),
        )
        query = query.where(or_(*words))
    if (wanted.text or wanted.ani) and not with_hidden:
        query = query.where(CaseRow.confidential.is_(False), CaseRow.anonymous.is_(False))
    if cursor:
        query = query.where(tuple_(CaseRow.filed_at, CaseRow.number) < tuple_(*_key(cursor)))
    return query


def _key(cursor: str) -> tuple[datetime, str]:
    key = decode_cursor(cursor)
    try:
        at, number = key
        return datetime.fromisoformat(str(at)).astimezone(UTC), str(number)
    except ValueError as error:
        raise BadInput("翻页位置无效", "cursor") from error


def cases_of(ani: str) -> Select[CaseRow]:
    """The cases of a number, newest first."""
    return (
        select(CaseRow)
        .where(CaseRow.ani == ani)
        .order_by(CaseRow.filed_at.desc(), CaseRow.number.desc())
    )


def cases_of_call(call_id: CallId) -> Select[CaseRow]:
    return (
        select(CaseRow)
        .join(CaseCallRow, CaseCallRow.case_number == CaseRow.number)
        .where(CaseCallRow.call_id == call_id)
        .order_by(CaseRow.filed_at.desc(), CaseRow.number.desc())
    )


def calls_of_case(number: str) -> Select[str]:
    return (
        select(CaseCallRow.call_id)
        .where(CaseCallRow.case_number == number)
        .order_by(CaseCallRow.position)
    )


def orders_of_case(number: str) -> Select[WorkOrderRow]:
    return (
        select(WorkOrderRow)
        .where(WorkOrderRow.case_number == number)
        .order_by(WorkOrderRow.ordinal)
    )


def open_orders(case_numbers: Sequence[str]) -> Select[WorkOrderRow]:
    """The open orders of a few cases, the earliest due first."""
    return (
        select(WorkOrderRow)
        .where(
            WorkOrderRow.case_number.in_(case_numbers),
            WorkOrderRow.state.in_(sorted(s.value for s in OPEN_ORDER_STATES)),
        )
        .order_by(WorkOrderRow.due_at, WorkOrderRow.number)
    )


def timeline(number: str) -> Select[CaseEntryRow]:
    return select(CaseEntryRow).where(CaseEntryRow.case_number == number).order_by(CaseEntryRow.seq)


def draft_of_call(agent_id: AgentId, call_id: CallId) -> Select[CaseDraftRow]:
    return select(CaseDraftRow).where(
        CaseDraftRow.agent_id == agent_id, CaseDraftRow.call_id == call_id
    )


def drafts_left_on(call_id: CallId) -> Select[CaseDraftRow]:
    """Not yet filed, whosever they are, last saved first."""
    return (
        select(CaseDraftRow)
        .where(CaseDraftRow.call_id == call_id, CaseDraftRow.case_number.is_(None))
        .order_by(CaseDraftRow.updated_at.desc())
    )


def open_drafts(agent_id: AgentId) -> Select[CaseDraftRow]:
    return (
        select(CaseDraftRow)
        .where(CaseDraftRow.agent_id == agent_id, CaseDraftRow.case_number.is_(None))
        .order_by(CaseDraftRow.updated_at.desc())
    )


def with_provisional_due(after: str) -> Select[str]:
    """Numbers of open cases on a provisional calendar, from behind `after`."""
    return (
        select(CaseRow.number)
        .where(
            CaseRow.due_provisional.is_(True),
            CaseRow.closed_at.is_(None),
            CaseRow.number > after,
        )
        .order_by(CaseRow.number)
    )
