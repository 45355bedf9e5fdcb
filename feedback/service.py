"""Hears who was asked, the answers of the survey, and the case; tells others about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from feedback.core.answers import NOBODY, SCORES, Solved, Summary, Survey, summary
from feedback.ports import Log, SurveyStore
from kernel.events import (
    CallEnded,
    CallQueued,
    CaseFiled,
    Event,
    SolvedAnswered,
    SurveyAnswered,
    SurveyAsked,
)
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one period: all together, each team and each operator that callers were asked about."""

    everyone: Summary = NOBODY
    teams: Mapping[TeamId, Summary] = field(default_factory=dict)
    agents: Mapping[AgentId, Summary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Live:
    """What is known of a call that lasts."""

    language: Language | None = None
    case_number: str | None = None


class Feedback:
    """Keeps one survey for each call that was asked."""

    def __init__(self, *, store: SurveyStore, log: Log) -> None:
        self._store = store
        self._log = log
        self._live: dict[CallId, _Live] = {}

    async def on_event(self, event: Event) -> None:
        """Hears SurveyAsked, SolvedAnswered, SurveyAnswered and CaseFiled, and CallQueued and
        CallEnded for what is known of live calls."""
        call_id = event.call_id
        if call_id is None:
            return
        match event:
            case CallQueued(language=language):
                self._live[call_id] = replace(self._of(call_id), language=language)
            case CaseFiled(case_number=number):
                if call_id in self._live:
                    self._live[call_id] = replace(self._of(call_id), case_number=number)
                await self._store.link(call_id, number)
            case SurveyAsked(agent_id=agent_id, team=team):
                await self._note(event, agent_id, team=team)
            case SolvedAnswered(agent_id=agent_id, solved=solved):
                if solved not in set(Solved):
                    self._log.warning("survey_answer_ignored", call_id=call_id, solved=solved)
                    return
                await self._note(event, agent_id, solved=Solved(solved))
            case SurveyAnswered(agent_id=agent_id, score=score):
                if score not in SCORES:
                    self._log.warning("survey_score_ignored", call_id=call_id, score=score)
                    return
                await self._note(event, agent_id, score=score)
            case CallEnded():
                self._live.pop(call_id, None)
            case _:
                return

    async def answer(self, call_id: CallId) -> Survey | None:
        """What the caller of this call said; None if nobody asked."""
        return await self._store.get(call_id)

    async def figures(self, since: datetime, until: datetime) -> Figures:
        """Of callers asked from `since` up to, not including, `until`."""
        everyone = NOBODY
        teams: dict[TeamId, Summary] = {}
        agents: dict[AgentId, Summary] = {}
        for row in await self._store.count(since, until):
            found = summary(row)
            everyone += found
            if row.team is not None:
                teams[row.team] = teams.get(row.team, NOBODY) + found
            if row.agent_id is not None:
                agents[row.agent_id] = agents.get(row.agent_id, NOBODY) + found
        return Figures(everyone, teams, agents)

    def _of(self, call_id: CallId) -> _Live:
        return self._live.get(call_id, _Live())

    async def _note(
        self,
        event: Event,
        agent_id: AgentId | None,
        *,
        team: TeamId | None = None,
        solved: Solved | None = None,
        score: int | None = None,
    ) -> None:
        """The language and the case are known if the call's earlier events were heard."""
        assert event.call_id is not None
        live = self._of(event.call_id)
        kept = await self._store.note(
            Survey(
                call_id=event.call_id,
                asked_at=event.occurred_at,
                agent_id=agent_id,
                team=team,
                language=live.language,
                solved=solved,
                score=score,
                case_number=live.case_number,
            )
        )
        self._log.info("survey_kept", call_id=event.call_id, solved=kept.solved, score=kept.score)
