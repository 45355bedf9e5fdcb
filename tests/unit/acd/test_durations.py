"""How long things last and what remains of them, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from acd.core.durations import EDGES, HALVED_ABOVE, Durations


def learnt(*seconds: float) -> Durations:
    found = Durations()
    for one in seconds:
        found.add(one)
    return found


def test_nothing_is_known_without_a_sample() -> None:
    assert Durations().mean() is None
    assert Durations().remaining(10) is None


def test_the_mean_is_exact_whatever_the_bins() -> None:
    assert learnt(10, 20, 60).mean() == 30


def test_what_remains_counts_only_those_that_lasted_longer() -> None:
    """Of 60, 60 and 600 seconds, after 100 only the last is left: 500 more."""
    assert learnt(60, 60, 600).remaining(100) == pytest.approx(500)


def test_what_remains_at_the_beginning_is_the_mean() -> None:
    assert learnt(60, 60, 600).remaining(0) == pytest.approx(240)


def test_the_bin_of_the_elapsed_time_is_taken_as_evenly_filled() -> None:
    """All 8 samples in one bin of the ladder; in its middle half of them are left, for a quarter
    of the bin's width on average."""
    low, high = EDGES[5], EDGES[6]
    found = learnt(*[(low + high) / 2] * 8)
    assert found.remaining((low + high) / 2) == pytest.approx((high - low) / 4)


def test_what_lasts_longer_than_anything_seen_is_expected_to_last_half_as_long_again() -> None:
    assert learnt(60).remaining(600) == 300


def test_old_samples_fade() -> None:
    found = learnt(*[100.0] * int(HALVED_ABOVE))
    for _ in range(1200):
        found.add(200.0)
    mean = found.mean()
    assert mean is not None and mean > 190
    assert found.weight <= HALVED_ABOVE + 1
