"""Tables of the department feedback."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0460_feedback"
down_revision = "0450_recordings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_answers",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("agent_id", sa.String(32)),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_survey_answers"),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="ck_survey_answers_score"),
    )
    op.create_index("ix_survey_answers_answered_at", "survey_answers", ["answered_at"])
    op.create_index(
        "ix_survey_answers_agent_id_answered_at", "survey_answers", ["agent_id", "answered_at"]
    )


def downgrade() -> None:
    op.drop_table("survey_answers")
