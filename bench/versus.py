"""The distribution against Asterisk's app_queue, on the same Asterisk: `python -m bench.versus`.

    python -m bench.versus [--rates 1.65,6.6] [--seconds N] [--rounds N]
                           [--talk S] [--ladder 10,15,20] [--folder DIR]

One hotline, one Asterisk, the same sipp citizens and the same desk phones: a load goes through the
platform, then through app_queue (`bench.native_queue`), in turn, `--rounds` times, so that a busy
minute of the machine burdens both. Every moment is taken as in `python -m bench`. `--ladder` climbs
in calls a second, each side until a call is lost or the answer takes too long.

Processor time is that of Asterisk and the platform together while a load lasts, by /proc; for
app_queue, too, the platform is there and idle. What it does for a call (desktop, screen pop,
journal, log, archive of the recording) app_queue does not do at all. The bar is judged with talks
of `--talk` seconds, sound flowing and recorded, at the lowest rate: in the loads that measure
latency a talk lasts 0.6 s, so that a call's beginning and end are nearly all of it; real talks last
four minutes. Their ratio is printed, too.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Bar, Figure, Ratio, percentile, table, verdict
from bench.load import Load, Ready, Side, Worker, idle_operators, line_to_serve
from bench.native_queue import NUMBER, NativeHall, dialplan, queues
from bench.samples import Samples
from bench.scene import Scene, perform, scene
from bench.usage import Usage
from hotline.simulate.city import Place
from tests.e2e.hotline_process import HotlineProcess

OURS, RIVAL = "ours", "app_queue"
OFFER_BAR = Bar(p50_ms=20, p99_ms=100)
SPEED_BAR = 10.0
COST_BAR = 1.3
ANSWER_P99_MS = 300.0
LADDER_S = 10


@dataclass(slots=True)
class Told:
    """What one side did with all its loads of one rate."""

    samples: Samples = field(default_factory=Samples)
    spent: Usage = field(default_factory=lambda: Usage(0, 0))
    calls: int = 0

    @property
    def lost(self) -> int:
        """Calls that were not answered, or never rang at a phone."""
        return self.calls - min(len(self.samples.answer_ms), self.samples.offered)

    @property
    def cost_ms(self) -> float:
        """Processor time of a call, Asterisk and platform."""
        return 1000 * self.spent.total_s / self.calls

    @property
    def kept_up(self) -> bool:
        """Nobody lost, and the line was answered in time."""
        answered = self.samples.answer_ms
        return not self.lost and percentile(answered, 0.99) <= ANSWER_P99_MS


def figures(ours: Told, rival: Told) -> list[Figure]:
    none = Bar()
    return [
        Figure("idle operator: queued -> INVITE, ours", ours.samples.queued_ms, OFFER_BAR),
        Figure("idle operator: queued -> INVITE, app_queue", rival.samples.queued_ms, none),
        Figure("line: ready -> INVITE, ours", ours.samples.ready_ms, OFFER_BAR),
        Figure("line: ready -> INVITE, app_queue", rival.samples.ready_ms, none),
    ]


def ratios(ours: Told, rival: Told) -> list[Ratio]:
    """What is compared; a side without samples has no ratio, and so misses."""
    return [
        Ratio(
            "ready -> INVITE, app_queue : ours (p50)",
            _median(rival.samples.ready_ms),
            _median(ours.samples.ready_ms),
            at_least=SPEED_BAR,
        ),
        Ratio(
            "queued -> INVITE, app_queue : ours (p50)",
            _median(rival.samples.queued_ms),
            _median(ours.samples.queued_ms),
        ),
        Ratio(
            "processor per call, ours : app_queue", ours.cost_ms, rival.cost_ms, at_most=COST_BAR
        ),
    ]


def _median(samples: list[float]) -> float:
    return percentile(samples, 0.5) if samples else 0.0


def describe(name: str, told: Told) -> str:
    return (
        f"{name:<9} {told.calls} calls, lost {told.lost}; processor per call: Asterisk "
        f"{1000 * told.spent.asterisk_s / told.calls:.1f} ms, platform "
        f"{1000 * told.spent.platform_s / told.calls:.1f} ms"
    )


@dataclass(frozen=True, slots=True)
class Match:
    """Both sides on one scene."""

    scene: Scene
    sides: dict[str, Side]

    async def carry(self, load: Load, side: str, told: Told) -> None:
        print(f"{side}: {load.name}: {load.calls} calls, {load.operators} operators", flush=True)
        told.spent += await self.scene.site.carry(
            load, self.sides[side], told.samples, self.scene.usage
        )
        told.calls += load.calls

    async def in_turn(self, loads: Sequence[Load], rounds: int) -> tuple[Told, Told]:
        """Ours and the rival's, under all loads."""
        told = {OURS: Told(), RIVAL: Told()}
        for _ in range(rounds):
            for side in (OURS, RIVAL):
                for load in loads:
                    await self.carry(load, side, told[side])
        return told[OURS], told[RIVAL]

    async def cost(self, rate: float, given: argparse.Namespace) -> bool:
        """Processor time of calls that last; True if the bar is met."""
        ours, rival = await self.in_turn([_long_talks(rate, given.talk)], rounds=1)
        ratio = Ratio(
            "processor per call, ours : app_queue", ours.cost_ms, rival.cost_ms, None, COST_BAR
        )
        print(f"\n{rate:g} calls/s, talks of {given.talk:g} s")
        for line in (ratio.line(), describe(OURS, ours), describe(RIVAL, rival)):
            print(line)
        print(flush=True)
        return ratio.met and not ours.lost

    async def at_rate(self, rate: float, given: argparse.Namespace) -> bool:
        """Both sides under both loads, in turn; True if every bar is met."""
        ours, rival = await self.in_turn(loads(rate, given.seconds), given.rounds)
        measured, compared = figures(ours, rival), ratios(ours, rival)
        print(f"\n{table(f'{rate:g} calls/s', measured)}")
        for line in (*(r.line() for r in compared), describe(OURS, ours), describe(RIVAL, rival)):
            print(line)
        print(flush=True)
        none_lost = not ours.lost
        return none_lost and all(f.met for f in measured) and all(r.met for r in compared)

    async def sustained(self, side: str, rates: Iterable[float]) -> float:
        """The highest rate of the ladder that this side kept up with; 0 for none."""
        best = 0.0
        for rate in rates:
            told = Told()
            await self.carry(idle_operators(rate, LADDER_S), side, told)
            if not told.kept_up:
                break
            best = rate
        return best


def _long_talks(rate: float, talk_s: float) -> Load:
    """Dialled twice as long as a talk lasts, so that the hall is at work for most of the time: what
    an operator's desk costs while nobody calls would else be paid by few calls."""
    return idle_operators(rate, 2 * talk_s, talk_s)


def loads(rate: float, seconds: float) -> list[Load]:
    return [idle_operators(rate, seconds), line_to_serve(rate, seconds)]


async def measure(hotline: HotlineProcess, given: argparse.Namespace) -> bool:
    ladder = [idle_operators(rate, LADDER_S) for rate in given.ladder]
    wanted = [load for rate in given.rates for load in loads(rate, given.seconds)] + ladder
    wanted.append(_long_talks(min(given.rates), given.talk))
    async with scene(hotline, max(load.operators for load in wanted)) as all_up:
        match = Match(all_up, {OURS: all_up.site.ours, RIVAL: await _rival(all_up)})
        met = True
        for rate in given.rates:
            met &= await match.at_rate(rate, given)
        met &= await match.cost(min(given.rates), given)
        if given.ladder:
            best = {side: await match.sustained(side, given.ladder) for side in match.sides}
            print("calls/s kept up with: " + ", ".join(f"{n} {r:g}" for n, r in best.items()))
            met &= verdict("ours keeps up with no less", best[OURS] >= best[RIVAL])
    return met


async def _rival(scene: Scene) -> Side:
    """Teach the running Asterisk the number of app_queue."""
    teams = sorted(set(scene.team_of_phone.values()))
    recordings = scene.hotline.folder / "native-recordings"
    etc = scene.settings.asterisk_dir / "etc"
    await asyncio.to_thread(recordings.mkdir)
    await asyncio.to_thread(_append, etc / "queues.conf", queues(teams))
    added = dialplan(teams, scene.settings.prompts_dir, recordings)
    await asyncio.to_thread(_append, etc / "extensions.conf", added)
    for command in ("module reload app_queue.so", "dialplan reload"):
        await asyncio.to_thread(_console, scene, command)
    hall = NativeHall(scene.events.ami, scene.team_of_phone)
    hall.open()

    def worker(place: Place, load: Load, ready: Ready) -> Worker:
        return hall.operator(f"desk{place.booth}", load.habits, ready.said)

    return Side(NUMBER, worker, hall.arrived_at, is_own=lambda offer: True)


def _append(path: Path, text: str) -> None:
    with path.open("a") as out:
        out.write(text)


def _console(scene: Scene, command: str) -> None:
    main = scene.settings.asterisk_dir / "etc" / "asterisk.conf"
    binary = shutil.which(scene.settings.asterisk) or str(scene.settings.asterisk)
    subprocess.run([binary, "-C", str(main), "-rx", command], check=True, capture_output=True)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",") if part]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.versus", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--seconds", type=int, default=20, help="dialling time of each load")
    parser.add_argument("--rounds", type=int, default=2, help="how often the sides take turns")
    parser.add_argument("--rates", type=_numbers, default=[1.65, 6.6], help="calls a second")
    parser.add_argument("--talk", type=float, default=120.0, help="seconds, where cost is judged")
    parser.add_argument("--ladder", type=_numbers, default=[], help="calls a second, rising")
    parser.add_argument("--folder", type=Path, help="new folder that keeps traces and logs")
    given = parser.parse_args()
    return perform(given, lambda hotline: measure(hotline, given))


if __name__ == "__main__":
    sys.exit(main())
