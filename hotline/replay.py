"""`hotline replay`: a recorded day stepped again, compared with what was written, and said so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from acd.adapters.code_print import code_print
from acd.adapters.log_reader import SqlLogReader
from acd.core.floor import microseconds
from acd.core.metrics import (
    MINUTE_US,
    Bucket,
    Count,
    abandon_rate,
    average_handle_time,
    average_speed_of_answer,
    connect_rate,
    empty_bucket,
    occupancy,
    service_level,
    short_abandon_rate,
    summed,
)
from acd.core.replay import Difference, day_sums
from acd.ports import RecordedRun
from acd.replaying import Progress, RunReport, replay_run
from hotline.migrate import in_one_sentence, is_newest
from hotline.settings import Settings
from kernel.clock import CITY_ZONE_NAME
from kernel.errors import NotFound, Unavailable
from kernel.ids import TeamId
from kernel.infra.clock import SystemClock
from kernel.infra.database import Database

CITY_ZONE = ZoneInfo(CITY_ZONE_NAME)


@asynccontextmanager
async def recorded_log(settings: Settings) -> AsyncIterator[SqlLogReader]:
    """The log, only to be read. Raises Unavailable without a database of this version."""
    database = Database(settings.database)
    try:
        with in_one_sentence():
            async with database.reading() as session:
                newest = await (await session.connection()).run_sync(is_newest)
        if not newest:
            raise Unavailable("The database's schema is not this version's; run `hotline migrate`.")
        yield SqlLogReader(database)
    finally:
        await database.close()


def city_day(day: date | None) -> tuple[datetime, datetime]:
    """Begin and end of a day of the city; None: today's."""
    chosen = day or SystemClock().now().astimezone(CITY_ZONE).date()
    begin = datetime.combine(chosen, time(), CITY_ZONE)
    return begin, begin + timedelta(days=1)


async def runs_of_day(
    log: SqlLogReader, begin: datetime, end: datetime, run: str | None
) -> list[RecordedRun]:
    """Raises NotFound when nothing was recorded, or not by this run."""
    runs = [r for r in await log.runs(begin, end) if run in (None, r.run)]
    if not runs:
        of = f" by the run {run}" if run else ""
        raise NotFound(
            f"Nothing was recorded on {begin.date()}{of}, or it is not kept from its run's start."
        )
    return runs


async def replay_day(
    settings: Settings, day: date | None, run: str | None, console: Console, progress: Progress
) -> bool:
    """Replay each run of the day from its beginning; True when all came again."""
    begin, end = city_day(day)
    reports: list[RunReport] = []
    async with recorded_log(settings) as log:
        for recorded in await runs_of_day(log, begin, end, run):
            report = await replay_run(log, recorded, until=end, progress=progress)
            for line in told(report, code_print()):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            reports.append(report)
    console.print(figures_table(begin, reports))
    good = all(r.difference is None for r in reports)
    console.print("all the same, bit for bit" if good else "NOT the same", markup=False)
    return good


# --- words ----------------------------------------------------------------------------------


def told(report: RunReport, code: str) -> Iterable[str]:
    """What is to be said of one run."""
    run, tally = report.run, report.tally
    yield f"run {run.run}  {_moment(run.began_at)} to {_moment(run.ended_at)}"
    if run.started.code and run.started.code != code:
        yield f"  decided by other code ({run.started.code}) than this ({code}): it may differ"
    yield (
        f"  the same: {tally.inputs} inputs, {tally.decisions} orders and timers, "
        f"{tally.events} events, {tally.minutes} closed minutes, "
        f"{tally.readings} readings of the wallboard"
    )
    if tally.undecided:
        yield f"  {tally.undecided} inputs were recorded without their orders (older version)"
    if report.unwritten:
        yield f"  the run broke off: its last {report.unwritten} entries were never written"
    if report.difference is not None:
        yield from _difference(report.difference)


def _difference(found: Difference) -> Iterable[str]:
    yield (
        f"  DIFFERS first in {found.what.value}, at entry {found.number}, "
        f"after input {found.sequence}, {_moment(found.at)}"
    )
    names = found.fields()
    yield f"    logged  {_plain(found.logged, names)}"
    yield f"    came    {_plain(found.came, names)}"


def _plain(thing: object, names: tuple[str, ...]) -> str:
    """One line: the type, and the fields that differ (all, where the types differ)."""
    if thing is None:
        return "nothing"
    if not is_dataclass(thing):
        return str(thing)
    shown = names or tuple(f.name for f in fields(thing))
    whose = {n: getattr(thing, n) for n in ("call_id", "agent_id") if hasattr(thing, n)}
    whose.update({n: getattr(thing, n) for n in shown})
    return f"{type(thing).__name__} " + ", ".join(f"{n}={v!s}" for n, v in whose.items())


def _moment(at: datetime) -> str:
    return at.astimezone(CITY_ZONE).isoformat(sep=" ", timespec="microseconds")[:-6]


# --- figures --------------------------------------------------------------------------------

_FIGURES: Sequence[tuple[str, Callable[[Bucket], str]]] = (
    ("entered", lambda c: str(c[Count.ENTERED])),
    ("answered", lambda c: str(c[Count.ANSWERED])),
    ("in time, abandons ignored", lambda c: percent(service_level(c).ignoring_abandons)),
    ("in time, abandons against", lambda c: percent(service_level(c).abandons_negative)),
    ("in time, abandons for", lambda c: percent(service_level(c).abandons_positive)),
    ("connect rate", lambda c: percent(connect_rate(c))),
    ("ASA", lambda c: _seconds(average_speed_of_answer(c))),
    ("AHT", lambda c: _seconds(average_handle_time(c))),
    ("occupancy", lambda c: percent(occupancy(c))),
    ("abandoned", lambda c: percent(abandon_rate(c))),
    ("short abandons", lambda c: percent(short_abandon_rate(c))),
)


def figures_table(begin: datetime, reports: Iterable[RunReport]) -> Table:
    """The day's closed minutes, counted again from the inputs alone. A figure that was written
    otherwise stands beside, in brackets."""
    logged: dict[tuple[int, TeamId], Bucket] = {}
    counted: dict[tuple[int, TeamId], Bucket] = {}
    for report in reports:
        logged.update(report.logged)
        counted.update({k: v for k, v in report.counted.items() if k in report.logged})
    first = microseconds(begin) // MINUTE_US
    written, again = (day_sums(m, first, first + 1440) for m in (logged, counted))
    table = Table("", "all", *again, title=f"{begin.date()}, counted again from the log alone")
    sums = [(summed(again.values()), summed(written.values()))]
    sums += [(again[team], written.get(team, empty_bucket())) for team in again]
    for name, figure in _FIGURES:
        pairs = ((figure(one), figure(other)) for one, other in sums)
        table.add_row(name, *(a if a == b else f"{a} [{b}]" for a, b in pairs))
    return table


def percent(part: float | None) -> str:
    """Two digits after the point; a dash for what is not defined."""
    return "-" if part is None else f"{100 * part:.2f} %"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
