"""Machines that call the hotline at a steady rate: sipp, silent, pressing nothing.

Each stays until it is let go, or for 45 s (`tests/sipp/flood.xml`). What they are is told by the
numbers they show: a few in turn, none, or a new one each time.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.simulate.telephones import free_udp_port
from kernel.errors import Unavailable
from tests.e2e.hotline_process import ROOT

SCENARIO = ROOT / "tests" / "sipp" / "flood.xml"
FEW = 50
_HIDDEN_PART = 0.2
_NEW = 60_000


@dataclass(frozen=True, slots=True)
class Stream:
    """Calls from these numbers in turn, as this part of the wave."""

    name: str
    numbers: Sequence[str]
    part: float


def _few() -> list[str]:
    """All in blocks of their own, and none of a citizen (`bench.townsfolk`)."""
    return [f"1{50 + n % 9}{n * 7_654_321 % 10**8:08}" for n in range(FEW)]


def _new() -> list[str]:
    """No two alike: the multiplier has no factor in common with the modulus."""
    return [f"1{n % 7 + 3}{n * 104_729_017 % 10**9:09}" for n in range(_NEW)]


def streams(wave: str) -> tuple[Stream, ...]:
    """S16: 20 calls/s from 50 numbers in turn and 5 without a number; `random`: instead of the 50 a
    new number for each call."""
    hidden = Stream("hidden", ["anonymous"], _HIDDEN_PART)
    if wave == "rotating":
        return Stream("few", _few(), 1 - _HIDDEN_PART), hidden
    return Stream("new", _new(), 1 - _HIDDEN_PART), hidden


@asynccontextmanager
async def attack(folder: Path, sip_port: int, wave: str, rate: float) -> AsyncIterator[None]:
    """All streams of the wave, together `rate` calls a second, until the end.

    Raises Unavailable when a sipp ended by itself.
    """
    async with AsyncExitStack() as stack:
        for stream in streams(wave):
            await stack.enter_async_context(_stream(folder, sip_port, stream, rate * stream.part))
        yield


@asynccontextmanager
async def _stream(folder: Path, sip_port: int, stream: Stream, rate: float) -> AsyncIterator[None]:
    table = folder / f"attack-{stream.name}.csv"
    table.write_text("\n".join(["SEQUENTIAL", *(f"{n};" for n in stream.numbers)]) + "\n")
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"127.0.0.1:{sip_port}", "-sf", str(SCENARIO), "-inf", str(table)),
        *("-s", "12345", "-i", "127.0.0.1", "-p", str(free_udp_port()), "-mi", "127.0.0.1"),
        # Whole calls in 100 s: sipp takes no fractions.
        *("-r", str(round(rate * 100)), "-rp", "100000"),
        *("-l", str(math.ceil(rate * 120) + 50), "-nostdin", "-trace_stat", "-fd", "10"),
        *("-stf", str(folder / f"attack-{stream.name}.stat")),
        cwd=folder,
        env={**os.environ, "TERM": "dumb"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        process_group=0,
    )
    try:
        yield
        if process.returncode is not None:
            raise Unavailable(f"the attackers' sipp ended by itself ({process.returncode})")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
