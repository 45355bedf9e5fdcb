"""The chain of migrations makes exactly the tables that the departments declare, on both databases,
and can be walked back to nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from hotline.migrate import downgrade, upgrade
from hotline.tables import DEPARTMENTS, metadata
from kernel.infra.database import Database

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "migrations" / "versions"
FILE_NAME = re.compile(r"(\d{4}-\d{2}-\d{2}-\d{4})_([a-z_]+)\.py")


def _chain() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


def _declared(name: str | None, kind: str, parents: Any) -> bool:
    # SQLite's full text search keeps tables of its own, which SQLAlchemy cannot declare.
    return not (kind == "table" and name is not None and name.startswith("kb_fts"))


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={"compare_type": True, "compare_server_default": True, "include_name": _declared},
    )
    return list(compare_metadata(context, metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version", "sqlite_sequence"}


async def test_migrated_database_equals_the_declared_tables(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.run_sync(_differences) == []


async def test_every_revision_can_be_undone_and_done_again(database: Database) -> None:
    revisions = [r.revision for r in _chain().walk_revisions()]
    async with database.connection() as connection:
        for revision in [*revisions[1:], "base"]:
            await connection.run_sync(downgrade, revision)

        assert await connection.run_sync(_tables) == set()

        await connection.run_sync(upgrade)
        assert await connection.run_sync(_differences) == []


def test_the_chain_is_one_line_in_the_order_of_its_files() -> None:
    chain = _chain()
    assert len(chain.get_heads()) == len(chain.get_bases()) == 1

    walked = [Path(r.path).name for r in chain.walk_revisions()]
    files = sorted(p.name for p in VERSIONS.glob("*.py"))
    assert walked[::-1] == files


def test_migrations_are_named_by_their_date() -> None:
    for path in VERSIONS.glob("*.py"):
        match = FILE_NAME.fullmatch(path.name)
        assert match, path.name
        datetime.strptime(f"{match[1]} +0000", "%Y-%m-%d-%H%M %z")


def test_every_department_with_tables_is_known_to_the_migrations() -> None:
    with_tables = {p.parts[-3] for p in ROOT.glob("*/adapters/tables.py")}
    assert with_tables == set(DEPARTMENTS)
