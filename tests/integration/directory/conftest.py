"""A city in a copied file for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kernel.infra.database import Database
from tests.integration.directory_site import (
    Site,
    close,
    opened,
)


@pytest.fixture(scope="module")
def seeded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo city, to be copied: seeding it for each test would take most of
    the time."""
    path = tmp_path_factory.mktemp("seeded") / "city.db"
    shutil.copyfile(sqlite_template, path)

    async def fill() -> None:
        await close(await opened(f"sqlite+aiosqlite:///{path}"))

    asyncio.run(fill())
    return path


@pytest.fixture
async def site(seeded: Path, tmp_path: Path) -> AsyncIterator[Site]:
    path = tmp_path / "city.db"
    shutil.copyfile(seeded, path)
    site = Site(Database(f"sqlite+aiosqlite:///{path}"))
    await site.directory.load()
    yield site
    await close(site)


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.browser() as browser:
        yield browser
