"""Who takes part in a storm: no machine shows a citizen's number, and the kinds are as said."""

from __future__ import annotations

from collections import Counter

from bench.attackers import FEW, streams
from bench.storm import Seen
from bench.townsfolk import Citizen, known_numbers, number_of
from bench.usage import Usage
from ivr.core.screening.numbers import block_of, judged
from kernel.phone import clean

CITIZENS = 3_000


def test_machines_show_numbers_that_are_nobody_elses() -> None:
    citizens = {number_of(n) for n in range(CITIZENS)}
    assert len(citizens) == CITIZENS
    for wave, numbers in (("rotating", FEW), ("random", 60_000)):
        first, hidden = streams(wave)
        assert len(set(first.numbers)) == len(first.numbers) == numbers
        assert not citizens & set(first.numbers)
        assert list(hidden.numbers) == ["anonymous"]
        assert first.part + hidden.part == 1
        for number in first.numbers:
            assert judged(clean(number), "020") == number


def test_no_block_of_citizens_calls_much() -> None:
    blocks = Counter(block_of(number_of(n)) for n in range(CITIZENS))
    assert max(blocks.values()) <= 5


def test_two_in_five_citizens_are_known() -> None:
    assert 0.38 <= len(known_numbers(CITIZENS)) / CITIZENS <= 0.4


def citizen(waited_s: float | None, asked: bool = False) -> Citizen:
    return Citizen(0, "", "known", False, 0.0, True, waited_s=waited_s, asked=asked)


def test_service_level_counts_those_who_never_reached_a_person() -> None:
    seen = Seen(
        [citizen(1.0), citizen(15.0), citizen(15.1), citizen(None)], 1.0, Usage(0, 0), (0, 0, 0, 0)
    )
    assert seen.level == 50
