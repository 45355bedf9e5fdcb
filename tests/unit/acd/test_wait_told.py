"""What is told of a wait: the ladder, and that a caller's wait never seems to jump."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.core.wait_told import LADDER_MIN, WIDEST, Told, ranges, told

EVERY = ranges()
SECONDS = st.floats(min_value=0, max_value=7200, allow_nan=False)


@pytest.mark.parametrize(
    ("low_s", "high_s", "range_"),
    [
        (0, 40, Told(0, 1)),
        (10, 61, Told(0, 2)),
        (180, 300, Told(3, 5)),
        (185, 290, Told(3, 5)),
        (100, 310, None),
        (130, 310, Told(2, 8)),
        (60, 60, Told(1, 2)),
        (2000, 3600, Told(30, 60)),
        (3600, 9000, Told(60, None)),
        (3000, 3700, None),
    ],
)
def test_the_range_is_rounded_outward_to_the_ladder(
    low_s: float, high_s: float, range_: Told | None
) -> None:
    """(100, 310) would be one to eight minutes: four steps, too wide to be of use; an end beyond
    the ladder is told only when the beginning is, too."""
    assert told(low_s, high_s, None) == range_


@given(SECONDS, SECONDS, st.none() | st.sampled_from(EVERY))
def test_nothing_is_ever_told_that_has_no_prompt(
    one: float, other: float, before: Told | None
) -> None:
    said = told(min(one, other), max(one, other), before)
    assert said is None or said in EVERY


@given(SECONDS, SECONDS)
def test_what_is_told_first_holds_the_whole_forecast(one: float, other: float) -> None:
    low_s, high_s = sorted((one, other))
    said = told(low_s, high_s, None)
    assert said is None or (said.covers(low_s) and said.covers(high_s))


@given(SECONDS, SECONDS, st.sampled_from(EVERY))
def test_no_end_of_the_range_rises_by_more_than_one_step(
    one: float, other: float, before: Told
) -> None:
    said = told(min(one, other), max(one, other), before)
    if said is not None:
        assert _step(said.low) <= _step(before.low) + 1
        assert _step(said.high) <= _step(before.high) + 1


def test_a_wait_that_jumped_is_not_told_rather_than_told_too_short() -> None:
    assert told(900, 1100, Told(1, 2)) is None
    assert told(130, 200, Told(1, 2)) == Told(2, 3)


def test_a_wait_may_fall_as_fast_as_it_likes() -> None:
    assert told(0, 30, Told(30, 60)) == Told(0, 1)


def test_the_ladder_fits_into_ranges_of_few_steps() -> None:
    assert len(EVERY) == len(set(EVERY)) == 31
    assert all(r.high is None or _step(r.high) - _step(r.low) <= WIDEST for r in EVERY)


def _step(minutes: int | None) -> int:
    return len(LADDER_MIN) if minutes is None else LADDER_MIN.index(minutes)
