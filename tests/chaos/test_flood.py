"""Security test S16 on the real Asterisk: a flood of calls while ordinary citizens call.

Machines (sipp) call from a few numbers that take turns, without a number, and from numbers that are
new each time; they press nothing. Citizens with ordinary numbers call before and during the flood
and are answered by operators at desk phones. What they live through is measured by their own
telephones and the hotline's records.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import Scene, scene
from tests.chaos.size import SIZE
from tests.e2e.hotline_process import ROOT
from tests.servers.process import free_port

pytestmark = pytest.mark.asterisk
SIPP = shutil.which("sipp")
SCENARIO = ROOT / "tests" / "sipp" / "flood.xml"
TALK_S = 0.5
SILENT_S = 3.0
"""Longer an operator does not listen to nobody."""
ANSWERED_WITHIN_S = 60
RAISED_WITHIN_S = 60
SLOWER_AT_MOST_S = 2.0
LAG_BOUND_MS = 250.0
SHOCK_S = 120


@pytest.fixture
def hotline(seed: Path, tmp_path: Path) -> Iterator[LivingHotline]:
    """A running hotline with the guard as it is shipped."""
    living = LivingHotline(
        tmp_path / "hotline",
        environment={"HOTLINE_SCREENING_FILE": str(ROOT / "config" / "ivr" / "screening.yaml")},
        media_ports=SIZE.flood_ports,
    )
    try:
        living.birth(seed)
        yield living
    finally:
        living.bury()


@dataclass(slots=True)
class Lived:
    """What citizens lived through: seconds from dialling to the answer by a person."""

    waits: list[float] = field(default_factory=list)
    unanswered: int = 0

    def told(self) -> str:
        waits = sorted(self.waits)
        return (
            f"{len(waits)} of {len(waits) + self.unanswered} citizens answered,"
            f" median {statistics.median(waits):.1f} s, longest {waits[-1]:.1f} s"
        )


async def citizens_call(stage: Scene, numbers: range, every_s: float) -> Lived:
    """One after the other begins; each presses 0, is answered, talks shortly and is let go."""
    lived = Lived()

    async def one(n: int) -> None:
        number = f"1{33 + n % 7}{n * 10_007 % 10**4:04}{n:04}"
        began = time.monotonic()
        try:
            citizen = await stage.citizens.call(number=number)
            call_id = await stage.in_line(citizen)
            answered = await stage.records.event(
                call_id, "CallAnswered", within_s=ANSWERED_WITHIN_S
            )
        except TimeoutError:
            lived.unanswered += 1
            return
        queued = await stage.records.event(call_id, "CallArrived")
        assert queued["occurred_at"] <= answered["occurred_at"]
        lived.waits.append(time.monotonic() - began)
        await asyncio.sleep(TALK_S)  # what they have to say
        citizen.dialog.hang_up()

    async with asyncio.TaskGroup() as group:
        for n in numbers:
            group.create_task(one(n))
            await asyncio.sleep(every_s)  # the rate of the calls
    return lived


@asynccontextmanager
async def service(stage: Scene) -> AsyncIterator[None]:
    """The operators take whatever comes, until the end."""

    async def serve(index: int) -> None:
        operator = stage.operators[index]
        while True:
            await operator.be(lambda s: s.get("activity") in ("wrap_up", "talking"), 3600)
            with suppress(TimeoutError):
                await operator.be(lambda s: s.get("activity") == "wrap_up", SILENT_S)
            await stage.finish(index)

    for index, phone in enumerate(stage.phones):
        phone.answers_after_s = 0.0
        await stage.operators[index].say("ready")
    tasks = [asyncio.create_task(serve(i)) for i in range(len(stage.operators))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def flood(
    folder: Path, hotline: LivingHotline, name: str, callers: list[str], rate: float
) -> AsyncIterator[None]:
    """Machines call at this rate until the end."""
    assert SIPP is not None, "sipp is missing: run scripts/setup --dev"
    table = folder / f"{name}.csv"
    table.write_text("\n".join(["SEQUENTIAL", *(f"{caller};" for caller in callers)]) + "\n")
    process = await asyncio.create_subprocess_exec(
        *(SIPP, f"127.0.0.1:{hotline.sip_port}", "-sf", SCENARIO, "-inf", table, "-s", "12345"),
        *("-i", "127.0.0.1", "-p", str(free_port()), "-mi", "127.0.0.1"),
        *("-r", str(round(rate * 100)), "-rp", "100000"),
        *("-l", "2000", "-nostdin"),
        cwd=folder,
        env={**os.environ, "TERM": "dumb"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
        assert process.returncode is None, f"sipp ended by itself: {process.returncode}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


def rotating() -> list[str]:
    """The few numbers that take turns."""
    return [f"1{50 + n % 9}{n * 7_654_321 % 10**8:08}" for n in range(SIZE.flood_numbers)]


def ever_new() -> list[str]:
    return [f"1{30 + n % 69}{n * 104_729_017 % 10**8:08}" for n in range(50_000)]


def loop_lag(hotline: LivingHotline) -> float:
    """The largest p99.9 of the event loop that was told, in milliseconds."""
    told = 0.0
    for line in (hotline.folder / "hotline.log").read_text(errors="replace").splitlines():
        if '"loop_lag"' in line:
            told = max(told, json.loads(line)["p999_ms"])
    return told


async def test_citizens_are_answered_as_before_while_few_numbers_and_hidden_ones_flood(
    hotline: LivingHotline, tmp_path: Path
) -> None:
    async with scene(hotline) as stage:
        await stage.seat(SIZE.flood_operators)
        async with service(stage):
            calm = await citizens_call(stage, range(SIZE.flood_calm), SIZE.flood_every_s)
            async with (
                flood(tmp_path, hotline, "few", rotating(), SIZE.flood_rate),
                flood(tmp_path, hotline, "hidden", ["anonymous"], SIZE.flood_rate / 4),
            ):
                began = time.monotonic()
                await stage.until(lambda: bool(levels(stage)), "the guard is up", RAISED_WITHIN_S)
                raised_s = time.monotonic() - began
                # Who came in before is served; from now on nobody should notice the flood.
                await stage.until(lambda: waiting(stage) == 0, "the first wave is served", SHOCK_S)
                shock_s = time.monotonic() - began
                first, last = SIZE.flood_calm, SIZE.flood_calm + SIZE.flood_citizens
                during = await citizens_call(stage, range(first, last), SIZE.flood_every_s)
        reached, attacks = spoken_with(stage)
    judged = screened(stage)
    wave = f"the first wave was served after {shock_s:.1f} s"
    print(f"\ncalm:   {calm.told()}")
    print(f"flood:  {during.told()}; {wave}")
    print(f"        the guard was up after {raised_s:.1f} s ({levels(stage)[0]})")
    print(f"        {judged}; {attacks} of {reached} calls spoken with were attacks")
    print(f"        event loop p99.9 {loop_lag(hotline):.0f} ms")
    assert calm.unanswered == during.unanswered == 0
    assert statistics.median(during.waits) <= statistics.median(calm.waits) + SLOWER_AT_MOST_S
    assert asked(stage, rotating()) == 0, "no citizen with a number was asked for a key"
    assert judged["failed"] > 0, "machines heard the sentence"
    assert loop_lag(hotline) <= LAG_BOUND_MS


def waiting(stage: Scene) -> int:
    """How many callers are in the menu or wait for a person."""
    (row,) = stage.records.rows(
        "SELECT count(DISTINCT call_id) AS n FROM call_events WHERE type = 'MenuStepEntered'"
        " AND call_id NOT IN"
        " (SELECT call_id FROM call_events WHERE type IN ('CallAnswered', 'CallEnded'))"
    )
    return int(row["n"])


def levels(stage: Scene) -> list[str]:
    """The levels that the guard came to, and why, oldest first."""
    rows = stage.records.rows("SELECT level, reason FROM ivr_guard_levels ORDER BY at")
    return [f"{row['level']}: {row['reason']}" for row in rows]


def spoken_with(stage: Scene) -> tuple[int, int]:
    """How many calls were answered by a person, and how many of them were attacks."""
    machines = {"", *rotating(), *ever_new()}
    rows = stage.records.rows(
        "SELECT DISTINCT calls.call_id, ani FROM calls JOIN call_events USING (call_id)"
        " WHERE type = 'CallAnswered'"
    )
    return len(rows), sum(row["ani"] in machines for row in rows)


def screened(stage: Scene) -> dict[str, int]:
    """What the guard did, by decision and outcome."""
    found: dict[str, int] = {"challenge": 0, "passed": 0, "failed": 0, "let_go": 0}
    rows = stage.records.rows(
        "SELECT body FROM call_events WHERE type IN ('CallScreened', 'ChallengeEnded')"
    )
    for row in rows:
        event = json.loads(row["body"])
        key = event.get("outcome") or event["decision"]
        found[key] = found.get(key, 0) + 1
    return found


def asked(stage: Scene, machines: list[str]) -> int:
    """How many calls with a number that is no machine's were asked for a key."""
    rows = stage.records.rows(
        "SELECT ani FROM calls JOIN call_events USING (call_id) WHERE type = 'CallScreened'"
    )
    return sum(row["ani"] not in {"", *machines} for row in rows)
