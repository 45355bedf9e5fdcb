"""The kit of the pages and the browsers of a test: who is signed in is said by the cookie alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI

from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role

ROOT = Path(__file__).resolve().parents[2]
HOST = "http://hotline.test"


def people(roles: Mapping[str, Role]) -> Callable[[str], Principal | None]:
    """Accounts by name, each with one role; the cookie is the account's name."""

    def who(cookie: str) -> Principal | None:
        role = roles.get(cookie)
        return Principal(cookie, cookie, frozenset({role})) if role is not None else None

    return who


def page_kit(department: str, who: Callable[[str], Principal | None]) -> WebKit:
    """The templates of this department; the token against foreign forms is `token`."""

    async def lookup(cookie: str) -> WebSession | None:
        person = who(cookie)
        return WebSession(person, "token", ScreenLanguage.CHINESE) if person is not None else None

    return WebKit(
        template_dirs=[ROOT / "frontend" / "templates", ROOT / department / "templates"],
        catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
        lookup=lookup,
        assets_version="test",
    )


def page_app(kit: WebKit, *routers: APIRouter) -> FastAPI:
    """The application with these pages, and faults answered as everywhere."""
    app = FastAPI()
    kit.install_error_answers(app)
    for router in routers:
        app.include_router(router)
    return app


def browser(
    app: FastAPI,
    account: str | None,
    language: str = "zh",
    headers: Mapping[str, str] | None = None,
) -> httpx.AsyncClient:
    """A browser in which this account is signed in; None: nobody."""
    cookies = {LANGUAGE_COOKIE: language, **({COOKIE: account} if account is not None else {})}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=HOST,
        cookies=cookies,
        headers=dict(headers or {}),
    )
