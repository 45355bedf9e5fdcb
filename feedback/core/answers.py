"""What callers were asked after their call, what they answered, and how that is counted.

Two questions, two figures: whether the matter was solved says something of the city, how the
operator served says something of the operator. Neither is ever made of the other, and whoever did
not answer is in neither: not rated is not satisfied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

SCORES = (1, 2, 3, 4, 5)
SATISFIED = frozenset({1, 2})
DISSATISFIED = frozenset({4, 5})


class Solved(StrEnum):
    """Whether the caller's matter was solved, as the caller says."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One caller who was asked. `score` 1 (very satisfied) .. 5 (very dissatisfied) is of the
    operator; None for a question that was not answered. `agent_id` None if it is not known who
    answered the call; `case_number` of what was filed in it."""

    call_id: CallId
    asked_at: datetime
    agent_id: AgentId | None = None
    team: TeamId | None = None
    language: Language | None = None
    solved: Solved | None = None
    score: int | None = None
    case_number: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """`asked`: how many callers were asked; `scores` and `solved`: answer -> how many gave it."""

    asked: int = 0
    scores: Mapping[int, int] = field(default_factory=dict)
    solved: Mapping[Solved, int] = field(default_factory=dict)

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.asked + other.asked,
            {s: self.scores.get(s, 0) + other.scores.get(s, 0) for s in SCORES},
            {s: self.solved.get(s, 0) + other.solved.get(s, 0) for s in Solved},
        )

    @property
    def rated(self) -> int:
        """Who answered how the operator served."""
        return sum(self.scores.values())

    @property
    def told(self) -> int:
        """Who answered whether the matter was solved."""
        return sum(self.solved.values())

    @property
    def satisfaction_rate(self) -> float | None:
        """(scores 1 and 2) / (all scores); None when nobody answered. Callers who were asked and
        stayed silent are in neither number. Source: domain 7, satisfaction."""
        if self.rated == 0:
            return None
        return sum(self.scores.get(score, 0) for score in SATISFIED) / self.rated

    @property
    def solved_rate(self) -> float | None:
        """solved / (all who said whether it was); partly solved is not solved. None when nobody
        answered. Source: domain 7, solved."""
        return self.solved.get(Solved.YES, 0) / self.told if self.told else None

    @property
    def response_rate(self) -> float | None:
        """(who answered the question about the operator) / asked; None when nobody was asked."""
        return self.rated / self.asked if self.asked else None

    @property
    def mean_score(self) -> float | None:
        """1 is best; None when nobody answered."""
        if self.rated == 0:
            return None
        return sum(score * count for score, count in self.scores.items()) / self.rated


NOBODY = Summary()


@dataclass(frozen=True, slots=True)
class Counted:
    """So many callers (`count`) of one team and operator gave the same two answers, or none."""

    team: TeamId | None
    agent_id: AgentId | None
    solved: Solved | None
    score: int | None
    count: int


def summary(counted: Counted) -> Summary:
    """What one row adds; a number that is no score is left out."""
    scores = {counted.score: counted.count} if counted.score in SCORES else {}
    solved = {counted.solved: counted.count} if counted.solved is not None else {}
    return Summary(counted.count, {s: scores.get(s, 0) for s in SCORES}, solved)
