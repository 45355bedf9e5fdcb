"""`python -m bench.quality`: all halls through all days, on the cores there are."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

from bench.quality import report
from bench.quality.figures import Figures
from bench.quality.runs import OURS, POLICIES, POOLED, SEPARATE, Run, play

DAY_LOADS = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
STEADY_LOADS = (0.9, 0.95, 1.0, 1.05, 1.1)
STEADY_POLICIES = (POOLED, SEPARATE, "app_queue leastrecent 4/9", "mod_callcenter tiers 5 s", OURS)
TYPHOON_LOAD = 0.85


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="other callers, the same city")
    parser.add_argument("--hours", type=float, default=12.0, help="of the day, from 8 o'clock")
    parser.add_argument("--steady-hours", type=float, default=2.0, help="of the steady hall")
    parser.add_argument("--pick-up", type=float, default=0.0, help="mean seconds a phone rings")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def runs(chosen: argparse.Namespace) -> list[Run]:
    def run(scenario: str, load: float, policy: str, hours: float) -> Run:
        return Run(scenario, load, policy, seed=chosen.seed, hours=hours, pick_up=chosen.pick_up)

    return [
        *(run("day", load, p, chosen.hours) for load in DAY_LOADS for p in POLICIES),
        *(
            run("steady", load, p, chosen.steady_hours)
            for load in STEADY_LOADS
            for p in STEADY_POLICIES
        ),
        *(run("typhoon", TYPHOON_LOAD, p, 0.0) for p in POLICIES),
    ]


def gather(scenario: str, done: Iterable[tuple[Run, Figures]]) -> dict[float, dict[str, Figures]]:
    found: dict[float, dict[str, Figures]] = {}
    for run, figures in done:
        if run.scenario == scenario:
            found.setdefault(run.load, {})[run.policy] = figures
    return found


def played(wanted: Sequence[Run], workers: int) -> list[tuple[Run, Figures]]:
    """The longest runs begin first, so that no core is left with one of them at the end."""
    order = sorted(wanted, key=lambda r: (r.policy != OURS, -r.load))
    with ProcessPoolExecutor(workers) as pool:
        results = dict(zip(order, pool.map(play, order), strict=True))
    return [(run, results[run]) for run in wanted]


def main() -> int:
    chosen = arguments()
    begun = perf_counter()
    done = played(runs(chosen), chosen.workers)
    day, steady, typhoon = (gather(s, done) for s in ("day", "steady", "typhoon"))
    bars = [
        report.staffing(),
        report.near_the_bound(steady[1.0]),
        report.pooled_gain(report.carried(steady)),
        *report.ahead(day),
    ]
    for line in (
        *report.table("Working day; load: the busiest moment against the 95/15 load", day),
        *report.table("Steady; load: the rate against the 95/15 load", steady),
        *report.table("Typhoon: an hour at four times the usual rate", typhoon),
        *report.formulas(steady),
        *report.verdicts(bars),
    ):
        print(line)
    print(f"seed {chosen.seed}, {perf_counter() - begun:.0f} s")
    return 0 if all(met for met, _ in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
