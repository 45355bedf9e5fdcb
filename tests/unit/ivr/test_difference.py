"""The difference of two texts: what is gone, what is new, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.core.difference import AROUND, Fate, difference

TEXTS = st.lists(st.sampled_from(["kind: menu", "say: [a]", "", "  next: b"]), max_size=30)


def fates(old: str, new: str) -> list[tuple[Fate, int, str]]:
    return [(x.fate, x.number, x.text) for passage in difference(old, new) for x in passage]


def test_changed_line_stands_below_what_it_was() -> None:
    assert fates("a\nb\nc", "a\nB\nc") == [
        (Fate.SAME, 1, "a"),
        (Fate.GONE, 2, "b"),
        (Fate.NEW, 2, "B"),
        (Fate.SAME, 3, "c"),
    ]


def test_changes_far_apart_are_passages_of_their_own() -> None:
    old = [str(n) for n in range(100)]
    new = ["first", *old[1:-1], "last"]
    passages = difference("\n".join(old), "\n".join(new))
    assert [len(p) for p in passages] == [2 + AROUND, 2 + AROUND]


def test_equal_texts_differ_in_nothing() -> None:
    assert difference("a\nb", "a\nb\n") == ()


@given(TEXTS, TEXTS)
def test_old_text_with_the_difference_is_the_new_text(old: list[str], new: list[str]) -> None:
    told = [x for passage in difference("\n".join(old), "\n".join(new)) for x in passage]
    gone = [x for x in told if x.fate is Fate.GONE]
    fresh = [x for x in told if x.fate is Fate.NEW]
    before, after = "\n".join(old).splitlines(), "\n".join(new).splitlines()
    assert all(before[x.number - 1] == x.text for x in gone)
    assert all(after[x.number - 1] == x.text for x in told if x.fate is not Fate.GONE)
    kept = [text for n, text in enumerate(before, 1) if n not in {x.number for x in gone}]
    assert kept == [text for n, text in enumerate(after, 1) if n not in {x.number for x in fresh}]


def test_large_texts_of_equal_lines_are_compared_at_once() -> None:
    told = difference("\n" * 60_000, "\n" * 60_000 + "end")
    assert [x.text for x in told[-1]][-1] == "end"
