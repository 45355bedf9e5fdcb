"""Numbers from which a person has called, over restarts of the guard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "1010_known_numbers"
down_revision = "1000_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ivr_known_numbers",
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_ivr_known_numbers"),
    )
    op.create_index("ix_ivr_known_numbers_until", "ivr_known_numbers", ["until"])


def downgrade() -> None:
    op.drop_table("ivr_known_numbers")
