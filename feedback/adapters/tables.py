"""Table of the survey's answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime


class SurveyAnswerRow(Base):
    __tablename__ = "survey_answers"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        Index("ix_survey_answers_answered_at", "answered_at"),
        Index("ix_survey_answers_agent_id_answered_at", "agent_id", "answered_at"),
    )

    call_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    agent_id: Mapped[str | None] = mapped_column(String(32))
    score: Mapped[int] = mapped_column(Integer)
    language: Mapped[str | None] = mapped_column(String(8))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime())
