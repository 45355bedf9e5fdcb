"""What two texts differ in, line by line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

AROUND = 3
"""Unchanged lines shown before and after each change."""
_LARGE = 2_000
"""From so many lines on, those that stand everywhere are left aside: else it is quadratic."""


class Fate(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1, in the new text; in the old one for a line that is gone."""

    fate: Fate
    number: int
    text: str


Passage = tuple[Line, ...]
"""Changes that stand near each other, with what is around them."""


def difference(old: str, new: str) -> tuple[Passage, ...]:
    """The passages in their order; none for equal texts."""
    before, after = old.splitlines(), new.splitlines()
    large = max(len(before), len(after)) > _LARGE
    matcher = SequenceMatcher(None, before, after, autojunk=large)
    return tuple(
        tuple(
            line
            for _, first, last, start, end in group
            for line in _lines(before, after, (first, last), (start, end))
        )
        for group in matcher.get_grouped_opcodes(AROUND)
    )


def _lines(
    before: list[str], after: list[str], gone: tuple[int, int], new: tuple[int, int]
) -> list[Line]:
    if before[slice(*gone)] == after[slice(*new)]:
        return [Line(Fate.SAME, n + 1, after[n]) for n in range(*new)]
    return [
        *(Line(Fate.GONE, n + 1, before[n]) for n in range(*gone)),
        *(Line(Fate.NEW, n + 1, after[n]) for n in range(*new)),
    ]
