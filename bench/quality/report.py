"""The tables and the bars. A bar that is missed is called so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from acd.core.staffing import Goal, Load, carried_calls_per_hour, erlang_a, service_level
from bench.quality.figures import THRESHOLD_S, Figures
from bench.quality.people import HANDLE_S
from bench.quality.runs import (
    BOOTHS,
    OURS,
    PATIENCE_S,
    POLICIES,
    POOLED,
    RIVALS,
    whole_load,
)

Table = Mapping[float, Mapping[str, Figures]]
"""Figures by load and policy."""

NEAR_BAR = 0.01
OWN_BAR = 0.85
POOLED_GAIN_BAR = 0.98
RESOLUTION = 0.001
"""Two levels nearer than a tenth of a point are the same: another seed moves them more."""

_HEAD = (
    f"{'load':>5} {'policy':<28} {'calls':>6} {'15s':>6} {'ignor.':>6} {'posit.':>6} {'left':>6}"
    f" {'p50':>5} {'p90':>5} {'p95':>5} {'p99':>5} {'own':>5} {'busy':>5} {'spread':>6}"
)


def table(title: str, found: Table) -> Iterable[str]:
    """One line for each policy and load: per cent, and seconds of the answered."""
    yield title
    yield _HEAD
    for load, by_policy in found.items():
        for policy, f in by_policy.items():
            parts = (
                f.level.abandons_negative,
                f.level.ignoring_abandons,
                f.level.abandons_positive,
                f.abandoned,
            )
            yield (
                f"{load:>5.2f} {policy:<28} {f.calls:>6} "
                + " ".join(f"{100 * (p or 0.0):>6.2f}" for p in parts)
                + " "
                + " ".join(f"{wait:>5.1f}" for wait in f.waits)
                + f" {100 * f.own_team:>5.1f} {100 * f.occupancy:>5.1f}"
                + f" {100 * f.occupancy_spread:>6.1f}"
            )
    yield ""


def formulas(found: Table) -> Iterable[str]:
    """The pooled hall of the simulator beside Erlang's formulas: the simulator's own proof."""
    yield "Pooled hall: Erlang C (nobody hangs up), Erlang A, and the simulator; answered in 15 s"
    handle, within = timedelta(seconds=HANDLE_S), timedelta(seconds=THRESHOLD_S)
    for load, by_policy in found.items():
        offered = Load(load * whole_load(BOOTHS), handle)
        patient = service_level(offered, BOOTHS, within)
        impatient = erlang_a(offered, BOOTHS, timedelta(seconds=PATIENCE_S), within)
        f = by_policy[POOLED]
        level, left = 100 * impatient.answered_within_fraction, 100 * impatient.abandon_fraction
        yield (
            f"{load:>5.2f}  C {100 * patient:6.2f}   A {level:6.2f}   simulated"
            f" {100 * f.in_time:6.2f}   left: A {left:5.2f}   simulated {100 * f.abandoned:5.2f}"
        )
    yield ""


# --- bars -----------------------------------------------------------------------------------


def near_the_bound(at_full_load: Mapping[str, Figures]) -> tuple[bool, str]:
    """At the 95/15 load: within a point of the pooled bound, and the own team serves."""
    ours, bound = at_full_load[OURS], at_full_load[POOLED]
    gap = bound.in_time - ours.in_time
    met = gap <= NEAR_BAR and ours.own_team >= OWN_BAR
    return met, (
        f"at the 95/15 load {100 * gap:.2f} points behind the pooled bound (bar: at most"
        f" {100 * NEAR_BAR:.0f}), own team {100 * ours.own_team:.1f} % (bar: at least"
        f" {100 * OWN_BAR:.0f} %)"
    )


def ahead(found: Table) -> Iterable[tuple[bool, str]]:
    """At every load against the best of each family: the strict 15-second level decides."""
    for load, by_policy in found.items():
        ours = by_policy[OURS]
        for family in RIVALS:
            names = [p for p in by_policy if p.startswith(family)]
            best = max(names, key=lambda p: by_policy[p].in_time)
            rival = by_policy[best]
            gain = ours.in_time - rival.in_time
            word = "ahead" if gain > RESOLUTION else "level" if gain >= -RESOLUTION else "BEHIND"
            yield (
                gain >= -RESOLUTION,
                f"load {load:.2f} {word:<6} of {best:<28} {100 * gain:+6.2f} points in 15 s,"
                f" left {100 * (ours.abandoned - rival.abandoned):+5.2f},"
                f" p95 {ours.waits[2] - rival.waits[2]:+6.1f} s,"
                f" own team {100 * (ours.own_team - rival.own_team):+6.1f}",
            )


def carried(found: Table) -> dict[str, float]:
    """Calls an hour of which 95 % are answered in 15 s, by policy: between the two loads of the
    table where the level passes it, in proportion; policies that never pass it are left out."""
    result = {}
    for policy in POLICIES:
        levels = [(load, by[policy].in_time) for load, by in sorted(found.items()) if policy in by]
        for (low, above), (high, below) in pairwise(levels):
            if above >= 0.95 > below:
                part = (above - 0.95) / (above - below)
                result[policy] = (low + part * (high - low)) * whole_load(BOOTHS)
    return result


def pooled_gain(calls: Mapping[str, float]) -> tuple[bool, str]:
    """How much of what one pool carries at 95/15 ours carries."""
    if OURS not in calls or POOLED not in calls:
        return False, "carried at 95/15: not within the loads of the table"
    part = calls[OURS] / calls[POOLED]
    lines = ", ".join(f"{policy} {value:.0f}" for policy, value in calls.items())
    return part >= POOLED_GAIN_BAR, (
        f"carried at 95/15, calls an hour: {lines}; ours {100 * part:.1f} % of the pool"
        f" (bar: at least {100 * POOLED_GAIN_BAR:.0f} %)"
    )


STAFFING: tuple[tuple[int, Goal, int], ...] = tuple(
    (agents, goal, calls)
    for agents, by_goal in (
        (506, (5921, 5770, 5584)),
        (455, (5313, 5168, 4992)),
        (253, (2912, 2798, 2669)),
        (101, (1120, 1046, 971)),
        (50, (530, 478, 429)),
    )
    for goal, calls in zip(
        (
            Goal(0.80, timedelta(seconds=20)),
            Goal(0.95, timedelta(seconds=15)),
            Goal(0.99, timedelta(seconds=10)),
        ),
        by_goal,
        strict=True,
    )
)
"""Calls an hour that so many operators carry; handle time 300 s. Source: performance notes, C3."""


def staffing() -> tuple[bool, str]:
    """The staffing functions against the table of the notes, to the last of its digits."""
    handle = timedelta(seconds=HANDLE_S)
    right = sum(round(carried_calls_per_hour(n, handle, g)) == calls for n, g, calls in STAFFING)
    return right == len(STAFFING), f"staffing table: {right} of {len(STAFFING)} figures exact"


def verdicts(bars: Sequence[tuple[bool, str]]) -> Iterable[str]:
    yield "Bars"
    for met, text in bars:
        yield f"{'met' if met else 'MISSED':<7} {text}"
