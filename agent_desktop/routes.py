"""Pages and sockets: `/desk`, `/wallboard`, `/phone`, and the little JSON they need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Query, Request, Response, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from agent_desktop.adapters.phones import CITIZEN_ENDPOINT
from agent_desktop.adapters.sockets import SocketOutbox, close_quietly
from agent_desktop.days import OperatorDays
from agent_desktop.ports import Floor, People, PhoneAccess, Phones
from agent_desktop.protocol import (
    CLOSE_BAD_MESSAGE,
    CLOSE_NOT_SIGNED_IN,
    ClientMessage,
    Hello,
    client_messages,
)
from agent_desktop.service import Desk
from agent_desktop.supervision import Supervision
from agent_desktop.targets import FreeBooths, TargetFinder, Targets
from agent_desktop.wallboard import WallboardFeed
from agent_desktop.wallboard_protocol import ForceIn, FreeIn, OperatorDayOut
from kernel.errors import NotAllowed, NotFound
from kernel.ids import AgentId
from kernel.infra.log import get
from kernel.infra.web import WebKit
from kernel.policy import Action

log = get("agent_desktop")
HELLO_TIMEOUT_S = 10.0
DEMO_NUMBERS = ("13800138000", "13922210045", "02083123456", "")
"""Numbers the newcomer may call from; the empty one is the anonymous caller."""


def build_router(
    kit: WebKit,
    *,
    desk: Desk,
    feed: WallboardFeed,
    finder: TargetFinder,
    floor: Floor,
    people: People,
    phones: Phones,
    days: OperatorDays,
    supervision: Supervision,
) -> APIRouter:
    """All routes of the department."""
    router = APIRouter()
    router.include_router(_desk_pages(kit, finder, floor, phones))
    router.include_router(_wallboard_pages(kit, people, days))
    router.include_router(_orders(kit, supervision))
    router.include_router(_phone_pages(kit, phones))
    router.include_router(_sockets(kit, desk, feed))
    return router


def _desk_pages(kit: WebKit, finder: TargetFinder, floor: Floor, phones: Phones) -> APIRouter:
    router = kit.router(action=Action.USE_DESKTOP)

    @router.get("/desk")
    async def desk_page(request: Request) -> Response:
        await _operator(kit, request)
        return await kit.page(request, "agent_desktop/desk.html")

    @router.get("/api/desk/targets")
    async def targets(request: Request, q: str = Query("", max_length=40)) -> Targets:
        return finder.find(await _operator(kit, request), q)

    @router.get("/api/desk/booths")
    async def free_booths() -> FreeBooths:
        return finder.free_booths()

    @router.get("/api/desk/softphone")
    async def softphone(request: Request) -> dict[str, str]:
        """The phone of the booth where this operator is logged in, and of no other."""
        endpoint = floor.situation(await _operator(kit, request)).endpoint
        if endpoint is None:
            raise NotFound("请先签入座席")
        return _access(phones.access(endpoint))

    return router


def _wallboard_pages(kit: WebKit, people: People, days: OperatorDays) -> APIRouter:
    router = kit.router(action=Action.SEE_WALLBOARD)

    @router.get("/wallboard")
    async def wallboard_page(request: Request) -> Response:
        return await kit.page(
            request,
            "agent_desktop/wallboard.html",
            teams=people.teams(),
            booths=people.booths(),
        )

    @router.get("/api/wallboard/operators/{agent_id}")
    async def operator_day(agent_id: str) -> OperatorDayOut:
        if people.operator(AgentId(agent_id)) is None:
            raise NotFound("没有这位话务员")
        return days.shown(AgentId(agent_id))

    return router


def _orders(kit: WebKit, supervision: Supervision) -> APIRouter:
    router = kit.router(action=Action.FORCE_AGENT_STATE)

    @router.post("/api/wallboard/operators/{agent_id}/state", status_code=204)
    async def force_state(agent_id: str, order: ForceIn, request: Request) -> None:
        by = await kit.principal(request)
        await supervision.force(by, AgentId(agent_id), order.state, order.reason)

    @router.post("/api/wallboard/operators/{agent_id}/free", status_code=204)
    async def free(agent_id: str, order: FreeIn, request: Request) -> None:
        by = await kit.principal(request)
        await supervision.free(by, AgentId(agent_id), order.reason)

    return router


def _phone_pages(kit: WebKit, phones: Phones) -> APIRouter:
    """The citizen's web phone: public, and able to reach 12345 only (the dialplan sees to it)."""
    router = kit.public_router()

    @router.get("/phone")
    async def phone_page(request: Request) -> Response:
        return await kit.page(request, "agent_desktop/phone.html", numbers=DEMO_NUMBERS)

    @router.get("/api/phone/access")
    async def access() -> dict[str, str]:
        return _access(phones.access(CITIZEN_ENDPOINT))

    return router


def _sockets(kit: WebKit, desk: Desk, feed: WallboardFeed) -> APIRouter:
    router = APIRouter()

    @router.websocket("/desk/ws")
    async def desk_socket(socket: WebSocket) -> None:
        await _serve_desk(kit, desk, socket)

    @router.websocket("/wallboard/ws")
    async def wallboard_socket(socket: WebSocket) -> None:
        principal = await kit.websocket_principal(socket, Action.SEE_WALLBOARD)
        await socket.accept()
        if principal is None:
            await socket.close(CLOSE_NOT_SIGNED_IN)
            return
        reader = feed.open()

        async def write() -> None:
            while True:
                await socket.send_text(await reader.next())

        try:
            await _until_gone(socket, write)
        finally:
            feed.close(reader)

    return router


async def _serve_desk(kit: WebKit, desk: Desk, socket: WebSocket) -> None:
    principal = await kit.websocket_principal(socket, Action.USE_DESKTOP)
    await socket.accept()
    if principal is None:
        # Refused after accepting: before it, a browser cannot tell why the socket failed.
        await socket.close(CLOSE_NOT_SIGNED_IN)
        return
    try:
        hello = await asyncio.wait_for(_next_command(socket), HELLO_TIMEOUT_S)
    except (TimeoutError, ValidationError, WebSocketDisconnect):
        await close_quietly(socket, CLOSE_BAD_MESSAGE)
        return
    if not isinstance(hello, Hello):
        await close_quietly(socket, CLOSE_BAD_MESSAGE)
        return
    out = SocketOutbox(socket)
    try:
        tab = await desk.attach(principal, hello, out)
    except NotAllowed:
        await close_quietly(socket, CLOSE_NOT_SIGNED_IN)
        return
    writer = asyncio.get_running_loop().create_task(out.run(), name="desk-writer")
    try:
        while True:
            await desk.handle(tab, await _next_command(socket))
    except ValidationError as error:
        log.warning("desk_message_refused", agent_id=tab.agent_id, reason=str(error.errors()[:1]))
        await close_quietly(socket, CLOSE_BAD_MESSAGE)
    except WebSocketDisconnect:
        pass
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await desk.detach(tab)


async def _next_command(socket: WebSocket) -> ClientMessage:
    return client_messages.validate_json(await socket.receive_text())


async def _until_gone(socket: WebSocket, write: Callable[[], Awaitable[None]]) -> None:
    """Write until the other side leaves; what it says is ignored."""

    async def listen() -> None:
        while True:
            await socket.receive_text()

    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[Any]] = [
        loop.create_task(_run(listen), name="wallboard-listen"),
        loop.create_task(_run(write), name="wallboard-write"),
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except (WebSocketDisconnect, RuntimeError):
        # Starlette raises RuntimeError for a write after the close.
        return


async def _operator(kit: WebKit, request: Request) -> AgentId:
    principal = await kit.principal(request)
    if principal.agent_id is None:
        raise NotAllowed("只有话务员可以使用工作台")
    return principal.agent_id


def _access(access: PhoneAccess) -> dict[str, str]:
    return {
        "websocket_url": access.websocket_url,
        "endpoint": access.endpoint,
        "password": access.password,
        "realm": access.realm,
    }
