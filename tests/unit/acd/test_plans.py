"""When a plan starts and when it ends: thresholds, times, and that nothing makes it flap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.core import plans as pl
from acd.core.plans import (
    HALL,
    Book,
    Cause,
    Combine,
    EndCause,
    Ended,
    Figures,
    Measure,
    Plan,
    Resting,
    Running,
    Started,
    Trigger,
    judge,
    next_look,
)
from kernel.errors import Conflict, NotFound
from tests.unit.acd.plan_kit import at, make_plan, waiting
from tests.unit.acd.rules import LABOUR, s

PEAK = make_plan()
SEQUENCES = st.lists(
    st.tuples(st.floats(0.5, 120), st.integers(0, 60), st.sampled_from((None, 0.2, 0.5, 0.9))),
    max_size=120,
)


def seen(plan: Plan, counts: Sequence[tuple[float, int]]) -> list[tuple[float, str]]:
    """The plan judged at these seconds with so many waiting; what happened when."""
    book, happened = Book((plan,)), []
    for second, count in counts:
        book, effects = judge(book, waiting(count), at(second))
        happened += [(second, type(e).__name__) for e in effects]
    return happened


def test_a_plan_starts_when_its_condition_has_held_for_long_enough() -> None:
    assert seen(PEAK, [(0, 20), (9, 30), (10, 20), (11, 40)]) == [(10, "Started")]


def test_a_short_break_of_the_condition_begins_the_count_anew() -> None:
    assert seen(PEAK, [(0, 20), (9, 19), (10, 20), (19, 20), (20, 20)]) == [(20, "Started")]


def test_between_the_two_thresholds_nothing_starts_and_nothing_ends() -> None:
    assert seen(PEAK, [(n, 12) for n in range(0, 2000, 10)]) == []
    starts = [(0, 20), (10, 20)]
    assert seen(PEAK, [*starts, *((n, 12) for n in range(20, 4000, 10))]) == [(10, "Started")]


def test_a_plan_ends_after_calm_that_lasts_and_not_before_its_least_time() -> None:
    calm_early = [(0, 20), (10, 20), *((n, 5) for n in range(20, 400, 10))]
    assert seen(PEAK, calm_early) == [(10, "Started"), (310, "Ended")]
    late = [(0, 20), (10, 20), (400, 6), (410, 5), (460, 5), (465, 6), (470, 5), (529, 5), (530, 5)]
    assert seen(PEAK, late) == [(10, "Started"), (530, "Ended")]


def test_after_its_end_a_plan_rests_before_a_trigger_starts_it_again() -> None:
    counts = [(0, 20), (10, 20), (300, 0), (360, 0), *((n, 50) for n in range(361, 520, 5))]
    assert seen(PEAK, counts) == [(10, "Started"), (360, "Ended"), (491, "Started")]


def test_all_triggers_are_needed_where_the_plan_says_so_and_it_ends_with_the_first() -> None:
    plan = make_plan(
        combine=Combine.ALL,
        start_after=s(0),
        triggers=(Trigger(Measure.WAITING, 20, 5), Trigger(Measure.SERVICE_LEVEL, 0.5, 0.8)),
    )
    figures = Figures(waiting=30, service_level=0.6)
    assert not plan.over(figures, at(0))
    assert plan.over(replace(figures, service_level=0.5), at(0))
    assert plan.holds(figures, at(0))
    assert not plan.holds(replace(figures, service_level=0.8), at(0))
    assert not plan.holds(replace(figures, waiting=5), at(0))


def test_a_figure_that_nobody_knows_starts_nothing_and_keeps_nothing() -> None:
    level = Trigger(Measure.SERVICE_LEVEL, 0.5, 0.8)
    assert not level.over(None)
    assert not level.holds(None)
    book, effects = judge(Book((PEAK,)), {}, at(0))
    assert (book, effects) == (Book((PEAK,)), ())


def test_the_longest_wait_grows_by_itself() -> None:
    figures = Figures(longest_since=at(0))
    assert figures.value(Measure.LONGEST_WAIT, at(75)) == 75
    assert Figures().value(Measure.LONGEST_WAIT, at(75)) == 0


@pytest.mark.parametrize(
    ("changed", "moment", "armed"),
    [
        ({}, at(0), True),
        ({"hours": (time(8), time(11))}, at(0), False),  # noon in the city
        ({"hours": (time(12), time(13))}, at(0), True),
        ({"hours": (time(11), time(12))}, at(0), False),
        ({"dates": (date(2026, 11, 24), date(2026, 11, 24))}, at(0), True),
        ({"dates": (date(2026, 11, 24), date(2026, 11, 24))}, at(12 * 3600 - 1), True),
        ({"dates": (date(2026, 11, 24), date(2026, 11, 24))}, at(12 * 3600), False),
    ],
)
def test_triggers_count_only_at_the_plans_hours_and_dates(
    changed: dict[str, object], moment: object, armed: bool
) -> None:
    assert make_plan(**changed).armed(moment) is armed  # type: ignore[arg-type]


def test_a_plan_started_by_hand_ignores_its_triggers_and_ends_after_its_time() -> None:
    book, started = pl.begin(Book((PEAK,)), "peak", at(0))
    assert started == Started(PEAK, Cause.SUPERVISOR)
    for second in (1, 1000, 3599):
        book, effects = judge(book, waiting(0), at(second))
        assert effects == ()
    book, effects = judge(book, waiting(0), at(3600))
    assert effects == (Ended(PEAK, EndCause.TIME_OVER),)


def test_a_plan_ended_by_hand_is_not_started_by_the_next_look() -> None:
    book, _ = judge(Book((make_plan(start_after=s(0)),)), waiting(50), at(0))
    book, _ = pl.end(book, "peak", at(1))
    for second in (2, 60, 120):
        book, effects = judge(book, waiting(50), at(second))
        assert effects == ()
    _, effects = judge(book, waiting(50), at(121))
    assert [type(e) for e in effects] == [Started]


def test_a_supervisor_starts_a_resting_plan_even_while_it_cools_down() -> None:
    book, _ = pl.begin(Book((PEAK,)), "peak", at(0))
    book, _ = pl.end(book, "peak", at(5))
    book, _ = pl.begin(book, "peak", at(6))
    assert [p.plan_id for p in book.running()] == ["peak"]


def test_orders_that_make_no_sense_are_refused() -> None:
    book = Book((PEAK,))
    with pytest.raises(NotFound):
        pl.begin(book, "none", at(0))
    with pytest.raises(Conflict):
        pl.end(book, "peak", at(0))
    book, _ = pl.begin(book, "peak", at(0))
    with pytest.raises(Conflict):
        pl.begin(book, "peak", at(1))


@given(steps=SEQUENCES, combine=st.sampled_from(Combine), start_after=st.integers(0, 30))
def test_no_figures_make_a_plan_flap(
    steps: list[tuple[float, int, float | None]], combine: Combine, start_after: int
) -> None:
    """Between a start and an end lies the least time, between an end and a start the rest; starts
    and ends alternate; the condition really held, and calm really lasted."""
    plan = make_plan(
        combine=combine,
        start_after=s(start_after),
        triggers=(Trigger(Measure.WAITING, 20, 5), Trigger(Measure.SERVICE_LEVEL, 0.3, 0.8)),
    )
    book, now = Book((plan,)), at(0)
    last: tuple[type[pl.Effect], datetime] | None = None
    for passed, count, level in steps:
        now += timedelta(seconds=passed)
        figures = Figures(waiting=count, service_level=level)
        book, effects = judge(book, {LABOUR: figures}, now)
        for effect in effects:
            if isinstance(effect, Started):
                assert last is None or (last[0] is Ended and now - last[1] >= plan.cool_down)
                assert plan.over(figures, now)
            else:
                assert last is not None and last[0] is Started
                assert now - last[1] >= plan.least
                assert not plan.holds(figures, now)
            last = type(effect), now


@given(steps=SEQUENCES)
def test_looking_once_more_at_the_same_moment_changes_nothing(
    steps: list[tuple[float, int, float | None]],
) -> None:
    book, now = Book((PEAK, make_plan("other", measured=HALL))), at(0)
    for passed, count, _ in steps:
        now += timedelta(seconds=passed)
        book, _ = judge(book, waiting(count), now)
        again, effects = judge(book, waiting(count), now)
        assert (again, effects) == (book, ())


@given(steps=SEQUENCES)
def test_the_next_look_is_never_in_the_past_and_misses_nothing(
    steps: list[tuple[float, int, float | None]],
) -> None:
    """With figures that stand still, nothing happens before the moment that was named."""
    book, now = Book((PEAK,)), at(0)
    for passed, count, _ in steps:
        now += timedelta(seconds=passed)
        book, _ = judge(book, waiting(count), now)
        following = next_look(book, waiting(count), now)
        assert now < following <= now + pl.LOOK_AT_REST
        just_before = following - timedelta(microseconds=1)
        _, effects = judge(book, waiting(count), max(just_before, now))
        assert effects == ()


def test_the_moment_at_which_a_wait_passes_a_threshold_is_known() -> None:
    plan = make_plan(triggers=(Trigger(Measure.LONGEST_WAIT, 17, 5),))
    figures = {LABOUR: Figures(waiting=1, longest_since=at(0))}
    assert next_look(Book((plan,)), figures, at(3)) == at(17)


def test_states_are_kept_by_plan() -> None:
    book = Book((PEAK, make_plan("other"))).put("other", Running(at(0), Cause.TRIGGER))
    assert isinstance(book.state("peak"), Resting)
    assert [p.plan_id for p in book.running()] == ["other"]
