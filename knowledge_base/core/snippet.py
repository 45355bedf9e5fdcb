"""Where the terms stand in a text, and the piece of a long text that shows most of them.

Plain text and offsets only; whoever draws it makes the marks, so nothing here can inject markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from knowledge_base.core.tokens import Folding

SNIPPET_LENGTH = 90
_LEAD = 18


@dataclass(frozen=True, slots=True)
class Marked:
    """`marks` are half-open [start, end) character offsets in `text`, in order, not touching."""

    text: str
    marks: tuple[tuple[int, int], ...]


def find_marks(text: str, terms: Iterable[str], folding: Folding) -> tuple[tuple[int, int], ...]:
    """Places in `text` (as written) where a folded term occurs."""
    folded, places = folding.fold_with_places(text)
    spans: list[tuple[int, int]] = []
    for term in terms:
        start = folded.find(term) if term else -1
        while start >= 0:
            spans.append((places[start], places[start + len(term) - 1] + 1))
            start = folded.find(term, start + len(term))
    return _merged(spans)


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def mark(text: str, terms: Iterable[str], folding: Folding) -> Marked:
    """The whole text with its marks."""
    return Marked(text, find_marks(text, terms, folding))


def snippet(text: str, terms: Iterable[str], folding: Folding) -> Marked:
    """At most SNIPPET_LENGTH characters around the densest marks, line breaks as spaces; the
    beginning of the text when nothing is marked. An ellipsis stands where text was left out."""
    flat = " ".join(text.split())
    if len(flat) <= SNIPPET_LENGTH:
        return mark(flat, terms, folding)
    marks = find_marks(flat, terms, folding)
    start = _best_start(marks, len(flat))
    end = min(start + SNIPPET_LENGTH, len(flat))
    before = "…" if start else ""
    after = "…" if end < len(flat) else ""
    shift = len(before) - start
    inside = tuple(
        (max(s, start) + shift, min(e, end) + shift) for s, e in marks if s < end and e > start
    )
    return Marked(before + flat[start:end] + after, inside)


def _best_start(marks: tuple[tuple[int, int], ...], length: int) -> int:
    """The window that shows the most marked characters; the earliest of equals."""
    best, most = 0, 0
    for first, _ in marks:
        start = max(0, min(first - _LEAD, length - SNIPPET_LENGTH))
        shown = sum(
            min(e, start + SNIPPET_LENGTH) - max(s, start)
            for s, e in marks
            if s < start + SNIPPET_LENGTH and e > start
        )
        if shown > most:
            best, most = start, shown
    return best
