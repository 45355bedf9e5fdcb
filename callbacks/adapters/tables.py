"""Tables of the duty callbacks: the tasks, the calls they stand for, their course."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class CallbackTaskRow(Base):
    __tablename__ = "callback_tasks"
    __table_args__ = (
        Index("ix_callback_tasks_state_created_at_task_id", "state", "created_at", "task_id"),
        Index("ix_callback_tasks_number_state", "number", "state"),
    )

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(32))
    team: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    last_call_id: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    due_at: Mapped[datetime] = mapped_column(UtcDateTime())
    state: Mapped[str] = mapped_column(String(8))
    calls: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    result: Mapped[str | None] = mapped_column(String(20))
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    about_agent: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer)


class CallbackTaskCallRow(Base):
    """A call makes or joins one task of a kind, and no second one."""

    __tablename__ = "callback_task_calls"
    __table_args__ = (Index("ix_callback_task_calls_task_id", "task_id"),)

    call_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(36), ForeignKey("callback_tasks.task_id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime())


class CallbackTaskEntryRow(Base):
    """One line of a task's course, in the order of writing (`number`)."""

    __tablename__ = "callback_task_entries"
    __table_args__ = (Index("ix_callback_task_entries_task_id_number", "task_id", "number"),)

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    task_id: Mapped[str] = mapped_column(String(36), ForeignKey("callback_tasks.task_id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    who: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(12))
    result: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(500))
    call_id: Mapped[str | None] = mapped_column(String(100))
