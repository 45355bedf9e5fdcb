"""The funnels of the flows in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ivr.adapters.tables import FunnelRow
from ivr.core.funnel import Counts, Place
from kernel.infra.database import Database

_FUNNEL = cast(Table, FunnelRow.__table__)
_COUNTED = ("entered", "left", "hung_up", "to_person")


class SqlFunnelStore:
    """Fills `ivr.ports.FunnelStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        put = (sqlite_insert if database.is_sqlite else postgresql_insert)(_FUNNEL)
        self._add = put.on_conflict_do_update(
            index_elements=["flow", "version", "day", "step"],
            set_={name: _FUNNEL.c[name] + put.excluded[name] for name in _COUNTED},
        )

    async def add(self, counted: Mapping[Place, Counts]) -> None:
        rows = [{**asdict(place), **asdict(counts)} for place, counts in counted.items()]
        if rows:
            async with self._database.connection() as connection:
                await connection.execute(self._add, rows)

    async def counts(self, flow: str, version: str, since: date) -> dict[str, Counts]:
        sums = [func.sum(_FUNNEL.c[name]) for name in _COUNTED]
        query = (
            select(_FUNNEL.c.step, *sums)
            .where(_FUNNEL.c.flow == flow, _FUNNEL.c.version == version, _FUNNEL.c.day >= since)
            .group_by(_FUNNEL.c.step)
        )
        async with self._database.reading() as session:
            rows = await session.execute(query)
            return {row[0]: Counts(*(int(n) for n in row[1:])) for row in rows}
