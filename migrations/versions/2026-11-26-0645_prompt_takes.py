"""Studio recordings of prompts, with their sounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0560_prompt_takes"
down_revision = "0550_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ivr_prompt_takes",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("text", sa.String(400), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("source_sha256", sa.String(64), nullable=False),
        sa.Column("container", sa.String(8), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("level_dbfs", sa.Float(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(64), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("used_by", sa.String(64), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", "language", "number", name="pk_ivr_prompt_takes"),
    )
    op.create_index("ix_ivr_prompt_takes_state", "ivr_prompt_takes", ["state"])
    op.create_table(
        "ivr_prompt_sounds",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("wav", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_ivr_prompt_sounds"),
    )


def downgrade() -> None:
    op.drop_table("ivr_prompt_sounds")
    op.drop_table("ivr_prompt_takes")
