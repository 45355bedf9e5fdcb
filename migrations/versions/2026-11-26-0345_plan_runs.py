"""The runs of the peak-hour contingency plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0510_plan_runs"
down_revision = "0500_acd_decided"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acd_plan_runs",
        sa.Column("run_id", sa.String(120), nullable=False),
        sa.Column("plan_id", sa.String(80), nullable=False),
        sa.Column("team", sa.String(40), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("pulled", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_cause", sa.String(20), nullable=True),
        sa.Column("end_actor", sa.String(64), nullable=False),
        sa.Column("end_reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_acd_plan_runs"),
    )
    op.create_index("ix_acd_plan_runs_started", "acd_plan_runs", ["started_at", "run_id"])
    op.create_index("ix_acd_plan_runs_ended", "acd_plan_runs", ["ended_at"])
    # A plan never runs twice at a time, whatever the process believes.
    op.create_index(
        "uq_acd_plan_runs_open",
        "acd_plan_runs",
        ["plan_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("acd_plan_runs")
