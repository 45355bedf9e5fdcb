"""The routes: who may open what, and how the two sockets behave at their edges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocketState

from agent_desktop.adapters.sockets import OUTBOX_LIMIT, SocketOutbox
from agent_desktop.core.wallboard import Limits
from agent_desktop.days import OperatorDays
from agent_desktop.ports import AgentSituation, FloorFigures, OccupiedBooth
from agent_desktop.protocol import (
    CLOSE_BAD_MESSAGE,
    CLOSE_NOT_SIGNED_IN,
    CLOSE_TAKEN,
    CLOSE_TOO_SLOW,
)
from agent_desktop.routes import build_router
from agent_desktop.targets import TargetFinder
from agent_desktop.wallboard import WallboardFeed
from kernel.ids import BoothId, Endpoint, TeamId
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role
from tests.fakes.desk_ports import NOON, FakeFigures, FakePhones, floor_figures, team_figures
from tests.unit.agent_desktop.asgi_socket import AsgiSocket
from tests.unit.agent_desktop.room import CHEN, LI, Room, principal

ROOT = Path(__file__).resolve().parents[3]
PEOPLE: dict[str, Principal] = {
    "li": principal(LI),
    "chen": principal(CHEN),
    "boss": principal(role=Role.SUPERVISOR),
}


@dataclass
class House:
    app: FastAPI
    room: Room
    figures: FakeFigures

    async def get(
        self, path: str, person: str | None, *, lang: str = "zh", **query: str
    ) -> httpx.Response:
        cookies = {LANGUAGE_COOKIE: lang, **({COOKIE: person} if person else {})}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://testserver", cookies=cookies
        ) as client:
            return await client.get(path, params=query)

    def socket(
        self, path: str, person: str | None, origin: str = "http://testserver"
    ) -> AsgiSocket:
        return AsgiSocket(self.app, path, cookie=person, origin=origin)


def present_figures() -> FloorFigures:
    team = team_figures(
        TeamId("labour"),
        waiting=2,
        longest_since=NOON,
        entered=5,
        answered=3,
        abandoned=0,
    )
    seat = OccupiedBooth(
        booth_id=BoothId("019"),
        agent_id=CHEN,
        state="ready",
        reason=None,
        since=NOON,
        team=None,
        phone_reachable=True,
    )
    return floor_figures((team,), (seat,))


@pytest.fixture
async def house() -> AsyncIterator[House]:
    room, figures = Room(), FakeFigures(present_figures())

    async def lookup(cookie: str) -> WebSession | None:
        person = PEOPLE.get(cookie)
        return WebSession(person, "token", ScreenLanguage.CHINESE) if person else None

    kit = WebKit(
        template_dirs=[ROOT / "frontend" / "templates", ROOT / "agent_desktop" / "templates"],
        catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
        lookup=lookup,
        assets_version="test",
    )
    feed = WallboardFeed(
        figures=figures,
        plans=room.plans,
        people=room.people,
        clock=room.clock,
        limits=Limits(),
    )

    app = FastAPI()
    kit.install_error_answers(app)
    app.include_router(
        build_router(
            kit,
            desk=room.desk,
            feed=feed,
            finder=TargetFinder(figures, room.people),
            floor=room.floor,
            people=room.people,
            phones=FakePhones(),
            days=OperatorDays(room.clock),
            supervision=room.supervision,
        )
    )
    await feed.start()
    yield House(app, room, figures)
    await feed.stop()
    await room.desk.stop()


def at_booth(endpoint: str = "booth018") -> AgentSituation:
    return AgentSituation(
        status="ready",
        status_since=NOON,
        booth_id=BoothId("018"),
        endpoint=Endpoint(endpoint),
        phone_reachable=True,
    )


# --- pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "person", "status"),
    [
        ("/desk", "li", 200),
        ("/desk", "boss", 403),
        ("/desk", None, 401),
        ("/wallboard", "boss", 200),
        ("/wallboard", "li", 403),
        ("/wallboard", None, 401),
        ("/phone", None, 200),
        ("/api/desk/targets", "boss", 403),
        ("/api/desk/booths", None, 401),
        ("/api/wallboard/operators/op0002", "boss", 200),
        ("/api/wallboard/operators/op0002", "li", 403),
        ("/api/wallboard/operators/op9999", "boss", 404),
        ("/api/phone/access", None, 200),
    ],
)
async def test_the_policy_decides_who_opens_what(
    house: House, path: str, person: str | None, status: int
) -> None:
    assert (await house.get(path, person)).status_code == status


@pytest.mark.parametrize("path", ["/desk", "/wallboard", "/phone"])
@pytest.mark.parametrize(("lang", "tag"), [("zh", "zh-CN"), ("en", "en")])
async def test_pages_carry_no_inline_script_or_style(
    house: House, path: str, lang: str, tag: str
) -> None:
    person = "boss" if path == "/wallboard" else "li"
    page = (await house.get(path, person, lang=lang)).text
    assert "<script>" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert f'<html lang="{tag}"' in page


async def test_the_wallboard_shows_every_booth_and_team_before_any_script_runs(
    house: House,
) -> None:
    page = (await house.get("/wallboard", "boss")).text
    assert page.count("data-booth=") == 506
    assert page.count("data-team=") == 6, "five teams and the whole centre"


# --- the phone's secret ---------------------------------------------------------------------


async def test_an_operator_gets_the_phone_of_the_own_booth_and_no_other(house: House) -> None:
    house.room.floor.set(LI, at_booth())
    answer = (await house.get("/api/desk/softphone", "li")).json()
    assert (answer["endpoint"], answer["password"]) == ("booth018", "secret-of-booth018")
    assert (await house.get("/api/desk/softphone", "chen")).status_code == 404


async def test_there_is_no_browser_phone_at_a_desk_phone(house: House) -> None:
    house.room.floor.set(LI, at_booth("desk018"))
    assert (await house.get("/api/desk/softphone", "li")).status_code == 404


async def test_the_citizens_phone_is_its_own_endpoint(house: House) -> None:
    assert (await house.get("/api/phone/access", None)).json()["endpoint"] == "citizen-web"


# --- targets --------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["陈国", "chen", "op0002", "019", "社保", "labour"])
async def test_a_colleague_is_found_by_name_number_booth_or_team(house: House, query: str) -> None:
    found = (await house.get("/api/desk/targets", "li", q=query)).json()
    assert [o["agent"] for o in found["operators"]] == [CHEN]


async def test_nobody_is_offered_to_himself_as_a_target(house: House) -> None:
    found = (await house.get("/api/desk/targets", "chen")).json()
    assert found["operators"] == []
    assert found["teams"] == [{"team": "labour", "waiting": 2, "ready": 1}]


async def test_only_free_booths_are_proposed(house: House) -> None:
    booths = (await house.get("/api/desk/booths", "li")).json()["booths"]
    assert len(booths) == 505
    assert "019" not in booths


# --- the desk's socket ----------------------------------------------------------------------


async def hello(socket: AsgiSocket, tab: str = "t1") -> list[dict[str, Any]]:
    """Say hello and read up to the state."""
    socket.send({"type": "hello", "request_id": "r0", "tab_id": tab})
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["type"] != "agent_state":
        heard.append(await socket.receive())
    return heard


@pytest.mark.parametrize(
    ("person", "origin"),
    [(None, "http://testserver"), ("boss", "http://testserver"), ("li", "http://evil.example")],
)
async def test_a_stranger_a_supervisor_and_a_foreign_page_are_turned_away(
    house: House, person: str | None, origin: str
) -> None:
    async with house.socket("/desk/ws", person, origin) as socket:
        assert await socket.closed() == CLOSE_NOT_SIGNED_IN
    assert house.room.floor.commands == []


async def test_hello_opens_the_session_and_commands_are_answered(house: House) -> None:
    async with house.socket("/desk/ws", "li") as socket:
        assert [m["type"] for m in await hello(socket)] == ["ok", "welcome", "agent_state"]
        socket.send({"type": "log_in", "request_id": "r1", "booth": "018", "phone": "browser"})
        assert (await socket.receive())["status"] == "not_ready"
        assert await socket.receive() == {"type": "ok", "request_id": "r1"}
        socket.send({"type": "ready", "request_id": "r2"})
        assert (await socket.receive())["status"] == "ready"
        assert await socket.receive() == {"type": "ok", "request_id": "r2"}


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"type": "ready", "request_id": "r1"}',
        '{"type": "hello", "request_id": "r1"}',
    ],
)
async def test_a_socket_that_does_not_begin_with_a_hello_is_closed(house: House, text: str) -> None:
    async with house.socket("/desk/ws", "li") as socket:
        socket.send(text)
        assert await socket.closed() == CLOSE_BAD_MESSAGE


async def test_nonsense_after_the_hello_ends_the_socket_and_starts_the_grace(
    house: House,
) -> None:
    house.room.floor.set(LI, at_booth())
    async with house.socket("/desk/ws", "li") as socket:
        await hello(socket)
        socket.send('{"type": "dance", "request_id": "r1"}')
        assert await socket.closed() == CLOSE_BAD_MESSAGE
    assert house.room.floor.commands[-1] == ("connection_lost", LI)


async def test_a_closed_browser_starts_the_grace(house: House) -> None:
    house.room.floor.set(LI, at_booth())
    async with house.socket("/desk/ws", "li") as socket:
        await hello(socket)
    assert house.room.floor.commands == [("connection_back", LI), ("connection_lost", LI)]


async def test_the_second_tab_wins_and_the_first_is_told(house: House) -> None:
    async with house.socket("/desk/ws", "li") as first, house.socket("/desk/ws", "li") as second:
        await hello(first, "t1")
        await hello(second, "t2")
        assert await first.receive() == {"type": "session_taken"}
        assert await first.closed() == CLOSE_TAKEN
        second.send({"type": "release", "request_id": "r9"})
        assert await second.receive() == {"type": "ok", "request_id": "r9"}


async def test_a_browser_that_reads_nothing_is_cut_off_and_nobody_waits_for_it() -> None:
    class Stuck:
        """A socket whose peer never reads."""

        def __init__(self) -> None:
            self.application_state = WebSocketState.CONNECTED
            self.closed_with: int | None = None

        async def send_text(self, text: str) -> None:
            await asyncio.get_running_loop().create_future()

        async def close(self, code: int) -> None:
            self.closed_with = code

    socket = Stuck()
    out = SocketOutbox(socket)  # type: ignore[arg-type]
    writer = asyncio.get_running_loop().create_task(out.run())
    for _ in range(OUTBOX_LIMIT + 2):
        out.send("{}")
        await asyncio.sleep(0)
    await asyncio.wait_for(writer, 5)
    assert socket.closed_with == CLOSE_TOO_SLOW


# --- the wallboard's socket -----------------------------------------------------------------


async def test_the_wallboard_is_for_supervisors(house: House) -> None:
    async with house.socket("/wallboard/ws", "li") as socket:
        assert await socket.closed() == CLOSE_NOT_SIGNED_IN


async def test_the_wallboard_pushes_the_present_at_once_and_then_each_change(
    house: House,
) -> None:
    async with house.socket("/wallboard/ws", "boss") as socket:
        snapshot = await socket.receive()
        assert snapshot["teams"][0]["waiting"] == 2
        assert snapshot["booths"][0]["booth"] == "019"
        before = present_figures()
        house.figures.change(replace(before, teams=(replace(before.teams[0], waiting=7),)))
        assert (await socket.receive())["teams"][0]["waiting"] == 7
