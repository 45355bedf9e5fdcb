"""The hall's arithmetic: who rang twice, how old a wallboard was, what counts as kept up."""

from __future__ import annotations

from typing import Any

import pytest

from bench.hall import Run, load_of
from bench.samples import Samples
from bench.traces import Engagement, engagements, overlapping, read_trace
from bench.viewers import Viewer, loop_lag

DESK = """
----------------------------------------------- 2026-11-26 10:00:00.000000
UDP message received [100] bytes :

INVITE sip:desk001@127.0.0.1:6000 SIP/2.0
Call-ID: one
CSeq: 1 INVITE
X-Hotline-Call: c-1
X-Hotline-Offer: c-1.1

----------------------------------------------- 2026-11-26 10:00:01.000000
UDP message sent (100 bytes):

SIP/2.0 200 OK
Call-ID: one
CSeq: 1 INVITE

----------------------------------------------- 2026-11-26 10:00:05.000000
UDP message received [100] bytes :

BYE sip:desk001@127.0.0.1:6000 SIP/2.0
Call-ID: one
CSeq: 2 BYE

----------------------------------------------- 2026-11-26 10:00:06.000000
UDP message received [100] bytes :

INVITE sip:desk002@127.0.0.1:6000 SIP/2.0
Call-ID: two
CSeq: 1 INVITE
X-Hotline-Call: c-1
X-Hotline-Offer: c-1.2

----------------------------------------------- 2026-11-26 10:00:07.000000
UDP message sent (100 bytes):

SIP/2.0 487 Request Terminated
Call-ID: two
CSeq: 1 INVITE

"""


def good_run() -> Run:
    run = Run(load_of(2.0, 1.0, 506))
    run.samples = Samples(answer_ms=[2.0, 3.0], queued_ms=[8.0], offered=2)
    run.ages_ms = [350.0, 500.0]
    run.ticks, run.records, run.events = 1000, 2, 14
    return run


def test_a_phones_part_of_a_call_ends_with_bye_or_a_refusal() -> None:
    first, second = engagements(read_trace(DESK))

    assert (first.endpoint, first.call_id) == ("desk001", "c-1")
    assert first.until is not None and first.until - first.since == pytest.approx(5.0)
    assert second.until is not None and second.until - second.since == pytest.approx(1.0)


def test_one_after_the_other_is_no_clash_and_both_at_once_is_one() -> None:
    first = Engagement("desk001", "c-1", 10.0, 15.0)
    later = Engagement("desk002", "c-1", 15.0, 16.0)
    meanwhile = Engagement("desk002", "c-1", 12.0, 13.0)
    still = Engagement("desk003", "c-1", 14.0, None)
    last = Engagement("desk004", "c-1", 99.0, None)

    def by_call(one: Engagement) -> str:
        return one.call_id

    assert overlapping([later, first], by_call) == 0
    assert overlapping([first, meanwhile, later], by_call) == 1
    assert overlapping([first, still, last], by_call) == 2, "one without an end is busy for ever"
    assert overlapping([first, meanwhile], lambda e: e.endpoint) == 0


def test_a_wallboard_is_oldest_at_the_moment_the_next_one_comes() -> None:
    screen = Viewer()
    screen.see('{"type":"snapshot","at":"2026-11-26T10:00:00Z","rest":1}', 1795687200.1)
    screen.see('{"type":"snapshot","at":"2026-11-26T10:00:00.400000Z"}', 1795687200.45)

    assert screen.ages_ms == [pytest.approx(450.0, abs=0.01)]


def test_the_loops_lag_is_the_worst_of_what_was_told_and_the_sum_of_what_was_counted() -> None:
    lines: list[dict[str, Any]] = [
        {"event": "loop_lag", "p999_ms": 5.0, "max_ms": 9.0, "ticks": 700, "over_50_ms": 0},
        {"event": "other"},
        {"event": "loop_lag", "p999_ms": 20.0, "max_ms": 70.0, "ticks": 750, "over_50_ms": 1},
    ]

    assert loop_lag(lines) == (20.0, 70.0, 1450, 1)
    assert loop_lag([]) == (0.0, 0.0, 0, 0)


def test_a_good_run_keeps_up() -> None:
    assert good_run().kept_up
    assert all(met for _, met in good_run().bars())
    assert "kept up" in good_run_row()


def good_run_row() -> str:
    run = good_run()
    run.lasted_s = 1.0
    return run.row()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rung_twice", 1),
        ("given_two", 1),
        ("unfinished", 1),
        ("records", 1),
        ("late_ticks", 2),
        ("ticks", 0),
        ("ages_ms", [500.1]),
        ("ages_ms", []),
        ("events", 81),
        ("events", 0),
    ],
)
def test_each_bar_alone_breaks_a_run(field: str, value: object) -> None:
    run = good_run()
    setattr(run, field, value)

    assert not run.kept_up
    assert [met for _, met in run.bars()].count(False) == 1


def test_a_call_that_never_rang_breaks_a_run() -> None:
    run = good_run()
    run.samples.offered = 1

    assert run.lost == 1
    assert not run.kept_up


@pytest.mark.parametrize("rate", [2.0, 10.0, 20.0])
def test_talks_keep_most_of_the_hall_busy_but_end_within_the_run(rate: float) -> None:
    long_run, short_run = load_of(rate, 600.0, 506), load_of(rate, 20.0, 506)
    busy = rate * (long_run.talk_s + long_run.wrap_s + 0.3)

    assert busy <= 0.86 * 506
    assert short_run.talk_s <= 20 / 3
    assert long_run.calls == rate * 600
