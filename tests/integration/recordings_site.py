"""The recordings' pages with one archived call, for tests over HTTP and in a browser."""

from __future__ import annotations

from array import array
from datetime import timedelta, timezone
from pathlib import Path

import httpx

from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from kernel.language import Language, ScreenLanguage
from kernel.policy import Role
from recordings.adapters.files import WavArchive
from recordings.adapters.message_store import TableMessageStore
from recordings.adapters.store import TableListeningLog, TableRecordingStore
from recordings.core.message import Message
from recordings.core.recording import Status
from recordings.core.transcript import Side, Utterance
from recordings.messages import MessageWords, MessageWriter
from recordings.routes import Names, build_router
from recordings.service import Library, Listening
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.page_kit import browser, page_app, page_kit, people
from tests.fakes.scribe import HandScribe

CITY = timezone(timedelta(hours=8))
CALL = CallId("gz-1795521600-1")
HTML = {"accept": "text/html"}
ROLES = {"qa01": Role.QUALITY, "sup01": Role.SUPERVISOR, "op0001": Role.OPERATOR}
NAMES = Names(
    teams=dict.fromkeys(ScreenLanguage, {"labour": "劳动社保", "urban": "国土城管"}),
    agent=lambda agent_id, language: f"话务员{agent_id}",
    line=lambda dnis, then, language: then and (then if language == "zh" else f"Line {dnis}"),
)


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
        library = Library(
            store=self.store,
            files=self.files,
            listening=listening,
            transcribed=[TeamId("urban")],
        )
        self.messages = TableMessageStore(database)
        self.scribe = HandScribe([])
        words = MessageWords(
            store=self.messages,
            recordings=self.store,
            writer=MessageWriter(
                store=self.messages,
                files=self.files,
                scribe=self.scribe,
                wanted=True,
                bus=CollectingBus(),
                clock=SetClock(),
                ids=CountedIds(),
                log=KeptLog(),
            ),
            listening=listening,
        )

        kit = page_kit("recordings", people(ROLES))
        self.app = page_app(kit, build_router(kit, library, words, NAMES))

    def browser(self, account: str | None = "qa01", language: str = "zh") -> httpx.AsyncClient:
        return browser(self.app, account, language)

    async def said(
        self,
        text: str,
        from_s: float = 12.5,
        *,
        side: Side = Side.CALLER,
        sure: float = 0.9,
        call_id: CallId = CALL,
    ) -> None:
        await self.store.spoken(call_id, NOON, Utterance(side, text, sure, from_s, from_s + 2))

    async def message(self, call_id: CallId = CALL) -> None:
        """The call's recording is a message."""
        await self.store.message_left(
            Message(
                call_id=call_id,
                left_at=NOON,
                language=Language.MANDARIN,
                team=TeamId("labour"),
                spoken=timedelta(seconds=9),
                again_at=NOON,
            )
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
