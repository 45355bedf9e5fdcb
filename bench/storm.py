"""Security test S16 on the real Asterisk: a storm of machines' calls over citizens' calls.

    python -m bench.storm [--waves rotating,random] [--rate 25] [--seconds 600] [--calm 90]
                          [--citizens 1.6] [--operators 30] [--folder DIR] [--album DIR]

First `--calm` seconds of citizens alone, then `--seconds` with the machines, `--rate` calls a
second of them in all: four in five from 50 numbers in turn (`rotating`) or from a new number each
time (`random`), one in five without a number. Each wave has a hotline of its own with the guard as
it is shipped, and operators at desk phones who talk for ten seconds with whoever comes. Machines,
citizens, operators, Asterisk and the platform share the machine's cores: the rate that all of them
carry together is less than what the platform carries.

Bars, of S16: the citizens' service level (answered within 15 s in the line, of all who called)
falls by 5 points at most; at most 0.5 % of the citizens who show a number and call once are asked
for a key (in the random wave strangers are, which is told and has no bar); nobody is let go; at
most 2 % of the calls that reach a person are machines'; the guard is up within 60 s. And the line
itself: INVITE to 200 OK p99 at most 300 ms, event loop p99.9 at most 250 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError

from bench.attackers import attack
from bench.figures import percentile, verdict
from bench.load import Load, Ready
from bench.photographs import photograph
from bench.scene import Scene, perform, scene
from bench.townsfolk import NAME, Citizen, Townsfolk, known_numbers
from bench.usage import Usage
from bench.viewers import loop_lag
from hotline.simulate.operators import HeadlessOperator
from ivr.adapters.screening_file import load_screening
from tests.e2e.hotline_process import ROOT, HotlineProcess

SCREENING = ROOT / "config" / "ivr" / "screening.yaml"
ANSWERED_WITHIN_S = 15.0
TALK_S, WRAP_S = 10.0, 1.0
LOSS_BAR, ASKED_BAR, ATTACKS_BAR, RAISED_BAR_S = 5.0, 0.005, 0.02, 60.0
SET_UP_BAR_S, LAG_BAR_MS = 0.3, 250.0
_WRITTEN_AFTER_S = 3.0
_PHOTOGRAPHED_AFTER_S = 60.0
_LAG_TOLD_EVERY_S = 16.0
_SEEDED = 20_000


def known(hotline: HotlineProcess) -> None:
    """Two in five citizens have called before: the number has chosen its language."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    rows = [(number, "zh", now) for number in known_numbers(_SEEDED)]
    with sqlite3.connect(hotline.data_dir / "hotline.db") as database:
        database.executemany("INSERT OR IGNORE INTO caller_languages VALUES (?, ?, ?)", rows)


# --- what was seen --------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """One stretch of the run, calm or storm."""

    citizens: list[Citizen]
    lasted_s: float
    spent: Usage
    lag: tuple[float, float, int, int]

    @property
    def level(self) -> float:
        """Service level, 0..100."""
        return 100 * sum(_in_time(c) for c in self.citizens) / max(1, len(self.citizens))

    def told(self, name: str) -> str:
        persons = [c.person_s for c in self.citizens if c.person_s is not None and not c.silent]
        waits = [c.waited_s for c in self.citizens if c.waited_s is not None]
        cores = self.spent.platform_s / self.lasted_s, self.spent.asterisk_s / self.lasted_s
        return (
            f"{name:<6} {len(self.citizens)} citizens, service level {self.level:.1f} %, "
            f"line p50/p99 {_pair(waits)} s, dialled to person p50/p99 {_pair(persons)} s, "
            f"cores {cores[0]:.2f} + {cores[1]:.2f}, load of the machine {os.getloadavg()[0]:.0f}"
        )


@dataclass(frozen=True, slots=True)
class Attacks:
    """`judged`: what became of the machines' calls, by decision and outcome."""

    calls: int
    persons: int
    judged: dict[str, int]


def _in_time(citizen: Citizen) -> bool:
    return citizen.waited_s is not None and citizen.waited_s <= ANSWERED_WITHIN_S


def _pair(samples: Sequence[float]) -> str:
    if not samples:
        return "–"
    return f"{percentile(samples, 0.5):.1f}/{percentile(samples, 0.99):.1f}"


class Stage:
    """Everybody who takes part in one wave."""

    def __init__(self, scene: Scene, given: argparse.Namespace, wave: str) -> None:
        self.scene = scene
        self.given = given
        self.wave = wave
        self.town: Townsfolk
        self._over = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []
        self._operators: list[HeadlessOperator] = []

    async def open(self) -> None:
        load = Load("storm", 1.0, 1, len(self.scene.seats), WRAP_S, 0.0, TALK_S)
        ready = Ready()
        self._operators = [self.scene.site.operator(seat, load, ready) for seat in self.scene.seats]
        for operator in self._operators:
            await operator.sign_in()
            await operator.sit_down()
            self._work.append(asyncio.create_task(operator.take_calls(self._over)))
        self.town = await Townsfolk.open(
            self.scene.hotline.sip_port,
            self.database,
            self.scene.events,
            load_screening(SCREENING).challenge.keys,
            TALK_S,
        )

    async def close(self) -> None:
        await self.town.close()
        self._over.set()
        await asyncio.wait(self._work, timeout=30)
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await asyncio.gather(*(o.leave() for o in self._operators), return_exceptions=True)

    @property
    def database(self) -> Path:
        return self.scene.settings.data_dir / "hotline.db"

    async def stretch(self, seconds: float, *, storm: bool) -> Seen:
        """Citizens call for so long."""
        used, began, log = self.scene.usage(), time.monotonic(), self._log().stat().st_size
        before = len(self.town.all)
        await self.town.call_for(seconds, self.given.citizens, storm=storm)
        lasted = time.monotonic() - began
        spent = self.scene.usage() - used
        await asyncio.sleep(0 if storm else _LAG_TOLD_EVERY_S)
        if not storm:
            await self.town.home()
        return Seen(self.town.all[before:], lasted, spent, loop_lag(self._told(log)))

    async def flood(self) -> tuple[Seen, float]:
        """The wave with citizens in it, and how long after its beginning the guard was up."""
        began = datetime.now(UTC)
        async with attack(
            self.scene.hotline.folder, self.scene.hotline.sip_port, self.wave, self.given.rate
        ):
            pictures = asyncio.create_task(self._photograph())
            seen = await self.stretch(self.given.seconds, storm=True)
            await self.town.home()
            await pictures
        await asyncio.sleep(_WRITTEN_AFTER_S)
        return seen, self._raised_s(began)

    async def _photograph(self) -> None:
        if self.given.album is not None:
            await asyncio.sleep(min(_PHOTOGRAPHED_AFTER_S, self.given.seconds / 2))
            try:
                await photograph(self.scene.hotline, self.given.album.resolve(), self.wave)
            except PlaywrightError as error:
                print(f"       no pictures: {error.message.splitlines()[0]}", flush=True)

    def _raised_s(self, began: datetime) -> float:
        rows = self.rows("SELECT at, level, reason FROM ivr_guard_levels ORDER BY at")
        for row in rows:
            print(f"       {row['at'][11:19]} {row['level']}: {row['reason']}")
        for row in rows:
            at = datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)
            if at >= began and row["level"] != "normal":
                return (at - began).total_seconds()
        return float("inf")

    def attacks(self) -> Attacks:
        """What the hotline has written about the machines' calls."""
        of = f"calls JOIN call_events USING (call_id) WHERE caller_name NOT LIKE '{NAME}%'"
        calls = self.rows(f"SELECT count(*) AS n FROM calls WHERE caller_name NOT LIKE '{NAME}%'")
        persons = self.rows(
            f"SELECT count(DISTINCT call_id) AS n FROM {of} AND type = 'CallAnswered'"
        )
        judged: dict[str, int] = {}
        for row in self.rows(
            "SELECT coalesce(json_extract(body, '$.outcome'), json_extract(body, '$.decision'))"
            f" AS what, count(*) AS n FROM {of}"
            " AND type IN ('CallScreened', 'ChallengeEnded') GROUP BY what"
        ):
            judged[row["what"]] = row["n"]
        return Attacks(calls[0]["n"], persons[0]["n"], judged)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql)]

    def _log(self) -> Path:
        return self.scene.hotline.folder / "hotline.log"

    def _told(self, since: int) -> list[dict[str, Any]]:
        with self._log().open("rb") as file:
            file.seek(since)
            lines = file.read().decode("utf-8", "replace").splitlines()
        found = []
        for line in lines:
            with suppress(ValueError):
                found.append(json.loads(line))
        return found


# --- the run --------------------------------------------------------------------------------


async def measure(hotline: HotlineProcess, given: argparse.Namespace, wave: str) -> bool:
    async with AsyncExitStack() as stack:
        all_up = await stack.enter_async_context(scene(hotline, given.operators, speak=False))
        stage = Stage(all_up, given, wave)
        await stage.open()
        stack.push_async_callback(stage.close)
        print(
            f"\n{wave}: {given.rate:g} attacks/s over {given.citizens:g} citizens/s for "
            f"{given.seconds:g} s",
            flush=True,
        )
        calm = await stage.stretch(given.calm, storm=False)
        print(calm.told("calm"), flush=True)
        storm, raised_s = await stage.flood()
        print(storm.told("storm"), flush=True)
        return _judge(stage, calm, storm, raised_s)


def _judge(stage: Stage, calm: Seen, storm: Seen, raised_s: float) -> bool:
    attacks = stage.attacks()
    reached = sum(c.person_s is not None for c in storm.citizens)
    _tell_cost(calm, storm, attacks, stage.given.rate)
    for kind in ("known", "stranger", "again", "hidden"):
        those = [c for c in storm.citizens if c.kind == kind]
        print(f"       {kind}: {sum(c.asked for c in those)} of {len(those)} were asked for a key")
    met = [
        verdict(
            f"citizens' service level {calm.level:.1f} -> {storm.level:.1f} % "
            f"(bar: {LOSS_BAR:g} points)",
            calm.level - storm.level <= LOSS_BAR,
        ),
        verdict(
            f"citizens who did not reach a person: {_unhelped(storm) or 'none'}",
            reached == len(storm.citizens),
        ),
        verdict(
            f"machines among the calls that reach a person: {attacks.persons} of "
            f"{attacks.persons + reached} ({_part(attacks.persons, attacks.persons + reached)})",
            attacks.persons <= ATTACKS_BAR * (attacks.persons + reached),
        ),
        verdict(f"the guard was up after {raised_s:.1f} s", raised_s <= RAISED_BAR_S),
        *_line(storm),
    ]
    if stage.wave == "rotating":
        once = [c for c in storm.citizens if c.kind in ("known", "stranger")]
        asked = sum(c.asked for c in once)
        met.append(
            verdict(
                f"citizens with a number who called once and were asked: {asked} of {len(once)}",
                asked <= ASKED_BAR * len(once),
            )
        )
    return all(met)


def _line(storm: Seen) -> list[bool]:
    set_ups = [c.answered_s for c in storm.citizens if c.answered_s is not None]
    p50, p99 = (percentile(set_ups, part) for part in (0.5, 0.99))
    p999, longest, ticks, late = storm.lag
    return [
        verdict(
            f"INVITE -> 200 OK p50 {1000 * p50:.1f}, p99 {1000 * p99:.1f} ms", p99 <= SET_UP_BAR_S
        ),
        verdict(
            f"event loop p99.9 {p999:g} ms in the worst 15 s, longest {longest:g} ms, "
            f"later than 50 ms {100 * late / max(1, ticks):.2f} %",
            p999 <= LAG_BAR_MS,
        ),
    ]


def _tell_cost(calm: Seen, storm: Seen, attacks: Attacks, a_second: float) -> None:
    """Processor of one attack: what the storm took more than the calm, by the second."""
    more = (
        storm.spent.platform_s / storm.lasted_s - calm.spent.platform_s / calm.lasted_s,
        storm.spent.asterisk_s / storm.lasted_s - calm.spent.asterisk_s / calm.lasted_s,
    )
    ms = [1000 * part / a_second for part in more]
    print(
        f"       {attacks.calls} attacks came, {attacks.judged}; processor of one: platform "
        f"{ms[0]:.1f} + Asterisk {ms[1]:.1f} ms"
    )


def _unhelped(storm: Seen) -> str:
    found: dict[str, int] = {}
    for citizen in storm.citizens:
        if citizen.person_s is None:
            found[citizen.ended] = found.get(citizen.ended, 0) + 1
    return ", ".join(f"{n} {why}" for why, n in sorted(found.items()))


def _part(some: int, of: int) -> str:
    return f"{100 * some / of:.2f} %" if of else "–"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.storm", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--waves", default="rotating,random")
    parser.add_argument("--rate", type=float, default=25, help="attacks a second")
    parser.add_argument("--citizens", type=float, default=1.6, help="citizens a second")
    parser.add_argument("--seconds", type=float, default=600, help="of each wave")
    parser.add_argument("--calm", type=float, default=90, help="seconds of citizens alone, before")
    parser.add_argument("--operators", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="new folder that keeps records and logs")
    parser.add_argument("--album", type=Path, help="where to put pictures of the guard's page")
    given = parser.parse_args()
    kept: Path | None = given.folder
    missed = 0
    for wave in given.waves.split(","):
        given.folder = kept / wave if kept else None
        missed |= perform(
            given,
            partial(measure, given=given, wave=wave),
            environment={"HOTLINE_SCREENING_FILE": str(SCREENING)},
            prepare=known,
        )
    return missed


if __name__ == "__main__":
    sys.exit(main())
