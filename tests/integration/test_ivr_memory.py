"""Languages remembered in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from ivr.adapters.caller_memory import TableCallerMemory
from kernel.infra.database import Database
from kernel.language import Language
from kernel.phone import clean
from tests.fakes.clock import SetClock

MOBILE = clean("13800138000")
OTHER = clean("02083330000")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def restarted(database: Database) -> TableCallerMemory:
    memory = TableCallerMemory(database, SetClock())
    await memory.start()
    await memory.loaded()
    return memory


async def test_choice_survives_a_restart(database: Database) -> None:
    memory = await restarted(database)
    memory.remember(MOBILE, Language.CANTONESE)
    memory.remember(OTHER, Language.ENGLISH)
    memory.remember(MOBILE, Language.ENGLISH)
    await memory.stop()
    again = await restarted(database)
    assert again.language(MOBILE) is Language.ENGLISH
    assert again.language(OTHER) is Language.ENGLISH
    await again.stop()


async def test_choice_is_known_at_once_and_before_it_is_stored(database: Database) -> None:
    memory = TableCallerMemory(database, SetClock())
    memory.remember(MOBILE, Language.CANTONESE)
    assert memory.language(MOBILE) is Language.CANTONESE


async def test_unknown_and_anonymous_numbers_have_no_language(database: Database) -> None:
    memory = await restarted(database)
    memory.remember(clean("anonymous"), Language.ENGLISH)
    assert memory.language(clean("anonymous")) is None
    assert memory.language(OTHER) is None
    await memory.stop()


async def test_database_that_fails_costs_the_memory_and_not_the_call(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(text("DROP TABLE caller_languages"))
    memory = await restarted(database)
    memory.remember(MOBILE, Language.CANTONESE)
    assert memory.language(MOBILE) is Language.CANTONESE
    await memory.stop()
