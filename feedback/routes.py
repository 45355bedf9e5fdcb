"""Page `/satisfaction`: what callers said after their calls, of all, of each team and operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from feedback.core.answers import NOBODY, Solved, Summary
from feedback.service import Feedback
from kernel.clock import CITY_ZONE_NAME, UTC, Clock
from kernel.ids import AgentId, TeamId
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.policy import Action

PERIODS = {1: "今天", 7: "近7天", 30: "近30天"}
_CITY = ZoneInfo(CITY_ZONE_NAME)

Names = Mapping[ScreenLanguage, Mapping[str, str]]
PersonName = Callable[[AgentId, ScreenLanguage], str]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table, in words; a rate that is not known is a dash."""

    name: str
    asked: int
    rated: int
    satisfaction: str
    mean: str
    solved: int
    partly: int
    not_solved: int
    solved_rate: str
    response: str


def build_router(
    kit: WebKit, feedback: Feedback, clock: Clock, team_names: Names, person_name: PersonName
) -> APIRouter:
    router = kit.router(action=Action.SEE_CALLS)

    @router.get("/satisfaction")
    async def page(request: Request, days: int = 1) -> Response:
        language = await kit.language(request)
        days = days if days in PERIODS else 1
        since, until = period(clock.now(), days)
        found = await feedback.figures(since, until)
        names = team_names[language]
        teams = [
            _row(title, found.teams.get(TeamId(team), NOBODY)) for team, title in names.items()
        ]
        agents = [
            _row(person_name(agent, language), figure)
            for agent, figure in sorted(found.agents.items(), key=_most_rated_first)
        ]
        return await kit.page(
            request,
            "feedback/satisfaction.html",
            days=days,
            periods=PERIODS,
            whole=_row("", found.everyone),
            teams=teams,
            agents=agents,
        )

    return router


def period(now: datetime, days: int) -> tuple[datetime, datetime]:
    """From the beginning of the city's day `days` - 1 days ago until now."""
    today = now.astimezone(_CITY).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days - 1)).astimezone(UTC), now + timedelta(microseconds=1)


def _most_rated_first(item: tuple[AgentId, Summary]) -> tuple[int, str]:
    agent, figure = item
    return -figure.rated, agent


def _row(name: str, figure: Summary) -> _Row:
    return _Row(
        name=name,
        asked=figure.asked,
        rated=figure.rated,
        satisfaction=_percent(figure.satisfaction_rate),
        mean="–" if figure.mean_score is None else f"{figure.mean_score:.2f}",
        solved=figure.solved.get(Solved.YES, 0),
        partly=figure.solved.get(Solved.PARTLY, 0),
        not_solved=figure.solved.get(Solved.NO, 0),
        solved_rate=_percent(figure.solved_rate),
        response=_percent(figure.response_rate),
    )


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.1f}%"
