"""JSON of cases: lists, one case, and what may be done to it after filing."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request

from kernel.ids import AuthorityId, CallId
from kernel.infra.web import WebKit
from kernel.policy import Action
from workorders import schemas
from workorders.routes.filters import Cursor, Filters
from workorders.routes.shown import Shown
from workorders.service import Cases


def api_router(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    """One router for each action of the policy."""
    router = APIRouter()
    router.include_router(_read(kit, cases, shown))
    router.include_router(_dispatch(kit, cases, shown))
    router.include_router(_file(kit, cases, shown))
    router.include_router(_reveal(kit, cases, shown))
    return router


def _read(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.SEE_CASES)

    @router.get("/api/cases")
    async def search(request: Request, query: Filters, cursor: Cursor = "") -> schemas.CasePage:
        viewer, language = await kit.principal(request), await kit.language(request)
        page = await cases.search(query.wanted(), cursor or None, viewer=viewer)
        now = cases.now()
        return schemas.CasePage(
            rows=tuple(shown.line(c, viewer, language, now) for c in page.rows),
            next_cursor=page.next_cursor,
        )

    @router.get("/api/cases/{number}")
    async def case(request: Request, number: str) -> schemas.CaseOut:
        return await shown.whole(
            await cases.case(number), await kit.principal(request), await kit.language(request)
        )

    @router.post("/api/cases/{number}/withdraw")
    async def withdraw(
        request: Request, number: str, body: schemas.WithdrawCase
    ) -> schemas.CaseOut:
        viewer = await kit.principal(request)
        file = await cases.withdraw(
            number, by=viewer, reason=body.reason, verified=body.verified, version=body.version
        )
        return await shown.whole(file, viewer, await kit.language(request))

    @router.get("/api/authorities-for-category")
    async def authorities(
        request: Request,
        category: str = Query("", max_length=80),
        district: str = Query("", max_length=40),
    ) -> schemas.AuthoritiesForCategory:
        language = await kit.language(request)
        choice = cases.authorities_for(category, district)
        return schemas.AuthoritiesForCategory(
            suggested=tuple(shown.authority(a, language) for a in choice.suggested),
            everybody=tuple(shown.authority(a, language) for a in choice.everybody),
        )

    @router.get("/api/templates")
    async def templates(request: Request) -> list[schemas.TemplateOut]:
        return shown.templates(await kit.language(request))

    @router.get("/api/self-service")
    async def self_service(request: Request) -> list[schemas.SelfServiceOut]:
        return shown.self_service(await kit.language(request))

    return router


def _dispatch(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.DISPATCH_WORK_ORDER)

    @router.post("/api/cases/{number}/dispatch")
    async def dispatch(
        request: Request, number: str, body: schemas.DispatchCase
    ) -> schemas.CaseOut:
        viewer = await kit.principal(request)
        file = await cases.dispatch(
            number,
            by=viewer,
            authority=AuthorityId(body.authority),
            assisting=tuple(AuthorityId(a) for a in body.assisting),
            version=body.version,
        )
        return await shown.whole(file, viewer, await kit.language(request))

    return router


def _file(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.FILE_CASE)

    @router.post("/api/cases/{number}/calls")
    async def link_call(request: Request, number: str, body: schemas.LinkCall) -> schemas.CaseOut:
        viewer = await kit.principal(request)
        file = await cases.link_call(number, CallId(body.call_id), by=viewer)
        return await shown.whole(file, viewer, await kit.language(request))

    return router


def _reveal(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.SEE_FULL_NUMBER)

    @router.post("/api/cases/{number}/reveal")
    async def reveal(request: Request, number: str, body: schemas.Reveal) -> schemas.IdentityOut:
        viewer = await kit.principal(request)
        identity = await cases.reveal(number, by=viewer, reason=body.reason)
        return shown.identity(identity, await kit.language(request))

    return router
