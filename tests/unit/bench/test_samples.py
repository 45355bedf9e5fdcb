"""Each offer is a sample of what it waited for: of a caller, or of an operator."""

from __future__ import annotations

import pytest

from bench.samples import Samples
from bench.traces import CallSetUp, Offer


def _own(offer: Offer) -> bool:
    return True


def test_an_offer_to_an_idle_operator_counts_from_the_callers_arrival() -> None:
    samples = Samples()
    samples.add_offers([Offer(10.012, "desk001", "c1", 1)], {"c1": 10.0}, {"desk001": [3.0]}, _own)

    assert samples.queued_ms == [pytest.approx(12.0)]
    assert samples.ready_ms == []


def test_an_offer_of_a_waiting_caller_counts_from_the_operators_word() -> None:
    samples = Samples()
    samples.add_offers(
        [Offer(10.007, "desk001", "c1", 1)], {"c1": 2.0}, {"desk001": [3.0, 10.0]}, _own
    )

    assert samples.ready_ms == [pytest.approx(7.0)]
    assert samples.queued_ms == []


def test_the_last_word_before_the_offer_counts_not_a_later_one() -> None:
    samples = Samples()
    samples.add_offers(
        [Offer(10.007, "desk001", "c1", 1)], {"c1": 2.0}, {"desk001": [3.0, 10.0, 11.0]}, _own
    )

    assert samples.ready_ms == [pytest.approx(7.0)]


def test_second_offers_and_unknown_beginnings_are_no_samples_but_are_offered() -> None:
    samples = Samples()
    made = [
        Offer(10.0, "desk001", "c1", 1),
        Offer(30.0, "desk002", "c1", 2),
        Offer(31.0, "desk003", "c2", 1),
        Offer(32.0, "desk001", "c3", 1),
    ]
    samples.add_offers(made, {"c1": 9.0, "c2": 9.5}, {"desk001": [1.0], "desk002": [1.0]}, _own)

    assert samples.queued_ms == [pytest.approx(1000.0)]
    assert samples.ready_ms == []
    assert samples.offered == 3


def test_an_offer_to_another_team_began_when_a_ring_opened_and_is_no_sample() -> None:
    samples = Samples()
    made = [Offer(10.0, "desk001", "c1", 1), Offer(15.0, "desk002", "c2", 1)]
    ready = {"desk001": [9.0], "desk002": [9.0]}
    samples.add_offers(made, {"c1": 9.9, "c2": 10.0}, ready, lambda offer: offer.call_id == "c1")

    assert samples.queued_ms == [pytest.approx(100.0)]
    assert (samples.offered, samples.helped) == (2, 1)


def test_calls_without_answer_or_sound_give_no_sample() -> None:
    samples = Samples()
    calls = [CallSetUp(1.0, 1.004, 6000), CallSetUp(2.0, None, 6002), CallSetUp(3.0, 3.01, 6004)]
    samples.add_calls(calls, {6000: 1.05})

    assert samples.answer_ms == [pytest.approx(4.0), pytest.approx(10.0)]
    assert samples.prompt_ms == [pytest.approx(50.0)]
    assert samples.sound_ms == [pytest.approx(46.0)]
