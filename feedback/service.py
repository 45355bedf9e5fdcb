"""Hears the answers of the survey and tells others about them."""

from __future__ import annotations

from datetime import datetime

from feedback.core.answers import SCORES, Answer, Summary, summary
from feedback.ports import AnswerStore, Log
from kernel.events import CallEnded, CallQueued, Event, SurveyAnswered
from kernel.ids import AgentId, CallId
from kernel.language import Language


class Feedback:
    """Keeps one answer for each call."""

    def __init__(self, *, store: AnswerStore, log: Log) -> None:
        self._store = store
        self._log = log
        self._languages: dict[CallId, Language] = {}

    async def on_event(self, event: Event) -> None:
        """Hears SurveyAnswered, and CallQueued and CallEnded for the language of live calls."""
        if event.call_id is None:
            return
        match event:
            case CallQueued(language=language):
                self._languages[event.call_id] = language
            case SurveyAnswered():
                await self.on_survey_answered(event)
            case CallEnded():
                self._languages.pop(event.call_id, None)
            case _:
                return

    async def answer(self, call_id: CallId) -> Answer | None:
        """What the caller said of this call; None if nothing was said."""
        return await self._store.get(call_id)

    async def summary(
        self, since: datetime, until: datetime, agent_id: AgentId | None = None
    ) -> Summary:
        """Answers given from `since` up to, not including, `until`, of all or of one operator."""
        return summary(await self._store.count(since, until, agent_id))

    async def on_survey_answered(self, event: SurveyAnswered) -> None:
        """Store the answer. The language is known if the call's earlier events were heard."""
        call_id = event.call_id
        if call_id is None:
            return
        if event.score not in SCORES:
            self._log.warning("survey_score_ignored", call_id=call_id, score=event.score)
            return
        stored = await self._store.add(
            Answer(
                call_id=call_id,
                agent_id=event.agent_id,
                score=event.score,
                language=self._languages.get(call_id),
                answered_at=event.occurred_at,
            )
        )
        verb = "survey_answer_stored" if stored else "survey_answer_repeated"
        self._log.info(verb, call_id=call_id, score=event.score)
