"""Operators at their desks: the desktop's real socket and the real distribution, one exchange in
memory, and a clock in the test's hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from acd.core.rules import WrapUpMode
from agent_desktop.core.menu_titles import StepTitles
from agent_desktop.core.wallboard import Limits
from agent_desktop.days import OperatorDays
from agent_desktop.routes import build_router
from agent_desktop.service import Desk
from agent_desktop.stories import CallStories
from agent_desktop.supervision import Supervision
from agent_desktop.targets import TargetFinder
from agent_desktop.wallboard import WallboardFeed
from hotline.desk_bridges import DistributionFigures, DistributionFloor
from kernel.ids import AgentId
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Role
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.desk_ports import FakePeople, FakePhones, FakePlans, FakeRecords
from tests.unit.acd.hall import A, B, C, Hall
from tests.unit.agent_desktop.asgi_socket import AsgiSocket
from tests.unit.agent_desktop.room import DISPOSITIONS, operator, principal

ROOT = Path(__file__).resolve().parents[2]
BOSS = principal(role=Role.SUPERVISOR)
NAMES = {A: ("李静怡", "Li Jingyi"), B: ("陈国强", "Chen Guoqiang"), C: ("黄伟", "Huang Wei")}


async def _lookup(cookie: str) -> WebSession | None:
    """The cookie is the operator's id."""
    person = principal(AgentId(cookie)) if cookie in NAMES else None
    return WebSession(person, "token", ScreenLanguage.CHINESE) if person else None


class DeskHall(Hall):
    """The hall with its desks. `browser(agent)` opens one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._told = 0
        floor = DistributionFloor(self.acd)
        people = FakePeople(*(operator(a, *names) for a, names in NAMES.items()), booths=9)
        self.audit = KeptAudit()
        self.supervision = Supervision(floor=floor, people=people, audit=self.audit)
        self.desk = Desk(
            floor=floor,
            people=people,
            menu=StepTitles(),
            records=FakeRecords(),
            stories=CallStories(),
            plans=FakePlans(),
            dispositions=DISPOSITIONS,
            clock=self.clock,
            log=self.log,
        )
        kit = WebKit(
            template_dirs=[ROOT / "frontend" / "templates", ROOT / "agent_desktop" / "templates"],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=_lookup,
            assets_version="test",
        )
        figures = DistributionFigures(self.acd)
        self.app = FastAPI()
        kit.install_error_answers(self.app)
        self.app.include_router(
            build_router(
                kit,
                desk=self.desk,
                feed=WallboardFeed(
                    figures=figures,
                    plans=FakePlans(),
                    people=people,
                    clock=self.clock,
                    limits=Limits(),
                ),
                finder=TargetFinder(figures, people),
                floor=floor,
                people=people,
                phones=FakePhones(),
                days=OperatorDays(self.clock),
                supervision=self.supervision,
            )
        )

    async def calm(self) -> None:
        """Everything is worked off, and the desks have heard of it."""
        await super().calm()
        while self._told < len(self.bus.published):
            self._told += 1
            await self.desk.hear(self.bus.published[self._told - 1])

    def write_up(self, mode: WrapUpMode) -> None:
        """Every team writes its calls up in this way."""
        rules = self.acd._floor.rules
        teams = tuple(replace(t, wrap_up_mode=mode) for t in rules.teams)
        self.acd._floor.rules = replace(rules, teams=teams)

    async def get(self, path: str, agent: AgentId) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://testserver", cookies={COOKIE: agent}
        ) as client:
            return await client.get(path)

    async def supervisor_orders(self, agent: AgentId, state: str, reason: str) -> None:
        await self.supervision.force(BOSS, agent, state, reason)
        await self.calm()

    async def supervisor_frees(self, agent: AgentId, reason: str) -> None:
        await self.supervision.free(BOSS, agent, reason)
        await self.calm()

    @asynccontextmanager
    async def browser(self, agent: AgentId) -> AsyncIterator[Browser]:
        """A browser in which this operator is signed in; leaving it closes it."""
        async with AsgiSocket(self.app, "/desk/ws", cookie=agent) as socket:
            yield Browser(self, agent, socket)
        await self.calm()


class Browser:
    """One desk page. `state` is what it shows."""

    def __init__(self, hall: DeskHall, agent: AgentId, socket: AsgiSocket) -> None:
        self.hall = hall
        self.agent = agent
        self.socket = socket
        self.state: dict[str, Any] = {}
        self.news: list[dict[str, Any]] = []
        self._numbers = itertools.count()

    async def say(self, kind: str, **fields: Any) -> str | None:
        """Give a command; the sentence of its refusal, None when it was done."""
        request = f"r{next(self._numbers)}"
        self.socket.send({"type": kind, "request_id": request, **fields})
        while True:
            message = await self.socket.receive()
            self._hear(message)
            if message.get("request_id") == request:
                await self.look()
                return str(message["message"]) if message["type"] == "error" else None

    async def hello(self) -> None:
        assert await self.say("hello", tab_id=f"tab-{id(self)}") is None

    async def look(self) -> dict[str, Any]:
        """The state, when everything that is under way has arrived."""
        await self.hall.calm()
        for message in self.socket.unread():
            self._hear(message)
        return self.state

    async def sit_down(self, booth: str, phone: str = "desk") -> None:
        """Log in and be ready; the phone is there."""
        prefix = "desk" if phone == "desk" else "booth"
        self.hall.exchange.register(f"{prefix}{booth}")
        if not self.state:
            await self.hello()
        assert await self.say("log_in", booth=booth, phone=phone) is None
        assert await self.say("ready") is None

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "agent_state":
            self.state = message
        else:
            self.news.append(message)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.news if m["type"] == kind]
