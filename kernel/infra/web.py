"""What every department's routes use: pages, the signed-in person, the guard, error answers.

A route exists only on a router made by `WebKit.router`, which demands an action of the policy:
nothing is reachable by forgetting. `tests/architecture` walks the application to prove it.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from kernel.clock import CITY_ZONE_NAME
from kernel.errors import (
    BadInput,
    Conflict,
    HotlineError,
    InvalidTransition,
    NotAllowed,
    NotFound,
    Unavailable,
)
from kernel.infra.i18n import Catalogue
from kernel.language import ScreenLanguage
from kernel.phone import mask
from kernel.policy import Action, Principal, allows, demand

_ZONE = ZoneInfo(CITY_ZONE_NAME)
_BABEL_LOCALE = {ScreenLanguage.CHINESE: "zh_CN", ScreenLanguage.ENGLISH: "en_GB"}
_STATUS: dict[type[HotlineError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    InvalidTransition: 409,
    BadInput: 422,
    Unavailable: 503,
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(HotlineError):
    """No valid session; HTML requests are sent to the sign-in page."""

    code = "not_signed_in"


@dataclass(frozen=True, slots=True)
class WebSession:
    """What the session middleware found behind the cookie."""

    principal: Principal
    csrf_token: str
    language: ScreenLanguage


SessionLookup = Callable[[str], Awaitable[WebSession | None]]
"""Cookie value -> session; None when unknown or expired."""

COOKIE = "hotline_session"
LANGUAGE_COOKIE = "hotline_lang"


PersonName = Callable[[str, ScreenLanguage], str]
"""Account -> the person's name for the reader's screen."""


class WebKit:
    """Templates, guard and error answers for one application.

    `assets_version` is appended to `/static/` addresses, so that a new build is fetched at once.
    `person_name` is the filter `person`; without it accounts are shown.
    """

    def __init__(
        self,
        *,
        template_dirs: Sequence[Path],
        catalogue: Catalogue,
        lookup: SessionLookup,
        assets_version: str,
        person_name: PersonName | None = None,
    ) -> None:
        self.catalogue = catalogue
        self._person_name = person_name or (lambda account, _: account)
        self._lookup = lookup
        self._environments = {
            language: self._environment(template_dirs, language, assets_version)
            for language in ScreenLanguage
        }

    def _environment(
        self, template_dirs: Sequence[Path], language: ScreenLanguage, assets_version: str
    ) -> Environment:
        environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(d) for d in template_dirs]),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_gettext_translations(  # type: ignore[attr-defined]
            self.catalogue.translations(language), newstyle=True
        )
        environment.globals.update(
            static=lambda path: f"/static/{path}?v={assets_version}",
            allows=allows,
            Action=Action,
        )
        environment.filters.update(
            duration=duration,
            moment=lambda at: moment(at, language),
            clock_time=lambda at: clock_time(at, language),
            day=lambda at: day(at, language),
            person=lambda account: self._person_name(account, language),
            mask=mask,
        )
        return environment

    # --- the person ------------------------------------------------------------------------

    async def session_of(self, request: Request | WebSocket) -> WebSession | None:
        """The session behind the cookie, looked up once per request."""
        if not hasattr(request.state, "web_session"):
            cookie = request.cookies.get(COOKIE)
            request.state.web_session = await self._lookup(cookie) if cookie else None
        found: WebSession | None = request.state.web_session
        return found

    async def principal(self, request: Request) -> Principal:
        """Dependency: the signed-in person. Raises NotSignedIn."""
        session = await self.session_of(request)
        if session is None:
            raise NotSignedIn("请先登录")
        return session.principal

    async def websocket_principal(self, socket: WebSocket, action: Action) -> Principal | None:
        """The person behind a WebSocket handshake, or None (the caller must close with 4401).

        The Origin must be ours: browsers send cookies on cross-site WebSockets too.
        """
        session = await self.session_of(socket)
        if session is None or not same_origin(socket.headers):
            return None
        return session.principal if allows(session.principal, action) else None

    def router(self, *, action: Action | None, prefix: str = "") -> APIRouter:
        """A router whose every route demands `action` (None: any signed-in person) and, for
        unsafe methods, a valid CSRF token and our own Origin."""

        async def guard(request: Request) -> None:
            principal = await self.principal(request)
            if action is not None:
                demand(principal, action)
            await self._check_csrf(request)

        guard.guarded = True  # type: ignore[attr-defined]
        return APIRouter(prefix=prefix, dependencies=[Depends(guard)])

    def public_router(self, *, prefix: str = "") -> APIRouter:
        """A router for what needs no sign-in (health, sign-in, the citizen's web phone)."""

        async def same_site(request: Request) -> None:
            if request.method not in SAFE_METHODS and not same_origin(request.headers):
                raise NotAllowed("请求来源无效")

        same_site.guarded = True  # type: ignore[attr-defined]
        return APIRouter(prefix=prefix, dependencies=[Depends(same_site)])

    async def _check_csrf(self, request: Request) -> None:
        if request.method in SAFE_METHODS:
            return
        if not same_origin(request.headers):
            raise NotAllowed("请求来源无效")
        session = await self.session_of(request)
        sent = request.headers.get("x-csrf-token")
        if sent is None:
            form = await request.form()
            value = form.get("csrf_token")
            sent = value if isinstance(value, str) else ""
        if session is None or not hmac.compare_digest(sent.encode(), session.csrf_token.encode()):
            raise NotAllowed("页面已过期，请刷新后重试")

    # --- answers ---------------------------------------------------------------------------

    async def language(self, request: Request | WebSocket) -> ScreenLanguage:
        """Cookie first (the switch in the header), then the account's choice, then Chinese."""
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        if chosen in ("zh", "en"):
            return ScreenLanguage(chosen)
        session = await self.session_of(request)
        return session.language if session else ScreenLanguage.CHINESE

    async def page(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """Render `template` with the person, the language and the CSRF token in reach."""
        session = await self.session_of(request)
        language = await self.language(request)
        body = (
            self._environments[language]
            .get_template(template)
            .render(
                request=request,
                path=request.url.path,
                lang=language.value,
                principal=session.principal if session else None,
                csrf_token=session.csrf_token if session else "",
                **context,
            )
        )
        return HTMLResponse(body, status_code=status)

    def install_error_answers(self, app: FastAPI) -> None:
        """Turn errors into pages or JSON with a sentence a person understands."""

        async def answer(request: Request, error: Exception) -> Response:
            assert isinstance(error, HotlineError)
            status = next((s for t, s in _STATUS.items() if isinstance(error, t)), 400)
            if isinstance(error, NotSignedIn):
                status = 401
            wants_json = request.url.path.startswith("/api/") or "text/html" not in (
                request.headers.get("accept", "")
            )
            language = await self.language(request)
            message = self.catalogue.text(language, error.message)
            if wants_json:
                field = getattr(error, "field", None)
                return JSONResponse(
                    {"error": error.code, "message": message, "field": field}, status
                )
            if isinstance(error, NotSignedIn):
                target = request.url.path if request.method == "GET" else "/"
                return RedirectResponse(f"/login?next={target}", 303)
            return await self.page(request, "error.html", status=status, message=message)

        app.add_exception_handler(HotlineError, answer)


def same_origin(headers: Mapping[str, str]) -> bool:
    """True if the request comes from our own pages, or from no browser at all."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return urlsplit(origin).netloc == headers.get("host")


# --- how times and durations are written ----------------------------------------------------


def duration(value: timedelta | float | None) -> str:
    """`m:ss`, or `h:mm:ss` from one hour; an en dash when there is none."""
    if value is None:
        return "–"
    total = int(value.total_seconds() if isinstance(value, timedelta) else value)
    hours, rest = divmod(max(total, 0), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def moment(at: datetime | None, language: ScreenLanguage) -> str:
    """Date and time to the second in the city's zone."""
    if at is None:
        return "–"
    pattern = "yyyy-MM-dd HH:mm:ss" if language is ScreenLanguage.CHINESE else "d MMM yyyy HH:mm:ss"
    return format_datetime(
        at.astimezone(_ZONE), pattern, tzinfo=_ZONE, locale=_BABEL_LOCALE[language]
    )


def clock_time(at: datetime | None, language: ScreenLanguage) -> str:
    if at is None:
        return "–"
    return format_time(
        at.astimezone(_ZONE), "HH:mm:ss", tzinfo=_ZONE, locale=_BABEL_LOCALE[language]
    )


def day(at: datetime | None, language: ScreenLanguage) -> str:
    if at is None:
        return "–"
    return format_date(at.astimezone(_ZONE), "medium", locale=_BABEL_LOCALE[language])
