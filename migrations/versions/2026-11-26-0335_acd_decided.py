"""The distribution's log keeps what each step ordered, so that a replay can be compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0500_acd_decided"
down_revision = "0490_terms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("acd_events", sa.Column("decided", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("acd_events", "decided")
