"""The web application: every department's router behind one policy, health, static files."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hotline.health import Part, report
from hotline.settings import ROOT
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role

DIST = ROOT / "frontend" / "dist"
MAX_BODY_BYTES = 1_048_576
MAX_UPLOAD_BYTES = 13 * 1_048_576
"""Of a studio recording, with the form around it; read once the guard has let its sender in."""
TOO_LARGE = "请求内容过大"
UPLOADS = re.compile(r"/ivr-prompts/[a-z]{2,3}/[a-z0-9_]{1,60}")

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HOMES: tuple[tuple[Role, str], ...] = (
    (Role.OPERATOR, "/desk"),
    (Role.SUPERVISOR, "/wallboard"),
    (Role.QUALITY, "/recordings"),
    (Role.DISPATCHER, "/cases"),
    (Role.ADMINISTRATOR, "/directory"),
)


def home_of(principal: Principal) -> str:
    """The page a person works on, by the first role that has one."""
    return next((path for role, path in _HOMES if role in principal.roles), "/account")


def build_app(
    kit: WebKit,
    routers: Sequence[APIRouter],
    parts: tuple[Part, ...],
    asterisk_ws: str,
) -> FastAPI:
    """The application. `asterisk_ws` is the only foreign address that pages may connect to."""
    app = FastAPI(title="12345", docs_url=None, redoc_url=None, openapi_url=None)
    kit.install_error_answers(app)
    csp = (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"media-src 'self' blob:; connect-src 'self' {asterisk_ws}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    )

    @app.middleware("http")
    async def harden(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers.setdefault("Content-Security-Policy", csp)
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.url.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.add_middleware(BodyLimit, limit=MAX_BODY_BYTES)
    for router in (_common(kit, parts), _description(kit), *routers):
        # Not `include_router`: it adds nothing to a whole path, and FastAPI 0.165 would make every
        # route twice for it, a fifth of the work of a start.
        app.router.routes.extend(router.routes)
    DIST.mkdir(parents=True, exist_ok=True)
    app.mount("/static", StaticFiles(directory=DIST), name="static")
    return app


class BodyLimit:
    """Refuses a request body over `limit` bytes with 413, whether or not its length was told; a
    recording may be larger, where one is uploaded."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_UPLOAD_BYTES if UPLOADS.fullmatch(scope["path"]) else self._limit
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdigit() or int(told) > limit:
            await self._refuse(scope, receive, send)
            return
        seen, answered = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLarge:
            if not answered:
                await self._refuse(scope, receive, send)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response = JSONResponse({"error": "too_large", "message": TOO_LARGE}, 413)
        if "text/html" in Headers(scope=scope).get("accept", ""):
            # Before any language is known: both.
            words = f"<p>{TOO_LARGE}</p><p lang=en>The request is too large.</p>"
            page = f"<!doctype html><html lang=zh-CN><meta charset=utf-8><title>413</title>{words}"
            answer = HTMLResponse(page, 413)
        await answer(scope, receive, send)


class _TooLarge(ClientDisconnect):
    """More came than was told, or than may come."""


def _common(kit: WebKit, parts: tuple[Part, ...]) -> APIRouter:
    """Health, the browser's catalogue and the front door."""
    router = kit.public_router()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        status, body = await report(parts)
        return JSONResponse(body, status)

    @router.get("/i18n/{language}.json")
    async def catalogue(language: ScreenLanguage) -> dict[str, str]:
        return kit.catalogue.as_json(language)

    @router.get("/")
    async def front_door(request: Request) -> RedirectResponse:
        session = await kit.session_of(request)
        return RedirectResponse(home_of(session.principal) if session else "/login", 303)

    return router


def _description(kit: WebKit) -> APIRouter:
    """The JSON interface described for programs, to any signed-in person: FastAPI's own address
    for it would stand outside the policy."""
    router = kit.router(action=None)

    @router.get("/api/openapi.json", include_in_schema=False)
    async def description(request: Request) -> JSONResponse:
        app: FastAPI = request.app
        return JSONResponse(app.openapi())

    return router
