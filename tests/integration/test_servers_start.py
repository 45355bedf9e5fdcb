"""The servers that the integration tests stand on answer."""

from __future__ import annotations

import asyncio

import pytest
import redis.asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from cti.adapters.asterisk_config import AsteriskValues
from cti.adapters.asterisk_process import AsteriskProcess


async def _ask(url: str, question: str) -> object:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return (await connection.execute(text(question))).scalar_one()
    finally:
        await engine.dispose()


async def test_postgresql_tells_its_version(postgres_url: str) -> None:
    assert str(await _ask(postgres_url, "SELECT version()")).startswith("PostgreSQL ")


async def test_each_test_gets_the_whole_schema_on_both_databases(database_url: str) -> None:
    assert await _ask(database_url, "SELECT count(*) FROM alembic_version") == 1


async def test_redis_answers_ping(redis_url: str) -> None:
    client = redis.asyncio.from_url(redis_url)
    try:
        assert await client.ping()
    finally:
        await client.aclose()


@pytest.mark.asterisk
async def test_asterisk_greets_on_its_manager_port(
    asterisk_values: AsteriskValues, asterisk_process: AsteriskProcess
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", asterisk_values.ami_port)
    try:
        assert (await reader.readline()).startswith(b"Asterisk Call Manager/")
    finally:
        writer.close()
        await writer.wait_closed()
    assert asterisk_process.running
