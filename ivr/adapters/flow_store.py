"""Versions of flows and their funnels in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.adapters.tables import FlowVersionRow, FunnelRow
from ivr.core.funnel import Counts, Place
from ivr.core.versions import FlowVersion, VersionState
from kernel.errors import Conflict
from kernel.infra.database import Database

_FUNNEL = cast(Table, FunnelRow.__table__)
_COUNTED = ("entered", "left", "hung_up", "to_person")


class SqlFlowStore:
    """Fills `ivr.ports.FlowStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self, flow: str, limit: int) -> list[FlowVersion]:
        query = (
            select(FlowVersionRow)
            .where(FlowVersionRow.flow == flow)
            .order_by(FlowVersionRow.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [_version(row) for row in await session.scalars(query)]

    async def version(self, flow: str, number: int) -> FlowVersion | None:
        async with self._database.reading() as session:
            row = await session.get(FlowVersionRow, (flow, number))
            return _version(row) if row else None

    async def published(self, flow: str) -> FlowVersion | None:
        async with self._database.reading() as session:
            return await _published(session, flow)

    async def add(self, version: FlowVersion) -> FlowVersion:
        async with self._database.session() as session:
            last = await session.scalar(
                select(func.max(FlowVersionRow.number)).where(FlowVersionRow.flow == version.flow)
            )
            row = _row(version)
            row.number = (last or 0) + 1
            session.add(row)
            await session.flush()
            return _version(row)

    async def save(self, version: FlowVersion) -> FlowVersion:
        async with self._database.session() as session:
            row = await session.get(
                FlowVersionRow, (version.flow, version.number), with_for_update=True
            )
            if row is None or row.state != VersionState.DRAFT:
                raise Conflict("只有草稿可以修改")
            if row.revision != version.revision:
                raise Conflict("这份草稿刚被别人修改过，请刷新后再改")
            row.body, row.note, row.digest = version.body, version.note, version.digest
            row.revision += 1
            await session.flush()
            return _version(row)

    async def move(self, changed: Sequence[FlowVersion], current: int | None) -> None:
        flow = changed[0].flow
        async with self._database.session() as session:
            present = await _published(session, flow, lock=True)
            if (present.number if present else None) != current:
                raise Conflict("线上版本刚刚变更过，请刷新后再操作")
            for version in changed:
                row = await session.get(FlowVersionRow, (flow, version.number))
                if row is None or row.revision != version.revision:
                    raise Conflict("这份草稿刚被别人修改过，请刷新后再改")
                row.state = version.state.value
                row.published_by, row.published_at = version.published_by, version.published_at
                row.replaces = version.replaces


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


async def _published(session: AsyncSession, flow: str, *, lock: bool = False) -> FlowVersion | None:
    query = select(FlowVersionRow).where(
        FlowVersionRow.flow == flow, FlowVersionRow.state == VersionState.PUBLISHED.value
    )
    row = await session.scalar(query.with_for_update() if lock else query)
    return _version(row) if row else None


def _version(row: FlowVersionRow) -> FlowVersion:
    return FlowVersion(
        flow=row.flow,
        number=row.number,
        digest=row.digest,
        body=row.body,
        note=row.note,
        state=VersionState(row.state),
        revision=row.revision,
        created_by=row.created_by,
        created_at=row.created_at,
        published_by=row.published_by,
        published_at=row.published_at,
        replaces=row.replaces,
    )


def _row(version: FlowVersion) -> FlowVersionRow:
    values = asdict(version)
    values["state"] = version.state.value
    return FlowVersionRow(**values)
