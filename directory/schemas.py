"""JSON of the directory's routes."""

from __future__ import annotations

from pydantic import BaseModel

from kernel.ids import AgentId, TeamId
from kernel.language import ScreenLanguage
from kernel.policy import Role


class SessionView(BaseModel):
    """Who is signed in, for programs that work as a person does (the headless operators)."""

    account: str
    name: str
    roles: list[Role]
    agent_id: AgentId | None
    teams: list[TeamId]
    csrf_token: str
    language: ScreenLanguage
