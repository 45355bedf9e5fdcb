"""A recorded day replayed from the database: the same, bit for bit, and where it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Table, delete, select, update

from acd.adapters.event_log import SqlEventLog
from acd.adapters.log_reader import SqlLogReader
from acd.adapters.tables import AcdEventRow
from acd.core.metrics import Count, summed
from acd.core.replay import What, day_sums
from acd.core.what_if.change import Change
from acd.ports import Entry
from acd.replaying import RunReport, replay_run
from acd.what_if import WHOLE_CENTRE, read_day, what_if
from kernel import events as ev
from kernel.infra.database import Database
from tests.fakes.clock import NOON
from tests.fakes.event_log import ListEventLog, ListRecordedLog
from tests.fakes.log import KeptLog
from tests.simulation.recorded import RecordedShift
from tests.simulation.shift import Habits
from tests.unit.acd.rules import LABOUR, make_rules

DAY = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))
HABITS = Habits(
    talk=60, wrap_up=10, patience=60, ignores=0.03, transfers=0.08, consults=0.04, asks_back=0.2
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def event_log(database: Database) -> AsyncIterator[SqlEventLog]:
    log = SqlEventLog(database, KeptLog())
    await log.start()
    yield log
    await log.stop()


async def record(event_log: SqlEventLog | BothLogs, *, restart: bool = False) -> RecordedShift:
    """A quarter of an hour of 16 operators and about 200 callers, some of whom give up or ask to be
    called back; the supervisor intervenes, and the line breaks once."""
    shift = RecordedShift(make_rules(general_after=15), 11, event_log, HABITS)
    await shift.begin("first")
    shift.run_for(1)
    for number in range(1, 17):
        shift.seat(number)
    shift.arrivals(per_second=0.25, seconds=780)
    shift.lead(380)
    shift.run_for(400)
    await _drain(event_log)
    if restart:
        await shift.begin("second")
    shift.run_for(500)
    await _drain(event_log)
    return shift


async def _drain(event_log: SqlEventLog | BothLogs) -> None:
    if isinstance(event_log, SqlEventLog):
        await event_log.drain()


async def replayed(database: Database, until: datetime = DAY[1]) -> list[RunReport]:
    reader = SqlLogReader(database)
    return [await replay_run(reader, r, until=until) for r in await reader.runs(*DAY)]


async def test_a_recorded_day_replays_bit_for_bit_across_a_restart(
    database: Database, event_log: SqlEventLog
) -> None:
    shift = await record(event_log, restart=True)
    reports = await replayed(database)
    assert [r.run.run for r in reports] == shift.runs
    for report in reports:
        assert report.difference is None
        assert report.unwritten == 0
        assert report.tally.undecided == 0
    assert sum(r.tally.inputs for r in reports) > 900
    assert sum(r.tally.events for r in reports) == len(shift.events)
    assert sum(r.tally.decisions for r in reports) > 900
    assert sum(r.tally.readings for r in reports) >= 14
    kinds = {type(e) for e in shift.events}
    assert kinds >= {ev.CallbackDialled, ev.CallbackMissed, ev.AgentForced, ev.RingOpened}
    announced = [e for e in shift.events if isinstance(e, ev.WaitAnnounced)]
    assert any(e.expected_s is not None for e in announced), "a forecast was told"


async def test_figures_are_counted_again_from_the_log_alone(
    database: Database, event_log: SqlEventLog
) -> None:
    shift = await record(event_log, restart=True)
    shift.run_for(120)
    shift.acd.wallboard()
    await event_log.drain()
    board = shift.acd.wallboard()
    sums = []
    for of in ("logged", "counted"):
        minutes = {}
        for report in await replayed(database):
            minutes.update(getattr(report, of))
        first = int(DAY[0].timestamp()) // 60
        sums.append(summed(day_sums(minutes, first, first + 1440).values()))
    assert sums[0] == sums[1]
    assert sums[0][Count.ANSWERED] + sums[0][Count.ABANDONED] > 150
    assert sums[0][Count.ABANDONED] > 5
    # Every closed minute is in the log, that of the restart too: the wallboard's day is their sum.
    open_minute = [t.bucket for t in shift.acd._books.metrics.teams.values()]
    assert not any(map(any, open_minute)), "two quiet minutes: nothing stands open"
    assert board.total.entered == sums[0][Count.ENTERED]
    assert board.total.answered == sums[0][Count.ANSWERED]
    assert board.total.abandoned == sums[0][Count.ABANDONED]


async def test_the_first_difference_is_named_with_what_was_written_and_what_came(
    database: Database, event_log: SqlEventLog
) -> None:
    await record(event_log)
    table = AcdEventRow.__table__
    assert isinstance(table, Table)
    async with database.connection() as connection:
        rows = await connection.execute(
            select(table.c.number, table.c.body).where(table.c.type == "CallOffered")
        )
        offers = sorted((r.number, r.body) for r in rows)
        number, body = offers[7]
        forged = {**body, "agent_id": "op9999"}
        await connection.execute(update(table).where(table.c.number == number).values(body=forged))
    [report] = await replayed(database)
    found = report.difference
    assert found is not None
    assert (found.what, found.number) == (What.EVENT, number)
    assert found.fields() == ("agent_id",)
    assert isinstance(found.logged, ev.CallOffered) and isinstance(found.came, ev.CallOffered)
    assert (found.logged.agent_id, found.came.agent_id) == ("op9999", body["agent_id"])
    assert report.tally.events < number


async def test_an_entry_that_was_taken_out_is_missed(
    database: Database, event_log: SqlEventLog
) -> None:
    await record(event_log)
    reader = SqlLogReader(database)
    [run] = await reader.runs(*DAY)
    entries = [e async for e in reader.entries(run)]
    table = AcdEventRow.__table__
    for kind, at in (("minute", 0.9), ("event", 0.7), ("input", 0.5)):
        async with database.connection() as connection:
            rows = await connection.execute(
                select(table.c.number).where(table.c.kind == kind).order_by(table.c.number)
            )
            numbers = [r.number for r in rows]
            gone = numbers[int(len(numbers) * at)]
            await connection.execute(delete(AcdEventRow).where(AcdEventRow.number == gone))
        [report] = await replayed(database)
        assert report.difference is not None, kind
        after = next(e.number for e in entries if e.number > gone)
        assert report.difference.number <= after + 5, kind


async def test_a_run_that_was_killed_lacks_its_last_batch_and_differs_in_nothing(
    database: Database, event_log: SqlEventLog
) -> None:
    await record(event_log)
    async with database.connection() as connection:
        rows = await connection.execute(
            select(AcdEventRow.number)
            .where(AcdEventRow.type == "CallOffered")
            .order_by(AcdEventRow.number)
        )
        last = [r.number for r in rows][-1]
        await connection.execute(delete(AcdEventRow).where(AcdEventRow.number >= last))
    [report] = await replayed(database)
    assert report.difference is None
    assert report.unwritten > 0


async def test_a_replay_may_end_in_the_middle_of_the_run(
    database: Database, event_log: SqlEventLog
) -> None:
    await record(event_log)
    [whole] = await replayed(database)
    [part] = await replayed(database, until=NOON + timedelta(minutes=5))
    assert part.difference is None and part.unwritten == 0
    assert 0 < part.tally.inputs < whole.tally.inputs


class BothLogs(ListEventLog):
    """Written to the database and to a list."""

    def __init__(self, sql: SqlEventLog) -> None:
        super().__init__()
        self._sql = sql

    def append(self, run: str, at: datetime, entry: Entry) -> None:
        super().append(run, at, entry)
        self._sql.append(run, at, entry)


async def test_the_database_and_the_list_give_the_same_entries_and_the_same_answer(
    database: Database, event_log: SqlEventLog
) -> None:
    both = BothLogs(event_log)
    await record(both)
    await event_log.drain()
    answers = []
    for reader in (SqlLogReader(database), ListRecordedLog(both)):
        [run] = await reader.runs(*DAY)
        entries = [e async for e in reader.entries(run)]
        assert len(entries) == len(both.entries)
        some = [e.body async for e in reader.entries(run, ("LogIn", "CallAnswered"))]
        day = await read_day(reader, [run], *DAY)
        assert day is not None
        answers.append((run, entries, some, what_if(day, Change(more=[(LABOUR, 2)]), 1)))
    (run, entries, some, answer), (other_run, others, other_some, other) = answers
    assert run == other_run
    assert entries == others
    assert some == other_some and len(some) > 100
    assert (answer.recorded, answer.unchanged, answer.changed) == (
        other.recorded,
        other.unchanged,
        other.changed,
    )


async def test_a_what_if_of_a_day_with_a_restart_knows_the_whole_day(
    database: Database, event_log: SqlEventLog
) -> None:
    shift = await record(event_log, restart=True)
    reader = SqlLogReader(database)
    day = await read_day(reader, await reader.runs(*DAY), *DAY)
    assert day is not None
    queued = {e.call_id for e in shift.events if isinstance(e, ev.CallQueued)}
    assert {v.call_id for v in day.visits} <= queued
    assert len(day.visits) + day.left_out >= len(queued)
    assert len(day.homes) == 16
    answer = what_if(day, Change(), 1)
    recorded, again = answer.recorded[WHOLE_CENTRE], answer.unchanged[WHOLE_CENTRE]
    assert again.calls == pytest.approx(recorded.calls, rel=0.05)
    assert again.occupancy == pytest.approx(recorded.occupancy, abs=0.06)


async def test_a_log_of_an_older_version_replays_without_its_orders(
    database: Database, event_log: SqlEventLog
) -> None:
    await record(event_log)
    async with database.connection() as connection:
        await connection.execute(update(AcdEventRow).values(decided=None))
        await connection.execute(delete(AcdEventRow).where(AcdEventRow.kind == "shown"))
    [report] = await replayed(database)
    assert report.difference is None
    assert report.tally.undecided == report.tally.inputs > 0
    assert report.tally.readings == 0
