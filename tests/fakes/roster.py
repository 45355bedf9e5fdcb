"""A roster in a dictionary (port `acd.ports.Roster`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.ids import AgentId, TeamId
from kernel.language import Language


@dataclass(frozen=True)
class Profile:
    skills: Mapping[TeamId, int]
    languages: frozenset[Language] = frozenset({Language.MANDARIN})


class DictRoster:
    def __init__(self, profiles: Mapping[str, Profile] | None = None) -> None:
        self.profiles = {AgentId(k): v for k, v in (profiles or {}).items()}

    def agent(self, agent_id: AgentId) -> Profile | None:
        return self.profiles.get(agent_id)
