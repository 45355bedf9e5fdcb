"""The demo city as one command makes it, counted on both databases."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, inspect, text

from directory.adapters.city_store import SqlCityStore
from directory.core.city import AuthorityKind
from directory.service import Directory
from hotline.demo import seed_city
from hotline.settings import Settings
from hotline.wiring import assemble
from kernel.infra.database import Database
from kernel.policy import Role
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATORS = 759
ADMINISTRATORS = 34


@dataclass(frozen=True, slots=True)
class Town:
    settings: Settings
    database: Database
    told: dict[str, int]
    steps: list[tuple[str, int, int]]


async def seed(settings: Settings) -> tuple[dict[str, int], list[tuple[str, int, int]]]:
    steps: list[tuple[str, int, int]] = []
    told = await seed_city(settings, lambda what, done, total: steps.append((what, done, total)))
    return told, steps


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def city_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One migrated database for all tests of this module: seeding it for each would take most of
    their time."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        copy = shutil.copyfile(template, tmp_path_factory.mktemp("city") / "city.db")
        yield f"sqlite+aiosqlite:///{copy}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.copy_of_template() as url:
            yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(city_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("installation")
    settings = Settings(data_dir=folder, database_url=city_url)
    told, steps = await seed(settings)
    database = Database(city_url)
    yield Town(settings, database, told, steps)
    await database.close()


async def rows_of_everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables, in a fixed order."""

    def read(connection: Connection) -> dict[str, list[Any]]:
        names = inspect(connection).get_table_names()
        # SQLite's full text index merges itself; its words are those of kb_search.
        kept = [n for n in names if not n.startswith("kb_fts")]
        return {
            name: sorted(
                repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name}"))
            )
            for name in kept
        }

    async with database.connection() as connection:
        return await connection.run_sync(read)


async def test_the_city_has_exactly_the_numbers_of_its_description(town: Town) -> None:
    directory = Directory(SqlCityStore(town.database))
    await directory.load()

    assert len(directory.teams()) == 5
    assert len(directory.booths()) == 506
    assert len({b.place for b in directory.booths()}) == 506
    assert len(directory.agents()) == OPERATORS
    assert len(directory.authorities()) == 123
    assert len(directory.districts()) == 11
    assert len(directory.lines()) == 76
    assert len({line.authority for line in directory.lines()}) == 51


async def test_the_authorities_are_districts_departments_and_others(town: Town) -> None:
    directory = Directory(SqlCityStore(town.database))
    await directory.load()

    kinds = Counter(a.kind for a in directory.authorities())

    districts = kinds.pop(AuthorityKind.DISTRICT)
    departments = kinds.pop(AuthorityKind.DEPARTMENT)
    assert (districts, departments, sum(kinds.values())) == (11, 50, 62)


async def test_every_operator_and_administrator_has_an_account(town: Town) -> None:
    async with town.database.connection() as connection:
        found = await connection.execute(text("SELECT account, roles FROM accounts"))
        accounts = {row.account: row.roles for row in found}

    operators = {a for a, roles in accounts.items() if Role.OPERATOR.value in str(roles)}
    assert len(operators) == OPERATORS
    assert len(accounts) - len(operators) == ADMINISTRATORS


async def test_what_operators_use_is_there_from_the_first_call(town: Town) -> None:
    services = await assemble(town.settings)
    try:
        assert len(services.cases.templates()) == 8
        assert len(services.cases.self_service_items()) == 11
        found = await services.knowledge.search("社保卡", None, 5, None)
        assert found.hits
    finally:
        await services.database.close()


async def test_at_least_a_hundred_and_twenty_articles_are_published(town: Town) -> None:
    async with town.database.connection() as connection:
        query = "SELECT team, count(*) FROM kb_articles WHERE state = 'published' GROUP BY team"
        teams = {row[0]: row[1] for row in await connection.execute(text(query))}

    assert sum(teams.values()) >= 120
    assert len(teams) == 5
    assert min(teams.values()) >= 20


async def test_a_second_run_tells_the_same_and_changes_nothing(town: Town) -> None:
    before = await rows_of_everything(town.database)

    told, _ = await seed(town.settings)

    assert told == town.told
    after = await rows_of_everything(town.database)
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == []


async def test_what_the_command_tells_is_what_there_is(town: Town) -> None:
    async with town.database.connection() as connection:
        articles = await connection.scalar(
            text("SELECT count(*) FROM kb_articles WHERE state = 'published'")
        )
        cases = await connection.scalar(text("SELECT count(*) FROM cases"))

    assert town.told == {
        "teams": 5,
        "booths": 506,
        "operators": OPERATORS,
        "administrators": ADMINISTRATORS,
        "authorities": 123,
        "lines": 76,
        "articles": articles,
        "cases": cases,
    }
    assert town.steps[-1][1] == town.steps[-1][2]
