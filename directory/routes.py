"""Pages: sign-in, one's own account, the choice of language, the directory, the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, assert_never

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from directory.core import browse
from directory.core.audit_chain import AuditEntry, ChainVerdict
from directory.core.audit_words import Codes, Shown, TeamCode, Word, told
from directory.core.city import Authority, AuthorityKind, Booth, Line, Operator
from directory.core.session_rules import ABSOLUTE, safe_path
from directory.schemas import SessionView
from directory.service import (
    Accounts,
    Audit,
    Directory,
    SignIn,
    SignInRefused,
    TooManyAttempts,
)
from kernel.errors import BadInput, HotlineError
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, SessionLookup, WebKit, WebSession, moment
from kernel.language import Language, ScreenLanguage
from kernel.paging import DEFAULT_SIZE, Page, decode_cursor, encode_cursor
from kernel.policy import Action, Role

DEVICE_COOKIE = "hotline_device"
_DEVICE_COOKIE_AGE = timedelta(days=180)
_LANGUAGE_COOKIE_AGE = timedelta(days=365)
_LONGEST_PASSWORD = 1024

ROLE_NAMES = {
    Role.OPERATOR: "话务员",
    Role.SUPERVISOR: "值班长",
    Role.QUALITY: "质检员",
    Role.DISPATCHER: "派单员",
    Role.ADMINISTRATOR: "中心管理员",
}
KIND_NAMES = {
    AuthorityKind.DISTRICT: "区政府",
    AuthorityKind.DEPARTMENT: "市直部门",
    AuthorityKind.ENTERPRISE: "公共服务企业",
    AuthorityKind.INSTITUTION: "事业单位",
    AuthorityKind.CENTRAL_BRANCH: "中央驻穗单位",
    AuthorityKind.ORGANISATION: "人民团体",
}
LANGUAGE_NAMES = {
    Language.MANDARIN: "普通话",
    Language.CANTONESE: "粤语",
    Language.ENGLISH: "英语",
}


def session_lookup(accounts: Accounts) -> SessionLookup:
    """What `WebKit` needs: the session behind a cookie, in the web kit's words."""

    async def lookup(cookie: str) -> WebSession | None:
        found = await accounts.session(cookie)
        if found is None:
            return None
        return WebSession(found.principal, found.csrf_token, found.language)

    return lookup


def build_router(
    kit: WebKit,
    directory: Directory,
    accounts: Accounts,
    audit: Audit,
    *,
    secure_cookies: bool,
    codes: Codes,
) -> APIRouter:
    """All pages of this department.

    Args:
        secure_cookies: True when the site is served over https: cookies then never travel
            without it.
        codes: the words for what other departments write into the audit trail as codes.
    """
    cookies = _Cookies(secure_cookies)
    router = APIRouter()
    for part in (
        _sign_in_routes(kit, accounts, cookies),
        _account_routes(kit, accounts, cookies),
        _directory_routes(kit, directory),
        _audit_routes(kit, directory, audit, codes),
    ):
        router.include_router(part)
    return router


@dataclass(frozen=True, slots=True)
class _Cookies:
    """Every cookie is HttpOnly and SameSite=Strict: no script reads it, no other site sends it."""

    secure: bool

    def set(self, response: Response, name: str, value: str, age: timedelta) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(age.total_seconds()),
            path="/",
            httponly=True,
            samesite="strict",
            secure=self.secure,
        )

    def begin(self, response: Response, sign_in: SignIn) -> None:
        self.set(response, COOKIE, sign_in.cookie, ABSOLUTE)
        self.set(response, DEVICE_COOKIE, sign_in.device, _DEVICE_COOKIE_AGE)

    def end(self, response: Response) -> None:
        response.delete_cookie(
            COOKIE, path="/", httponly=True, samesite="strict", secure=self.secure
        )


def _source(request: Request) -> str:
    return request.client.host[:64] if request.client else "-"


# --- signing in and out, language ----------------------------------------------------------------


def _sign_in_routes(kit: WebKit, accounts: Accounts, cookies: _Cookies) -> APIRouter:
    router = kit.public_router()

    @router.get("/login")
    async def login_page(request: Request, next: str = "") -> Response:
        session = await kit.session_of(request)
        if session is not None:
            return RedirectResponse(safe_path(next) or "/", 303)
        return await _login_page(kit, request, next_path=safe_path(next))

    @router.post("/login")
    async def login(
        request: Request,
        account: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "",
    ) -> Response:
        target = safe_path(next)
        try:
            sign_in = await accounts.sign_in(
                account,
                password[:_LONGEST_PASSWORD],
                source=_source(request),
                device=request.cookies.get(DEVICE_COOKIE),
                replaces=request.cookies.get(COOKIE),
            )
        except (SignInRefused, TooManyAttempts) as error:
            return await _login_page(kit, request, next_path=target, account=account, error=error)
        home = sign_in.home if sign_in.session.must_change else target or sign_in.home
        response = RedirectResponse(home, 303)
        cookies.begin(response, sign_in)
        return response

    @router.post("/language/{language}")
    async def choose_language(
        request: Request, language: ScreenLanguage, next: Annotated[str, Form()] = ""
    ) -> Response:
        cookie = request.cookies.get(COOKIE)
        if cookie:
            await accounts.change_language(cookie, language)
        response = RedirectResponse(safe_path(next) or "/", 303)
        cookies.set(response, LANGUAGE_COOKIE, language.value, _LANGUAGE_COOKIE_AGE)
        return response

    return router


async def _login_page(
    kit: WebKit,
    request: Request,
    *,
    next_path: str | None,
    account: str = "",
    error: HotlineError | None = None,
) -> Response:
    """The form again, with one sentence about what to do: 401 wrong, 429 too often."""
    wait_s = ceil(error.wait.total_seconds()) if isinstance(error, TooManyAttempts) else 0
    status = 429 if wait_s else 401 if error else 200
    page = await kit.page(
        request,
        "directory/login.html",
        status=status,
        account=account[:64],
        next_path=next_path or "",
        error=error.message if error else None,
        wait_s=wait_s,
    )
    if wait_s:
        page.headers["Retry-After"] = str(wait_s)
    return page


# --- one's own account ---------------------------------------------------------------------------


def _account_routes(kit: WebKit, accounts: Accounts, cookies: _Cookies) -> APIRouter:
    router = kit.router(action=None)

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        await accounts.sign_out(request.cookies[COOKIE])
        response = RedirectResponse("/login", 303)
        cookies.end(response)
        return response

    @router.get("/account")
    async def account_page(request: Request, done: str = "") -> Response:
        return await _account_page(kit, accounts, request, changed=done == "password")

    @router.post("/account/password")
    async def change_password(
        request: Request,
        old: Annotated[str, Form()] = "",
        new: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        try:
            if new != again:
                raise BadInput("两次输入的新密码不一致", "again")
            sign_in = await accounts.change_password(
                request.cookies[COOKIE],
                old[:_LONGEST_PASSWORD],
                new[:_LONGEST_PASSWORD],
                source=_source(request),
            )
        except (BadInput, TooManyAttempts) as error:
            field = error.field if isinstance(error, BadInput) else "old"
            return await _account_page(
                kit, accounts, request, errors={field or "new": error.message}, status=422
            )
        response = RedirectResponse("/account?done=password", 303)
        cookies.begin(response, sign_in)
        return response

    @router.get("/api/session")
    async def own_session(request: Request) -> SessionView:
        session = await kit.session_of(request)
        person = await kit.principal(request)
        return SessionView(
            account=person.account,
            name=person.display_name,
            roles=sorted(person.roles),
            agent_id=person.agent_id,
            teams=sorted(person.teams),
            csrf_token=session.csrf_token if session else "",
            language=session.language if session else ScreenLanguage.CHINESE,
        )

    return router


async def _account_page(
    kit: WebKit,
    accounts: Accounts,
    request: Request,
    *,
    errors: dict[str, str] | None = None,
    changed: bool = False,
    status: int = 200,
) -> Response:
    found = await accounts.session(request.cookies[COOKIE])
    return await kit.page(
        request,
        "directory/account.html",
        status=status,
        errors=errors or {},
        changed=changed,
        must_change=found is not None and found.must_change,
        role_names=ROLE_NAMES,
    )


# --- the directory -------------------------------------------------------------------------------

_Query = Annotated[str, Query(max_length=100)]


def _directory_routes(kit: WebKit, directory: Directory) -> APIRouter:
    router = kit.router(action=Action.SEE_DIRECTORY)

    @router.get("/directory")
    async def teams(request: Request) -> Response:
        members = {t.team_id: [0, 0] for t in directory.teams()}
        for operator in directory.agents():
            for team in operator.skills:
                members[team][team != operator.primary_team] += 1
        lines = {t.team_id: 0 for t in directory.teams()}
        for line in directory.lines():
            lines[line.team] += 1
        return await kit.page(
            request,
            "directory/teams.html",
            city=directory.city,
            members=members,
            line_counts=lines,
        )

    @router.get("/directory/operators")
    async def operators(
        request: Request, q: _Query = "", team: _Query = "", cursor: str = ""
    ) -> Response:
        found = [o for o in directory.agents() if _operator_fits(o, q, team)]
        page = browse.page(found, lambda o: o.agent_id, cursor, DEFAULT_SIZE)
        return await _list(
            kit, request, directory, "operators", page, len(found), {"q": q, "team": team}
        )

    @router.get("/directory/booths")
    async def booths(request: Request, q: _Query = "", cursor: str = "") -> Response:
        found = [b for b in directory.booths() if _booth_fits(b, q)]
        page = browse.page(found, lambda b: b.booth_id, cursor, DEFAULT_SIZE)
        return await _list(kit, request, directory, "booths", page, len(found), {"q": q})

    @router.get("/directory/authorities")
    async def authorities(
        request: Request, q: _Query = "", kind: _Query = "", cursor: str = ""
    ) -> Response:
        in_order = sorted(directory.authorities(), key=lambda a: a.code)
        found = [a for a in in_order if _authority_fits(a, q, kind)]
        page = browse.page(found, lambda a: a.code, cursor, DEFAULT_SIZE)
        return await _list(
            kit, request, directory, "authorities", page, len(found), {"q": q, "kind": kind}
        )

    @router.get("/directory/lines")
    async def lines(
        request: Request, q: _Query = "", team: _Query = "", cursor: str = ""
    ) -> Response:
        in_order = sorted(directory.lines(), key=lambda line: line.number)
        found = [line for line in in_order if _line_fits(directory, line, q, team)]
        page = browse.page(found, lambda line: line.number, cursor, DEFAULT_SIZE)
        return await _list(
            kit, request, directory, "lines", page, len(found), {"q": q, "team": team}
        )

    return router


def _operator_fits(operator: Operator, query: str, team: str) -> bool:
    if team and team not in operator.skills:
        return False
    return browse.matches(query, (operator.agent_id, operator.name, operator.name_en))


def _booth_fits(booth: Booth, query: str) -> bool:
    return browse.matches(query, (booth.booth_id, booth.place))


def _authority_fits(authority: Authority, query: str, kind: str) -> bool:
    if kind and authority.kind != kind:
        return False
    texts = (authority.code, authority.name, authority.short, authority.name_en)
    return browse.matches(query, (*texts, authority.former_en or ""))


def _line_fits(directory: Directory, line: Line, query: str, team: str) -> bool:
    if team and line.team != team:
        return False
    owner = directory.authority(line.authority)
    texts = (line.number, line.name, line.name_en)
    return browse.matches(query, (*texts, *((owner.name, owner.name_en) if owner else ())))


async def _list(
    kit: WebKit,
    request: Request,
    directory: Directory,
    tab: str,
    page: Page[Operator] | Page[Booth] | Page[Authority] | Page[Line],
    total: int,
    chosen: dict[str, str],
) -> Response:
    return await kit.page(
        request,
        f"directory/{tab}.html",
        directory=directory,
        rows=page.rows,
        next_cursor=page.next_cursor,
        total=total,
        chosen=chosen,
        kinds=KIND_NAMES,
        language_names=LANGUAGE_NAMES,
    )


# --- the audit trail -----------------------------------------------------------------------------


def _audit_routes(kit: WebKit, directory: Directory, audit: Audit, codes: Codes) -> APIRouter:
    router = kit.router(action=Action.SEE_AUDIT)

    async def page(
        request: Request,
        rows: Sequence[AuditEntry],
        *,
        next_cursor: str | None = None,
        who: str = "",
        verdict: ChainVerdict | None = None,
    ) -> Response:
        language = await kit.language(request)
        teams = directory.team_names()[language]

        def say(shown: Shown) -> str:
            """In the reader's words; a moment as the city's clocks show it, to the second."""
            match shown:
                case Word(msgid):
                    return kit.catalogue.text(language, msgid)
                case TeamCode(team):
                    return teams.get(team, team)
                case datetime():
                    return moment(shown, language)
                case str():
                    return shown
            assert_never(shown)

        return await kit.page(
            request,
            "directory/audit.html",
            rows=[told(row, codes) for row in rows],
            say=say,
            next_cursor=next_cursor,
            who=who,
            verdict=verdict,
        )

    @router.get("/audit")
    async def trail(request: Request, who: _Query = "", cursor: str = "") -> Response:
        found = await audit.newest(_seq_of(cursor), who.strip(), DEFAULT_SIZE + 1)
        rows = found[:DEFAULT_SIZE]
        more = encode_cursor((rows[-1].seq,)) if len(found) > len(rows) else None
        return await page(request, rows, next_cursor=more, who=who)

    @router.post("/audit/verify")
    async def verify(request: Request) -> Response:
        verdict = await audit.verify()
        return await page(request, await audit.newest(None, "", DEFAULT_SIZE), verdict=verdict)

    return router


def _seq_of(cursor: str) -> int | None:
    if not cursor:
        return None
    match decode_cursor(cursor):
        case (int(seq),):
            return seq
    raise BadInput("翻页位置无效", "cursor")
