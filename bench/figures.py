"""Figures and their bars: percentiles, met or missed, the printed table. Pure.

A percentile is the nearest rank: the smallest sample that at least so large a part of all samples
does not exceed. With fewer than a hundred samples the p99 is therefore the largest of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_NAME_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure must not exceed, in milliseconds; None: no bar for this percentile."""

    p50_ms: float | None = None
    p99_ms: float | None = None

    def __str__(self) -> str:
        named = (("p50", self.p50_ms), ("p99", self.p99_ms))
        return ", ".join(f"{name} ≤ {ms:g}" for name, ms in named if ms is not None) or "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure under one load: samples in milliseconds, in any order."""

    name: str
    samples_ms: Sequence[float]
    bar: Bar

    @property
    def met(self) -> bool:
        """False without samples, too: what was not measured is not shown."""
        if not self.samples_ms:
            return False
        bars = ((0.50, self.bar.p50_ms), (0.99, self.bar.p99_ms))
        return all(
            ms is None or percentile(self.samples_ms, fraction) <= ms for fraction, ms in bars
        )

    def line(self) -> str:
        verdict = "–" if self.bar == Bar() else "met" if self.met else "MISSED"
        p50, p99, longest = (self._at(fraction) for fraction in (0.50, 0.99, 1.0))
        return _row(self.name, str(len(self.samples_ms)), p50, p99, longest, str(self.bar), verdict)

    def _at(self, fraction: float) -> str:
        return f"{percentile(self.samples_ms, fraction):.1f}" if self.samples_ms else "–"


def percentile(samples: Sequence[float], fraction: float) -> float:
    """The nearest-rank percentile; `fraction` in 0..1. Raises ValueError without samples."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    return ordered[max(1, math.ceil(fraction * len(ordered))) - 1]


def table(title: str, figures: Sequence[Figure]) -> str:
    """One heading and one line for each figure, in milliseconds."""
    heading = _row(title, "n", "p50 ms", "p99 ms", "max ms", "bar (ms)", "")
    return "\n".join([heading.rstrip(), *(figure.line() for figure in figures)])


def _row(name: str, n: str, p50: str, p99: str, longest: str, bar: str, verdict: str) -> str:
    return f"{name:<{_NAME_WIDTH}} {n:>6} {p50:>8} {p99:>8} {longest:>8}  {bar:<22} {verdict}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure over another. Without a bar it is only told."""

    name: str
    upper: float
    lower: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def value(self) -> float | None:
        """None when one of the two was not measured."""
        return self.upper / self.lower if self.upper > 0 and self.lower > 0 else None

    @property
    def met(self) -> bool:
        if self.at_least is None and self.at_most is None:
            return True
        value = self.value
        if value is None:
            return False
        low_enough = self.at_most is None or value <= self.at_most
        return low_enough and (self.at_least is None or value >= self.at_least)

    def line(self) -> str:
        bars = (("≥", self.at_least), ("≤", self.at_most))
        bar = ", ".join(f"{sign} {value:g}" for sign, value in bars if value is not None) or "–"
        value = "–" if self.value is None else f"{self.value:.2f}"
        verdict = "–" if bar == "–" else "met" if self.met else "MISSED"
        return _row(self.name, "", value, "", "", bar, verdict)


def verdict(sentence: str, met: bool) -> bool:
    """Print a bar that is no percentile, and pass its answer on."""
    print(f"{sentence}: {'met' if met else 'MISSED'}")
    return met
