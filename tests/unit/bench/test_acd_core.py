"""The core's bars: the ratio, the rate, the calls."""

from __future__ import annotations

from bench.acd_core import SIZES, bars, measure
from bench.quality.report import staffing


def test_each_bar_is_judged_by_itself() -> None:
    flat = dict.fromkeys(SIZES, 20e-6)
    steep = {**flat, SIZES[-1]: 41e-6}
    very_slow = dict.fromkeys(SIZES, 1e-3)

    assert [met for _, met in bars(flat)] == [True, True, True]
    assert [met for _, met in bars(steep)] == [False, True, True]
    assert [met for _, met in bars(very_slow)] == [True, False, False]


def test_a_round_of_the_hall_keeps_the_line_as_long_as_it_was() -> None:
    assert measure(waiting=100, rounds=20) > 0


def test_the_staffing_table_of_the_notes_is_exact() -> None:
    met, sentence = staffing()

    assert met
    assert sentence == "staffing table: 15 of 15 figures exact"
