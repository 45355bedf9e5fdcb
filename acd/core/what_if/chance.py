"""Chance that is always the same: each question has its own answer, whatever was asked before."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Seen = TypeVar("Seen")


class Chance:
    """Answers by seed and question alone, so that two runs which differ in one thing draw the same
    in all others (common random numbers)."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def part(self, *question: object) -> float:
        """Between 0 and 1, both left out, evenly spread."""
        text = "|".join(map(str, (self._seed, *question)))
        number = int.from_bytes(blake2b(text.encode(), digest_size=7).digest())
        return (number + 0.5) / 2**56

    def one_of(self, seen: Sequence[Seen], *question: object) -> Seen:
        """One of what was seen (at least one), each as likely."""
        return seen[int(self.part(*question) * len(seen))]
