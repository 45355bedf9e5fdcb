"""The rolling 24 hours and when they will fall below 95 %, against numbers worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acd.core.connect_rate import ConnectRates, Minute, project
from acd.core.metrics import DAY_MINUTES, Bucket, Count, Metrics, empty_bucket
from tests.unit.acd.figures import Day
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules

NOW = 100_000


def bucket(answered: int, abandoned: int) -> Bucket:
    counts = empty_bucket()
    counts[Count.ANSWERED], counts[Count.ABANDONED] = answered, abandoned
    return counts


def window(minutes: list[Minute]) -> Bucket:
    return bucket(sum(m[1] for m in minutes), sum(m[2] for m in minutes))


def test_the_rate_falls_below_when_the_good_morning_leaves_the_window() -> None:
    """980 of 1,000 answered an hour after yesterday's now, 10 of 20 since: 990/1020 is 97 % until
    that hour has passed; then 10/20 is 50 %."""
    minutes = [(NOW - DAY_MINUTES + 60, 980, 20), (NOW - 5, 10, 10)]
    found = project(minutes, window(minutes), empty_bucket(), minute=NOW, recent_minutes=30)
    assert found.rate == pytest.approx(990 / 1020)
    assert not found.breached
    assert found.crosses_in == timedelta(minutes=60)


def test_bad_minutes_at_the_present_pace_break_the_limit_exactly_when_they_add_up() -> None:
    """1,000 of 1,000 so far; now each minute 1 answered and 1 lost: below 95 % once
    1000 + k < 0.95 (1000 + 2k), that is at k = 56 (1056/1112 = 94.96 %)."""
    minutes = [(NOW - 40, 1000, 0)]
    found = project(minutes, window(minutes), bucket(30, 30), minute=NOW, recent_minutes=30)
    assert found.crosses_in == timedelta(minutes=56)


def test_a_breached_window_tells_when_it_is_back() -> None:
    """100 of 200 leave the window in 90 minutes, 99 of 100 stay."""
    minutes = [(NOW - DAY_MINUTES + 90, 100, 100), (NOW - 10, 99, 1)]
    found = project(minutes, window(minutes), empty_bucket(), minute=NOW, recent_minutes=30)
    assert found.breached
    assert found.crosses_in == timedelta(minutes=90)


def test_a_good_pace_never_breaks_the_limit_and_nobody_has_no_rate() -> None:
    minutes = [(NOW - 20, 99, 1)]
    good = project(minutes, window(minutes), bucket(99, 1), minute=NOW, recent_minutes=30)
    assert (good.breached, good.crosses_in) == (False, None)
    nobody = project([], empty_bucket(), empty_bucket(), minute=NOW, recent_minutes=30)
    assert (nobody.rate, nobody.breached, nobody.crosses_in) == (None, False, None)


def test_exactly_the_limit_is_kept() -> None:
    minutes = [(NOW - 20, 95, 5)]
    found = project(minutes, window(minutes), bucket(95, 5), minute=NOW, recent_minutes=30)
    assert (found.breached, found.crosses_in) == (False, None)


def test_the_whole_centre_is_its_teams_together() -> None:
    day = Day()
    for n in range(19):
        day.queued(f"g{n}", n)
        day.answered(f"g{n}", n + 1, 1)
    day.queued("lost", 20, LABOUR)
    day.abandoned("lost", 40, 20, LABOUR)
    day.at(70)
    rates = ConnectRates(day.metrics)
    assert rates.of(GENERAL).rate == 1.0
    assert rates.of(LABOUR).rate == 0.0
    assert rates.of(None).rate == 0.95
    assert not rates.of(None).breached


def test_a_projection_is_made_once_a_minute() -> None:
    metrics = Metrics(make_rules())
    rates = ConnectRates(metrics)
    assert rates.of(None) is rates.of(None)
