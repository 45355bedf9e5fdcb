"""Surveys with two questions: solved and score, and who was asked; whom a bad answer is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "0700_surveys"
down_revision = "0570_screening"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surveys",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("team", sa.String(32), nullable=True),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("solved", sa.String(8), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("case_number", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("call_id", name="pk_surveys"),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="ck_surveys_score"),
    )
    op.create_index("ix_surveys_asked_at", "surveys", ["asked_at"])
    op.execute(
        "INSERT INTO surveys (call_id, asked_at, agent_id, language, score) "
        "SELECT call_id, answered_at, agent_id, language, score FROM survey_answers"
    )
    op.drop_table("survey_answers")
    op.add_column("calls", sa.Column("solved", sa.String(8), nullable=True))
    op.add_column("callback_tasks", sa.Column("about_agent", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("callback_tasks", "about_agent")
    op.drop_column("calls", "solved")
    op.create_table(
        "survey_answers",
        sa.Column("call_id", sa.String(100), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_survey_answers"),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="ck_survey_answers_score"),
    )
    op.create_index("ix_survey_answers_answered_at", "survey_answers", ["answered_at"])
    op.create_index(
        "ix_survey_answers_agent_id_answered_at", "survey_answers", ["agent_id", "answered_at"]
    )
    op.execute(
        "INSERT INTO survey_answers (call_id, agent_id, score, language, answered_at) "
        "SELECT call_id, agent_id, score, language, asked_at FROM surveys "
        "WHERE score IS NOT NULL"
    )
    op.drop_table("surveys")
