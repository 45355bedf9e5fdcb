"""From INVITE to prompt, and from ready or queued to the booth's INVITE: `python -m bench`.

    python -m bench [--seconds N] [--rates 1.65,6.6,10] [--folder DIR]

Starts a hotline of its own (demo city, real Asterisk, free ports of loopback, its own data folder),
puts loads on it and prints p50, p99 and maximum of each measure beside its bar; exits 1 when a bar
is missed or a call was lost. What makes the load runs on the same machine. Every moment is taken
outside the platform: sipp's message traces, the kernel's stamp on the first RTP packet with sound,
Asterisk's stamp on the caller's arrival in the line, the sending of the operator's command.

`docs/benchmarks.md` says what each measure means and keeps the figures.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bench.figures import Bar, Figure, table
from bench.load import Load, idle_operators, line_to_serve
from bench.samples import Samples
from bench.scene import Scene, perform, scene
from bench.usage import Usage
from tests.e2e.hotline_process import HotlineProcess

PROMPT_BAR = Bar(p99_ms=300)
OFFER_BAR = Bar(p50_ms=20, p99_ms=100)


def figures(samples: Samples) -> list[Figure]:
    return [
        Figure("INVITE -> 200 OK", samples.answer_ms, PROMPT_BAR),
        Figure("INVITE -> first sound of the prompt", samples.prompt_ms, PROMPT_BAR),
        Figure("caller queued -> booth's INVITE", samples.queued_ms, OFFER_BAR),
        Figure("operator ready -> booth's INVITE", samples.ready_ms, OFFER_BAR),
    ]


async def measure(hotline: HotlineProcess, rates: list[float], seconds: int) -> bool:
    """Loads in turn, each rate's table as soon as it is known; True if every bar is met."""
    loads = {rate: [idle_operators(rate, seconds), line_to_serve(rate, seconds)] for rate in rates}
    met = True
    async with scene(hotline, max(x.operators for pair in loads.values() for x in pair)) as all_up:
        for rate, pair in loads.items():
            met &= await _measure_rate(all_up, rate, pair)
    return met


async def _measure_rate(scene: Scene, rate: float, loads: list[Load]) -> bool:
    samples, spent, events = Samples(), Usage(0, 0), scene.events
    told, began = events.counts.total(), time.monotonic()
    for load in loads:
        print(f"{load.name}: {load.calls} calls, {load.operators} operators ...", flush=True)
        spent += await scene.site.carry(load, scene.site.ours, samples, scene.usage)
    lasted = time.monotonic() - began
    calls = sum(load.calls for load in loads)
    measured = figures(samples)
    print(f"\n{table(f'{rate:g} calls/s', measured)}")
    print(
        f"calls {calls}, answered {len(samples.answer_ms)}, heard {len(samples.prompt_ms)}, "
        f"offered {samples.offered}, to other teams {samples.helped}\n"
        f"AMI events per call {(events.counts.total() - told) / calls:.1f}; processor ms per call: "
        f"platform {1000 * spent.platform_s / calls:.0f}, "
        f"Asterisk {1000 * spent.asterisk_s / calls:.0f}; in {lasted:.0f} s\n",
        flush=True,
    )
    none_lost = calls == len(samples.answer_ms) == len(samples.prompt_ms) == samples.offered
    return none_lost and all(figure.met for figure in measured)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=45, help="dialling time of each load")
    parser.add_argument("--rates", default="1.65,6.6,10", help="calls a second, one table for each")
    parser.add_argument("--folder", type=Path, help="new folder that keeps traces and logs")
    given = parser.parse_args()
    rates = [float(rate) for rate in given.rates.split(",")]
    return perform(given, lambda hotline: measure(hotline, rates, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
