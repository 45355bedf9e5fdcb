"""The page of the figures: what it says, and to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from feedback.core.answers import Solved, Survey
from feedback.routes import build_router, period
from feedback.service import Feedback
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role
from tests.fakes.clock import NOON, SetClock
from tests.fakes.log import KeptLog
from tests.fakes.survey_store import DictSurveyStore

ROOT = Path(__file__).resolve().parents[3]
NAMES = dict.fromkeys(ScreenLanguage, {"labour": "劳动社保", "urban": "国土城管"})


class Browser:
    def __init__(self, role: Role) -> None:
        self.store = DictSurveyStore()
        principal = Principal("who", "Who", frozenset({role}))

        async def lookup(token: str) -> WebSession | None:
            return WebSession(principal, "token", ScreenLanguage.CHINESE)

        kit = WebKit(
            template_dirs=(ROOT / "frontend" / "templates", ROOT / "feedback" / "templates"),
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=lookup,
            assets_version="1",
        )
        app = FastAPI()
        kit.install_error_answers(app)
        feedback = Feedback(store=self.store, log=KeptLog())
        app.include_router(
            build_router(kit, feedback, SetClock(), NAMES, lambda agent, _: f"工号{agent}")
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://hotline.example"
        )
        self.client.cookies.set(COOKIE, "any")

    async def page(self, query: str = "", **cookies: str) -> httpx.Response:
        for name, value in cookies.items():
            self.client.cookies.set(name, value)
        return await self.client.get(f"/satisfaction{query}", headers={"accept": "text/html"})


@pytest.fixture
async def supervisor() -> AsyncIterator[Browser]:
    made = Browser(Role.SUPERVISOR)
    yield made
    await made.client.aclose()


async def kept(browser: Browser, number: int, days_ago: int = 0, **said: object) -> None:
    known: Mapping[str, object] = {
        "call_id": CallId(f"c{number}"),
        "asked_at": NOON - timedelta(days=days_ago),
        "agent_id": AgentId("op0001"),
        "team": TeamId("labour"),
        **said,
    }
    await browser.store.note(Survey(**known))  # type: ignore[arg-type]


async def test_two_figures_stand_beside_each_other(supervisor: Browser) -> None:
    await kept(supervisor, 1, score=1, solved=Solved.NO)
    await kept(supervisor, 2, score=2, solved=Solved.NO)
    await kept(supervisor, 3, score=5, solved=Solved.YES)
    await kept(supervisor, 4)
    text = (await supervisor.page()).text
    assert "66.7%" in text, "satisfied"
    assert "33.3%" in text, "solved"
    assert "75.0%" in text, "answered at all"
    assert "工号op0001" in text
    assert "国土城管" in text, "a team that nobody rated is there, too"


async def test_only_the_period_counts(supervisor: Browser) -> None:
    await kept(supervisor, 1, days_ago=3, score=1)
    assert "这段时间还没有询问过市民" in (await supervisor.page()).text
    assert "100.0%" in (await supervisor.page("?days=7")).text
    assert "这段时间还没有询问过市民" in (await supervisor.page("?days=99")).text


async def test_page_is_english_for_whoever_wants_it(supervisor: Browser) -> None:
    await kept(supervisor, 1, score=1)
    text = (await supervisor.page("", **{LANGUAGE_COOKIE: "en"})).text
    assert "Satisfaction" in text


async def test_operators_do_not_see_the_figures_of_each_other() -> None:
    browser = Browser(Role.OPERATOR)
    assert (await browser.page()).status_code == 403
    await browser.client.aclose()


def test_day_begins_at_the_midnight_of_the_city() -> None:
    since, until = period(datetime(2026, 11, 26, 17, 0, tzinfo=UTC), 1)
    assert since == datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
    assert until > datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
    assert period(NOON, 7)[0] == period(NOON, 1)[0] - timedelta(days=6)
