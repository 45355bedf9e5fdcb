"""The guard: who is asked, who is not, for how long, and in how much memory."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.screening.guard import Guard
from ivr.core.screening.levels import LevelCause, LevelChange
from ivr.core.screening.listed import ListEntry, ListKind, Treatment
from ivr.core.screening.numbers import block_of, judged
from ivr.core.screening.policy import Bounds, Level, LineCapacity
from ivr.core.screening.present import Decision, Failure, Reason, Verdict
from ivr.core.screening.windows import Meter, NumberTrack, Watched
from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound
from kernel.ids import CallId
from kernel.phone import clean
from tests.fakes.clock import NOON
from tests.fakes.guard_room import shipped_policy
from tests.fakes.ids import CountedIds

POLICY = shipped_policy()
MOBILE = "13800138000"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class Line:
    """A guard and the calls that come to it."""

    def __init__(self, policy: object = POLICY) -> None:
        self.guard = Guard(policy, CountedIds().new)  # type: ignore[arg-type]
        self._numbers = count(1)
        self.last = CallId("none")

    def call(
        self,
        ani: str = MOBILE,
        at: datetime = NOON,
        *,
        dnis: str = "12345",
        known: bool = False,
        stays: bool = False,
    ) -> Verdict:
        self.last = CallId(f"gz-1-{next(self._numbers)}")
        verdict = self.guard.enter(self.last, clean(ani), dnis, familiar=known, now=at)
        if not stays:
            self.guard.leave(self.last)
        return verdict

    def raised(self, level: Level, at: datetime = NOON) -> Line:
        self.guard.pin(level, "ad03", "演练", at + 12 * HOUR, at)
        return self

    def listed(self, **changes: object) -> ListEntry:
        entry = replace(grey(), **changes)  # type: ignore[arg-type]
        return self.guard.lists.add(entry, entry.made_at)


def grey() -> ListEntry:
    return ListEntry(
        entry_id="e1",
        kind=ListKind.GREY,
        number=MOBILE,
        start=False,
        treatment=Treatment.CHALLENGE,
        reason="反复拨打后不说话",
        made_by="ad03",
        made_at=NOON,
        until=NOON + HOUR,
    )


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("13800138000", MOBILE),
        ("+86 138-0013-8000", MOBILE),
        ("008613800138000", MOBILE),
        ("013800138000", MOBILE),
        ("138*0013#8000", MOBILE),
        ("81234567", "02081234567"),
        ("02081234567", "02081234567"),
        ("+85229001234", "85229001234"),
        ("anonymous", ""),
        ("", ""),
        ("+", ""),
        ("12", ""),
        ("9" * 16, ""),
        ("1" * 4000, ""),
        ("'; DROP TABLE calls; --", ""),
        ("１３８００１３８０００", ""),  # full-width figures are no figures of a number
        ("١٣٨٠٠", ""),
        ("${SHELL(id)}", ""),
        ("\r\n13800138000", MOBILE),
    ],
)
def test_hostile_and_odd_numbers_are_one_telephone_or_none(sent: str, number: str) -> None:
    assert judged(clean(sent), "020") == number


@given(st.text(max_size=200))
def test_whatever_is_sent_the_judged_number_is_short_and_decimal(sent: str) -> None:
    number = judged(clean(sent), "020")
    assert len(number) <= 15
    assert set(number) <= set("0123456789")
    assert number.startswith(block_of(number))


# --- below the limits -----------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.integers(0, 7200), st.sampled_from(["13800138000", "02081234567", "anonymous"])
        ),
        max_size=120,
    ).map(sorted)
)
def test_below_the_limits_nobody_is_touched(calls: list[tuple[int, str]]) -> None:
    line, limit = Line(), POLICY.levels[Level.NORMAL].number
    kept: list[tuple[int, str]] = []
    for at, ani in calls:
        minute = [c for c in kept if c[1] == ani and at - c[0] < 60]
        hour = [c for c in kept if c[1] == ani and at - c[0] < 3600]
        quiet = sum(1 for c in kept if c[1] == "anonymous" and at - c[0] < 10) < 7
        if len(minute) >= limit.per_minute or len(hour) >= limit.per_hour or not quiet:
            continue
        kept.append((at, ani))
        verdict = line.call(ani, NOON + timedelta(seconds=at))
        assert verdict.decision is Decision.PASS
        assert not verdict.after_others


def test_call_beyond_the_rate_of_its_number_is_asked_and_its_number_listed() -> None:
    line = Line()
    for second in range(4):
        assert line.call(at=NOON + second * SECOND).reason is Reason.ORDINARY
    fifth = line.call(at=NOON + 5 * SECOND)
    assert fifth == Verdict(Decision.CHALLENGE, Reason.GREY, after_others=True, tries=1)
    (entry,) = line.guard.lists.active(NOON + 5 * SECOND)
    assert (entry.number, entry.by_rule, entry.reason) == (MOBILE, True, "number_rate")
    assert entry.until == NOON + 5 * SECOND + POLICY.lists.ruled_for
    assert line.call("13800138001", NOON + 6 * SECOND).decision is Decision.PASS


def test_slow_and_steady_caller_meets_the_limit_of_an_hour() -> None:
    line = Line()
    verdicts = [line.call(at=NOON + 2 * n * MINUTE) for n in range(21)]
    assert [v.decision for v in verdicts[:20]] == [Decision.PASS] * 20
    assert verdicts[20].decision is Decision.CHALLENGE


def test_number_with_too_many_calls_at_once_is_asked_but_not_listed() -> None:
    line = Line()
    for n in range(3):
        assert line.call(at=NOON + 20 * n * SECOND, stays=True).decision is Decision.PASS
    fourth = line.call(at=NOON + 70 * SECOND)
    assert (fourth.reason, fourth.after_others) == (Reason.NUMBER_AT_ONCE, False)
    assert line.guard.lists.active(NOON + MINUTE) == []


def test_block_of_numbers_that_calls_too_much_is_asked_but_not_those_who_are_known() -> None:
    line = Line()
    for n in range(60):
        ani = f"1380013{n:04}"
        assert line.call(ani, NOON + n * SECOND / 2).decision is Decision.PASS
    later = NOON + 40 * SECOND
    assert line.call("13800139999", later).reason is Reason.BLOCK_RATE
    assert line.call("13800139998", later, known=True).reason is Reason.KNOWN
    assert line.call("13900139998", later).decision is Decision.PASS
    # The block stays on the list for its time, and no longer.
    assert line.call("13800138888", later + 10 * MINUTE).reason is Reason.BLOCK_RATE
    over = later + POLICY.lists.ruled_for + HOUR
    assert line.call("13800138887", over).decision is Decision.PASS


def test_call_that_is_judged_twice_is_counted_once() -> None:
    guard = Guard(POLICY, CountedIds().new)
    for _ in range(50):
        verdict = guard.enter(CallId("a"), clean(MOBILE), "12345", familiar=False, now=NOON)
    assert verdict.decision is Decision.PASS
    assert guard.picture(NOON).present == 1


# --- nothing lasts --------------------------------------------------------------------------


@given(st.lists(st.integers(0, 30), min_size=5, max_size=200))
def test_no_number_is_asked_for_ever_whatever_it_has_done(pauses: list[int]) -> None:
    line, at = Line(), NOON
    for pause in pauses:
        at += pause * SECOND
        line.call(at=at)
    at += POLICY.lists.ruled_for + POLICY.automatic.calm + POLICY.automatic.least + HOUR
    assert line.call(at=at).decision is Decision.PASS
    assert line.guard.lists.active(at) == []


@given(
    st.sampled_from(list(Level)),
    st.sampled_from([MOBILE, "anonymous", "02081234567", "x" * 500]),
    st.booleans(),
    st.integers(0, 30),
    st.integers(0, 2000),
)
def test_emergency_number_passes_at_every_level_and_on_a_full_line(
    level: Level, ani: str, known: bool, earlier: int, present: int
) -> None:
    policy = replace(POLICY, line=LineCapacity(1800, 0.1))
    line = Line(policy).raised(level)
    line.guard.present_are({CallId(f"c{n}"): clean("") for n in range(present)}, NOON)
    for n in range(earlier):
        line.call(f"139001{n:05}", NOON)
    assert line.call(ani, NOON, dnis="12350", known=known).reason is Reason.EMERGENCY


@given(st.sampled_from(list(Level)), st.integers(0, 40))
def test_nobody_is_refused_by_number_alone(level: Level, earlier: int) -> None:
    """Below the reserve of the line the worst that a number brings about is a key to press."""
    line = Line().raised(level)
    line.listed(treatment=Treatment.BOTH)
    for n in range(earlier):
        assert line.call(at=NOON + n * SECOND).decision is not Decision.REFUSE


# --- lists ----------------------------------------------------------------------------------


def test_listed_number_is_treated_as_the_entry_says_until_it_ends() -> None:
    for treatment, asked, behind in (
        (Treatment.CHALLENGE, True, False),
        (Treatment.AFTER_OTHERS, False, True),
        (Treatment.BOTH, True, True),
    ):
        line = Line()
        line.listed(treatment=treatment)
        verdict = line.call()
        assert (verdict.decision is Decision.CHALLENGE, verdict.after_others) == (asked, behind)
        assert line.call(at=NOON + HOUR).reason is Reason.ORDINARY


def test_switchboard_of_an_institution_is_spared_until_its_entry_ends() -> None:
    line = Line().raised(Level.STORM)
    line.listed(kind=ListKind.SPARED, number="02083330000")
    for n in range(100):
        verdict = line.call("83330000", NOON + n * SECOND, stays=True)
        assert verdict.reason is Reason.SPARED
    assert line.call("83330000", NOON + HOUR).decision is Decision.CHALLENGE


def test_entry_of_leading_digits_holds_all_that_begin_so() -> None:
    line = Line()
    line.listed(number="138001", start=True)
    assert line.call("13800199999").reason is Reason.GREY
    assert line.call("13800299999").decision is Decision.PASS


def test_entry_is_prolonged_and_removed_and_not_after_its_end() -> None:
    line = Line()
    entry = line.listed()
    lists = line.guard.lists
    lists.prolong(entry.entry_id, NOON + 2 * HOUR, NOON)
    assert line.call(at=NOON + HOUR).reason is Reason.GREY
    ended = lists.end(entry.entry_id, "ad04", NOON + HOUR)
    assert (ended.ended_by, ended.ended_at) == ("ad04", NOON + HOUR)
    assert line.call(at=NOON + HOUR + MINUTE).decision is Decision.PASS
    with pytest.raises(NotFound):
        lists.end(entry.entry_id, "ad04", NOON + HOUR)
    line.listed(entry_id="e2")
    with pytest.raises(InvalidTransition):
        lists.prolong("e2", NOON + 9 * HOUR, NOON + HOUR)


def test_what_a_person_decided_stands_against_the_rule_and_may_replace_it() -> None:
    line = Line()
    line.listed(treatment=Treatment.AFTER_OTHERS)
    for n in range(9):
        assert line.call(at=NOON + n * SECOND).decision is Decision.PASS
    with pytest.raises(Conflict):
        line.listed(entry_id="e2")
    other = Line()
    for n in range(6):
        other.call(at=NOON + n * SECOND)
    assert other.guard.lists.active(NOON)[0].by_rule
    other.listed(made_at=NOON + 6 * SECOND)
    assert [e.entry_id for e in other.guard.lists.active(NOON + 7 * SECOND)] == ["e1"]


def test_full_list_takes_no_more_from_people_and_forgets_the_oldest_of_the_rule() -> None:
    line = Line(replace(POLICY, bounds=Bounds(1000, 100, 100, ruled=10, listed=3)))
    for n in range(3):
        line.listed(entry_id=f"e{n}", number=f"1390000000{n}")
    with pytest.raises(BadInput):
        line.listed(entry_id="e9", number="13900000009")
    for n in range(20):
        for _ in range(5):
            line.call(f"138{n:04}0000")
    ruled = [e.number for e in line.guard.lists.active(NOON) if e.by_rule]
    assert sorted(ruled) == [f"138{n:04}0000" for n in range(10, 20)]


# --- the line's reserve ---------------------------------------------------------------------


def test_reserve_of_the_line_is_kept_for_those_who_are_known() -> None:
    line = Line(replace(POLICY, line=LineCapacity(100, 0.1)))
    line.guard.present_are({CallId(f"c{n}"): clean("") for n in range(89)}, NOON)
    assert line.call("13700000001", stays=True).decision is not Decision.REFUSE
    stranger = line.call("13700000002", stays=True)
    assert (stranger.decision, stranger.reason) == (Decision.REFUSE, Reason.LINE_FULL)
    assert line.call("13700000003", known=True).reason is Reason.KNOWN
    for n in range(50):
        line.guard.leave(CallId(f"c{n}"))
    assert line.call("13700000004", known=False).decision is not Decision.REFUSE


def test_call_whose_end_was_never_heard_is_not_counted_for_ever() -> None:
    line = Line()
    line.call(stays=True)
    line.call("13900000000", NOON + 7 * HOUR)
    assert line.guard.picture(NOON + 7 * HOUR).present == 0


# --- levels ---------------------------------------------------------------------------------


def test_anonymous_flood_raises_the_guard_within_seconds_and_calm_lowers_it() -> None:
    line = Line()
    for n in range(8):
        assert line.call("anonymous", NOON + n * SECOND / 5).decision in Decision
    assert line.guard.level is Level.RAISED
    asked = line.call("anonymous", NOON + 2 * SECOND)
    assert (asked.decision, asked.reason) == (Decision.CHALLENGE, Reason.ANONYMOUS)
    assert line.call("13700000001", NOON + 2 * SECOND).decision is Decision.PASS
    (change,) = line.guard.untold()
    assert (change.cause, change.reason) == (LevelCause.FIGURES, "anonymous_10s=8")
    at = NOON
    while line.guard.level is Level.RAISED:
        at += 5 * SECOND
        line.guard.look(at)
        assert at < NOON + 15 * MINUTE
    assert at - NOON >= POLICY.automatic.least
    (calm,) = line.guard.untold()
    assert calm.cause is LevelCause.CALM


def test_figures_between_the_thresholds_change_nothing() -> None:
    line = Line()
    for n in range(8):
        line.call("anonymous", NOON + n * SECOND / 5)
    for n in range(1200):  # 6 in ten seconds: less than starts, more than ends
        line.call("anonymous", NOON + 2 * SECOND + n * 1.6 * SECOND)
    assert line.guard.level is Level.RAISED
    assert len(line.guard.untold()) == 1


def test_flood_of_random_numbers_brings_a_storm_and_known_callers_pass_it() -> None:
    line = Line()
    asked = 0
    for n in range(500):
        at = NOON + n * SECOND / 25
        verdict = line.call(f"1{30 + n % 60}{n * 7919 % 10**8:08}", at)
        asked += verdict.decision is Decision.CHALLENGE
    assert line.guard.level is Level.STORM
    assert asked > 380
    assert line.call("13711112222", NOON + 20 * SECOND, known=True).reason is Reason.KNOWN


def test_supervisors_level_stands_until_its_end_and_can_be_given_back() -> None:
    line = Line().raised(Level.STORM)
    assert line.call().reason is Reason.STRANGER
    line.guard.look(NOON + 12 * HOUR)
    assert line.guard.level is Level.NORMAL
    assert [c.cause for c in line.guard.untold()] == [LevelCause.SUPERVISOR, LevelCause.PIN_OVER]
    line.raised(Level.STORM, NOON + 13 * HOUR)
    line.guard.pin(None, "ad03", "演练结束", None, NOON + 13 * HOUR)
    assert line.guard.level is Level.NORMAL


def test_pinned_normal_holds_against_the_figures() -> None:
    line = Line().raised(Level.NORMAL)
    for n in range(100):
        line.call("anonymous", NOON + n * SECOND / 20)
    assert line.guard.level is Level.NORMAL


def test_failure_is_judged_by_the_level_of_the_moment() -> None:
    line = Line()
    assert line.guard.failed(CallId("a"), 1, False, NOON) is Failure.AFTER_OTHERS
    raised = line.raised(Level.RAISED).guard
    assert raised.failed(CallId("a"), 1, False, NOON) is Failure.REFUSE


def test_lists_and_pin_are_taken_up_after_a_restart_and_what_is_over_is_not() -> None:
    line = Line()
    pin = LevelChange(
        change_id="c",
        at=NOON,
        level=Level.STORM,
        cause=LevelCause.SUPERVISOR,
        actor="ad03",
        reason="演练",
        pinned_until=NOON + HOUR,
    )
    line.guard.restore([grey(), replace(grey(), entry_id="e2", until=NOON)], pin, NOON)
    assert line.guard.level is Level.STORM
    assert [e.entry_id for e in line.guard.lists.active(NOON)] == ["e1"]
    late = Line()
    late.guard.restore([], pin, NOON + HOUR)
    assert late.guard.level is Level.NORMAL


# --- memory ---------------------------------------------------------------------------------


def test_flood_of_random_numbers_grows_no_table_beyond_its_bound() -> None:
    bounds = Bounds(numbers=500, blocks=100, known=200, ruled=50, listed=10)
    line = Line(replace(POLICY, bounds=bounds))
    for n in range(20_000):
        line.call(f"13{n * 104729 % 10**9:09}", NOON + n * SECOND / 50, stays=True)
        line.guard.passed(line.last, NOON)
        line.guard.leave(line.last)
    picture = line.guard.picture(NOON + 400 * SECOND)
    assert picture.watched == 500
    assert picture.known == 200
    assert picture.present == 0
    assert len(line.guard.lists) <= 60


def test_offender_is_still_watched_amid_a_flood_of_random_numbers() -> None:
    line = Line(replace(POLICY, bounds=Bounds(200, 100, 100, 50, 10)))
    for n in range(3000):
        line.call(f"13{n * 104729 % 10**9:09}", NOON + n * SECOND / 100)
        if n % 100 == 0:
            line.call(MOBILE, NOON + n * SECOND / 100)
    busiest = line.guard.picture(NOON + 30 * SECOND).busiest_numbers
    assert busiest[0] == (MOBILE, 30)


@given(st.lists(st.floats(0, 50), max_size=60))
def test_meter_counts_no_more_than_there_were_and_all_of_the_last_buckets(
    pauses: list[float],
) -> None:
    meter, at, moments = Meter(6, 10.0), 1_000_000.0, []
    for pause in pauses:
        at += pause
        moments.append(at)
        counted = meter.add(at)
        assert counted <= sum(1 for m in moments if m > at - 60)
        assert counted >= sum(1 for m in moments if m > at - 50)


@given(st.lists(st.floats(0, 40), max_size=60), st.integers(1, 8))
def test_number_is_over_its_limit_exactly_when_it_called_more_often(
    pauses: list[float], limit: int
) -> None:
    watched: Watched[NumberTrack] = Watched(10)
    at, moments = 1_000_000.0, []
    for pause in pauses:
        at += pause
        moments.append(at)
        track = watched.note("a", NumberTrack(deque(maxlen=9)), at)
        assert track.over(limit, 60.0, at) == (sum(1 for m in moments if m > at - 60) > limit)


def test_clock_that_goes_backward_breaks_nothing() -> None:
    line = Line()
    line.call(at=NOON + HOUR)
    for n in range(10):
        line.call(f"1370000000{n}", at=NOON)
    assert line.call("13600000000", NOON + HOUR).decision is Decision.PASS
