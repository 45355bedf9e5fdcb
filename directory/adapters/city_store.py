"""The city in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from directory.adapters.tables import (
    AccountRow,
    AuthorityRow,
    BoothRow,
    DistrictRow,
    LineRow,
    OperatorRow,
    SkillRow,
    TeamRow,
)
from directory.core.city import (
    Administrator,
    Authority,
    AuthorityKind,
    Booth,
    City,
    District,
    Line,
    Operator,
    Team,
)
from kernel.ids import AgentId, AuthorityId, BoothId, TeamId
from kernel.infra.database import Base, Database
from kernel.language import Language
from kernel.policy import Role


class SqlCityStore:
    """Fills `directory.ports.CityStore`, and writes the city that set-up made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> City:
        async with self._database.session() as session:
            return City(
                teams=await _teams(session),
                districts=await _districts(session),
                authorities=await _authorities(session),
                lines=await _lines(session),
                booths=await _booths(session),
                operators=await _operators(session),
                administrators=await _administrators(session),
            )

    async def save(self, city: City) -> None:
        """Make the tables equal to `city`, all but the administrators, in one transaction.

        Rows that `city` no longer has are deleted, save operators: their accounts refer to them.
        """
        async with self._database.session() as session:
            await session.execute(delete(SkillRow))
            await session.execute(delete(LineRow))
            for table, rows in _rows(city).items():
                await self._upsert(session, table, rows)
            await _delete_others(session, BoothRow.booth_id, [b.booth_id for b in city.booths])
            authorities = [a.authority_id for a in city.authorities]
            await _delete_others(session, AuthorityRow.authority_id, authorities)
            districts = [d.district_id for d in city.districts]
            await _delete_others(session, DistrictRow.district_id, districts)

    async def _upsert(
        self, session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        if not rows:
            return
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(table)
        keys = [c.name for c in table.__table__.primary_key]
        others = {c: statement.excluded[c] for c in rows[0] if c not in keys}
        await session.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=others), list(rows)
        )


async def _delete_others(session: AsyncSession, column: Any, keys: Sequence[str]) -> None:
    await session.execute(delete(column.class_).where(column.not_in(keys)))


def _rows(city: City) -> dict[type[Base], list[dict[str, Any]]]:
    """The rows of each table, parents before children."""
    return {
        TeamRow: [
            {
                "team_id": t.team_id,
                "position": t.order,
                "name": t.name,
                "short": t.short,
                "name_en": t.name_en,
                "short_en": t.short_en,
            }
            for t in city.teams
        ],
        DistrictRow: [
            {
                "district_id": d.district_id,
                "code": d.code,
                "position": d.order,
                "name": d.name,
                "name_en": d.name_en,
            }
            for d in city.districts
        ],
        AuthorityRow: [_authority_row(n, a) for n, a in enumerate(city.authorities, 1)],
        LineRow: [
            {
                "number": line.number,
                "position": n,
                "team_id": line.team,
                "authority_id": line.authority,
                "name": line.name,
                "name_en": line.name_en,
                "demo": line.demo,
            }
            for n, line in enumerate(city.lines, 1)
        ],
        BoothRow: [
            {"booth_id": b.booth_id, "floor": b.floor, "row": b.row, "seat": b.seat}
            for b in city.booths
        ],
        OperatorRow: [
            {
                "agent_id": o.agent_id,
                "name": o.name,
                "name_en": o.name_en,
                "primary_team": o.primary_team,
                "languages": {k.value: v for k, v in o.languages.items()},
            }
            for o in city.operators
        ],
        SkillRow: [
            {"agent_id": o.agent_id, "team_id": team, "level": level}
            for o in city.operators
            for team, level in o.skills.items()
        ],
    }


def _authority_row(position: int, authority: Authority) -> dict[str, Any]:
    return {
        "authority_id": authority.authority_id,
        "code": authority.code,
        "position": position,
        "kind": authority.kind.value,
        "district_id": authority.district,
        "name": authority.name,
        "short": authority.short,
        "name_en": authority.name_en,
        "former_en": authority.former_en,
    }


async def _teams(session: AsyncSession) -> tuple[Team, ...]:
    rows = await session.scalars(select(TeamRow).order_by(TeamRow.position))
    return tuple(
        Team(TeamId(r.team_id), r.position, r.name, r.short, r.name_en, r.short_en) for r in rows
    )


async def _districts(session: AsyncSession) -> tuple[District, ...]:
    rows = await session.scalars(select(DistrictRow).order_by(DistrictRow.position))
    return tuple(District(r.district_id, r.code, r.position, r.name, r.name_en) for r in rows)


async def _authorities(session: AsyncSession) -> tuple[Authority, ...]:
    rows = await session.scalars(select(AuthorityRow).order_by(AuthorityRow.position))
    return tuple(
        Authority(
            AuthorityId(r.authority_id),
            r.code,
            AuthorityKind(r.kind),
            r.district_id,
            r.name,
            r.short,
            r.name_en,
            r.former_en,
        )
        for r in rows
    )


async def _lines(session: AsyncSession) -> tuple[Line, ...]:
    rows = await session.scalars(select(LineRow).order_by(LineRow.position))
    return tuple(
        Line(r.number, TeamId(r.team_id), AuthorityId(r.authority_id), r.name, r.name_en, r.demo)
        for r in rows
    )


async def _booths(session: AsyncSession) -> tuple[Booth, ...]:
    rows = await session.scalars(select(BoothRow).order_by(BoothRow.booth_id))
    return tuple(Booth(BoothId(r.booth_id), r.floor, r.row, r.seat) for r in rows)


async def _operators(session: AsyncSession) -> tuple[Operator, ...]:
    skills: defaultdict[str, dict[TeamId, int]] = defaultdict(dict)
    by_level = select(SkillRow).order_by(SkillRow.agent_id, SkillRow.level.desc(), SkillRow.team_id)
    for skill in await session.scalars(by_level):
        skills[skill.agent_id][TeamId(skill.team_id)] = skill.level
    rows = await session.scalars(select(OperatorRow).order_by(OperatorRow.agent_id))
    return tuple(
        Operator(
            AgentId(r.agent_id),
            r.name,
            r.name_en,
            TeamId(r.primary_team),
            MappingProxyType(skills[r.agent_id]),
            MappingProxyType({Language(k): v for k, v in r.languages.items()}),
        )
        for r in rows
    )


async def _administrators(session: AsyncSession) -> tuple[Administrator, ...]:
    rows = await session.scalars(
        select(AccountRow).where(AccountRow.agent_id.is_(None)).order_by(AccountRow.account)
    )
    return tuple(
        Administrator(
            r.account,
            r.display_name,
            r.name_en,
            r.title,
            r.title_en,
            frozenset(Role(role) for role in r.roles),
        )
        for r in rows
    )
