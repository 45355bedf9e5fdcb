"""Answers of the survey and their summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from kernel.ids import AgentId, CallId
from kernel.language import Language

SCORES = (1, 2, 3, 4, 5)
SATISFIED = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class Answer:
    """`score` 1 (very satisfied) .. 5 (very dissatisfied); `agent_id` None if it is not known who
    answered the call."""

    call_id: CallId
    agent_id: AgentId | None
    score: int
    language: Language | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """`counts`: score -> how many callers said so, all five scores present."""

    counts: Mapping[int, int]

    @property
    def answers(self) -> int:
        return sum(self.counts.values())

    @property
    def satisfaction_rate(self) -> float | None:
        """(scores 1 and 2) / (all answers); None when nobody answered. Callers who were asked and
        stayed silent are in neither number."""
        if self.answers == 0:
            return None
        return sum(self.counts[score] for score in SATISFIED) / self.answers

    @property
    def mean_score(self) -> float | None:
        """1 is best; None when nobody answered."""
        if self.answers == 0:
            return None
        return sum(score * count for score, count in self.counts.items()) / self.answers


def summary(counted: Mapping[int, int]) -> Summary:
    """Fill in the scores that nobody gave; numbers that are no score are left out."""
    return Summary(MappingProxyType({score: counted.get(score, 0) for score in SCORES}))
