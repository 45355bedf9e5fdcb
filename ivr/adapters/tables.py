"""Tables of the IVR: languages of numbers, versions, funnels, notices, studio takes, the guard."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, Float, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class CallerLanguageRow(Base):
    __tablename__ = "caller_languages"

    ani: Mapped[str] = mapped_column(String(32), primary_key=True)
    language: Mapped[str] = mapped_column(String(8))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class VersionRow(Base):
    """One version of a flow or of the table of intents, as it was written. Only a draft's body ever
    changes."""

    __tablename__ = "ivr_versions"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    saved_by: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime())
    made_from: Mapped[int | None] = mapped_column(Integer)
    published_by: Mapped[str | None] = mapped_column(String(64))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    replaces: Mapped[int | None] = mapped_column(Integer)


class VersionSaveRow(Base):
    """What a draft was before a save: whoever edits it still has something to compare with."""

    __tablename__ = "ivr_version_saves"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200))
    saved_by: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime())


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


class TakeRow(Base):
    """A studio recording of a prompt; never deleted."""

    __tablename__ = "ivr_prompt_takes"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16), index=True)
    text: Mapped[str] = mapped_column(String(400))
    sha256: Mapped[str] = mapped_column(String(64))
    source_sha256: Mapped[str] = mapped_column(String(64))
    container: Mapped[str] = mapped_column(String(8))
    rate: Mapped[int] = mapped_column(Integer)
    channels: Mapped[int] = mapped_column(Integer)
    level_dbfs: Mapped[float] = mapped_column(Float)
    duration_ms: Mapped[int] = mapped_column(Integer)
    uploaded_by: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime())
    used_by: Mapped[str | None] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    replaces: Mapped[int | None] = mapped_column(Integer)


class TakeSoundRow(Base):
    """What callers hear of a take, by its content: 8 kHz mono 16-bit WAV, two megabytes at most."""

    __tablename__ = "ivr_prompt_sounds"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    wav: Mapped[bytes] = mapped_column(LargeBinary)


class ScreeningEntryRow(Base):
    """An entry of the grey list or of the spared; only its end is ever changed."""

    __tablename__ = "ivr_screening_entries"

    entry_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(16))
    start: Mapped[bool] = mapped_column(Boolean)
    treatment: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())
    until: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class GuardLevelRow(Base):
    """One change of the guard's level."""

    __tablename__ = "ivr_guard_levels"

    change_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    level: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    pinned_until: Mapped[datetime | None] = mapped_column(UtcDateTime())


class KnownNumberRow(Base):
    """A number from which a person has called, and until when the guard knows it as such."""

    __tablename__ = "ivr_known_numbers"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
