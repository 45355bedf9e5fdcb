"""From INVITE to prompt, and from ready or queued to the booth's INVITE: `python -m bench`.

    python -m bench [--seconds N] [--rates 1,10] [--folder DIR]

Starts a hotline of its own (demo city, real Asterisk, free ports of loopback, its own data folder),
puts loads on it and prints p50, p99 and maximum of each measure beside its bar; exits 1 when a bar
is missed or a call was lost. What makes the load runs on the same machine. Every moment is taken
outside the platform: sipp's message traces, the kernel's stamp on the first RTP packet with sound,
Asterisk's stamp on the caller's arrival in the line, the sending of the operator's command.

`docs/benchmarks.md` says what each measure means and keeps the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench.figures import Bar, Figure, table
from bench.line_events import LineEvents
from bench.load import Load, Site, idle_operators, line_to_serve
from bench.samples import Samples
from bench.usage import Usage
from directory.adapters.config_files import load_city
from hotline.settings import Settings
from hotline.simulate.city import Place
from hotline.simulate.command import places
from hotline.simulate.voices import CITIZEN, mulaw_voice
from kernel.errors import HotlineError
from kernel.ids import AgentId
from tests.e2e.hotline_process import HotlineProcess
from tests.servers.process import kept_media_ports

PROMPT_BAR = Bar(p99_ms=300)
OFFER_BAR = Bar(p50_ms=20, p99_ms=100)
_RTP_PORTS = 2000


def figures(samples: Samples) -> list[Figure]:
    return [
        Figure("INVITE -> 200 OK", samples.answer_ms, PROMPT_BAR),
        Figure("INVITE -> first sound of the prompt", samples.prompt_ms, PROMPT_BAR),
        Figure("caller queued -> booth's INVITE", samples.queued_ms, OFFER_BAR),
        Figure("operator ready -> booth's INVITE", samples.ready_ms, OFFER_BAR),
    ]


def teams_of_phones(settings: Settings, seats: Sequence[Place]) -> dict[str, str]:
    """The team of each desk phone's operator."""
    team_of = {o.agent_id: o.primary_team for o in load_city(settings.config_dir).operators}
    return {f"desk{seat.booth}": team_of[AgentId(seat.account)] for seat in seats}


async def measure(hotline: HotlineProcess, rates: list[int], seconds: int) -> bool:
    """Loads in turn, each rate's table as soon as it is known; True if every bar is met."""
    settings = Settings(data_dir=hotline.data_dir, sip_port=hotline.sip_port)
    loads = {rate: [idle_operators(rate, seconds), line_to_serve(rate, seconds)] for rate in rates}
    most = max(load.operators for pair in loads.values() for load in pair)
    seats = await asyncio.to_thread(places, settings, most)
    site = Site(
        base_url=hotline.base_url,
        password=hotline.password,
        sip_port=hotline.sip_port,
        places=seats,
        team_of_phone=await asyncio.to_thread(teams_of_phones, settings, seats),
        folder=hotline.folder,
    )
    events, met = LineEvents(), True
    async with AsyncExitStack() as stack:
        stack.push_async_callback(site.close)
        voice = await asyncio.to_thread(
            mulaw_voice, CITIZEN, hotline.folder / "voice.ulaw", speed=165
        )
        await site.open(voice)
        stack.push_async_callback(events.close)
        await events.open(settings.asterisk_dir / "etc" / "manager.conf")
        for rate, pair in loads.items():
            met &= await _measure_rate(hotline, site, events, rate, pair)
    return met


async def _measure_rate(
    hotline: HotlineProcess, site: Site, events: LineEvents, rate: int, loads: list[Load]
) -> bool:
    assert hotline.process is not None
    samples = Samples()
    told, used, began = events.counts.total(), Usage.now(hotline.process.pid), time.monotonic()
    for load in loads:
        print(f"{load.name}: {load.calls} calls, {load.operators} operators ...", flush=True)
        await site.carry(load, events, samples)
    lasted = time.monotonic() - began
    spent = Usage.now(hotline.process.pid) - used
    calls = sum(load.calls for load in loads)
    measured = figures(samples)
    print(f"\n{table(f'{rate} calls/s', measured)}")
    print(
        f"calls {calls}, answered {len(samples.answer_ms)}, heard {len(samples.prompt_ms)}, "
        f"offered {samples.offered}, to other teams {samples.helped}\n"
        f"AMI events per call {(events.counts.total() - told) / calls:.1f}; cores used: "
        f"platform {spent.platform_s / lasted:.2f}, Asterisk {spent.asterisk_s / lasted:.2f}\n",
        flush=True,
    )
    none_lost = calls == len(samples.answer_ms) == len(samples.prompt_ms) == samples.offered
    return none_lost and all(figure.met for figure in measured)


def _end(hotline: HotlineProcess) -> None:
    if hotline.process is None or hotline.process.poll() is not None:
        return
    try:
        hotline.stop()
    except subprocess.TimeoutExpired:
        print("hotline: it still wrote after half a minute and was killed.", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=45, help="dialling time of each load")
    parser.add_argument("--rates", default="1,10", help="calls a second, one table for each")
    parser.add_argument("--folder", type=Path, help="new folder that keeps traces and logs")
    given = parser.parse_args()
    rates = [int(rate) for rate in given.rates.split(",")]
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        first = kept_media_ports(_RTP_PORTS)
        ports = {"HOTLINE_RTP_START": str(first), "HOTLINE_RTP_END": str(first + _RTP_PORTS - 1)}
        hotline = HotlineProcess(folder, environment=ports)
        print("a hotline of its own is starting ...", flush=True)
        try:
            hotline.start()
            met = asyncio.run(measure(hotline, rates, given.seconds))
        except HotlineError as error:
            print(f"hotline: {error.message}", file=sys.stderr)
            return 1
        finally:
            _end(hotline)
    print("every bar is met" if met else "MISSED: see above")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
