"""Surveys in a dictionary (port `feedback.ports.SurveyStore`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from feedback.core.answers import Counted, Survey
from kernel.ids import CallId


class DictSurveyStore:
    def __init__(self) -> None:
        self.surveys: dict[CallId, Survey] = {}

    async def note(self, survey: Survey) -> Survey:
        known = self.surveys.get(survey.call_id, survey)
        kept = replace(
            known,
            agent_id=known.agent_id or survey.agent_id,
            team=known.team or survey.team,
            language=known.language or survey.language,
            solved=known.solved or survey.solved,
            score=known.score or survey.score,
            case_number=known.case_number or survey.case_number,
        )
        self.surveys[survey.call_id] = kept
        return kept

    async def link(self, call_id: CallId, case_number: str) -> None:
        if call_id in self.surveys:
            self.surveys[call_id] = replace(self.surveys[call_id], case_number=case_number)

    async def get(self, call_id: CallId) -> Survey | None:
        return self.surveys.get(call_id)

    async def count(self, since: datetime, until: datetime) -> Sequence[Counted]:
        found = Counter(
            (s.team, s.agent_id, s.solved, s.score)
            for s in self.surveys.values()
            if since <= s.asked_at < until
        )
        return [Counted(*key, count) for key, count in found.items()]
