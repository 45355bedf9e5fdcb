"""How right the announced waits were, and what the errors make of the next range."""

from __future__ import annotations

from datetime import timedelta
from statistics import NormalDist

import pytest

from acd.core.expected_wait import Doubt, Forecast
from acd.core.wait_scores import (
    KEPT,
    PUBLISHED_FOR,
    TRUST_FROM,
    Accuracy,
    WaitScores,
    within,
)
from acd.core.wait_told import Told
from kernel.ids import CallId
from kernel.waits import WaitScore
from tests.fakes.clock import NOON
from tests.unit.acd.rules import GENERAL, LABOUR

CALL = CallId("c")


def forecast(seconds: float, departures: float = 10) -> Forecast:
    return Forecast(seconds, departures, Doubt.NONE)


def score(
    expected: float, waited: float, said: Told | None, *, answered: bool = True, told: bool = True
) -> WaitScore:
    return WaitScore(
        expected_s=expected,
        departures=10,
        low_min=said.low if said else None,
        high_min=said.high if said else None,
        told=told and said is not None,
        waited_s=waited,
        answered=answered,
    )


def test_every_announcement_of_a_caller_is_judged_from_its_own_moment() -> None:
    scores = WaitScores()
    scores.add(CALL, forecast(200), Told(3, 5), NOON, told=True)
    scores.add(CALL, forecast(90), Told(1, 2), NOON + timedelta(seconds=100), told=False)
    ended = scores.end(CALL, NOON + timedelta(seconds=190), answered=True)
    assert [(s.told, s.waited_s, s.expected_s) for s in ended] == [
        (True, 190.0, 200.0),
        (False, 90.0, 90.0),
    ]
    assert scores.end(CALL, NOON, answered=True) == (), "a caller is judged once"


@pytest.mark.parametrize(
    ("one", "right"),
    [
        (score(200, 190, Told(3, 5)), True),
        (score(200, 301, Told(3, 5)), False),
        (score(200, 179, Told(3, 5)), False),
        (score(200, 200, None), None),
        (score(200, 100, Told(3, 5), answered=False), None),
        (score(200, 301, Told(3, 5), answered=False), False),
        (score(4000, 5000, Told(60, None)), True),
        (score(4000, 5000, Told(60, None), answered=False), None),
    ],
)
def test_what_was_told_came_true_or_did_not_or_cannot_be_known(
    one: WaitScore, right: bool | None
) -> None:
    assert within(one) is right


def test_the_published_accuracy_is_of_what_was_told_in_24_hours() -> None:
    """Three judged, two right; errors 10, 101 and (left) none: mean 55.5."""
    scores = WaitScores()
    scores.learn(
        GENERAL,
        (
            score(200, 190, Told(3, 5)),
            score(200, 301, Told(3, 5)),
            score(100, 20, None),
            score(200, 500, Told(3, 5), answered=False),
        ),
        NOON,
    )
    scores.learn(LABOUR, (score(100, 100, Told(1, 2)),), NOON)
    general = scores.accuracy(GENERAL, NOON)
    assert (general.told, general.mae_s) == (3, 55.5)
    assert general.within_rate == pytest.approx(1 / 3)
    both = scores.accuracy(None, NOON)
    assert (both.told, both.within_rate) == (4, 0.5)
    assert both.mae_s == pytest.approx(37.0)
    assert scores.accuracy(GENERAL, NOON + PUBLISHED_FOR + timedelta(1)) == Accuracy(0, None, None)


def test_without_errors_known_the_range_is_that_of_the_theory() -> None:
    """100 departures at 6 s each: the 10 % and 90 % quantiles of a gamma of shape 100 are 523.9 and
    677.9 s (scipy: gamma.ppf(q, 100, scale=6))."""
    low, high = WaitScores().span(forecast(600, departures=100))
    assert low == pytest.approx(524, rel=0.02)
    assert high == pytest.approx(678, rel=0.02)


def test_a_model_that_is_always_a_third_too_short_is_set_right() -> None:
    scores = WaitScores()
    for n in range(KEPT):
        spread = NormalDist().inv_cdf((n + 0.5) / KEPT) * 0.1
        scores.learn(GENERAL, (score(100, 150 * (1 + spread), None),), NOON)
    low, high = scores.span(forecast(100))
    assert 120 < low < 150 < high < 180


def test_announcements_that_were_wrong_too_often_end_until_unsaid_ones_are_right() -> None:
    scores = WaitScores()
    wrong = score(100, 900, Told(1, 3))
    right_unsaid = score(100, 100, Told(1, 3), told=False)
    for _ in range(TRUST_FROM - 1):
        scores.learn(GENERAL, (wrong,), NOON)
    assert scores.trusted, "too few to condemn"
    scores.learn(GENERAL, (wrong,), NOON)
    assert not scores.trusted
    for _ in range(200):
        scores.learn(GENERAL, (right_unsaid,), NOON)
    assert scores.trusted
    assert scores.accuracy(GENERAL, NOON).told == TRUST_FROM, "what nobody heard is not published"


def test_the_last_thing_told_is_remembered_through_silence() -> None:
    scores = WaitScores()
    scores.add(CALL, forecast(200), Told(3, 5), NOON, told=True)
    scores.add(CALL, forecast(100), Told(1, 3), NOON, told=False)
    scores.add(CALL, forecast(100), None, NOON, told=True)
    assert scores.last_told(CALL) == Told(3, 5)
    assert scores.last_told(CallId("other")) is None
