"""What the feedback department needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from feedback.core.answers import Answer
from kernel.ids import AgentId, CallId


class AnswerStore(Protocol):
    async def add(self, answer: Answer) -> bool:
        """Store the first answer of a call; False (and nothing changed) for a later one."""

    async def get(self, call_id: CallId) -> Answer | None: ...

    async def count(
        self, since: datetime, until: datetime, agent_id: AgentId | None
    ) -> Mapping[int, int]:
        """score -> answers, of answers given from `since` up to, not including, `until`."""


class Log(Protocol):
    """The part of a structured logger that the service uses."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...
