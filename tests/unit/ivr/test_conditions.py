"""Conditions: the clock of the city, the official calendar, the line, the caller, the queue."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from ivr.core.conditions import (
    Around,
    CallerIs,
    CallerKind,
    DayIs,
    DayKind,
    Dialled,
    Known,
    QueueLoad,
    QueueOver,
    TimeOfDay,
    caller_kind,
    holds,
)
from kernel.ids import TeamId
from kernel.phone import clean
from tests.fakes.clock import NOON

LABOUR = TeamId("labour")
CALL = Known(language_known=False, line_team=None, dnis="12345", caller=CallerKind.MOBILE)
NOBODY = Around()


def city(hour: int, minute: int = 0) -> datetime:
    """A moment by the city's clock, eight hours ahead of UTC."""
    return datetime(2026, 11, 24, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("hour", "minute", "inside"),
    [(8, 29, False), (8, 30, True), (17, 29, True), (17, 30, False), (0, 0, False)],
)
def test_time_of_day_is_the_citys_and_ends_before_its_end(
    hour: int, minute: int, inside: bool
) -> None:
    office = TimeOfDay(time(8, 30), time(17, 30))
    assert holds(office, CALL, NOBODY, city(hour, minute)) is inside


@pytest.mark.parametrize(
    ("hour", "inside"), [(21, False), (22, True), (23, True), (0, True), (5, True), (6, False)]
)
def test_time_of_day_may_go_over_midnight(hour: int, inside: bool) -> None:
    night = TimeOfDay(time(22), time(6))
    assert holds(night, CALL, NOBODY, city(hour)) is inside


@pytest.mark.parametrize("working", [True, False])
def test_kind_of_day_is_that_of_the_calendar(working: bool) -> None:
    around = Around(working_day=working)
    assert holds(DayIs(DayKind.WORKING), CALL, around, NOON) is working
    assert holds(DayIs(DayKind.FREE), CALL, around, NOON) is not working


def test_dialled_number_is_one_of_the_list() -> None:
    assert holds(Dialled(frozenset({"12345", "12333"})), CALL, NOBODY, NOON)
    assert not holds(Dialled(frozenset({"12333"})), CALL, NOBODY, NOON)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("13800138000", CallerKind.MOBILE),
        ("+8613800138000", CallerKind.MOBILE),
        ("02083330000", CallerKind.OTHER),
        ("anonymous", CallerKind.ANONYMOUS),
        ("", CallerKind.ANONYMOUS),
    ],
)
def test_caller_is_told_apart_by_the_form_of_the_number(raw: str, kind: CallerKind) -> None:
    assert caller_kind(clean(raw)) is kind
    known = Known(language_known=False, line_team=None, dnis="", caller=kind)
    assert [k for k in CallerKind if holds(CallerIs(k), known, NOBODY, NOON)] == [kind]


def test_queue_is_over_its_limit_when_more_wait_or_somebody_waits_longer() -> None:
    around = Around(queues={LABOUR: QueueLoad(3, NOON - timedelta(seconds=61))})
    assert holds(QueueOver(LABOUR, 2, None), CALL, around, NOON)
    assert not holds(QueueOver(LABOUR, 3, None), CALL, around, NOON)
    assert holds(QueueOver(LABOUR, 99, timedelta(seconds=60)), CALL, around, NOON)
    assert not holds(QueueOver(LABOUR, 99, timedelta(seconds=61)), CALL, around, NOON)


def test_queue_of_the_dialled_line_is_that_of_its_team_and_nobodys_without_one() -> None:
    around = Around(queues={LABOUR: QueueLoad(3, NOON)})
    of_line = Known(language_known=True, line_team=LABOUR, dnis="12333", caller=CallerKind.OTHER)
    assert holds(QueueOver(None, 0, None), of_line, around, NOON)
    assert not holds(QueueOver(None, 0, None), CALL, around, NOON)
    assert not holds(QueueOver(TeamId("urban"), 0, timedelta(0)), CALL, around, NOON)
