"""Why a call was presented to one agent and to nobody else: told with the offer, kept with it.

Only what was looked at in the decision is told. Lists are short (`CANDIDATES_TOLD`), counts whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

CANDIDATES_TOLD = 3
"""So many of the free agents are named, the chosen one included."""


class Choice(StrEnum):
    """Which side chose."""

    BEST_AGENT = "best_agent"  # agents were free: the call took the best of them
    BEST_CALL = "best_call"  # callers were waiting: the agent who became free took the first
    WANTED = "wanted"  # the caller was transferred to this agent by name
    HELD = "held"  # the agent was held for this citizen, who was called back


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A free agent who could have been offered the call. `level` 1 to 10 in `team`; `since_call_s`
    since his or her last handled call (before the first: since the log-in)."""

    agent_id: AgentId
    team: TeamId
    level: int
    since_call_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalCall:
    """The call that the agent would have been offered otherwise. `behind_s`: by how many seconds
    of waiting its score stands behind; below 0 it stands before, and was passed over because one's
    own team, or a caller who could still be answered in time, came first (`acd.core.sharing`)."""

    call_id: CallId
    team: TeamId
    waited_s: float
    behind_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The reasons for one offer.

    `home_team` is the line the call stands in, `position` its place there, counted from 1;
    `score_us` orders all lines (microseconds of first arrival less 60 s for each point of
    `priority`). `ring`: how far the circle of those who may serve had been widened, 1 for the
    narrowest; `unstaffed`: so far because nobody of the narrower ones was on duty. `level` and
    `since_call_s` are the chosen agent's; `language_relaxed`: he or she does not speak the caller's
    language, because nobody does. `free_agents`: how many could have been offered the call (at
    least, where the language was given up), and `candidates` the best of them, the chosen one
    first; `rival`: the call that came second, when the agent chose.
    """

    choice: Choice
    home_team: TeamId
    language: Language
    language_relaxed: bool
    priority: int
    ring: int
    level: int
    score_us: int
    position: int
    since_call_s: float
    free_agents: int
    candidates: tuple[Candidate, ...]
    rival: RivalCall | None
    unstaffed: bool = False
