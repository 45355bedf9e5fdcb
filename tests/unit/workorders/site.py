"""The department behind a web kit, with people to sign in as, for the tests over HTTP."""

from __future__ import annotations

from dataclasses import replace

import httpx

from kernel.infra.database import Database
from kernel.policy import Principal
from tests.fakes.page_kit import browser, page_app, page_kit
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

        kit = page_kit("workorders", PEOPLE.get)
        self.app = page_app(kit, build_router(kit, self.world.cases))

    def browser(self, who: str | None, language: str = "zh") -> httpx.AsyncClient:
        return browser(self.app, who, language)

    async def filed(self, content: CaseContent = FUME, outcome: Outcome | None = None) -> str:
        draft = await self.world.draft(call_id=None)
        filed = await self.world.cases.file(
            draft, agent_id=AGENT, content=content, outcome=outcome or Dispatched(TIANHE)
        )
        return filed.number


SEEING = set(PEOPLE) - {"nobody"}
OPERATORS = {"operator", "other-operator"}
