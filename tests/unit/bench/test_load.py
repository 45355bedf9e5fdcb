"""The loads: enough operators to be idle, or a little too few; write-ups that are not even."""

from __future__ import annotations

import pytest

from bench.load import idle_operators, line_to_serve
from hotline.simulate.operators import Habits

RATES = (1.0, 1.65, 6.6, 10.0, 40.0)


def busy_s(wrap_s: float, talk_s: float) -> float:
    """Ring, talk, write-up: an operator's time for one call."""
    return 0.3 + talk_s + wrap_s


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("talk_s", [0.6, 20.0])
def test_operators_who_are_to_be_idle_are_more_than_the_load_needs(
    rate: float, talk_s: float
) -> None:
    load = idle_operators(rate, 20, talk_s)

    assert load.operators % 5 == 0
    assert load.operators >= rate * busy_s(load.wrap_s, talk_s) + 3
    assert load.calls == round(rate * 20)


@pytest.mark.parametrize("rate", RATES)
def test_a_line_is_served_a_little_slower_than_it_grows(rate: float) -> None:
    load = line_to_serve(rate, 20)
    served = load.operators / busy_s(load.wrap_s, load.talk_s)

    assert load.wrap_s > 0
    assert rate * 0.9 < served < rate * 1.1
    assert load.head_start_s > 0


def test_write_ups_vary_around_their_mean_and_are_the_same_in_each_run() -> None:
    habits = Habits(1.0, 2.0, uneven=0.5)
    wraps = [habits.wrap_of(n) for n in range(1000)]

    assert wraps == [habits.wrap_of(n) for n in range(1000)]
    assert 1.0 <= min(wraps) < 1.1
    assert 2.9 < max(wraps) <= 3.0
    assert sum(wraps) / 1000 == pytest.approx(2.0, abs=0.01)
    assert Habits(1.0, 2.0).wrap_of(7) == 2.0
