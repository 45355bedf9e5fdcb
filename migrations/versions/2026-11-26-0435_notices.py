"""Broadcast notices that callers hear."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0550_notices"
down_revision = "0540_plan_reserves"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ivr_notices",
        sa.Column("notice_id", sa.String(40), nullable=False),
        sa.Column("text_zh", sa.String(120), nullable=False),
        sa.Column("text_yue", sa.String(120), nullable=False),
        sa.Column("text_en", sa.String(300), nullable=False),
        sa.Column("team", sa.String(32), nullable=True),
        sa.Column("district", sa.String(40), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(64), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("notice_id", name="pk_ivr_notices"),
    )
    op.create_index("ix_ivr_notices_ends_at", "ivr_notices", ["ends_at"])
    op.create_index("ix_ivr_notices_created_at", "ivr_notices", ["created_at"])


def downgrade() -> None:
    op.drop_table("ivr_notices")
