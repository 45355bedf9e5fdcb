"""The rivals in the simulator do what their sources say, no better and no worse.

Each test is one sentence of the source (apps/app_queue.c of Asterisk 22, mod_callcenter.c), played
in a hall of two or three operators whose moments can be reckoned by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import pytest

from acd.core.virtual import ORDER_S
from bench.quality.app_queue import AppQueue, Strategy
from bench.quality.callcenter import CallCenter
from bench.quality.fifo import Pooled, Separate
from bench.quality.hall import Hall, State
from bench.quality.people import Caller, Operator
from kernel.ids import AgentId, TeamId
from kernel.language import Language

LABOUR, URBAN = TeamId("labour"), TeamId("urban")


def operator(number: int, home: TeamId = LABOUR, also: Sequence[TeamId] = ()) -> Operator:
    levels = {home: 7, **dict.fromkeys(also, 3)}
    return Operator(number, AgentId(f"op{number:04}"), home, levels, frozenset({Language.MANDARIN}))


def caller(
    number: int,
    at: float,
    *,
    team: TeamId = LABOUR,
    handle: float = 5.0,
    patience: float = 1000.0,
) -> Caller:
    return Caller(number, at, team, Language.MANDARIN, patience, handle, 0.0, counted=True)


BUSY = caller(0, 0.0, handle=1000.0)
"""Keeps the one operator of the own team."""


def served(hall: Hall, callers: Sequence[Caller]) -> list[tuple[int | None, float]]:
    """Who answered each caller (None: nobody), and after how many seconds."""
    hall.run(callers, (0.0, inf))
    return [(v.by.number if v.by else None, round(v.waited, 3)) for v in hall.visits]


def app_queue(
    operators: Sequence[Operator],
    strategy: Strategy = Strategy.LEAST_RECENT,
    opens: tuple[int, int] = (4, 9),
) -> AppQueue:
    return AppQueue(operators, strategy, opens, seed=1)


# --- app_queue ------------------------------------------------------------------------------


def test_app_queue_calls_an_idle_member_at_once() -> None:
    assert served(app_queue([operator(0)]), [caller(0, 3.7)]) == [(0, ORDER_S)]


def test_in_app_queue_a_member_who_becomes_free_waits_for_the_callers_next_look() -> None:
    """Free at 5.02; the caller of 0.3 looks at whole seconds of the own wait: next at 5.3."""
    first, second = served(app_queue([operator(0)]), [caller(0, 0.0), caller(1, 0.3)])

    assert first == (0, ORDER_S)
    assert second == (0, 5.0 + ORDER_S)


def test_in_app_queue_a_later_caller_who_looks_first_is_not_yet_in_turn() -> None:
    """One member is free: 1.2 looks at 5.2, before 0.9 looks at 5.9, and has to leave it."""
    found = served(
        app_queue([operator(0)]), [caller(0, 0.0), caller(1, 0.9), caller(2, 1.2, patience=5.0)]
    )

    assert found[1] == (0, 5.0 + ORDER_S)
    assert found[2] == (None, 5.0)


def test_with_autofill_as_many_callers_are_in_turn_as_members_are_available() -> None:
    """Two members are free from 5.02 and 5.12 on: the later caller's look at 5.2 may take one."""
    found = served(
        app_queue([operator(0), operator(1)]),
        [caller(0, 0.0), caller(1, 0.1), caller(2, 0.9), caller(3, 1.2)],
    )

    assert found[2][1] == 5.0 + ORDER_S
    assert found[3][1] == 4.0 + ORDER_S
    assert found[2][0] != found[3][0]


@pytest.mark.parametrize(("also", "waited"), [((LABOUR,), 5.0), ((), 10.0)])
def test_app_queues_rule_opens_a_penalty_after_its_whole_seconds(
    also: tuple[TeamId, ...], waited: float
) -> None:
    """`penaltychange` counts whole seconds and must be passed: more than 4, more than 9."""
    hall = app_queue([operator(0), operator(1, URBAN, also)])

    assert served(hall, [BUSY, caller(1, 0.5)])[1] == (1, waited + ORDER_S)


def test_app_queue_prefers_a_low_penalty_whatever_the_strategy_says() -> None:
    """Both may be called at 20 s; the helper never had a call, the own member had one."""
    hall = app_queue([operator(0), operator(1, URBAN, (LABOUR,))])
    found = served(hall, [caller(0, 0.0), caller(1, 20.0)])

    assert [who for who, _ in found] == [0, 0]


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        (Strategy.LEAST_RECENT, [2, 1, 0, 2]),
        (Strategy.FEWEST_CALLS, [2, 1, 0, 2]),
        (Strategy.RR_MEMORY, [0, 1, 2, 0]),
        (Strategy.LINEAR, [0, 0, 0, 0]),
    ],
)
def test_app_queues_strategies_choose_among_idle_members(
    strategy: Strategy, order: list[int]
) -> None:
    hall = app_queue([operator(n) for n in range(3)], strategy)
    found = served(hall, [caller(n, 100.0 * n) for n in range(4)])

    assert [who for who, _ in found] == order


def test_app_queues_fewest_calls_forgets_when_and_least_recent_forgets_how_many() -> None:
    """Two members; one has had two short calls long ago, the other one call just now."""
    calls = [caller(0, 0.0), caller(1, 0.5, handle=95.0), caller(2, 10.0), caller(3, 100.0)]
    by_count = served(app_queue([operator(0), operator(1)], Strategy.FEWEST_CALLS), calls)
    by_time = served(app_queue([operator(0), operator(1)], Strategy.LEAST_RECENT), calls)

    assert [who for who, _ in by_count] == [1, 0, 1, 0]
    assert [who for who, _ in by_time] == [1, 0, 1, 1]


def test_app_queues_random_gives_everybody_calls() -> None:
    hall = app_queue([operator(n) for n in range(3)], Strategy.RANDOM)
    found = served(hall, [caller(n, 10.0 * n) for n in range(30)])

    assert {who for who, _ in found} == {0, 1, 2}


# --- mod_callcenter -------------------------------------------------------------------------


def test_mod_callcenter_serves_at_the_next_turn_of_its_loop() -> None:
    """Called at 0.1, free at 5.12: the next turn is at 5.2."""
    found = served(CallCenter([operator(0)], 3), [caller(0, 0.03), caller(1, 0.3)])

    assert found == [(0, round(0.1 - 0.03 + ORDER_S, 3)), (0, round(5.2 - 0.3 + ORDER_S, 3))]


@pytest.mark.parametrize(("also", "second"), [((LABOUR,), 3.0), ((), 6.0)])
def test_mod_callcenter_looks_at_a_tier_after_its_multiple_of_the_wait(
    also: tuple[TeamId, ...], second: float
) -> None:
    hall = CallCenter([operator(0), operator(1, URBAN, also)], 3)

    assert served(hall, [BUSY, caller(1, 0.5)])[1] == (1, second - 0.5 + ORDER_S)


def test_mod_callcenter_asks_the_own_tier_before_others_and_the_longest_idle_in_it() -> None:
    hall = CallCenter([operator(0), operator(1), operator(2, URBAN, (LABOUR,))], 3)
    found = served(hall, [caller(n, 50.0 * n + 1.05) for n in range(4)])

    assert [who for who, _ in found] == [0, 1, 0, 1]


def test_mod_callcenter_serves_the_longest_wait_first_across_its_queues() -> None:
    """The helper is free for both teams; the caller of the other team came first."""
    hall = CallCenter([operator(0), operator(1, URBAN, (LABOUR,))], 3)
    helped = [caller(1, 0.1, team=URBAN, handle=20.0), caller(2, 1.0), caller(3, 2.0, team=URBAN)]
    found = served(hall, [BUSY, *helped])

    assert [who for who, _ in found[2:]] == [1, 1]
    assert found[2][1] < found[3][1]


# --- the two ends of the scale --------------------------------------------------------------


def test_the_pool_serves_whoever_came_first_the_moment_somebody_is_free() -> None:
    hall = Pooled([operator(0, URBAN)])
    found = served(hall, [caller(0, 0.0), caller(1, 0.3), caller(2, 0.4)])

    assert found == [(0, 0.0), (0, 4.7), (0, 9.6)]


def test_separate_queues_never_help_each_other() -> None:
    hall = Separate([operator(0), operator(1, URBAN, (LABOUR,))])
    found = served(hall, [caller(0, 0.0), caller(1, 0.3), caller(2, 0.4, team=URBAN)])

    assert found == [(0, 0.0), (0, 4.7), (1, 0.0)]


@pytest.mark.parametrize(
    "hall",
    [
        lambda: app_queue([operator(0)]),
        lambda: CallCenter([operator(0)], 3),
        lambda: Pooled([operator(0)]),
        lambda: Separate([operator(0)]),
    ],
)
def test_who_gives_up_is_called_by_nobody_and_the_next_one_is_served(hall: object) -> None:
    made: Hall = hall()  # type: ignore[operator]
    found = served(made, [caller(0, 0.0), caller(1, 0.3, patience=2.0), caller(2, 0.5)])

    assert found[1] == (None, 2.0)
    assert found[2][0] == 0
    assert [v.state for v in made.visits] == [State.ANSWERED, State.LEFT, State.ANSWERED]
