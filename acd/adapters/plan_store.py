"""The runs of the contingency plans on the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, tuple_

from acd.adapters.tables import PlanRunRow
from acd.core.plan_levers import LeverKind
from acd.core.plan_reserves import Answer, Summons
from acd.core.plan_runs import PlanRun, Pulled
from acd.core.plans import Cause, EndCause
from kernel.errors import BadInput
from kernel.ids import AgentId, TeamId
from kernel.infra.database import Database
from kernel.paging import Page, decode_cursor, encode_cursor

_LONGEST = {"reason": 200, "end_reason": 200, "actor": 64, "end_actor": 64}


class SqlPlanStore:
    """Implements `acd.ports.PlanStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recall(self, since: datetime) -> Sequence[PlanRun]:
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(PlanRunRow)
                .where(or_(PlanRunRow.ended_at.is_(None), PlanRunRow.ended_at >= since))
                .order_by(PlanRunRow.started_at, PlanRunRow.run_id)
            )
            return [_run(row) for row in rows]

    async def save(self, run: PlanRun) -> None:
        async with self._database.session() as session:
            await session.merge(_row(run))

    async def runs(self, cursor: str | None, size: int) -> Page[PlanRun]:
        async with self._database.reading() as session:
            rows = list(await session.scalars(_list(cursor).limit(size + 1)))
        found = [_run(row) for row in rows[:size]]
        last = found[-1] if len(rows) > size else None
        return Page(
            found, encode_cursor((last.started_at.isoformat(), last.run_id)) if last else None
        )


def _list(cursor: str | None) -> Select[PlanRunRow]:
    query = select(PlanRunRow).order_by(PlanRunRow.started_at.desc(), PlanRunRow.run_id.desc())
    if cursor is None:
        return query
    try:
        at, run_id = decode_cursor(cursor)
        place = datetime.fromisoformat(str(at)), str(run_id)
        if place[0].tzinfo is None:
            raise ValueError("a moment without a zone")
    except ValueError as error:
        raise BadInput("翻页位置无效", "cursor") from error
    return query.where(tuple_(PlanRunRow.started_at, PlanRunRow.run_id) < place)


def _row(run: PlanRun) -> PlanRunRow:
    texts = {name: getattr(run, name)[:limit] for name, limit in _LONGEST.items()}
    return PlanRunRow(
        run_id=run.run_id,
        plan_id=run.plan_id,
        team=run.team,
        started_at=run.started_at,
        cause=run.cause.value,
        pulled=[[p.kind.value, p.team, _number(p.wanted), _number(p.base)] for p in run.pulled],
        figures=dict(run.figures),
        summoned=[_summons_row(one) for one in run.summoned],
        notes=list(run.notes),
        ended_at=run.ended_at,
        end_cause=run.end_cause.value if run.end_cause else None,
        **texts,
    )


def _run(row: PlanRunRow) -> PlanRun:
    return PlanRun(
        run_id=row.run_id,
        plan_id=row.plan_id,
        team=TeamId(row.team),
        started_at=row.started_at,
        cause=Cause(row.cause),
        actor=row.actor,
        reason=row.reason,
        pulled=tuple(_pulled(*entry) for entry in row.pulled),
        figures=tuple(row.figures.items()),
        summoned=tuple(_summons(*entry) for entry in row.summoned or ()),
        notes=tuple(row.notes),
        ended_at=row.ended_at,
        end_cause=EndCause(row.end_cause) if row.end_cause else None,
        end_actor=row.end_actor,
        end_reason=row.end_reason,
    )


def _number(value: float) -> float | None:
    """JSON has no infinity: what is unlimited is null."""
    return None if value == float("inf") else value


def _pulled(kind: Any, team: Any, wanted: Any, base: Any) -> Pulled:
    def read(value: Any) -> float:
        return float("inf") if value is None else float(value)

    return Pulled(LeverKind(kind), TeamId(team), read(wanted), read(base))


def _summons_row(one: Summons) -> list[str | None]:
    return [
        one.agent_id,
        one.answer.value,
        one.asked_at.isoformat(),
        one.answered_at.isoformat() if one.answered_at is not None else None,
    ]


def _summons(agent_id: str, answer: str, asked_at: str, answered_at: str | None) -> Summons:
    return Summons(
        AgentId(agent_id),
        Answer(answer),
        datetime.fromisoformat(asked_at),
        datetime.fromisoformat(answered_at) if answered_at is not None else None,
    )
