"""Tables of the call journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class CallRow(Base):
    """One call's record. `arrived_at` with `call_id` is the key of lists (newest first)."""

    __tablename__ = "calls"

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ani: Mapped[str] = mapped_column(String(32))
    caller_name: Mapped[str] = mapped_column(String(80))
    dnis: Mapped[str] = mapped_column(String(32))
    line_name: Mapped[str | None] = mapped_column(String(120))
    team: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    menu_path: Mapped[str] = mapped_column(String(200))
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agent_id: Mapped[str | None] = mapped_column(String(32))
    waited_s: Mapped[float | None] = mapped_column(Float)
    talk_s: Mapped[float | None] = mapped_column(Float)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(32))
    ended_by: Mapped[str | None] = mapped_column(String(32))
    score: Mapped[int | None] = mapped_column(Integer)
    solved: Mapped[str | None] = mapped_column(String(8))
    recorded: Mapped[bool] = mapped_column(Boolean)
    case_number: Mapped[str | None] = mapped_column(String(40))
    disposition: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (
        Index("ix_calls_arrived", "arrived_at", "call_id"),
        Index("ix_calls_ani_arrived", "ani", "arrived_at", "call_id"),
        Index("ix_calls_team_arrived", "team", "arrived_at", "call_id"),
        Index("ix_calls_agent_arrived", "agent_id", "arrived_at", "call_id"),
        Index("ix_calls_outcome_arrived", "outcome", "arrived_at", "call_id"),
        Index("ix_calls_dnis_arrived", "dnis", "arrived_at", "call_id"),
    )


class CallEventRow(Base):
    """One event of a call's timeline, as published. Append-only."""

    __tablename__ = "call_events"

    event_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    type: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_call_events_call", "call_id", "occurred_at", "event_id"),)
