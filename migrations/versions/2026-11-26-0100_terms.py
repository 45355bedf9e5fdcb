"""The runs of the platform, numbered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0490_terms"
down_revision = "0480_drafts_of_a_call"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("host", sa.String(80), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_terms"),
    )


def downgrade() -> None:
    op.drop_table("terms")
