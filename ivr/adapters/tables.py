"""Tables of the IVR: the language each number chose last, flows, funnels, notices."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class CallerLanguageRow(Base):
    __tablename__ = "caller_languages"

    ani: Mapped[str] = mapped_column(String(32), primary_key=True)
    language: Mapped[str] = mapped_column(String(8))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class FlowVersionRow(Base):
    """One version of a flow, as it was written. Only a draft's body ever changes."""

    __tablename__ = "ivr_flow_versions"

    flow: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    published_by: Mapped[str | None] = mapped_column(String(64))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    replaces: Mapped[int | None] = mapped_column(Integer)


class FunnelRow(Base):
    """How many callers entered a step of a version on a day of the city, and how they left it."""

    __tablename__ = "ivr_flow_funnel"

    flow: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    step: Mapped[str] = mapped_column(String(64), primary_key=True)
    entered: Mapped[int] = mapped_column(Integer)
    left: Mapped[int] = mapped_column(Integer)
    hung_up: Mapped[int] = mapped_column(Integer)
    to_person: Mapped[int] = mapped_column(Integer)


class NoticeRow(Base):
    """A broadcast notice; only its end is ever changed."""

    __tablename__ = "ivr_notices"

    notice_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    text_zh: Mapped[str] = mapped_column(String(120))
    text_yue: Mapped[str] = mapped_column(String(120))
    text_en: Mapped[str] = mapped_column(String(300))
    team: Mapped[str | None] = mapped_column(String(32))
    district: Mapped[str] = mapped_column(String(40))
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
