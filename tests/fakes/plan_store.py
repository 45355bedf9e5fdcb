"""A record of runs in memory (port `acd.ports.PlanStore`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from acd.core.plan_runs import PlanRun
from kernel.errors import BadInput, Unavailable
from kernel.paging import Page, decode_cursor, encode_cursor


class DictPlanStore:
    """`broken` refuses to write, as a database that is away does."""

    def __init__(self) -> None:
        self.rows: dict[str, PlanRun] = {}
        self.broken = False

    async def recall(self, since: datetime) -> Sequence[PlanRun]:
        return [r for r in self._ascending() if r.ended_at is None or r.ended_at >= since]

    async def save(self, run: PlanRun) -> None:
        if self.broken:
            raise Unavailable("away")
        others = [r for r in self.rows.values() if r.run_id != run.run_id]
        if run.ended_at is None and any(
            r.plan_id == run.plan_id and r.ended_at is None for r in others
        ):
            raise ValueError("the plan runs already")
        self.rows[run.run_id] = run

    async def runs(self, cursor: str | None, size: int) -> Page[PlanRun]:
        rows = self._ascending()[::-1]
        if cursor is not None:
            place = decode_cursor(cursor)
            try:
                datetime.fromisoformat(str(place[0]))
            except ValueError as error:
                raise BadInput("翻页位置无效", "cursor") from error
            rows = [r for r in rows if (r.started_at.isoformat(), r.run_id) < place]
        found, last = rows[:size], rows[size - 1] if len(rows) > size else None
        return Page(
            found, encode_cursor((last.started_at.isoformat(), last.run_id)) if last else None
        )

    def _ascending(self) -> list[PlanRun]:
        return sorted(self.rows.values(), key=lambda r: (r.started_at, r.run_id))
