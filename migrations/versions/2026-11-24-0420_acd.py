"""Tables of the department acd: the append-only log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0420_acd"
down_revision = "0410_cti"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acd_events",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("sequence", sa.Integer()),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(64)),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("ix_acd_events_kind_at", "acd_events", ["kind", "type", "at"])
    op.create_index("ix_acd_events_run", "acd_events", ["run", "kind", "sequence"])
    op.create_index("ix_acd_events_call", "acd_events", ["call_id", "number"])


def downgrade() -> None:
    op.drop_table("acd_events")
