"""Tables of the department recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0450_recordings"
down_revision = "0440_knowledge_base"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("ani", sa.String(32), nullable=False),
        sa.Column("dnis", sa.String(32), nullable=False),
        sa.Column("line_name", sa.String(80)),
        sa.Column("team", sa.String(32)),
        sa.Column("agent_id", sa.String(32)),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("connected_ms", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("file_name", sa.String(160)),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("source_sha256", sa.String(64)),
        sa.Column("caller_level_dbfs", sa.Float()),
        sa.Column("operator_level_dbfs", sa.Float()),
        sa.Column("fault", sa.String(200)),
        sa.Column("archived_at", UtcDateTime()),
        sa.Column("held_by", sa.String(64)),
        sa.Column("held_reason", sa.String(200)),
        sa.Column("held_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("call_id", name="pk_recordings"),
    )
    op.create_index("ix_recordings_started_at_call_id", "recordings", ["started_at", "call_id"])
    op.create_index("ix_recordings_ani_started_at", "recordings", ["ani", "started_at"])
    op.create_index("ix_recordings_team_started_at", "recordings", ["team", "started_at"])
    op.create_index("ix_recordings_status_ended_at", "recordings", ["status", "ended_at"])
    op.create_table(
        "recording_agents",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "agent_id", name="pk_recording_agents"),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["recordings.call_id"],
            name="fk_recording_agents_call_id_recordings",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_recording_agents_agent_id_call_id", "recording_agents", ["agent_id", "call_id"]
    )
    op.create_table(
        "listening_log",
        sa.Column("listening_id", sa.String(36), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("from_s", sa.Float(), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("listening_id", name="pk_listening_log"),
    )
    op.create_index("ix_listening_log_call_id_at", "listening_log", ["call_id", "at"])


def downgrade() -> None:
    op.drop_table("listening_log")
    op.drop_table("recording_agents")
    op.drop_table("recordings")
