"""Versions of the flows a caller hears, and the funnel of their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0520_flow_versions"
down_revision = "0510_plan_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ivr_flow_versions",
        sa.Column("flow", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.String(64), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("flow", "number", name="pk_ivr_flow_versions"),
    )
    op.create_table(
        "ivr_flow_funnel",
        sa.Column("flow", sa.String(32), nullable=False),
        sa.Column("version", sa.String(12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("hung_up", sa.Integer(), nullable=False),
        sa.Column("to_person", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("flow", "version", "day", "step", name="pk_ivr_flow_funnel"),
    )


def downgrade() -> None:
    op.drop_table("ivr_flow_funnel")
    op.drop_table("ivr_flow_versions")
