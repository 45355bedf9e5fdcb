"""The fixtures over the servers; `tests/conftest.py` opens them to every test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cti.adapters.asterisk_config import AsteriskValues, render
from cti.adapters.asterisk_process import AsteriskProcess
from hotline.migrate import migrate
from kernel.infra.database import Database
from tests.servers.asterisk import BINARY, MEDIA_PORTS, values_for
from tests.servers.browser import chromium_path as find_chromium
from tests.servers.postgres import TEMPLATE, PostgresServer, running_postgres
from tests.servers.process import media_ports
from tests.servers.redis import RedisServer, running_redis


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL whose template database has the whole chain of migrations."""
    with running_postgres() as server:
        server.create(TEMPLATE)
        asyncio.run(_migrate(server.url(TEMPLATE)))
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    with postgres_server.copy_of_template() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    path = tmp_path / "hotline.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs the test on both databases, each migrated and empty."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> str | None:
    """Runs a store's contract on its fake and both databases: the address, None for the fake."""
    if request.param == "fake":
        return None
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """A running Redis, empty."""
    redis_server.empty()
    return redis_server.url


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Whoever asks for it looks at pages: with more patience than the five seconds that Playwright
    has by itself, for which a busy machine may need a page."""
    from playwright.async_api import expect  # most tests need no browser, and it is slow to load

    expect.set_options(timeout=20_000)
    return find_chromium()


@pytest.fixture
def asterisk_values(tmp_path: Path) -> Iterator[AsteriskValues]:
    """A configuration on free ports, all folders under the test's own; change it by `replace`."""
    with media_ports(MEDIA_PORTS) as first:
        yield values_for(tmp_path / "asterisk", first)


@pytest.fixture
async def asterisk_process(
    asterisk_values: AsteriskValues, tmp_path: Path
) -> AsyncIterator[AsteriskProcess]:
    """The real Asterisk, fully booted with `asterisk_values`; stopped by its own id."""
    config = tmp_path / "asterisk" / "etc"
    render(config, asterisk_values)
    process = AsteriskProcess(BINARY, config)
    await process.start()
    yield process
    await process.stop()
