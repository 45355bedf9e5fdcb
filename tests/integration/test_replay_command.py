"""`hotline replay` and `hotline whatif` as a person meets them."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from acd.adapters.event_log import SqlEventLog
from acd.adapters.tables import AcdEventRow
from hotline.cli import app, exit_code
from kernel.infra.database import Database
from tests.fakes.log import KeptLog
from tests.integration.test_acd_replay import record

runner = CliRunner()


@pytest.fixture
def environment(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", sqlite_url)
    return sqlite_url


async def recorded_day(url: str) -> None:
    database = Database(url)
    event_log = SqlEventLog(database, KeptLog())
    await event_log.start()
    await record(event_log)
    await event_log.stop()
    await database.close()


async def forge(url: str) -> None:
    """Another operator in the log than the core chose."""
    database = Database(url)
    async with database.connection() as connection:
        row = (
            await connection.execute(
                select(AcdEventRow.number, AcdEventRow.body)
                .where(AcdEventRow.type == "CallOffered")
                .limit(1)
            )
        ).one()
        await connection.execute(
            update(AcdEventRow)
            .where(AcdEventRow.number == row.number)
            .values(body={**row.body, "agent_id": "op9999"})
        )
    await database.close()


def test_a_day_that_replays_is_said_to_be_the_same_with_its_figures(environment: str) -> None:
    asyncio.run(recorded_day(environment))
    done = runner.invoke(app, ["replay", "--day", "2026-11-24"])
    assert done.exit_code == 0, done.output
    assert "all the same, bit for bit" in done.output
    assert "run first-000001  2026-11-24 12:00:00" in done.output
    assert "decided by other code (test)" in done.output
    assert "labour" in done.output and "%" in done.output
    assert "[" not in done.output.partition("┏")[2], "no figure was written otherwise"

    asyncio.run(forge(environment))
    forged = runner.invoke(app, ["replay", "--day", "2026-11-24"])
    assert forged.exit_code == 1
    assert "DIFFERS first in event" in forged.output
    assert "agent_id=op9999" in forged.output
    assert "NOT the same" in forged.output


def test_a_day_without_a_record_is_one_sentence(environment: str) -> None:
    assert exit_code(lambda: app(["replay", "--day", "2026-01-01"], standalone_mode=False)) == 1


def test_what_if_prints_what_was_and_what_would_have_been_side_by_side(environment: str) -> None:
    asyncio.run(recorded_day(environment))
    day = ["whatif", "--day", "2026-11-24"]
    asked = [*day, "--more", "labour=3", "--ring", "labour.2=10s", "--wrap-up", "labour=30s"]
    done = runner.invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "2026-11-24, whole centre" in done.output
    assert "2026-11-24, labour" in done.output
    assert "2026-11-24, general" not in done.output
    for words in ("as recorded", "again, unchanged", "WHAT IF", "points", "ESTIMATED", "DRAWN"):
        assert words in done.output, words
    assert runner.invoke(app, asked).output == done.output, "the same seed, the same answer"
    assert "2026-11-24, general" in runner.invoke(app, [*asked, "--teams"]).output


def test_a_question_that_cannot_be_asked_is_one_sentence(
    environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(recorded_day(environment))
    for option in (
        ("--more", "labour"),
        ("--more", "nobody=2"),
        ("--ring", "labour.1=20s"),
        ("--ring", "general.2=20s"),
        ("--ring", "labour.2=0s"),
        ("--wrap-up", "labour=2s"),
    ):
        asked = ["whatif", "--day", "2026-11-24", *option]
        assert exit_code(partial(app, asked, standalone_mode=False)) == 1, option
        assert capsys.readouterr().err.startswith("hotline: "), option
