"""Due times across weekends, Spring Festival 2026 and into a year not yet published."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.workorders.world import reference
from workorders.core.calendar import CalendarYear, WorkCalendar
from workorders.core.deadline import Alert, Due, Term, Unit, alert, compute, extended, half
from workorders.core.numbers import CITY_ZONE
from workorders.core.policy_pack import Stage
from workorders.core.words import RequestType, Urgency

CALENDAR = reference().calendar


def city(text: str) -> datetime:
    """A moment in the city's local time, e.g. `2026-02-13 10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def due_at(amount: int, unit: Unit, start: str) -> datetime:
    return compute(Term(amount, unit), city(start), CALENDAR).due_at


def test_the_six_make_up_weekends_of_2026_are_working_days() -> None:
    weekends = {
        date(2026, 1, 1) + timedelta(days=n)
        for n in range(365)
        if (date(2026, 1, 1) + timedelta(days=n)).weekday() >= 5
    }

    assert sorted(d for d in weekends if CALENDAR.is_working_day(d)) == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]


def test_2026_has_248_working_days() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    assert sum(CALENDAR.is_working_day(d) for d in days) == 248


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 2, 14), True),
        (date(2026, 2, 15), False),
        (date(2026, 2, 16), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
    ],
)
def test_spring_festival_2026_is_as_announced(day: date, worked: bool) -> None:
    assert CALENDAR.is_working_day(day) is worked


@pytest.mark.parametrize(
    ("amount", "start", "due"),
    [
        # The day of the start is not counted, the last one ends at the close of business.
        (1, "2026-11-24 09:30", "2026-11-25 18:00"),
        (5, "2026-11-24 23:50", "2026-12-01 18:00"),
        # Friday the 13th: the make-up Saturday counts, the holiday from the 15th to the 23rd not.
        (1, "2026-02-13 10:00", "2026-02-14 18:00"),
        (2, "2026-02-13 10:00", "2026-02-24 18:00"),
        (5, "2026-02-13 10:00", "2026-02-27 18:00"),
        (6, "2026-02-13 10:00", "2026-02-28 18:00"),
        # Dispatched in the middle of the holiday.
        (1, "2026-02-18 03:00", "2026-02-24 18:00"),
    ],
)
def test_working_days_end_at_the_close_of_business(amount: int, start: str, due: str) -> None:
    assert due_at(amount, Unit.WORKING_DAYS, start) == city(due)


@pytest.mark.parametrize(
    ("amount", "start", "due"),
    [
        (2, "2026-11-24 10:00", "2026-11-24 12:00"),
        (3, "2026-11-24 10:00", "2026-11-24 14:00"),
        (4, "2026-11-24 16:00", "2026-11-25 11:00"),
        (4, "2026-11-27 17:00", "2026-11-30 12:00"),
        (1, "2026-11-28 12:00", "2026-11-30 10:00"),
        (2, "2026-02-14 17:00", "2026-02-24 10:00"),
    ],
)
def test_working_hours_run_within_working_hours_only(amount: int, start: str, due: str) -> None:
    assert due_at(amount, Unit.WORKING_HOURS, start) == city(due)


def test_minutes_and_hours_run_by_the_clock_through_any_holiday() -> None:
    assert due_at(30, Unit.MINUTES, "2026-02-16 23:45") == city("2026-02-17 00:15")
    assert due_at(24, Unit.HOURS, "2026-02-16 23:45") == city("2026-02-17 23:45")


def test_calendar_days_that_end_on_a_free_day_are_carried_to_the_next_working_day() -> None:
    assert due_at(15, Unit.CALENDAR_DAYS, "2026-02-03 10:00") == city("2026-02-24 18:00")
    assert due_at(15, Unit.CALENDAR_DAYS, "2026-11-03 10:00") == city("2026-11-18 18:00")


def test_a_clock_that_runs_into_an_unpublished_year_is_provisional() -> None:
    inside = compute(Term(5, Unit.WORKING_DAYS), city("2026-12-22 10:00"), CALENDAR)
    across = compute(Term(5, Unit.WORKING_DAYS), city("2026-12-28 10:00"), CALENDAR)

    assert not inside.provisional
    assert across.provisional
    # New Year's Day 2027 is a Friday and free whatever the arrangement says.
    assert across.due_at == city("2027-01-05 18:00")


def test_a_year_that_is_not_in_the_file_counts_plain_weekends_and_is_provisional() -> None:
    due = compute(Term(3, Unit.WORKING_DAYS), city("2031-03-07 10:00"), CALENDAR)

    assert due.provisional
    assert due.due_at == city("2031-03-12 18:00")


def test_a_clock_by_the_hour_is_never_provisional() -> None:
    assert not compute(Term(24, Unit.HOURS), city("2026-12-31 20:00"), CALENDAR).provisional


def test_warnings_stand_at_half_and_at_four_fifths_of_the_working_time() -> None:
    # From the close of Tuesday's business to the close of the fifth working day: 5 x 8 hours.
    due = compute(Term(5, Unit.WORKING_DAYS), city("2026-11-24 18:00"), CALENDAR)

    assert due.notice_at == city("2026-11-27 14:00")
    assert due.warning_at == city("2026-11-30 18:00")
    assert due.due_at == city("2026-12-01 18:00")


@pytest.mark.parametrize(
    ("at", "level"),
    [
        ("2026-11-27 13:59", Alert.ON_TIME),
        ("2026-11-27 14:00", Alert.HALFWAY),
        ("2026-11-30 18:00", Alert.SOON),
        ("2026-12-01 17:59", Alert.SOON),
        ("2026-12-01 18:00", Alert.OVERDUE),
    ],
)
def test_alerts_turn_exactly_at_their_thresholds(at: str, level: Alert) -> None:
    due = compute(Term(5, Unit.WORKING_DAYS), city("2026-11-24 18:00"), CALENDAR)

    assert alert(due, city(at)) is level


def test_an_extended_clock_keeps_its_start_and_moves_its_warnings() -> None:
    due = compute(Term(5, Unit.WORKING_DAYS), city("2026-11-24 18:00"), CALENDAR)
    later = extended(due, city("2026-12-04 18:00"))

    assert later.started_at == due.started_at
    assert due.due_at < later.due_at
    assert later.started_at < later.notice_at < later.warning_at < later.due_at


def test_a_redo_gets_half_the_term_but_at_least_one() -> None:
    assert half(Term(5, Unit.WORKING_DAYS)) == Term(3, Unit.WORKING_DAYS)
    assert half(Term(1, Unit.HOURS)) == Term(1, Unit.HOURS)


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        compute(Term(1, Unit.HOURS), datetime(2026, 1, 1), CALENDAR)  # noqa: DTZ001


def test_a_term_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Term(0, Unit.HOURS)


def test_a_calendar_without_working_days_gives_up_instead_of_searching_for_ever() -> None:
    free = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(365 * 4))
    years = tuple(
        CalendarYear(y, True, frozenset(d for d in free if d.year == y), frozenset(), "")
        for y in range(2026, 2030)
    )
    endless = WorkCalendar(CITY_ZONE, CALENDAR.hours, years)

    with pytest.raises(ValueError, match="search limit"):
        endless.add_working_days(date(2026, 1, 1), 1)
    with pytest.raises(ValueError, match="search limit"):
        endless.add_working_time(city("2026-01-01 10:00"), timedelta(hours=1))


_YEARS = timedelta(days=670)
MOMENTS = st.timedeltas(timedelta(0), _YEARS).map(
    lambda gone: datetime(2026, 1, 1, tzinfo=UTC) + gone
)
TERMS = st.builds(Term, st.integers(1, 40), st.sampled_from(list(Unit)))


@given(TERMS, MOMENTS)
def test_the_instants_of_a_clock_are_in_order(term: Term, start: datetime) -> None:
    due = compute(term, start, CALENDAR)

    assert due.started_at <= due.notice_at <= due.warning_at <= due.due_at
    assert due.started_at < due.due_at


@given(TERMS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_later_start_is_never_due_earlier(term: Term, start: datetime, gap: timedelta) -> None:
    earlier = compute(term, start, CALENDAR)
    later = compute(term, start + gap, CALENDAR)

    assert later.due_at >= earlier.due_at


@given(MOMENTS, st.timedeltas(timedelta(minutes=1), timedelta(hours=200)))
def test_adding_working_time_and_measuring_it_agree(start: datetime, amount: timedelta) -> None:
    end = CALENDAR.add_working_time(start, amount)

    assert CALENDAR.working_time(start, end) == amount


# --- the policy pack --------------------------------------------------------------------------


def rule_id(
    request_type: RequestType,
    category: str,
    urgency: Urgency = Urgency.NORMAL,
    stage: Stage = Stage.HANDLE,
) -> str:
    return reference().policy.rule(stage, request_type, category, urgency).rule_id


@pytest.mark.parametrize(
    ("request_type", "category", "urgency", "expected"),
    [
        (RequestType.COMPLAINT, "urban.environment.fume", Urgency.NORMAL, "general"),
        (RequestType.COMPLAINT, "urban.environment.fume", Urgency.URGENT, "urgent"),
        (RequestType.COMPLAINT, "urban.environment.fume", Urgency.CRITICAL, "critical"),
        (RequestType.COMPLAINT, "consumer.online.refund", Urgency.NORMAL, "market-complaint"),
        (RequestType.REPORT, "consumer.market.price", Urgency.NORMAL, "market-report"),
        (RequestType.REPORT, "urban.building.illegal", Urgency.NORMAL, "report"),
        (RequestType.CONSULT, "labour.pay.arrears", Urgency.NORMAL, "consult"),
        (RequestType.COMPLAINT, "labour.pay.arrears", Urgency.NORMAL, "wage-arrears"),
        (RequestType.HELP, "general.utilities.water", Urgency.NORMAL, "water-power-gas-outage"),
        (RequestType.SUGGESTION, "security.traffic.signal", Urgency.NORMAL, "suggestion"),
    ],
)
def test_the_particular_rule_comes_before_the_general_one(
    request_type: RequestType, category: str, urgency: Urgency, expected: str
) -> None:
    assert rule_id(request_type, category, urgency) == expected


def test_a_category_prefix_ends_at_a_dot() -> None:
    assert rule_id(RequestType.COMPLAINT, "consumers-else.x.y") == "general"


@pytest.mark.parametrize("stage", list(Stage))
def test_every_combination_has_a_rule_in_every_stage(stage: Stage) -> None:
    for leaf in reference().tree.leaves():
        for request_type in RequestType:
            for urgency in Urgency:
                assert rule_id(request_type, leaf.category_id, urgency, stage)


def test_every_rule_says_its_sentence_and_its_basis() -> None:
    assert all(r.text and r.text_en and r.basis for r in reference().policy.rules)


def test_printed_sentence_is_told_in_english_only_while_the_rule_says_the_same() -> None:
    policy = reference().policy
    rule = policy.rules[0]

    assert policy.in_english(rule.rule_id, rule.text) == rule.text_en
    assert policy.in_english(rule.rule_id, "从前的说法") is None
    assert policy.in_english("gone", rule.text) is None


def test_due_values_compare_by_value() -> None:
    one = compute(Term(1, Unit.HOURS), city("2026-11-24 10:00"), CALENDAR)

    assert one == Due(one.started_at, one.notice_at, one.warning_at, one.due_at, False)
