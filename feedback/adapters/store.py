"""The surveys in the database. Fills `feedback.ports.SurveyStore`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from feedback.adapters.tables import SurveyRow
from feedback.core.answers import Counted, Solved, Survey
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language

_FILLED_ONCE = ("agent_id", "team", "language", "solved", "score", "case_number")


class TableSurveyStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, survey: Survey) -> Survey:
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(SurveyRow).values(
            call_id=survey.call_id,
            asked_at=survey.asked_at,
            agent_id=survey.agent_id,
            team=survey.team,
            language=survey.language.value if survey.language else None,
            solved=survey.solved.value if survey.solved else None,
            score=survey.score,
            case_number=survey.case_number,
        )
        # What is known already stays; only what was missing is filled.
        filled = {
            name: func.coalesce(getattr(SurveyRow, name), statement.excluded[name])
            for name in _FILLED_ONCE
        }
        kept = statement.on_conflict_do_update(index_elements=["call_id"], set_=filled)
        async with self._database.session() as session:
            return _survey((await session.scalars(kept.returning(SurveyRow))).one())

    async def link(self, call_id: CallId, case_number: str) -> None:
        statement = (
            update(SurveyRow).where(SurveyRow.call_id == call_id).values(case_number=case_number)
        )
        async with self._database.session() as session:
            await session.execute(statement)

    async def get(self, call_id: CallId) -> Survey | None:
        async with self._database.session() as session:
            row = await session.get(SurveyRow, call_id)
        return _survey(row) if row is not None else None

    async def count(self, since: datetime, until: datetime) -> Sequence[Counted]:
        key = (SurveyRow.team, SurveyRow.agent_id, SurveyRow.solved, SurveyRow.score)
        statement = (
            select(*key, func.count())
            .where(SurveyRow.asked_at >= since, SurveyRow.asked_at < until)
            .group_by(*key)
        )
        async with self._database.session() as session:
            rows = (await session.execute(statement)).all()
        return [
            Counted(
                TeamId(team) if team else None,
                AgentId(agent) if agent else None,
                Solved(solved) if solved else None,
                score,
                count,
            )
            for team, agent, solved, score, count in rows
        ]


def _survey(row: SurveyRow) -> Survey:
    return Survey(
        call_id=CallId(row.call_id),
        asked_at=row.asked_at,
        agent_id=AgentId(row.agent_id) if row.agent_id else None,
        team=TeamId(row.team) if row.team else None,
        language=Language(row.language) if row.language else None,
        solved=Solved(row.solved) if row.solved else None,
        score=row.score,
        case_number=row.case_number,
    )
