"""The figures, each against numbers worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from acd.core.agent_times import AgentTimes
from acd.core.floor import microseconds
from acd.core.metrics import (
    ClosedMinute,
    Count,
    abandon_rate,
    average_handle_time,
    average_speed_of_answer,
    connect_rate,
    empty_bucket,
    occupancy,
    service_level,
    short_abandon_rate,
)
from kernel import events as ev
from kernel.ids import BoothId, CallId, Endpoint, EventId, OfferId
from tests.fakes.clock import NOON
from tests.unit.acd.figures import A, Day
from tests.unit.acd.rules import GENERAL, LABOUR


def test_the_three_service_levels_of_the_textbook() -> None:
    """70 answered in time, 10 abandoned in time, 20 over: 77.8 %, 70 %, 80 % (notes 2.4)."""
    counts = empty_bucket()
    counts[Count.ANSWERED_IN_TIME] = 70
    counts[Count.ABANDONED_IN_TIME] = 10
    counts[Count.OVER_THRESHOLD] = 20
    level = service_level(counts)
    assert level.ignoring_abandons == pytest.approx(0.7778, abs=1e-4)
    assert level.abandons_negative == 0.70
    assert level.abandons_positive == 0.80


def test_without_calls_there_is_no_rate() -> None:
    level = service_level(empty_bucket())
    assert (level.ignoring_abandons, level.abandons_negative, level.abandons_positive) == (
        None, None, None,
    )  # fmt: skip
    assert connect_rate(empty_bucket()) is None
    assert average_handle_time(empty_bucket()) is None


def test_each_call_is_counted_once_at_the_first_of_answer_abandon_threshold() -> None:
    day = Day()
    day.queued("in-time", 0)
    day.answered("in-time", 15, 15)
    day.queued("late", 0)
    day.at(16)
    assert day.counts()[Count.OVER_THRESHOLD] == 1, "counted when the threshold passes"
    day.answered("late", 40, 40)
    day.queued("leaves-late", 50)
    day.abandoned("leaves-late", 80, 30)
    day.queued("leaves", 50)
    day.abandoned("leaves", 60, 10)
    counts = day.counts()
    assert counts[Count.ANSWERED_IN_TIME] == 1
    assert counts[Count.ABANDONED_IN_TIME] == 1
    assert counts[Count.OVER_THRESHOLD] == 2
    assert counts[Count.ANSWERED] == 2
    assert counts[Count.ABANDONED] == 2


def test_a_short_abandon_is_told_apart_and_left_out_of_the_service_level() -> None:
    day = Day()
    day.queued("c", 0)
    day.abandoned("c", 4, 4)
    counts = day.counts()
    assert (counts[Count.ABANDONED], counts[Count.SHORT_ABANDONED]) == (1, 1)
    assert service_level(counts).abandons_negative is None
    assert connect_rate(counts) == 0.0, "the caller did ask for a person"


def test_a_return_to_the_old_place_is_the_same_visit() -> None:
    day = Day()
    day.queued("c", 0)
    day.queued("c", 20, cause="ring_no_answer")
    day.answered("c", 30, 30)
    assert day.counts()[Count.ENTERED] == 1
    assert average_speed_of_answer(day.counts()) == 30


def test_a_call_answered_by_another_team_flowed_out_of_its_own() -> None:
    day = Day()
    day.queued("c", 0, LABOUR)
    day.answered("c", 70, 70, GENERAL)
    labour, general = day.counts(LABOUR), day.counts(GENERAL)
    assert (labour[Count.ENTERED], labour[Count.FLOWED_OUT], labour[Count.ANSWERED]) == (1, 1, 0)
    assert (general[Count.ENTERED], general[Count.ANSWERED]) == (1, 1)


def test_a_transferred_caller_visits_the_second_team_anew() -> None:
    day = Day()
    day.queued("c", 0)
    day.answered("c", 10, 10)
    day.queued("c", 100, LABOUR, cause="transfer")
    day.answered("c", 108, 108, LABOUR)
    assert day.counts(LABOUR)[Count.ENTERED] == 1
    assert average_speed_of_answer(day.counts(LABOUR)) == 8


def test_the_connect_rate_rolls_over_24_hours_minute_by_minute() -> None:
    day = Day()
    day.queued("lost", 0)
    day.abandoned("lost", 30, 30)
    day.queued("won", 60)
    day.answered("won", 61, 1)
    figures = day.metrics.teams[GENERAL]
    assert connect_rate(figures.window(figures.rolling)) == 0.5
    day.at(24 * 3600 + 59)
    assert connect_rate(figures.window(figures.rolling)) == 1.0, "the lost call is out"
    day.at(24 * 3600 + 120)
    assert connect_rate(figures.window(figures.rolling)) is None


def test_the_day_of_the_city_begins_at_its_own_midnight() -> None:
    day = Day()
    day.queued("c", 0)
    day.answered("c", 1, 1)
    day.at(12 * 3600 - 1)
    assert day.counts()[Count.ANSWERED] == 1
    day.at(12 * 3600 + 1)
    assert day.counts()[Count.ANSWERED] == 0


def test_handle_time_is_talk_with_hold_and_wrap_up() -> None:
    day = Day()
    day.agent(
        ev.TalkFinished, 100, call_id=CallId("c"), offer_id=OfferId("c.1"), team=GENERAL,
        talk_s=90.0, held_s=30.0,
    )  # fmt: skip
    day.agent(
        ev.WrapUpFinished, 130, call_id=CallId("c"), disposition="answered", wrap_up_s=30.0,
        timed_out=False,
    )  # fmt: skip
    assert average_handle_time(day.counts()) == 120


def test_occupancy_leaves_out_time_not_ready() -> None:
    day = Day()
    day.metrics.note_primary(A, GENERAL)
    day.agent(ev.AgentLoggedIn, 0, booth_id=BoothId("001"), endpoint=Endpoint("booth001"))
    day.agent(ev.AgentStatusChanged, 100, status="ready", reason=None, cause="agent")
    day.agent(ev.AgentActivityChanged, 130, activity="offered")
    day.agent(ev.AgentActivityChanged, 140, activity="talking")
    day.agent(ev.AgentActivityChanged, 200, activity="wrap_up")
    day.agent(ev.AgentActivityChanged, 220, activity="idle")
    assert occupancy(day.counts()) == pytest.approx(90 / 120)


def test_an_agents_states_add_up_to_the_time_since_log_in() -> None:
    times = AgentTimes()

    def at(seconds: float) -> int:
        return microseconds(NOON + timedelta(seconds=seconds))

    common: dict[str, Any] = {"event_id": EventId("e"), "occurred_at": NOON, "agent_id": A}
    times.fold(ev.AgentLoggedIn(**common, booth_id=BoothId("1"), endpoint=Endpoint("b")), at(0))
    times.fold(ev.AgentStatusChanged(**common, status="ready", reason=None, cause="a"), at(5))
    times.fold(ev.AgentActivityChanged(**common, activity="offered"), at(7.5))
    times.fold(ev.AgentActivityChanged(**common, activity="talking"), at(9))
    times.fold(
        ev.AgentStatusChanged(**common, status="not_ready", reason="meal", cause="a"), at(20)
    )
    times.fold(ev.AgentActivityChanged(**common, activity="idle"), at(30))
    seconds = {k: v / 1e6 for k, v in times.totals(A, at(33)).items()}
    assert seconds == {
        "not_ready:logged_in": 5, "ready": 2.5, "offered": 1.5, "talking": 21, "not_ready:meal": 3,
    }  # fmt: skip
    assert times.counted_us(A, at(33)) == 33_000_000


def test_figures_restored_from_closed_minutes_equal_those_that_never_stopped() -> None:
    whole, before = Day(), Day()

    def morning(day: Day) -> None:
        for n in range(40):
            day.queued(f"c{n}", n * 20)
            if n % 4:
                day.answered(f"c{n}", n * 20 + n % 19, n % 19)
            else:
                day.abandoned(f"c{n}", n * 20 + 12, 12)
        day.queued("across", 800)
        day.at(1000)

    def afternoon(day: Day) -> None:
        day.answered("across", 1030, 230)
        day.queued("new", 1040)
        day.answered("new", 1050, 10)

    morning(whole)
    afternoon(whole)
    morning(before)
    after = Day()
    after.metrics.restore(before.closed, NOON + timedelta(seconds=1000))
    afternoon(after)
    one, two = whole.metrics.teams[GENERAL], after.metrics.teams[GENERAL]
    assert one.window(one.rolling) == two.window(two.rolling)
    assert one.window(one.now_ring) == two.window(two.now_ring)
    assert one.day == two.day


def test_abandons_are_counted_without_the_short_ones_above_and_below() -> None:
    """60 answered, 30 abandoned (10 of them short), 20 flowed out: 20/100, and 10/110 short."""
    counts = empty_bucket()
    counts[Count.ANSWERED] = 60
    counts[Count.ABANDONED] = 30
    counts[Count.SHORT_ABANDONED] = 10
    counts[Count.FLOWED_OUT] = 20
    assert abandon_rate(counts) == 0.2
    assert short_abandon_rate(counts) == 10 / 110
    assert abandon_rate(empty_bucket()) is None
    assert short_abandon_rate(empty_bucket()) is None


def test_how_often_the_figures_are_looked_at_changes_none_of_them() -> None:
    """The threshold passes in a quiet minute: it is counted there, asked for or not."""

    def course(*, watched: bool) -> list[ClosedMinute]:
        day = Day()
        for n, at in enumerate((0, 50, 58, 170)):
            day.queued(f"c{n}", at)
        if watched:
            for second in range(171, 600):
                day.at(second)
        for n in range(4):
            day.answered(f"c{n}", 600, 600)
        day.at(700)
        return day.closed

    unwatched = course(watched=False)
    assert unwatched == course(watched=True)
    over = {m.minute - unwatched[0].minute: m.counts[Count.OVER_THRESHOLD] for m in unwatched}
    assert over == {0: 1, 1: 2, 2: 0, 3: 1, 10: 0}
