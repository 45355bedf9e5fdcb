"""What was said in a call, kept with its recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0815_recording_utterances"
down_revision = "0700_surveys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording_utterances",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("side", sa.String(16), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(400), nullable=False),
        sa.Column("confidence_fraction", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "side", "from_ms", name="pk_recording_utterances"),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["recordings.call_id"],
            name="fk_recording_utterances_call_id_recordings",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("recording_utterances")
