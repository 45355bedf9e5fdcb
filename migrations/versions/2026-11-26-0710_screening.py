"""The lists of the guard, and the changes of its level."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0570_screening"
down_revision = "0560_prompt_takes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ivr_screening_entries",
        sa.Column("entry_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("start", sa.Boolean(), nullable=False),
        sa.Column("treatment", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(64), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name="pk_ivr_screening_entries"),
    )
    op.create_index("ix_ivr_screening_entries_until", "ivr_screening_entries", ["until"])
    op.create_table(
        "ivr_guard_levels",
        sa.Column("change_id", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("pinned_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name="pk_ivr_guard_levels"),
    )
    op.create_index("ix_ivr_guard_levels_at", "ivr_guard_levels", ["at"])


def downgrade() -> None:
    op.drop_table("ivr_guard_levels")
    op.drop_table("ivr_screening_entries")
