"""Survey answers in a dictionary (port `feedback.ports.AnswerStore`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from feedback.core.answers import Answer
from kernel.ids import AgentId, CallId


class DictAnswerStore:
    def __init__(self) -> None:
        self.answers: dict[CallId, Answer] = {}

    async def add(self, answer: Answer) -> bool:
        if answer.call_id in self.answers:
            return False
        self.answers[answer.call_id] = answer
        return True

    async def get(self, call_id: CallId) -> Answer | None:
        return self.answers.get(call_id)

    async def count(
        self, since: datetime, until: datetime, agent_id: AgentId | None
    ) -> Mapping[int, int]:
        return Counter(
            answer.score
            for answer in self.answers.values()
            if since <= answer.answered_at < until and agent_id in (None, answer.agent_id)
        )
