"""The append-only log on both databases: what is written, what a restart finds, what replays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from acd.adapters.event_log import KEEP, SqlEventLog
from acd.adapters.log_reader import SqlLogReader
from acd.adapters.tables import AcdEventRow
from acd.core.effects import Effect
from acd.core.floor import Floor
from acd.core.metrics import Count
from acd.core.replay import LoggedStep
from acd.core.step import step
from acd.service import Distribution
from kernel.ids import CallbackId, CallId
from kernel.infra.database import Database
from tests.fakes.bus import CollectingBus
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.timers import HandTimers
from tests.unit.acd.hall import A, B, Hall
from tests.unit.acd.rules import GENERAL, make_rules


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


class LoggedHall(Hall):
    """A hall whose distribution writes to a real database."""

    def __init__(self, event_log: SqlEventLog) -> None:
        super().__init__()
        self.sql_log = event_log
        self.next_run("first")

    def next_run(self, name: str) -> None:
        """A new process around the same exchange and database."""
        self.timers, self.bus = HandTimers(), CollectingBus()
        self.acd = Distribution(
            rules=make_rules(),
            roster=self.roster,
            control=self.exchange,
            timers=self.timers,
            clock=self.clock,
            bus=self.bus,
            ids=CountedIds(name),
            event_log=self.sql_log,
            log=self.log,
        )
        self.exchange.sinks[:] = [self.acd.post]


class WaitableLog(KeptLog):
    """Tells when the first warning was written."""

    def __init__(self) -> None:
        super().__init__()
        self.warned = asyncio.Event()

    def warning(self, event: str, **fields: object) -> None:
        super().warning(event, **fields)
        self.warned.set()


async def busy_minutes(hall: LoggedHall) -> None:
    """A call answered, one abandoned, one ringing, one waiting."""
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    await hall.seat(A)
    first = await hall.arrive("c-1")
    hall.clock.advance(timedelta(seconds=4))
    hall.exchange.pick_up("booth001")
    await hall.calm()
    second = await hall.arrive("c-2")
    await hall.pass_time(70)
    hall.exchange.caller_hangs_up(second)
    await hall.calm()
    hall.exchange.caller_hangs_up(first)
    await hall.calm()
    await hall.acd.finish_wrap_up(A, "answered")
    await hall.arrive("c-3")
    await hall.arrive("c-4")
    await hall.pass_time(5)


async def test_a_killed_platform_finds_everybody_again(database: Database) -> None:
    event_log = SqlEventLog(database, KeptLog())
    await event_log.start()
    hall = LoggedHall(event_log)
    await busy_minutes(hall)
    before = hall.acd.wallboard()
    await event_log.drain()

    # The old process is gone without a word; the exchange kept its callers.
    dead = hall.acd
    hall.next_run("second")
    hall.clock.advance(timedelta(seconds=3))
    await hall.acd.start()
    assert hall.view(A).booth_id == "001"
    hall.exchange.restore()
    await hall.calm()

    assert (hall.view(A).status, hall.view(A).activity) == ("ready", "offered")
    assert not hall.view(A).connected, "the browser has the grace to come back"
    assert hall.acd.position(CallId("c-3")) == 1
    assert hall.acd.position(CallId("c-4")) == 2
    assert hall.exchange.orders.count(("deliver", CallId("c-3"))) == 1
    after = hall.acd.wallboard()
    assert hall.acd.audit() == []
    general = [next(t for t in w.teams if t.team == GENERAL) for w in (before, after)]
    assert general[0].connect_rate == general[1].connect_rate == 0.5
    for name in ("waiting", "entered", "answered", "abandoned", "service_level_day"):
        assert getattr(general[0], name) == getattr(general[1], name), name
    await hall.acd.connection_back(A)
    hall.exchange.pick_up("booth001")
    await hall.calm()
    assert hall.view(A).activity == "talking"
    await hall.acd.stop()
    await dead.stop()
    await event_log.stop()


async def test_a_killed_platform_knows_who_is_to_be_called_back(database: Database) -> None:
    """One waits for the turn, one rests after an attempt, one rings while the platform is dead,
    one is over; each stands in the next run where it stood."""
    event_log = SqlEventLog(database, KeptLog())
    await event_log.start()
    hall = LoggedHall(event_log)
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    for n in range(4):
        call = await hall.arrive(f"c-{n}", ani=f"1380013800{n}")
        hall.exchange.ask_for_callback(call)
        await hall.pass_time(1)
    await hall.acd.cancel_callback(CallbackId("cb-c-3"), actor="chen")
    await hall.seat(A)
    hall.exchange.citizen_not_had(CallbackId("cb-c-0"))
    await hall.calm()
    assert list(hall.exchange.dialling) == ["cb-c-1"]
    before = [(c.callback_id, c.number, c.attempts, c.again_at) for c in hall.acd.callbacks()]
    await event_log.drain()

    [ended] = await event_log.callbacks_ended(hall.clock.now() - timedelta(hours=1))
    assert (ended.callback_id, ended.outcome) == ("cb-c-3", "cancelled")
    assert await event_log.callbacks_ended(hall.clock.now() + timedelta(hours=1)) == []

    dead = hall.acd
    hall.next_run("second")
    hall.clock.advance(timedelta(seconds=3))
    await hall.acd.start()
    hall.exchange.restore()
    await hall.calm()
    after = hall.acd.callbacks()
    assert [(c.callback_id, c.number, c.attempts, c.again_at) for c in after] == before
    # Nobody of this run is held for the citizen who rang: left in peace, and next in turn.
    assert [(c.state, c.position) for c in after] == [("resting", 0), ("due", 1), ("due", 2)]
    assert hall.exchange.dialling == {}
    await hall.acd.connection_back(A)
    await hall.calm()
    assert list(hall.exchange.dialling) == ["cb-c-1"]
    assert hall.view(A).activity == "dialling"
    await hall.acd.stop()
    await dead.stop()
    await event_log.stop()


async def test_a_run_replays_from_the_database_to_the_same_floor(database: Database) -> None:
    event_log = SqlEventLog(database, KeptLog())
    await event_log.start()
    hall = LoggedHall(event_log)
    await busy_minutes(hall)
    await hall.seat(B)
    await event_log.drain()
    reader = SqlLogReader(database)
    [recorded] = await reader.runs(
        hall.clock.now() - timedelta(days=1), hall.clock.now() + timedelta(seconds=1)
    )
    runs: list[tuple[Effect, ...]] = []
    for _ in range(2):
        floor = Floor(make_rules())
        effects: tuple[Effect, ...] = ()
        async for entry in reader.entries(recorded):
            if isinstance(entry.body, LoggedStep):
                floor, more = step(floor, entry.body.input, entry.at)
                effects += more
        runs.append(effects)
    async with database.session() as session:
        kinds = set(await session.scalars(select(AcdEventRow.kind).distinct()))
        sequences = list(
            await session.scalars(
                select(AcdEventRow.sequence)
                .where(AcdEventRow.kind == "input")
                .order_by(AcdEventRow.number)
            )
        )
    assert kinds == {"input", "event", "minute"}
    assert sequences == list(range(1, len(sequences) + 1))
    await hall.acd.stop()
    await event_log.stop()


async def test_older_minutes_are_recalled_closed_and_the_last_hour_by_events(
    database: Database,
) -> None:
    event_log = SqlEventLog(database, KeptLog())
    await event_log.start()
    hall = LoggedHall(event_log)
    await busy_minutes(hall)
    await hall.pass_time(7200)
    hall.exchange.caller_hangs_up(CallId("c-3"))
    await hall.calm()
    figures = hall.acd._books.metrics.teams[GENERAL]
    whole = figures.window(figures.rolling)
    await event_log.drain()
    hall.next_run("second")
    await hall.acd.start()
    figures = hall.acd._books.metrics.teams[GENERAL]
    found = figures.window(figures.rolling)
    for count in (Count.ENTERED, Count.ANSWERED, Count.ABANDONED, Count.WAIT_US):
        assert found[count] == whole[count], count.name
    await hall.acd.stop()
    await event_log.stop()


async def test_a_database_that_fails_loses_no_entry(database: Database) -> None:
    log = WaitableLog()
    event_log = SqlEventLog(database, log)
    await event_log.start()
    hall = LoggedHall(event_log)
    await hall.acd.start()
    # The first batch also looks for rows to drop; on a busy machine it met the missing table there.
    await event_log.drain()
    async with database.session() as session:
        await session.execute(text("ALTER TABLE acd_events RENAME TO acd_events_away"))
    hall.exchange.restore()
    await hall.seat(A)
    await asyncio.wait_for(log.warned.wait(), 10)
    # Said at each attempt, and there may have been several on a busy machine.
    assert set(log.events) == {"acd_log_unwritten"}
    async with database.session() as session:
        await session.execute(text("ALTER TABLE acd_events_away RENAME TO acd_events"))
    await event_log.drain()
    reader = SqlLogReader(database)
    [recorded] = await reader.runs(
        hall.clock.now() - timedelta(days=1), hall.clock.now() + timedelta(seconds=1)
    )
    bodies = [e.body async for e in reader.entries(recorded)]
    replayed = [type(b.input).__name__ for b in bodies if isinstance(b, LoggedStep)]
    assert replayed == [
        "Started",
        "LineRestored",
        "EndpointChanged",
        "PhoneChanged",
        "LogIn",
        "ChooseReady",
    ]
    await hall.acd.stop()
    await event_log.stop()


async def test_what_is_older_than_thirty_days_is_dropped(database: Database) -> None:
    event_log = SqlEventLog(database, KeptLog())
    await event_log.start()
    hall = LoggedHall(event_log)
    await busy_minutes(hall)
    await event_log.stop()
    later = SqlEventLog(database, KeptLog())
    await later.start()
    hall.sql_log = later
    hall.clock.advance(KEEP + timedelta(days=1))
    hall.next_run("late")
    await hall.acd.start()
    await hall.calm()
    await later.drain()
    await later.stop()
    async with database.session() as session:
        runs = set(await session.scalars(select(AcdEventRow.run).distinct()))
    assert runs == {"late-000001"}
    await hall.acd.stop()
