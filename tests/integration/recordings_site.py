"""The recordings' pages with one archived call, for tests over HTTP and in a browser."""

from __future__ import annotations

from array import array
from datetime import timedelta, timezone
from pathlib import Path

import httpx
from fastapi import FastAPI

from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role
from recordings.adapters.files import WavArchive
from recordings.adapters.store import TableListeningLog, TableRecordingStore
from recordings.core.recording import Status
from recordings.routes import build_router
from recordings.service import Library, Listening
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds

ROOT = Path(__file__).resolve().parents[2]
CITY = timezone(timedelta(hours=8))
CALL = CallId("gz-1795521600-1")
HTML = {"accept": "text/html"}
ROLES = {"qa01": Role.QUALITY, "sup01": Role.SUPERVISOR, "op0001": Role.OPERATOR}
NAMES = dict.fromkeys(ScreenLanguage, {"labour": "劳动社保", "urban": "国土城管"})


class Site:
    """The department's pages with one archived call, 40 seconds long."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.store = TableRecordingStore(database)
        (folder / "spool").mkdir()
        self.files = WavArchive(folder / "spool", folder / "archive", CITY)
        self.trail = KeptAudit()
        self.listenings = TableListeningLog(database, CountedIds())
        listening = Listening(log=self.listenings, audit=self.trail, clock=SetClock())
        library = Library(store=self.store, files=self.files, listening=listening)

        async def lookup(cookie: str) -> WebSession | None:
            if cookie not in ROLES:
                return None
            principal = Principal(cookie, cookie, frozenset({ROLES[cookie]}))
            return WebSession(principal, "token", ScreenLanguage.CHINESE)

        kit = WebKit(
            template_dirs=[ROOT / "frontend" / "templates", ROOT / "recordings" / "templates"],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=lookup,
            assets_version="test",
        )
        self.app = FastAPI()
        kit.install_error_answers(self.app)
        self.app.include_router(
            build_router(kit, library, NAMES, lambda agent_id, language: f"话务员{agent_id}")
        )

    def browser(self, account: str | None = "qa01") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://hotline.test",
            cookies={} if account is None else {COOKIE: account},
        )

    async def call(
        self, call_id: CallId = CALL, *, minutes: int = 0, seconds: int = 40, archived: bool = True
    ) -> None:
        at = NOON + timedelta(minutes=minutes)
        await self.store.arrived(call_id, at, ani="13800138000", dnis="12345", line_name=None)
        await self.store.answered(call_id, at, AgentId("op0001"), TeamId("labour"))
        await self.store.add_connected(call_id, at, timedelta(seconds=seconds))
        await self.store.ended(call_id, at + timedelta(seconds=seconds))
        if not archived:
            await self.store.faulty(call_id, at, Status.MISSING, "absent")
            return
        raw = self.folder / "spool" / f"{call_id}.raw"
        raw.write_bytes(array("h", [1000, -3000] * 8000 * seconds).tobytes())
        written = self.files.archive(call_id, at, None)
        assert written is not None
        await self.store.archived(call_id, at, written, at)
