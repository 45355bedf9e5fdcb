"""The operators whom a plan asked to come back, and what they answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0540_plan_reserves"
down_revision = "0530_callbacks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("acd_plan_runs", sa.Column("summoned", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("acd_plan_runs", "summoned")
