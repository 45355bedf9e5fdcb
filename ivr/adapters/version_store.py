"""Versions of what is edited on the screens (flows, the table of intents) in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.adapters.tables import VersionRow, VersionSaveRow
from ivr.core.versions import Version, VersionState
from kernel.errors import Conflict
from kernel.infra.database import Database


class SqlVersionStore:
    """Fills `ivr.ports.VersionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self, name: str, limit: int) -> list[Version]:
        query = (
            select(VersionRow)
            .where(VersionRow.name == name)
            .order_by(VersionRow.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [_version(row) for row in await session.scalars(query)]

    async def version(self, name: str, number: int) -> Version | None:
        async with self._database.reading() as session:
            row = await session.get(VersionRow, (name, number))
            return _version(row) if row else None

    async def published(self, name: str) -> Version | None:
        async with self._database.reading() as session:
            return await _published(session, name)

    async def as_saved(self, name: str, number: int, revision: int) -> Version | None:
        async with self._database.reading() as session:
            row = await session.get(VersionRow, (name, number))
            if row is None or row.revision == revision:
                return _version(row) if row else None
            save = await session.get(VersionSaveRow, (name, number, revision))
            return _as_saved(_version(row), save) if save else None

    async def add(self, version: Version) -> Version:
        async with self._database.session() as session:
            last = await session.scalar(
                select(func.max(VersionRow.number)).where(VersionRow.name == version.name)
            )
            row = _row(version)
            row.number = (last or 0) + 1
            session.add(row)
            await session.flush()
            return _version(row)

    async def save(self, version: Version) -> Version:
        key = version.name, version.number
        async with self._database.session() as session:
            row = await session.get(VersionRow, key, with_for_update=True)
            if row is None or row.state != VersionState.DRAFT:
                raise Conflict("只有草稿可以修改")
            if row.revision != version.revision:
                raise Conflict("这份草稿刚被别人修改过，请刷新后再改")
            session.add(
                VersionSaveRow(
                    name=row.name,
                    number=row.number,
                    revision=row.revision,
                    body=row.body,
                    note=row.note,
                    digest=row.digest,
                    saved_by=row.saved_by,
                    saved_at=row.saved_at,
                )
            )
            row.body, row.note, row.digest = version.body, version.note, version.digest
            row.saved_by, row.saved_at = version.saved_by, version.saved_at
            row.revision += 1
            await session.flush()
            return _version(row)

    async def move(self, changed: Sequence[Version], current: int | None) -> None:
        name = changed[0].name
        async with self._database.session() as session:
            present = await _published(session, name, lock=True)
            if (present.number if present else None) != current:
                raise Conflict("线上版本刚刚变更过，请刷新后再操作")
            for version in changed:
                row = await session.get(VersionRow, (name, version.number))
                if row is None or row.revision != version.revision:
                    raise Conflict("这份草稿刚被别人修改过，请刷新后再改")
                row.state = version.state.value
                row.published_by, row.published_at = version.published_by, version.published_at
                row.replaces = version.replaces


async def _published(session: AsyncSession, name: str, *, lock: bool = False) -> Version | None:
    query = select(VersionRow).where(
        VersionRow.name == name, VersionRow.state == VersionState.PUBLISHED.value
    )
    row = await session.scalar(query.with_for_update() if lock else query)
    return _version(row) if row else None


def _version(row: VersionRow) -> Version:
    return Version(
        name=row.name,
        number=row.number,
        digest=row.digest,
        body=row.body,
        note=row.note,
        state=VersionState(row.state),
        revision=row.revision,
        created_by=row.created_by,
        created_at=row.created_at,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
        made_from=row.made_from,
        published_by=row.published_by,
        published_at=row.published_at,
        replaces=row.replaces,
    )


def _as_saved(version: Version, save: VersionSaveRow) -> Version:
    return replace(
        version,
        revision=save.revision,
        body=save.body,
        note=save.note,
        digest=save.digest,
        saved_by=save.saved_by,
        saved_at=save.saved_at,
    )


def _row(version: Version) -> VersionRow:
    values = asdict(version)
    values["state"] = version.state.value
    return VersionRow(**values)
