"""The real application over the demo city on SQLite, with one signed-in person of each role.

Nothing is started: no Asterisk, no background task. What a route answers here is decided by the
policy, the services and the database alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from hotline.demo import seed_city
from hotline.migrate import migrate_settings
from hotline.pages import web_app
from hotline.secrets import demo_password
from hotline.settings import Settings
from hotline.wiring import Services, assemble
from kernel.policy import Role

HOST = "http://hotline.test"
ACCOUNTS = {
    Role.OPERATOR: "op0001",
    Role.SUPERVISOR: "ad01",
    Role.QUALITY: "ad11",
    Role.DISPATCHER: "ad19",
    Role.ADMINISTRATOR: "ad28",
}


@dataclass(frozen=True, slots=True)
class Whole:
    """The application and the browsers: None is somebody who has not signed in."""

    app: FastAPI
    services: Services
    password: str
    browsers: dict[Role | None, httpx.AsyncClient]

    def browser(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers)

    async def signed_in(self, role: Role) -> httpx.AsyncClient:
        """A browser with a session of its own, which sends the page's CSRF token."""
        browser = self.browser()
        form = {"account": ACCOUNTS[role], "password": self.password}
        answer = await browser.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        own = (await browser.get("/api/session")).json()
        assert own["roles"] == [role.value]
        browser.headers["x-csrf-token"] = own["csrf_token"]
        return browser

    @property
    def routes(self) -> list[RouteContext]:
        return list(iter_route_contexts(self.app.routes))


@asynccontextmanager
async def whole_application(folder: Path) -> AsyncIterator[Whole]:
    settings = Settings(data_dir=folder / "data")
    await migrate_settings(settings)
    await seed_city(settings, lambda what, done, total: None)
    services = await assemble(settings)
    whole = Whole(await web_app(services), services, demo_password(settings), {})
    whole.browsers[None] = whole.browser()
    for role in Role:
        whole.browsers[role] = await whole.signed_in(role)
    try:
        yield whole
    finally:
        for browser in whole.browsers.values():
            await browser.aclose()
        await services.database.close()
