"""Sharing people out: exact, fair at every point, and without chance."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from directory.core.roster_rules import (
    BoothLayout,
    NameBook,
    NamePart,
    apportion,
    deal_out,
    make_booths,
    people,
)
from kernel.ids import TeamId

WEIGHTS = st.lists(st.integers(1, 50), min_size=1, max_size=8)


def shares_of(weights: list[int]) -> list[tuple[TeamId, float]]:
    return [(TeamId(f"t{n}"), weight / sum(weights)) for n, weight in enumerate(weights)]


@given(WEIGHTS, st.integers(0, 1000))
def test_the_parts_add_up_and_miss_their_share_by_less_than_one(
    weights: list[int], count: int
) -> None:
    shares = shares_of(weights)

    parts = apportion(shares, count)

    assert sum(parts.values()) == count
    assert all(abs(parts[team] - share * count) < 1 for team, share in shares)


@settings(deadline=None)
@given(WEIGHTS, st.integers(1, 300))
def test_dealing_out_gives_each_team_exactly_its_part(weights: list[int], count: int) -> None:
    shares = shares_of(weights)

    order = deal_out(shares, count)

    assert Counter(order) == Counter({t: n for t, n in apportion(shares, count).items() if n})


def test_dealing_out_mixes_the_teams() -> None:
    order = deal_out([(TeamId("a"), 0.5), (TeamId("b"), 0.3), (TeamId("c"), 0.2)], 10)

    assert set(order[:4]) == {"a", "b", "c"}


def test_booths_are_numbered_floor_by_floor_row_by_row() -> None:
    booths = make_booths(BoothLayout((8, 9), "AB", 3))

    assert [b.booth_id for b in booths] == [f"{n:03}" for n in range(1, 13)]
    assert [booths[0].place, booths[3].place, booths[-1].place] == ["8F-A-01", "8F-B-01", "9F-B-03"]


def test_names_do_not_repeat_before_a_surname_has_used_every_given_name() -> None:
    given = tuple(NamePart(zh, en) for zh, en in (("嘉怡", "Jiayi"), ("志明", "Zhiming")))
    book = NameBook((NamePart("陈", "Chen", 1), NamePart("李", "Li", 1)), given)

    first = list(islice(people(book), 4))

    assert len(set(first)) == 4
    assert ("陈嘉怡", "Jiayi Chen") in first


def test_a_heavier_surname_is_met_more_often() -> None:
    given = tuple(NamePart(str(n), str(n)) for n in range(50))
    book = NameBook((NamePart("陈", "Chen", 3), NamePart("莫", "Mo", 1)), given)

    met = Counter(name[0] for name, _ in islice(people(book), 40))

    assert met == {"陈": 30, "莫": 10}
