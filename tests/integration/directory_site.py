"""The directory's pages on a real database, for tests over HTTP."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
from fastapi import FastAPI

from directory.adapters.account_store import SqlAccountStore, SqlDeviceMemory, SqlSessionStore
from directory.adapters.audit_store import SqlAuditStore
from directory.adapters.city_store import SqlCityStore
from directory.adapters.demo_city import seed
from directory.adapters.passwords import Argon2Passwords, SecretTokens
from directory.routes import build_router, session_lookup
from directory.service import Accounts, Audit, Directory
from kernel.infra.database import Database
from kernel.infra.i18n import Catalogue
from kernel.infra.web import WebKit
from tests.fakes.clock import SetClock

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "river-lantern-42"
HTML = {"accept": "text/html"}
HOST = "http://hotline.test"


def quiet(what: str, done: int, total: int) -> None:
    """Set-up's progress, unheard."""


class Site:
    """The department's pages on a real database, with a clock that is moved by hand."""

    def __init__(self, database: Database, *, secure: bool = False) -> None:
        self.database = database
        self.clock = SetClock()
        self.directory = Directory(SqlCityStore(database))
        self.audit = Audit(SqlAuditStore(database), self.clock)
        # Cheap passwords: the strength is measured elsewhere, and here it would be waited for.
        self.hasher = Argon2Passwords(memory_kib=64, passes=1)
        self.accounts = Accounts(
            accounts=SqlAccountStore(database),
            sessions=SqlSessionStore(database),
            devices=SqlDeviceMemory(database),
            hasher=self.hasher,
            tokens=SecretTokens(),
            audit=self.audit,
            clock=self.clock,
            directory=self.directory,
        )
        kit = WebKit(
            template_dirs=[ROOT / "frontend" / "templates", ROOT / "directory" / "templates"],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=session_lookup(self.accounts),
            assets_version="test",
        )
        self.app = FastAPI()
        kit.install_error_answers(self.app)
        self.app.include_router(
            build_router(
                kit,
                self.directory,
                self.accounts,
                self.audit,
                secure_cookies=secure,
                codes={"list": {"grey": "灰名单"}, "level": {"storm": "风暴"}},
            )
        )

    def browser(self) -> httpx.AsyncClient:
        """A browser with an empty cookie jar."""
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url=HOST, headers=HTML)


async def opened(url: str) -> Site:
    site = Site(Database(url))
    await seed(site.database, PASSWORD, quiet, clock=site.clock)
    await site.directory.load()
    return site


async def close(site: Site) -> None:
    site.hasher.close()
    await site.database.close()


async def sign_in(
    browser: httpx.AsyncClient, account: str, password: str = PASSWORD, **form: str
) -> httpx.Response:
    return await browser.post("/login", data={"account": account, "password": password, **form})


async def csrf_of(browser: httpx.AsyncClient) -> str:
    page = await browser.get("/account")
    found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page.text)
    assert found is not None
    return found.group(1)


def cookies_of(answer: httpx.Response) -> SimpleCookie:
    jar = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return jar
