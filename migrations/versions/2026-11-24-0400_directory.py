"""Tables of the department directory: the city, accounts, sessions, the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0400_directory"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "audit_head",
    "audit_log",
    "known_devices",
    "web_sessions",
    "accounts",
    "skills",
    "operators",
    "booths",
    "lines",
    "authorities",
    "districts",
    "teams",
)


def upgrade() -> None:
    _create_city()
    _create_people()
    _create_sessions()
    _create_audit()


def _create_city() -> None:
    op.create_table(
        "teams",
        sa.Column("team_id", sa.String(32), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("short", sa.String(20), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("short_en", sa.String(40), nullable=False),
    )
    op.create_table(
        "districts",
        sa.Column("district_id", sa.String(40), primary_key=True),
        sa.Column("code", sa.String(6), nullable=False, unique=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
    )
    op.create_table(
        "authorities",
        sa.Column("authority_id", sa.String(40), primary_key=True),
        sa.Column("code", sa.String(8), nullable=False, unique=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("district_id", sa.String(40), sa.ForeignKey("districts.district_id")),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("short", sa.String(60), nullable=False),
        sa.Column("name_en", sa.String(160), nullable=False),
        sa.Column("former_en", sa.String(160)),
    )
    op.create_table(
        "lines",
        sa.Column("number", sa.String(16), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.String(32), sa.ForeignKey("teams.team_id"), nullable=False),
        sa.Column(
            "authority_id",
            sa.String(40),
            sa.ForeignKey("authorities.authority_id"),
            nullable=False,
        ),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_en", sa.String(120), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "booths",
        sa.Column("booth_id", sa.String(8), primary_key=True),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("row", sa.String(4), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
    )
    op.create_index("uq_booths_place", "booths", ["floor", "row", "seat"], unique=True)


def _create_people() -> None:
    op.create_table(
        "operators",
        sa.Column("agent_id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("primary_team", sa.String(32), sa.ForeignKey("teams.team_id"), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
    )
    op.create_table(
        "skills",
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("operators.agent_id"), primary_key=True),
        sa.Column("team_id", sa.String(32), sa.ForeignKey("teams.team_id"), primary_key=True),
        sa.Column("level", sa.Integer(), nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("display_name", sa.String(40), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("title_en", sa.String(80), nullable=False),
        sa.Column("agent_id", sa.String(32), sa.ForeignKey("operators.agent_id"), unique=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("demo_password", sa.Boolean(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", UtcDateTime()),
        sa.Column("locked_until", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )


def _create_sessions() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "account",
            sa.String(32),
            sa.ForeignKey("accounts.account"),
            nullable=False,
            index=True,
        ),
        sa.Column("csrf_token", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False, index=True),
    )
    op.create_table(
        "known_devices",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=False, index=True),
    )


def _create_audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(32), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_log_who", "audit_log", ["who", "seq"])
    op.create_index("ix_audit_log_action", "audit_log", ["action", "seq"])
    op.create_index("ix_audit_log_object", "audit_log", ["object_id", "seq"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
    _forbid_changes()


def _forbid_changes() -> None:
    """The trail is append-only for the application's own statements as well."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{verb.lower()} BEFORE {verb} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()"
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_log_refuse()")
