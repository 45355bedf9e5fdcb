"""The staffing functions give the table of the performance notes (C3), digit for digit."""

from __future__ import annotations

from datetime import timedelta
from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.core.staffing import (
    Goal,
    Load,
    average_speed_of_answer_s,
    carried_calls_per_hour,
    erlang_a,
    erlang_b,
    erlang_c,
    occupancy,
    required_agents,
    required_trunks,
    service_level,
)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


HANDLE = s(300)
G80 = Goal(0.80, s(20))
G95 = Goal(0.95, s(15))
G99 = Goal(0.99, s(10))


@pytest.mark.parametrize(
    ("agents", "goal", "calls"),
    [
        (506, G80, 5921),
        (506, G95, 5770),
        (506, G99, 5584),
        (455, G80, 5313),
        (455, G95, 5168),
        (455, G99, 4992),
        (253, G80, 2912),
        (253, G95, 2798),
        (253, G99, 2669),
        (101, G80, 1120),
        (101, G95, 1046),
        (101, G99, 971),
        (50, G80, 530),
        (50, G95, 478),
        (50, G99, 429),
        (759, G80, 8942),
        (759, G95, 8766),
        (856, G80, 10101),
        (856, G95, 9918),
    ],
)
def test_seats_carry_the_calls_of_the_table(agents: int, goal: Goal, calls: int) -> None:
    assert round(carried_calls_per_hour(agents, HANDLE, goal)) == calls


@pytest.mark.parametrize(
    ("agents", "goal", "per_second"),
    [
        (506, G80, 1.645),
        (506, G95, 1.603),
        (455, G80, 1.476),
        (455, G95, 1.435),
        (253, G80, 0.809),
        (253, G95, 0.777),
        (101, G80, 0.311),
        (101, G95, 0.291),
        (759, G80, 2.48),
        (856, G80, 2.81),
    ],
)
def test_calls_per_second_of_the_table(agents: int, goal: Goal, per_second: float) -> None:
    digits = len(str(per_second).split(".")[1])
    assert round(carried_calls_per_hour(agents, HANDLE, goal) / 3600, digits) == per_second


@pytest.mark.parametrize(
    ("agents", "goal", "busy", "asa"),
    [(506, G80, 0.975, 11.0), (506, G95, 0.950, 2.1), (101, G80, 0.924, None)],
)
def test_occupancy_and_speed_of_answer_of_the_table(
    agents: int, goal: Goal, busy: float, asa: float | None
) -> None:
    load = Load(carried_calls_per_hour(agents, HANDLE, goal), HANDLE)
    assert round(occupancy(load, agents), 3) == busy
    if asa is not None:
        assert round(average_speed_of_answer_s(load, agents), 1) == asa


@pytest.mark.parametrize(
    ("handle_s", "calls"), [(180, 9718), (240, 7244), (300, 5770), (360, 4792), (420, 4096)]
)
def test_sensitivity_to_the_handle_time(handle_s: float, calls: int) -> None:
    assert round(carried_calls_per_hour(506, s(handle_s), G95)) == calls


def test_one_second_of_handle_time_is_worth_nineteen_calls_an_hour() -> None:
    gained = carried_calls_per_hour(506, s(299), G95) - carried_calls_per_hour(506, s(300), G95)
    assert 19 <= gained < 20


def test_five_separate_teams_carry_5601_and_the_pool_5_7_per_cent_more() -> None:
    separate = 5 * carried_calls_per_hour(101, HANDLE, G80)
    pooled = carried_calls_per_hour(506, HANDLE, G80)
    assert round(separate) == 5601
    assert round(pooled / separate - 1, 3) == 0.057


@pytest.mark.parametrize(
    ("cases_a_day", "seats"),
    [
        (18_904, (142, 175, 208)),
        (29_112, (213, 263, 313)),
        (44_833, (321, 397, 473)),
        (69_043, (486, 602, 719)),
        (77_836, (545, 677, 808)),
    ],
)
def test_seats_for_the_volumes_of_the_table(cases_a_day: int, seats: tuple[int, int, int]) -> None:
    needed = (
        required_agents(Load(cases_a_day * busy_hour, HANDLE), G95)
        for busy_hour in (0.08, 0.10, 0.12)
    )
    assert tuple(needed) == seats


def test_trunks_for_one_lost_call_in_a_thousand() -> None:
    rate = carried_calls_per_hour(506, HANDLE, G80) / 3600
    assert required_trunks(rate * 281, 0.001) == 515
    assert required_trunks(rate * 1.54 * 310, 0.001) == 851


@pytest.mark.parametrize(
    ("times", "patience_s", "wait", "abandon", "level"),
    [
        (1.0, 120, 0.23, 0.011, 0.987),
        (1.0, 180, 0.26, 0.010, 0.983),
        (1.05, 120, None, None, 0.95),
        (1.05, 180, None, None, 0.91),
        (1.1, 120, None, 0.07, 0.86),
        (1.1, 180, None, 0.07, 0.72),
    ],
)
def test_impatient_callers_of_the_table(
    times: float, patience_s: float, wait: float | None, abandon: float | None, level: float
) -> None:
    load = Load(times * carried_calls_per_hour(506, HANDLE, G80), HANDLE)
    found = erlang_a(load, 506, s(patience_s), s(20))
    assert abs(found.answered_within_fraction - level) < 0.005
    if wait is not None:
        assert round(found.wait_fraction, 2) == wait
    if abandon is not None:
        assert abs(found.abandon_fraction - abandon) < 0.0012


@pytest.mark.parametrize(
    ("times", "abandon", "waiting", "wait_s"),
    [
        (1.54, 0.33, (102, 152), None),
        (2.0, 0.49, (192, 289), None),
        (4.0, 0.74, (587, 881), (89, 134)),
        (10.0, 0.90, (1770, 2660), None),
    ],
)
def test_the_lines_of_a_typhoon(
    times: float, abandon: float, waiting: tuple[int, int], wait_s: tuple[int, int] | None
) -> None:
    load = Load(times * carried_calls_per_hour(506, HANDLE, G80), HANDLE)
    found = [erlang_a(load, 506, s(p), s(20)) for p in (120, 180)]
    assert [round(f.abandon_fraction, 2) for f in found] == [abandon, abandon]
    # The table gives three digits.
    assert [float(f"{f.waiting:.3g}") for f in found] == [float(w) for w in waiting]
    if wait_s is not None:
        assert [round(f.wait_s) for f in found] == list(wait_s)


def test_the_impatient_of_a_small_place_by_counting_its_states() -> None:
    """Erlang A again, as a birth and death process written out: an independent reckoning."""
    agents, rate, service, giving_up = 3, 0.02, 1 / 120, 1 / 90
    weights = [1.0]
    for n in range(1, 400):
        leave = min(n, agents) * service + max(n - agents, 0) * giving_up
        weights.append(weights[-1] * rate / leave)
    whole = sum(weights)
    waiting = sum(w * max(n - agents, 0) for n, w in enumerate(weights)) / whole
    found = erlang_a(Load(rate * 3600, s(120)), agents, s(90), s(15))
    assert isclose(found.wait_fraction, sum(weights[agents:]) / whole, rel_tol=1e-9)
    assert isclose(found.waiting, waiting, rel_tol=1e-9)
    assert isclose(found.abandon_fraction, giving_up * waiting / rate, rel_tol=1e-9)


def test_a_caller_who_never_gives_up_makes_erlang_a_to_c() -> None:
    load = Load(4000, HANDLE)
    found = erlang_a(load, 340, timedelta(days=400), s(15))
    assert isclose(found.wait_fraction, erlang_c(load.erlangs, 340), rel_tol=1e-3)
    level = service_level(load, 340, s(15))
    assert isclose(found.answered_within_fraction, level, rel_tol=1e-3)


def test_a_load_above_the_agents_grows_without_end() -> None:
    load = Load(6100, HANDLE)
    assert erlang_c(load.erlangs, 506) == 1.0
    assert service_level(load, 506, s(15)) == 0.0
    assert average_speed_of_answer_s(load, 506) == inf
    assert occupancy(load, 506) == 1.0


@given(st.floats(1, 20_000), st.integers(1, 900), st.floats(20, 900), st.floats(10, 900))
def test_fractions_stay_fractions_and_more_agents_never_harm(
    calls: float, agents: int, handle_s: float, patience_s: float
) -> None:
    load = Load(calls, s(handle_s))
    less, more = (erlang_a(load, n, s(patience_s), s(15)) for n in (agents, agents + 1))
    for found in (less, more):
        for part in (found.wait_fraction, found.abandon_fraction, found.answered_within_fraction):
            assert -1e-9 <= part <= 1 + 1e-9
        assert 0 <= found.occupancy <= 1
    assert more.abandon_fraction <= less.abandon_fraction + 1e-9
    assert more.answered_within_fraction >= less.answered_within_fraction - 1e-9
    assert erlang_b(load.erlangs, agents + 1) <= erlang_b(load.erlangs, agents)


def test_a_load_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError):
        Load(-1, HANDLE)
    with pytest.raises(ValueError):
        Load(1, s(0))


@pytest.mark.parametrize(("calls", "agents", "patience_s"), [(10, 0, 60), (10, 3, 0), (0, 3, 60)])
def test_erlang_a_needs_agents_calls_and_patience(
    calls: float, agents: int, patience_s: float
) -> None:
    with pytest.raises(ValueError):
        erlang_a(Load(calls, HANDLE), agents, s(patience_s), s(15))
