"""The distribution's tables: an append-only log, and the runs of the contingency plans."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class AcdEventRow(Base):
    """One entry, in the order of writing (`number`).

    `kind`: input (replayable; `sequence` counts within the run), event (as published; an offer with
    its reasons), minute (a closed minute of one team's counts), shown (the wallboard's figures as
    people saw them, once a minute while somebody looked).

    `decided`, of an input: what the step ordered beside its events (orders to the telephone,
    timers, remarks), as a list; or the name of the exception that broke it off. None: written
    before this was kept.
    """

    __tablename__ = "acd_events"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    run: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(12))
    type: Mapped[str] = mapped_column(String(40))
    call_id: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided: Mapped[list[dict[str, Any]] | str | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (
        Index("ix_acd_events_kind_at", "kind", "type", "at"),
        Index("ix_acd_events_run", "run", "kind", "sequence"),
        Index("ix_acd_events_call", "call_id", "number"),
    )


class PlanRunRow(Base):
    """One run of a contingency plan, see `acd.core.plan_runs.PlanRun`; open while `ended_at` is
    empty, and then the only one of its plan."""

    __tablename__ = "acd_plan_runs"

    run_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(80))
    team: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    pulled: Mapped[list[Any]] = mapped_column(JSON)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    summoned: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    notes: Mapped[list[Any]] = mapped_column(JSON)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_cause: Mapped[str | None] = mapped_column(String(20))
    end_actor: Mapped[str] = mapped_column(String(64))
    end_reason: Mapped[str] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_acd_plan_runs_started", "started_at", "run_id"),
        Index("ix_acd_plan_runs_ended", "ended_at"),
        Index(
            "uq_acd_plan_runs_open",
            "plan_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
