"""The distribution's one table: an append-only log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String
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
