"""Tables of the department ivr."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0470_ivr"
down_revision = "0460_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "caller_languages",
        sa.Column("ani", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("chosen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("ani", name="pk_caller_languages"),
    )
    op.create_index("ix_caller_languages_chosen_at", "caller_languages", ["chosen_at"])


def downgrade() -> None:
    op.drop_table("caller_languages")
