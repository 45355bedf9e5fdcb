"""Percentiles are nearest ranks; a bar is met only by samples that exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Bar, Figure, percentile, table


def test_percentile_is_the_smallest_sample_that_so_many_do_not_exceed() -> None:
    samples = [float(n) for n in range(200, 0, -1)]

    assert percentile(samples, 0.50) == 100
    assert percentile(samples, 0.99) == 198
    assert percentile(samples, 1.0) == 200


def test_p99_of_few_samples_is_the_largest() -> None:
    assert percentile([3.0, 900.0, 4.0], 0.99) == 900.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_percentile_is_a_sample_and_covers_its_fraction(samples: list[float], f: float) -> None:
    value = percentile(samples, f)

    assert value in samples
    assert sum(s <= value for s in samples) >= f * len(samples)


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


def test_one_slow_call_of_a_hundred_meets_a_p99_and_two_miss_it() -> None:
    bar = Bar(p99_ms=300)

    assert Figure("one", [10.0] * 99 + [999.0], bar).met
    assert not Figure("two", [10.0] * 98 + [999.0] * 2, bar).met


def test_each_bar_can_be_missed_alone() -> None:
    bar = Bar(p50_ms=20, p99_ms=100)

    assert not Figure("slow in the middle", [30.0] * 10, bar).met
    assert not Figure("slow at the end", [1.0] * 9 + [101.0], bar).met
    assert Figure("on the bar", [20.0] * 9 + [100.0], bar).met


def test_what_was_not_measured_is_missed() -> None:
    figure = Figure("nothing", [], Bar(p99_ms=300))

    assert not figure.met
    assert figure.line().endswith("MISSED")


def test_table_has_a_line_for_each_figure_with_its_verdict() -> None:
    text = table(
        "10 calls/s", [Figure("one", [1.0, 2.0, 3.0], Bar(p99_ms=2)), Figure("two", [4.0], Bar())]
    )
    heading, one, two = text.splitlines()

    assert heading.startswith("10 calls/s")
    assert one.split() == ["one", "3", "2.0", "3.0", "3.0", "p99", "≤", "2", "MISSED"]
    assert two.split() == ["two", "1", "4.0", "4.0", "4.0", "–", "–"]
