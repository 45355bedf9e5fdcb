"""From the answer to the first sound at ten calls a second: `python -m bench.ivr_sound`.

    python -m bench.ivr_sound [--seconds 30] [--rate 10] [--folder DIR]

A hotline of its own with the real Asterisk, desk phones and operators who answer, so that the whole
of a call is at work beside the greetings. sipp's traces give the answer, the kernel's stamp on the
first RTP packet with sound gives the rest (see `python -m bench`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.figures import Bar, Figure, table, verdict
from bench.load import idle_operators
from bench.samples import Samples
from bench.scene import perform, scene
from tests.e2e.hotline_process import HotlineProcess

SOUND_BAR = Bar(p99_ms=300)


def figures(samples: Samples) -> list[Figure]:
    return [
        Figure("INVITE -> 200 OK", samples.answer_ms, Bar()),
        Figure("200 OK -> first sound", samples.sound_ms, SOUND_BAR),
        Figure("INVITE -> first sound", samples.prompt_ms, SOUND_BAR),
    ]


async def measure(hotline: HotlineProcess, rate: float, seconds: float) -> bool:
    load, samples = idle_operators(rate, seconds), Samples()
    async with scene(hotline, load.operators) as all_up:
        print(f"{load.name}: {load.calls} calls, {load.operators} operators ...", flush=True)
        await all_up.site.carry(load, all_up.site.ours, samples, all_up.usage)
    measured = figures(samples)
    print(f"\n{table(f'{rate:g} calls/s', measured)}")
    silent = load.calls - len(samples.sound_ms)
    heard = verdict(f"calls of {load.calls} that heard nothing: {silent}", not silent)
    return all(figure.met for figure in measured) and heard


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.ivr_sound", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=30, help="dialling time")
    parser.add_argument("--rate", type=float, default=10, help="calls a second")
    parser.add_argument("--folder", type=Path, help="new folder that keeps traces and logs")
    given = parser.parse_args()
    return perform(given, lambda hotline: measure(hotline, given.rate, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
