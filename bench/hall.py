"""The whole hall, 506 booths logged in, 759 operators known: `python -m bench.hall`.

    python -m bench.hall [--rates 6,10,14,18] [--step S] [--seconds N] [--full]
                         [--booths 506] [--viewers 50] [--folder DIR]

First the curve: rising rates, `--step` seconds each, as far as everything keeps up. Then the long
run at the highest rate that did (or, if it breaks, the one below): `--seconds`, with `--full` the
ten minutes. Telephones send no
sound; conversations are scaled so that most of the hall is busy. The operators are the headless
ones, each with the desktop's own WebSocket, the wallboards are real WebSockets of supervisors; all
of them, sipp, Asterisk and the platform share the machine's cores.

Bars: no double offer, no lost call, every call with one closed record, event loop p99.9 <= 50 ms,
no wallboard older than 500 ms, at most 40 AMI events a call; the delays of `python -m bench`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Bar, Figure, percentile, table, verdict
from bench.load import LINE, Load, Ready
from bench.samples import Samples
from bench.scene import Scene, perform, scene
from bench.traces import engagements, offers, overlapping, set_ups
from bench.usage import Usage
from bench.viewers import Viewers, loop_lag
from hotline.simulate.operators import Habits, HeadlessOperator
from tests.e2e.hotline_process import HotlineProcess

OFFER_BAR = Bar(p50_ms=20, p99_ms=100)
ANSWER_BAR = Bar(p99_ms=300)
AGE_BAR_MS = 500.0
LATE_FRACTION_BAR = 0.001
EVENTS_BAR = 40.0
FULL_S = 600
BUSY_FRACTION = 0.85
WRAP_S = 1.0
RING_S = 0.3
_AT_ONCE = 4
_APART_S = 0.02
_PATIENCE_S = 300.0
_UNEVEN = 0.5
_LAG_TOLD_EVERY_S = 15.0


def load_of(rate: float, seconds: float, booths: int) -> Load:
    """Talks as long as keep most of the hall busy, but not longer than a third of the run."""
    busy_s = BUSY_FRACTION * booths / rate - RING_S - WRAP_S
    return Load(
        name=f"{rate:g} calls/s",
        rate=rate,
        calls=round(rate * seconds),
        operators=booths,
        wrap_s=WRAP_S,
        head_start_s=0.0,
        talk_s=max(1.0, min(busy_s, seconds / 3)),
    )


@dataclass(slots=True)
class Run:
    """What was seen of one load."""

    load: Load
    samples: Samples = field(default_factory=Samples)
    ages_ms: list[float] = field(default_factory=list)
    lag_p999_ms: float = 0.0
    lag_max_ms: float = 0.0
    ticks: int = 0
    late_ticks: int = 0
    rung_twice: int = 0
    given_two: int = 0
    unfinished: int = 0
    records: int = 0
    events: int = 0
    bytes: int = 0
    spent: Usage = field(default_factory=lambda: Usage(0, 0))
    lasted_s: float = 0.0

    @property
    def lost(self) -> int:
        return self.load.calls - min(len(self.samples.answer_ms), self.samples.offered)

    @property
    def late_fraction(self) -> float:
        """Of the loop's ticks, those more than 50 ms late; without ticks: all."""
        return self.late_ticks / self.ticks if self.ticks else 1.0

    def figures(self) -> list[Figure]:
        return [
            Figure("INVITE -> 200 OK", self.samples.answer_ms, ANSWER_BAR),
            Figure("idle operator: queued -> booth's INVITE", self.samples.queued_ms, OFFER_BAR),
            Figure("line: ready -> booth's INVITE", self.samples.ready_ms, Bar()),
        ]

    def bars(self) -> list[tuple[str, bool]]:
        """Sentences of all that is no percentile, each with whether it is so."""
        oldest = max(self.ages_ms, default=0.0)
        per_call = self.events / self.load.calls
        return [
            (f"double offers {self.rung_twice}", not self.rung_twice),
            (f"phones given two callers {self.given_two}", not self.given_two),
            (f"lost calls {self.lost} of {self.load.calls}", not self.lost),
            (f"closed records {self.records}", self.records == self.load.calls),
            (f"conversations without an end {self.unfinished}", not self.unfinished),
            (
                f"event loop: p99.9 <= {self.lag_p999_ms:g} ms in the worst 15 s, longest "
                f"{self.lag_max_ms:g} ms, later than 50 ms {100 * self.late_fraction:.3f} % "
                f"(bar: at most 0.1 %)",
                self.late_fraction <= LATE_FRACTION_BAR,
            ),
            (
                f"oldest wallboard {oldest:.0f} ms of {len(self.ages_ms)} snapshots "
                f"(bar: at most {AGE_BAR_MS:g})",
                0 < oldest <= AGE_BAR_MS,
            ),
            (
                f"AMI events a call {per_call:.1f}, bytes {self.bytes / self.load.calls:.0f} "
                f"(bar: at most {EVENTS_BAR:g} events)",
                0 < per_call <= EVENTS_BAR,
            ),
        ]

    @property
    def kept_up(self) -> bool:
        return all(met for _, met in self.bars()) and all(f.met for f in self.figures()[:2])

    def row(self) -> str:
        """One line of the curve."""
        s = self.samples
        used = (self.spent.platform_s, self.spent.asterisk_s)
        cores = "+".join(f"{seconds / self.lasted_s:.2f}" for seconds in used)
        return (
            f"{self.load.rate:>7g} {self.load.talk_s:>6.1f} {_pair(s.answer_ms)} "
            f"{_pair(s.queued_ms)} {_pair(s.ready_ms)} {self.lag_p999_ms:>9.1f} "
            f"{max(self.ages_ms, default=0.0):>9.0f} {cores:>10}  "
            f"{'kept up' if self.kept_up else 'BROKE'}"
        )


HEADING = (
    f"{'calls/s':>7} {'talk s':>6} {'200 OK':>13} {'queued':>13} {'ready':>13} {'lag p99.9':>9} "
    f"{'board ms':>9} {'cores':>10}\n{'':>14} {'p50/p99 ms':>13} {'p50/p99 ms':>13} "
    f"{'p50/p99 ms':>13} {'ms':>9} {'oldest':>9} {'ours+Ast.':>10}"
)


def _pair(samples: Sequence[float]) -> str:
    if not samples:
        return f"{'–':>13}"
    both = f"{percentile(samples, 0.5):.1f}/{percentile(samples, 0.99):.1f}"
    return f"{both:>13}"


class Hall:
    """Everybody is logged in and ready; `carry` sends citizens."""

    def __init__(self, scene: Scene, viewers: Viewers) -> None:
        self._scene = scene
        self._viewers = viewers
        self._ready = Ready()
        self._over = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []
        self._operators: list[HeadlessOperator] = []
        # Nobody listens, and nobody is to be told that the port is closed.
        self._sink = socket.socket(type=socket.SOCK_DGRAM)
        self._sink.bind(("127.0.0.1", 0))

    async def open(self) -> None:
        """Sign everybody in. Raises Unavailable when one is refused."""
        idle = load_of(1.0, 30.0, len(self._scene.seats))
        self._operators = [
            self._scene.site.operator(seat, idle, self._ready) for seat in self._scene.seats
        ]
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._seat(operator, gate) for operator in self._operators))
        for operator in self._operators:
            self._work.append(asyncio.create_task(operator.take_calls(self._over)))
            await asyncio.sleep(_APART_S)

    async def close(self) -> None:
        self._over.set()
        await asyncio.wait(self._work, timeout=30)
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await asyncio.gather(*(o.leave() for o in self._operators), return_exceptions=True)
        self._sink.close()

    async def carry(self, load: Load) -> Run:
        """One load from the first INVITE to the last citizen's end."""
        run, site = Run(load), self._scene.site
        for operator in self._operators:
            operator.habits = Habits(load.talk_s, load.wrap_s, _UNEVEN)
        events, ami, used = self._scene.events, self._scene.events.ami, self._scene.usage()
        told, heard, desk = events.counts.total(), ami.bytes_received, site.size("desk")
        log, records = self._log_size(), self._records()
        self._viewers.take_ages_ms()
        began = time.monotonic()
        ports = [self._sink.getsockname()[1]] * load.calls
        name, citizens = await site.dial(load, LINE, ports, _PATIENCE_S)
        dialled = asyncio.create_task(asyncio.sleep(load.calls / load.rate))
        ended = asyncio.create_task(site.ended(citizens))
        await dialled
        run.ages_ms = self._viewers.take_ages_ms()
        await ended
        run.lasted_s = time.monotonic() - began
        run.spent = self._scene.usage() - used
        run.events = events.counts.total() - told
        run.bytes = ami.bytes_received - heard
        # The last write-ups, the journal's last batch, and the loop's last word.
        await asyncio.sleep(max(_LAG_TOLD_EVERY_S, load.wrap_s) + 1)
        run.lag_p999_ms, run.lag_max_ms, run.ticks, run.late_ticks = loop_lag(self._log(log))
        run.records = self._records() - records
        await self._read_traces(run, name, desk)
        return run

    async def _read_traces(self, run: Run, name: str, since: int) -> None:
        site, events = self._scene.site, self._scene.events
        run.samples.add_calls(set_ups(await site.trace(name)), {})
        desk = await site.trace("desk", since)
        ours = site.ours
        run.samples.add_offers(offers(desk), events.arrived_at, self._ready.at, ours.is_own)
        found = engagements(desk)
        run.rung_twice = overlapping(found, key=lambda e: e.call_id)
        run.given_two = overlapping(found, key=lambda e: e.endpoint)
        run.unfinished = sum(e.until is None for e in found)

    async def _seat(self, operator: HeadlessOperator, gate: asyncio.Semaphore) -> None:
        async with gate:
            await operator.sign_in()
            await operator.sit_down()

    def _log_size(self) -> int:
        return (self._scene.hotline.folder / "hotline.log").stat().st_size

    def _log(self, since: int) -> list[dict[str, object]]:
        with (self._scene.hotline.folder / "hotline.log").open("rb") as file:
            file.seek(since)
            lines = file.read().decode("utf-8", "replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _records(self) -> int:
        """Calls with a closed record, in the platform's own database."""
        address = f"file:{self._scene.settings.data_dir / 'hotline.db'}?mode=ro"
        with sqlite3.connect(address, uri=True) as database:
            found = database.execute("SELECT count(*) FROM calls WHERE ended_at IS NOT NULL")
            count: int = found.fetchone()[0]
        return count


async def measure(hotline: HotlineProcess, given: argparse.Namespace) -> bool:
    async with AsyncExitStack() as stack:
        all_up = await stack.enter_async_context(scene(hotline, given.booths, speak=False))
        print(f"{given.booths} operators sign in ...", flush=True)
        viewers = Viewers(hotline.base_url, hotline.password, given.viewers)
        hall = Hall(all_up, viewers)
        stack.push_async_callback(hall.close)
        await hall.open()
        stack.push_async_callback(viewers.close)
        await viewers.open()
        kept_up = await _curve(hall, given)
        if not kept_up:
            return verdict("the hall keeps up with no rate of the curve", met=False)
        for rate in reversed(kept_up):
            # What twenty seconds showed may not last: then the rate below is the highest.
            if await _long_run(hall, viewers, rate, given):
                return verdict(f"the highest rate carried to the end: {rate:g} calls/s", met=True)
    return verdict("no rate of the curve was carried to the end", met=False)


async def _long_run(hall: Hall, viewers: Viewers, rate: float, given: argparse.Namespace) -> bool:
    seconds = FULL_S if given.full else given.seconds
    run = await hall.carry(load_of(rate, seconds, given.booths))
    title = f"{given.booths} booths, {rate:g} calls/s for {seconds} s"
    print(f"\n{table(title, run.figures())}\n{HEADING}\n{run.row()}")
    met = [verdict(sentence, met) for sentence, met in run.bars()]
    met.append(verdict(f"wallboards lost {viewers.lost}", not viewers.lost))
    print(flush=True)
    return all(met) and run.kept_up


async def _curve(hall: Hall, given: argparse.Namespace) -> list[float]:
    """Climb until it breaks; the rates that were kept up with, rising."""
    print(HEADING, flush=True)
    kept_up: list[float] = []
    for rate in given.rates:
        run = await hall.carry(load_of(rate, given.step, given.booths))
        print(run.row(), flush=True)
        if not run.kept_up:
            for sentence, met in run.bars():
                if not met:
                    print(f"        {sentence}", flush=True)
            break
        kept_up.append(rate)
    return kept_up


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.hall", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rates", type=_numbers, default=[6, 10, 14, 18, 22, 26, 30, 34])
    parser.add_argument("--step", type=int, default=20, help="seconds of each rate of the curve")
    parser.add_argument("--seconds", type=int, default=60, help="of the long run")
    parser.add_argument("--full", action="store_true", help="the long run takes ten minutes")
    parser.add_argument("--booths", type=int, default=506)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="new folder that keeps traces and logs")
    given = parser.parse_args()
    return perform(given, lambda hotline: measure(hotline, given))


if __name__ == "__main__":
    sys.exit(main())
