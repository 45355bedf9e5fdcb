"""Tasks of the duty callbacks, the calls they stand for, and their course."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0530_callbacks"
down_revision = "0520_flow_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callback_tasks",
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("team", sa.String(32)),
        sa.Column("language", sa.String(8)),
        sa.Column("last_call_id", sa.String(100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("claimed_at", UtcDateTime()),
        sa.Column("result", sa.String(20)),
        sa.Column("closed_by", sa.String(64)),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_callback_tasks"),
    )
    op.create_index(
        "ix_callback_tasks_state_created_at_task_id",
        "callback_tasks",
        ["state", "created_at", "task_id"],
    )
    op.create_index("ix_callback_tasks_number_state", "callback_tasks", ["number", "state"])
    op.create_table(
        "callback_task_calls",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "kind", name="pk_callback_task_calls"),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["callback_tasks.task_id"],
            name="fk_callback_task_calls_task_id_callback_tasks",
        ),
    )
    op.create_index("ix_callback_task_calls_task_id", "callback_task_calls", ["task_id"])
    op.create_table(
        "callback_task_entries",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("act", sa.String(12), nullable=False),
        sa.Column("result", sa.String(20)),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("call_id", sa.String(100)),
        sa.PrimaryKeyConstraint("number", name="pk_callback_task_entries"),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["callback_tasks.task_id"],
            name="fk_callback_task_entries_task_id_callback_tasks",
        ),
    )
    op.create_index(
        "ix_callback_task_entries_task_id_number", "callback_task_entries", ["task_id", "number"]
    )


def downgrade() -> None:
    op.drop_table("callback_task_entries")
    op.drop_table("callback_task_calls")
    op.drop_table("callback_tasks")
