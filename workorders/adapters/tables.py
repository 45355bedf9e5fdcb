"""Tables of cases, work orders, timelines and drafts.

`filed_at` with `number` is the key of lists (newest first). Each index belongs to a query that a
page makes; `tests/integration/test_workorders_query_plans.py` proves that it is used.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class CaseRow(Base):
    """One case. The five `due` columns are its running clock, all empty before dispatch."""

    __tablename__ = "cases"

    number: Mapped[str] = mapped_column(String(24), primary_key=True)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(Integer)
    entry_count: Mapped[int] = mapped_column(Integer)
    draft_id: Mapped[str] = mapped_column(String(40), unique=True)
    request_type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str] = mapped_column(String(80))
    team: Mapped[str] = mapped_column(String(32))
    district: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    urgency: Mapped[str] = mapped_column(String(16))
    confidential: Mapped[bool] = mapped_column(Boolean)
    anonymous: Mapped[bool] = mapped_column(Boolean)
    requester_name: Mapped[str] = mapped_column(String(60))
    contact_number: Mapped[str] = mapped_column(String(32))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    ani: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    agent_id: Mapped[str] = mapped_column(String(32))
    article_id: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    transfer_target: Mapped[str] = mapped_column(String(32))
    authority: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notice_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warning_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_provisional: Mapped[bool] = mapped_column(Boolean)
    returns: Mapped[int] = mapped_column(Integer)
    redos: Mapped[int] = mapped_column(Integer)
    extended: Mapped[bool] = mapped_column(Boolean)
    ruled: Mapped[bool] = mapped_column(Boolean)
    supervised: Mapped[int] = mapped_column(Integer)
    filed_by: Mapped[str] = mapped_column(String(64))
    handled_by: Mapped[str | None] = mapped_column(String(64))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_cases_filed", "filed_at", "number"),
        Index("ix_cases_ani_filed", "ani", "filed_at", "number"),
        Index("ix_cases_state_filed", "state", "filed_at", "number"),
        Index("ix_cases_team_filed", "team", "filed_at", "number"),
        Index("ix_cases_authority_filed", "authority", "filed_at", "number"),
        Index("ix_cases_authority_state_filed", "authority", "state", "filed_at", "number"),
        Index("ix_cases_district_filed", "district", "filed_at", "number"),
        Index("ix_cases_provisional", "due_provisional", "closed_at", "number"),
    )


class WorkOrderRow(Base):
    """One order to one authority. `due_text` is the rule's sentence as printed at dispatch."""

    __tablename__ = "work_orders"

    number: Mapped[str] = mapped_column(String(28), primary_key=True)
    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"))
    ordinal: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    authority: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    notice_at: Mapped[datetime] = mapped_column(UtcDateTime)
    warning_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_provisional: Mapped[bool] = mapped_column(Boolean)
    sign_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rule_id: Mapped[str] = mapped_column(String(64))
    due_text: Mapped[str] = mapped_column(Text)
    policy_version: Mapped[str] = mapped_column(String(32))
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_work_orders_case", "case_number", "ordinal"),
        Index("ix_work_orders_authority_state_due", "authority", "state", "due_at"),
    )


class CaseEntryRow(Base):
    """One line of a case's timeline. Append-only: a trigger refuses any change or removal."""

    __tablename__ = "case_events"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(8))
    what: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(24))
    account: Mapped[str] = mapped_column(String(64))
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str | None] = mapped_column(String(24))
    particulars: Mapped[dict[str, Any]] = mapped_column(JSON)


class CaseCallRow(Base):
    """A call belongs to a case; both ways many."""

    __tablename__ = "case_calls"

    case_number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_case_calls_call", "call_id", "case_number"),)


class CaseDraftRow(Base):
    """A form being typed. One agent has one draft for one call."""

    __tablename__ = "case_drafts"

    draft_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(32))
    call_id: Mapped[str | None] = mapped_column(String(64))
    ani: Mapped[str] = mapped_column(String(32))
    team: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    revision: Mapped[int] = mapped_column(Integer)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    case_number: Mapped[str | None] = mapped_column(String(24))

    __table_args__ = (
        Index("uq_case_drafts_agent_call", "agent_id", "call_id", unique=True),
        Index("ix_case_drafts_agent_open", "agent_id", "case_number", "updated_at"),
        Index("ix_case_drafts_call", "call_id", "updated_at"),
    )


class CaseSequenceRow(Base):
    """The last number given out on one day of the city."""

    __tablename__ = "case_sequences"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)
