"""The department behind a web kit, with people to sign in as, for the tests over HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
from fastapi import FastAPI

from kernel.infra.database import Database
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Principal
from tests.unit.workorders.world import (
    ADMINISTRATOR,
    AGENT,
    DISPATCHER,
    FUME,
    OPERATOR,
    OTHER_AGENT,
    QUALITY,
    SUPERVISOR,
    TIANHE,
    World,
)
from workorders.adapters.case_store import SqlCaseStore
from workorders.core.case import CaseContent, Dispatched, Outcome
from workorders.routes import build_router

ROOT = Path(__file__).resolve().parents[3]
HTML = {"accept": "text/html"}
CSRF = {"x-csrf-token": "token"}
PEOPLE = {
    "operator": OPERATOR,
    "other-operator": replace(OPERATOR, account="op0002", agent_id=OTHER_AGENT),
    "supervisor": SUPERVISOR,
    "quality": QUALITY,
    "dispatcher": DISPATCHER,
    "administrator": ADMINISTRATOR,
    "nobody": Principal("guest", "访客", frozenset()),
}


class Site:
    """The department behind a web kit, with people to sign in as."""

    def __init__(self, database: Database) -> None:
        self.world = World(store=SqlCaseStore(database))

        async def lookup(cookie: str) -> WebSession | None:
            person = PEOPLE.get(cookie)
            return WebSession(person, "token", ScreenLanguage.CHINESE) if person else None

        kit = WebKit(
            template_dirs=[ROOT / "frontend" / "templates", ROOT / "workorders" / "templates"],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=lookup,
            assets_version="test",
        )
        self.app = FastAPI()
        kit.install_error_answers(self.app)
        self.app.include_router(build_router(kit, self.world.cases))

    def browser(self, who: str | None, language: str = "zh") -> httpx.AsyncClient:
        cookies = {} if who is None else {COOKIE: who, LANGUAGE_COOKIE: language}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://hotline.test",
            cookies=cookies,
        )

    async def filed(self, content: CaseContent = FUME, outcome: Outcome | None = None) -> str:
        draft = await self.world.draft(call_id=None)
        filed = await self.world.cases.file(
            draft, agent_id=AGENT, content=content, outcome=outcome or Dispatched(TIANHE)
        )
        return filed.number


SEEING = set(PEOPLE) - {"nobody"}
OPERATORS = {"operator", "other-operator"}
