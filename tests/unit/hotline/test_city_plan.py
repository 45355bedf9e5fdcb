"""The simulated city repeats itself exactly, and calls for every team."""

from __future__ import annotations

from hotline.simulate.city import citizen_call, spread


def test_two_runs_make_the_same_calls() -> None:
    one = [citizen_call(c, t, 60) for c in range(20) for t in range(5)]
    other = [citizen_call(c, t, 60) for c in range(20) for t in range(5)]

    assert one == other


def test_citizens_press_every_key_and_some_press_nothing() -> None:
    keys = {citizen_call(c, t, 60).key for c in range(20) for t in range(5)}

    assert keys == {"", "0", "1", "2", "3", "4", "5"}


def test_each_citizen_keeps_one_number_of_eleven_digits() -> None:
    numbers = [{citizen_call(c, t, 60).number for t in range(5)} for c in range(40)]

    assert all(len(n) == 1 for n in numbers)
    assert len(set.union(*numbers)) == 40
    assert all(len(number) == 11 for n in numbers for number in n)


def test_spread_stays_within_its_bounds_and_covers_them() -> None:
    values = [spread(i, 2.0, 6.0) for i in range(100)]

    assert min(values) >= 2.0
    assert max(values) < 6.0
    assert max(values) - min(values) > 3.8
