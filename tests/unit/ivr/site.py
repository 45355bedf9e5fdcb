"""The pages of the flows behind a web kit, with people to sign in as, on stores in memory."""

from __future__ import annotations

import httpx

from ivr.core.funnel import Funnel
from ivr.funnel_keeper import FunnelKeeper
from ivr.routes import intents as intent_routes
from ivr.routes import notices as notice_routes
from ivr.routes import screening as screening_routes
from ivr.routes.flows import FlowDesk, build_router
from kernel.ids import TeamId
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role
from tests.fakes.clock import SetClock
from tests.fakes.funnel_store import DictFunnelStore
from tests.fakes.guard_room import GuardRoom
from tests.fakes.line_book import DictLineBook, OldLine
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.fakes.page_kit import browser, page_app, page_kit
from tests.fakes.word_list import WordList
from tests.unit.ivr.shelf import Shelf
from tests.unit.ivr.shipped import catalogue

PEOPLE = {
    "administrator": Principal("ad01", "管理员", frozenset({Role.ADMINISTRATOR})),
    "other": Principal("ad02", "管理员二", frozenset({Role.ADMINISTRATOR})),
    "supervisor": Principal("ad03", "值班长", frozenset({Role.SUPERVISOR})),
    "quality": Principal("ad11", "质检员", frozenset({Role.QUALITY})),
    "operator": Principal("op0001", "陈晓明", frozenset({Role.OPERATOR})),
}
DISTRICTS = {
    ScreenLanguage.CHINESE: {"tianhe": "天河区"},
    ScreenLanguage.ENGLISH: {"tianhe": "Tianhe"},
}
TITLES = {"person": "转人工", "greeting_three": "欢迎语"}


class Site:
    def __init__(self) -> None:
        self.shelf = Shelf()
        self.store = DictFunnelStore()
        self.funnel = FunnelKeeper(Funnel(self.shelf.flows.kind_of), self.store, KeptLog())

        kit = page_kit("ivr", PEOPLE.get)
        desk = FlowDesk(
            flows=self.shelf.flows,
            funnel=self.funnel,
            catalogue=catalogue(),
            lines=DictLineBook({"12333": OldLine("人社咨询热线", TeamId("labour"))}),
            clock=SetClock(),
            step_title=lambda flow, step: TITLES.get(step),
            team_names={
                ScreenLanguage.CHINESE: {"labour": "劳动社保"},
                ScreenLanguage.ENGLISH: {"labour": "Labour"},
            },
        )
        self.words = WordList()
        self.guard = GuardRoom()
        self.notices = NoticeRoom()
        self.app = page_app(
            kit,
            build_router(kit, desk),
            intent_routes.build_router(
                kit,
                intent_routes.IntentDesk(
                    intents=self.shelf.intents,
                    flows=self.shelf.flows,
                    catalogue=catalogue(),
                    known=self.words,
                ),
            ),
            notice_routes.build_router(
                kit, self.notices.notices, self.notices.clock, desk.team_names, DISTRICTS
            ),
            screening_routes.build_router(kit, self.guard.screening, self.guard.clock),
        )

    async def open(self) -> Site:
        await self.shelf.open()
        return self

    def browser(self, who: str | None = "administrator", language: str = "zh") -> httpx.AsyncClient:
        return browser(self.app, who, language, {"accept": "text/html"})
