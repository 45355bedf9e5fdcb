"""The match's arithmetic: who is lost, what a call costs, which bar is met."""

from __future__ import annotations

import pytest

from bench.figures import Ratio
from bench.samples import Samples
from bench.usage import Usage
from bench.versus import Told, figures, ratios


def told(*, ready_ms: float, queued_ms: float, spent: Usage, offered: int = 2) -> Told:
    samples = Samples(
        answer_ms=[3.0, 4.0], queued_ms=[queued_ms], ready_ms=[ready_ms], offered=offered
    )
    return Told(samples, spent, calls=2)


def test_a_call_costs_what_both_processes_spent_on_it() -> None:
    ours = told(ready_ms=5, queued_ms=5, spent=Usage(0.02, 0.06))

    assert ours.cost_ms == pytest.approx(40.0)
    assert Usage(1, 2) + Usage(3, 4) - Usage(1, 1) == Usage(3, 5)


def test_a_call_that_never_rang_is_lost_and_was_not_kept_up_with() -> None:
    all_rang = told(ready_ms=5, queued_ms=5, spent=Usage(1, 1))
    one_did_not = told(ready_ms=5, queued_ms=5, spent=Usage(1, 1), offered=1)

    assert (all_rang.lost, all_rang.kept_up) == (0, True)
    assert (one_did_not.lost, one_did_not.kept_up) == (1, False)


def test_a_line_answered_late_was_not_kept_up_with() -> None:
    late = told(ready_ms=5, queued_ms=5, spent=Usage(1, 1))
    late.samples.answer_ms[0] = 301.0

    assert not late.kept_up


def test_the_speed_bar_is_ten_times_and_the_rivals_own_figures_have_no_bar() -> None:
    ours = told(ready_ms=20, queued_ms=5, spent=Usage(1, 1))
    slow = told(ready_ms=200, queued_ms=5, spent=Usage(0, 1))
    quick = told(ready_ms=199, queued_ms=5, spent=Usage(0, 1))

    assert ratios(ours, slow)[0].met
    assert not ratios(ours, quick)[0].met
    assert [f.line().rstrip().endswith("met") for f in figures(ours, slow)] == [
        True, False, True, False,
    ]  # fmt: skip


def test_a_ratio_of_what_was_not_measured_misses_its_bar() -> None:
    assert Ratio("", 0.0, 5.0, at_least=1).value is None
    assert not Ratio("", 0.0, 5.0, at_least=1).met
    assert Ratio("", 0.0, 5.0).met
    assert Ratio("", 1.3, 1.0, at_most=1.3).met
    assert not Ratio("", 1.4, 1.0, at_most=1.3).met
    assert "MISSED" in Ratio("cost", 2.0, 1.0, at_most=1.3).line()
