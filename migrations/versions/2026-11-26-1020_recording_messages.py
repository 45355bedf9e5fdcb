"""Messages that callers left: what is to be written down, and how far it has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1020_recording_messages"
down_revision = "1010_known_numbers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording_messages",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("team", sa.String(32), nullable=True),
        sa.Column("spoken_ms", sa.BigInteger(), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("call_id", name="pk_recording_messages"),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["recordings.call_id"],
            name="fk_recording_messages_call_id_recordings",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_recording_messages_state_again_at", "recording_messages", ["state", "again_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_recording_messages_state_again_at", table_name="recording_messages")
    op.drop_table("recording_messages")
