"""Tables of the department cti: the call journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0410_cti"
down_revision = "0400_directory"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(64), primary_key=True),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("ani", sa.String(32), nullable=False),
        sa.Column("caller_name", sa.String(80), nullable=False),
        sa.Column("dnis", sa.String(32), nullable=False),
        sa.Column("line_name", sa.String(120)),
        sa.Column("team", sa.String(32)),
        sa.Column("language", sa.String(8)),
        sa.Column("menu_path", sa.String(200), nullable=False),
        sa.Column("queued_at", UtcDateTime()),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("agent_id", sa.String(32)),
        sa.Column("waited_s", sa.Float()),
        sa.Column("talk_s", sa.Float()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("outcome", sa.String(32)),
        sa.Column("ended_by", sa.String(32)),
        sa.Column("score", sa.Integer()),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("case_number", sa.String(40)),
        sa.Column("disposition", sa.String(40)),
    )
    op.create_index("ix_calls_arrived", "calls", ["arrived_at", "call_id"])
    for name in ("ani", "team", "agent", "outcome", "dnis"):
        column = "agent_id" if name == "agent" else name
        op.create_index(f"ix_calls_{name}_arrived", "calls", [column, "arrived_at", "call_id"])
    op.create_table(
        "call_events",
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("ix_call_events_call", "call_events", ["call_id", "occurred_at", "event_id"])


def downgrade() -> None:
    op.drop_table("call_events")
    op.drop_table("calls")
