"""The sorted set against Python's own sorting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.core.ranked import BLOCK, RankedSet

keys = st.tuples(st.integers(0, 40), st.sampled_from(("a", "b")))
actions = st.lists(st.tuples(st.booleans(), keys), max_size=200)


@given(actions)
def test_it_holds_what_was_added_and_not_discarded_in_order(
    actions: list[tuple[bool, tuple[int, str]]],
) -> None:
    ranked: RankedSet[tuple[int, str]] = RankedSet()
    expected: set[tuple[int, str]] = set()
    for add, key in actions:
        (ranked.add if add else ranked.discard)(key)
        (expected.add if add else expected.discard)(key)
    in_order = sorted(expected)
    assert list(ranked) == in_order
    assert len(ranked) == len(in_order)
    assert ranked.first() == (in_order[0] if in_order else None)
    for place, key in enumerate(in_order):
        assert ranked.rank(key) == place
        assert key in ranked
    assert (99, "z") not in ranked
    assert ranked.rank((99, "z")) == len(in_order)


def test_ranks_stay_exact_over_many_blocks() -> None:
    ranked: RankedSet[tuple[int, str]] = RankedSet()
    numbers = [n * 7919 % 10_007 for n in range(10_007)]
    for n in numbers:
        ranked.add((n, ""))
    assert len(ranked) > 10 * BLOCK
    assert [ranked.rank((n, "")) for n in (0, 1, 5000, 10_006)] == [0, 1, 5000, 10_006]
    for n in numbers:
        if n % 3:
            ranked.discard((n, ""))
    assert list(ranked) == [(n, "") for n in range(0, 10_007, 3)]
    assert ranked.rank((3000, "")) == 1000
