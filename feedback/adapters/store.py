"""The answers in the database. Fills `feedback.ports.AnswerStore`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from feedback.adapters.tables import SurveyAnswerRow
from feedback.core.answers import Answer
from kernel.ids import AgentId, CallId
from kernel.infra.database import Database
from kernel.language import Language


class TableAnswerStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, answer: Answer) -> bool:
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = (
            insert(SurveyAnswerRow)
            .values(
                call_id=answer.call_id,
                agent_id=answer.agent_id,
                score=answer.score,
                language=answer.language.value if answer.language else None,
                answered_at=answer.answered_at,
            )
            .on_conflict_do_nothing(index_elements=["call_id"])
            .returning(SurveyAnswerRow.call_id)
        )
        async with self._database.session() as session:
            return (await session.scalar(statement)) is not None

    async def get(self, call_id: CallId) -> Answer | None:
        async with self._database.session() as session:
            row = await session.get(SurveyAnswerRow, call_id)
        if row is None:
            return None
        return Answer(
            call_id=CallId(row.call_id),
            agent_id=AgentId(row.agent_id) if row.agent_id else None,
            score=row.score,
            language=Language(row.language) if row.language else None,
            answered_at=row.answered_at,
        )

    async def count(
        self, since: datetime, until: datetime, agent_id: AgentId | None
    ) -> Mapping[int, int]:
        statement = (
            select(SurveyAnswerRow.score, func.count())
            .where(SurveyAnswerRow.answered_at >= since, SurveyAnswerRow.answered_at < until)
            .group_by(SurveyAnswerRow.score)
        )
        if agent_id is not None:
            statement = statement.where(SurveyAnswerRow.agent_id == agent_id)
        async with self._database.session() as session:
            rows = await session.execute(statement)
            return {row[0]: row[1] for row in rows}
