"""Tables of the department workorders: cases, work orders, timelines, drafts, sequences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0430_workorders"
down_revision = "0420_acd"
branch_labels = None
depends_on = None

_TABLES = (
    "case_sequences",
    "case_drafts",
    "case_calls",
    "case_events",
    "work_orders",
    "cases",
)


def upgrade() -> None:
    _cases()
    _work_orders()
    _timeline()
    _drafts()
    _forbid_changes()


def _due_columns(nullable: bool) -> list[sa.Column]:
    names = ("started_at", "notice_at", "warning_at", "due_at")
    columns = [sa.Column(name, UtcDateTime(), nullable=nullable) for name in names]
    return [*columns, sa.Column("due_provisional", sa.Boolean(), nullable=False)]


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("filed_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(40), nullable=False),
        sa.Column("request_type", sa.String(16), nullable=False),
        sa.Column("category", sa.String(80), nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("district", sa.String(32), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("requester_name", sa.String(60), nullable=False),
        sa.Column("contact_number", sa.String(32), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("ani", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("article_id", sa.String(64)),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("transfer_target", sa.String(32), nullable=False),
        sa.Column("authority", sa.String(64)),
        *_due_columns(nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("redos", sa.Integer(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("ruled", sa.Boolean(), nullable=False),
        sa.Column("supervised", sa.Integer(), nullable=False),
        sa.Column("filed_by", sa.String(64), nullable=False),
        sa.Column("handled_by", sa.String(64)),
        sa.Column("closed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("number", name="pk_cases"),
        sa.UniqueConstraint("draft_id", name="uq_cases_draft_id"),
    )
    op.create_index("ix_cases_filed", "cases", ["filed_at", "number"])
    for name in ("ani", "state", "team", "authority", "district"):
        op.create_index(f"ix_cases_{name}_filed", "cases", [name, "filed_at", "number"])
    op.create_index(
        "ix_cases_authority_state_filed", "cases", ["authority", "state", "filed_at", "number"]
    )
    op.create_index("ix_cases_provisional", "cases", ["due_provisional", "closed_at", "number"])


def _work_orders() -> None:
    op.create_table(
        "work_orders",
        sa.Column("number", sa.String(28), nullable=False),
        sa.Column("case_number", sa.String(24), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("authority", sa.String(64), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        *_due_columns(nullable=False),
        sa.Column("sign_due_at", UtcDateTime(), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("due_text", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(32), nullable=False),
        sa.Column("signed_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("number", name="pk_work_orders"),
        sa.ForeignKeyConstraint(
            ["case_number"], ["cases.number"], name="fk_work_orders_case_number_cases"
        ),
    )
    op.create_index("ix_work_orders_case", "work_orders", ["case_number", "ordinal"])
    op.create_index(
        "ix_work_orders_authority_state_due", "work_orders", ["authority", "state", "due_at"]
    )


def _timeline() -> None:
    op.create_table(
        "case_events",
        sa.Column("case_number", sa.String(24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(24), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("from_state", sa.String(24)),
        sa.Column("to_state", sa.String(24)),
        sa.Column("particulars", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("case_number", "seq", name="pk_case_events"),
        sa.UniqueConstraint("event_id", name="uq_case_events_event_id"),
        sa.ForeignKeyConstraint(
            ["case_number"], ["cases.number"], name="fk_case_events_case_number_cases"
        ),
    )
    op.create_table(
        "case_calls",
        sa.Column("case_number", sa.String(24), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_number", "call_id", name="pk_case_calls"),
        sa.ForeignKeyConstraint(
            ["case_number"], ["cases.number"], name="fk_case_calls_case_number_cases"
        ),
    )
    op.create_index("ix_case_calls_call", "case_calls", ["call_id", "case_number"])


def _drafts() -> None:
    op.create_table(
        "case_drafts",
        sa.Column("draft_id", sa.String(40), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(64)),
        sa.Column("ani", sa.String(32), nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("case_number", sa.String(24)),
        sa.PrimaryKeyConstraint("draft_id", name="pk_case_drafts"),
    )
    op.create_index(
        "uq_case_drafts_agent_call", "case_drafts", ["agent_id", "call_id"], unique=True
    )
    op.create_index(
        "ix_case_drafts_agent_open", "case_drafts", ["agent_id", "case_number", "updated_at"]
    )
    op.create_table(
        "case_sequences",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_case_sequences"),
    )


def _forbid_changes() -> None:
    """The timeline is append-only, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER case_events_no_{verb.lower()} BEFORE {verb} ON case_events "
                "BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION case_events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'case_events is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER case_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON case_events FOR EACH STATEMENT EXECUTE FUNCTION case_events_append_only()"
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION case_events_append_only()")
