"""The guard: who is known and for how long, and who is looked at again in the menu."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.core.screening.listed import ListKind, Treatment
from ivr.core.screening.policy import Bounds, Level
from ivr.core.screening.present import Decision, Reason
from kernel.ids import CallId
from tests.fakes.clock import NOON
from tests.unit.ivr.test_screening_guard import HOUR, MINUTE, MOBILE, POLICY, SECOND, Line

TALKER = "13700000001"


def storm_of(number: str, seconds: int) -> Line:
    """A storm in which `number` was answered and talked for so long."""
    line = Line().raised(Level.STORM)
    assert line.call(number, stays=True).reason is Reason.STRANGER
    line.guard.answered(line.last, NOON)
    line.guard.talked(line.last, NOON + seconds * SECOND)
    line.guard.leave(line.last)
    return line


def test_whoever_passed_is_known_for_a_day_and_who_talked_for_a_month() -> None:
    line = storm_of(TALKER, 20)
    line.call(stays=True)
    line.guard.passed(line.last, NOON)
    line.guard.leave(line.last)
    for number in (MOBILE, TALKER):
        assert line.call(number, NOON + 2 * MINUTE).reason is Reason.KNOWN
    for days, known in ((2, True), (29, True), (31, False)):
        later = NOON + days * 24 * HOUR
        line.raised(Level.STORM, later)
        assert line.call(at=later).reason is Reason.STRANGER
        reason = line.call(TALKER, later).reason
        assert reason is (Reason.KNOWN if known else Reason.STRANGER)
    assert set(line.guard.learned) == {MOBILE, TALKER}


def test_machine_that_an_operator_puts_down_is_not_known() -> None:
    line = storm_of(TALKER, 14)
    assert line.call(TALKER, NOON + 2 * MINUTE).reason is Reason.STRANGER
    assert line.guard.learned == {}


def test_key_that_is_pressed_later_does_not_shorten_what_a_talk_has_earned() -> None:
    line = storm_of(TALKER, 60)
    line.call(TALKER, NOON + 2 * MINUTE, stays=True)
    line.guard.passed(line.last, NOON + 2 * MINUTE)
    line.guard.leave(line.last)
    later = NOON + 5 * 24 * HOUR
    assert line.raised(Level.STORM, later).call(TALKER, later).reason is Reason.KNOWN


def test_numbers_of_an_earlier_run_are_known_and_never_push_out_what_was_learned_since() -> None:
    line = Line(replace(POLICY, bounds=Bounds(1000, 100, 10, 10, 10))).raised(Level.STORM)
    line.call(stays=True)
    line.guard.passed(line.last, NOON)
    line.guard.leave(line.last)
    line.guard.recall({f"1370000000{n}": NOON + HOUR for n in range(9)} | {MOBILE: NOON})
    line.guard.recall({"13600000000": NOON + HOUR})
    later = NOON + 2 * MINUTE
    assert line.call(at=later).reason is Reason.KNOWN
    assert line.call("13700000008", later).reason is Reason.KNOWN
    assert line.call("13600000000", later).reason is Reason.STRANGER
    assert line.guard.picture(later).known == 10


# --- a second look --------------------------------------------------------------------------


def test_who_passed_is_judged_again_by_what_has_become_of_the_flood() -> None:
    line = Line()
    line.call(stays=True)
    first = line.last
    line.call("anonymous", stays=True)
    hidden = line.last
    assert line.guard.again(first, familiar=False, now=NOON) is None
    line.raised(Level.RAISED)
    assert line.guard.again(first, familiar=False, now=NOON) is None
    asked = line.guard.again(hidden, familiar=False, now=NOON)
    assert asked is not None
    assert (asked.decision, asked.reason) == (Decision.CHALLENGE, Reason.ANONYMOUS)
    line.call(at=NOON + SECOND)
    rotating = line.guard.again(first, familiar=False, now=NOON + 2 * SECOND)
    assert rotating is not None
    assert rotating.reason is Reason.NUMBER_RATE
    assert line.guard.again(first, familiar=False, now=NOON + 2 * SECOND) is None, "asked once"


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({}, Reason.STRANGER),
        ({"known": True}, None),
        ({"dnis": "12350"}, None),
        ({"ani": "02083330000"}, None),
    ],
)
def test_second_look_asks_strangers_in_a_storm_and_nobody_else(
    before: dict[str, object], reason: Reason | None
) -> None:
    line = Line()
    line.listed(kind=ListKind.SPARED, number="02083330000")
    line.call(**before, stays=True)  # type: ignore[arg-type]
    line.raised(Level.STORM)
    found = line.guard.again(line.last, familiar=False, now=NOON)
    assert (None if found is None else found.reason) is reason


def test_second_look_at_a_listed_number_or_block_asks_as_its_entry_says() -> None:
    line = Line().raised(Level.NORMAL)
    line.call(stays=True)
    line.guard.pin(None, "ad03", "演练", None, NOON)
    line.listed(treatment=Treatment.AFTER_OTHERS)
    line.raised(Level.RAISED)
    assert line.guard.again(line.last, familiar=False, now=NOON) is None
    for n in range(31):
        line.call(f"1380014{n:04}", NOON + n * SECOND / 10, stays=True)
    neighbour = line.guard.again(CallId("gz-1-2"), familiar=False, now=NOON + 4 * SECOND)
    assert neighbour is not None
    assert neighbour.reason is Reason.BLOCK_RATE


def test_second_look_counts_no_call() -> None:
    line = Line()
    line.call(stays=True)
    line.raised(Level.RAISED)
    before = line.guard.picture(NOON).figures.minute
    for _ in range(50):
        assert line.guard.again(line.last, familiar=False, now=NOON) is None
    assert line.guard.picture(NOON).figures.minute == before
