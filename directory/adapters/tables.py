"""Tables of the directory: city, accounts, sessions, audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class TeamRow(Base):
    __tablename__ = "teams"

    team_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))
    short: Mapped[str] = mapped_column(String(20))
    name_en: Mapped[str] = mapped_column(String(80))
    short_en: Mapped[str] = mapped_column(String(40))


class DistrictRow(Base):
    __tablename__ = "districts"

    district_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80))


class AuthorityRow(Base):
    __tablename__ = "authorities"

    authority_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    district_id: Mapped[str | None] = mapped_column(ForeignKey("districts.district_id"))
    name: Mapped[str] = mapped_column(String(120))
    short: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(160))
    former_en: Mapped[str | None] = mapped_column(String(160))


class LineRow(Base):
    """One of the old special lines."""

    __tablename__ = "lines"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.team_id"))
    authority_id: Mapped[str] = mapped_column(ForeignKey("authorities.authority_id"))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    demo: Mapped[bool] = mapped_column(Boolean)


class BoothRow(Base):
    __tablename__ = "booths"

    booth_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    floor: Mapped[int] = mapped_column(Integer)
    row: Mapped[str] = mapped_column(String(4))
    seat: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("uq_booths_place", "floor", "row", "seat", unique=True),)


class OperatorRow(Base):
    """`languages` maps the spoken language to its level (1-10)."""

    __tablename__ = "operators"

    agent_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80))
    primary_team: Mapped[str] = mapped_column(ForeignKey("teams.team_id"))
    languages: Mapped[dict[str, int]] = mapped_column(JSON)


class SkillRow(Base):
    """A team that an operator may serve, at a level of 1-10."""

    __tablename__ = "skills"

    agent_id: Mapped[str] = mapped_column(ForeignKey("operators.agent_id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.team_id"), primary_key=True)
    level: Mapped[int] = mapped_column(Integer)


class AccountRow(Base):
    """Who may sign in. `roles` is a list of `kernel.policy.Role` values.

    `demo_password` says that set-up gave the password and nobody has changed it since.
    """

    __tablename__ = "accounts"

    account: Mapped[str] = mapped_column(String(32), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(40))
    title_en: Mapped[str] = mapped_column(String(80))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("operators.agent_id"), unique=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    password_hash: Mapped[str] = mapped_column(String(200))
    demo_password: Mapped[bool] = mapped_column(Boolean)
    must_change: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean)
    language: Mapped[str] = mapped_column(String(8))
    failed_count: Mapped[int] = mapped_column(Integer)
    last_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebSessionRow(Base):
    """A signed-in browser. Only the SHA-256 of its 256-bit token is kept."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.account"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class KnownDeviceRow(Base):
    """A browser from which somebody has signed in; see `directory.core.backoff`."""

    __tablename__ = "known_devices"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuditRow(Base):
    """Append-only: the migration adds triggers that refuse UPDATE and DELETE."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(120))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_log_who", "who", "seq"),
        Index("ix_audit_log_action", "action", "seq"),
        Index("ix_audit_log_object", "object_id", "seq"),
    )


class AuditHeadRow(Base):
    """One row: the end of the chain. Locking it makes writers take turns."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    hash: Mapped[str] = mapped_column(String(64))
