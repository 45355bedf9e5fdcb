"""Pages `/cases` and `/cases/{number}`, and the list as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from kernel.errors import BadInput, Conflict, HotlineError, InvalidTransition
from kernel.ids import AuthorityId
from kernel.infra.web import WebKit, moment
from kernel.language import ScreenLanguage
from kernel.paging import MAX_SIZE
from kernel.phone import mask
from kernel.policy import Action, Principal, allows
from workorders import schemas
from workorders.core.csv_text import BYTE_ORDER_MARK, line
from workorders.core.privacy import Identity
from workorders.core.words import OPEN_STATES, STATE_NAMES, CaseState
from workorders.routes.filters import Cursor, Filters, ListQuery
from workorders.routes.shown import Shown
from workorders.service import Cases

EXPORT_LIMIT = 20_000
"""Rows of one export; who needs more narrows the days."""

_COLUMNS = (
    "受理编号",
    "受理时间",
    "状态",
    "诉求类型",
    "诉求分类",
    "诉求内容",
    "行政区",
    "班组",
    "承办单位",
    "办理期限",
    "时限状态",
    "来电号码",
)
FormText = Annotated[str, Form(max_length=4000)]


def pages_router(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = APIRouter()
    router.include_router(_export(kit, cases, shown))
    router.include_router(_read(kit, cases, shown))
    router.include_router(_dispatch(kit, cases, shown))
    router.include_router(_reveal(kit, cases, shown))
    return router


# --- the list ---------------------------------------------------------------------------------


def _read(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.SEE_CASES)

    @router.get("/cases")
    async def listing(request: Request, query: Filters, cursor: Cursor = "") -> Response:
        viewer, language = await kit.principal(request), await kit.language(request)
        errors: dict[str, str] = {}
        rows: tuple[schemas.CaseLine, ...] = ()
        next_cursor = None
        try:
            page = await cases.search(query.wanted(), cursor or None, viewer=viewer)
            now = cases.now()
            rows = tuple(shown.line(c, viewer, language, now) for c in page.rows)
            next_cursor = page.next_cursor
        except BadInput as error:
            errors[error.field or ""] = shown.say(language, error.message)
        return await kit.page(
            request,
            "workorders/cases.html",
            status=422 if errors else 200,
            rows=rows,
            next_cursor=next_cursor,
            query=query,
            errors=errors,
            list_path=query.address("/cases"),
            export_path=query.address("/cases/export.csv"),
            **_choices(cases, shown, language),
        )

    @router.get("/cases/{number}")
    async def one(request: Request, number: str) -> Response:
        return await _case_page(kit, cases, shown, request, number)

    @router.post("/cases/{number}/withdraw")
    async def withdraw(
        request: Request,
        number: str,
        version: Annotated[int, Form()],
        reason: FormText = "",
        verified: FormText = "",
    ) -> Response:
        viewer = await kit.principal(request)
        try:
            await cases.withdraw(
                number, by=viewer, reason=reason, verified=verified, version=version
            )
        except (BadInput, Conflict, InvalidTransition) as error:
            typed = {"reason": reason, "verified": verified}
            return await _refused(kit, cases, shown, request, number, "withdraw", error, typed)
        return RedirectResponse(f"/cases/{number}", 303)

    return router


def _choices(cases: Cases, shown: Shown, language: ScreenLanguage) -> dict[str, Any]:
    """What the filters may be set to."""
    return {
        "states": [
            (state.value, shown.say(language, STATE_NAMES[state]))
            for state in CaseState
            if state is not CaseState.DRAFT
        ],
        "teams": list(shown.teams(language).items()),
        "districts": list(shown.districts(language).items()),
        "authorities": [
            (a.authority_id, shown.authority_name(language, a)) for a in cases.city.authorities()
        ],
    }


# --- one case ---------------------------------------------------------------------------------


async def _case_page(
    kit: WebKit,
    cases: Cases,
    shown: Shown,
    request: Request,
    number: str,
    *,
    status: int = 200,
    identity: Identity | None = None,
    failed: str = "",
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """`failed`: which form was refused; `errors` by field; `typed` fills the form again."""
    viewer, language = await kit.principal(request), await kit.language(request)
    file = await cases.case(number)
    whole = await shown.whole(file, viewer, language)
    choice = cases.authorities_for(file.case.content.category, file.case.content.district)
    suggested = [(a.authority_id, shown.authority_name(language, a)) for a in choice.suggested]
    others = [
        (a.authority_id, shown.authority_name(language, a))
        for a in choice.everybody
        if a not in choice.suggested
    ]
    may_dispatch = allows(viewer, Action.DISPATCH_WORK_ORDER)
    return await kit.page(
        request,
        "workorders/case.html",
        status=status,
        case=whole,
        identity=shown.identity(identity, language) if identity else whole.identity,
        may_dispatch=may_dispatch and file.case.state is CaseState.PENDING_DISPATCH,
        may_withdraw=(may_dispatch or allows(viewer, Action.FILE_CASE))
        and file.case.state in OPEN_STATES,
        authorities=suggested + others,
        suggested_count=len(suggested),
        failed=failed,
        errors=errors or {},
        typed=typed or {},
    )


async def _refused(
    kit: WebKit,
    cases: Cases,
    shown: Shown,
    request: Request,
    number: str,
    form: str,
    error: HotlineError,
    typed: Mapping[str, str],
) -> Response:
    """The page again, with the sentence beside the field and what was typed still in it."""
    language = await kit.language(request)
    field = (error.field if isinstance(error, BadInput) else None) or "form"
    field = "verified" if field == "requester_verified" else field
    return await _case_page(
        kit,
        cases,
        shown,
        request,
        number,
        status=422 if isinstance(error, BadInput) else 409,
        failed=form,
        errors={field: shown.say(language, error.message)},
        typed=typed,
    )


def _dispatch(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.DISPATCH_WORK_ORDER)

    @router.post("/cases/{number}/dispatch")
    async def dispatch(
        request: Request,
        number: str,
        version: Annotated[int, Form()],
        authority: FormText = "",
    ) -> Response:
        viewer = await kit.principal(request)
        try:
            await cases.dispatch(
                number, by=viewer, authority=AuthorityId(authority), version=version
            )
        except (BadInput, Conflict, InvalidTransition) as error:
            typed = {"authority": authority}
            return await _refused(kit, cases, shown, request, number, "dispatch", error, typed)
        return RedirectResponse(f"/cases/{number}", 303)

    return router


def _reveal(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.SEE_FULL_NUMBER)

    @router.post("/cases/{number}/reveal")
    async def reveal(request: Request, number: str, reason: FormText = "") -> Response:
        viewer = await kit.principal(request)
        try:
            identity = await cases.reveal(number, by=viewer, reason=reason)
        except BadInput as error:
            typed = {"reason": reason}
            return await _refused(kit, cases, shown, request, number, "reveal", error, typed)
        return await _case_page(kit, cases, shown, request, number, identity=identity)

    return router


# --- the export -------------------------------------------------------------------------------


def _export(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.EXPORT)

    @router.get("/cases/export.csv")
    async def export(request: Request, query: Filters) -> Response:
        viewer, language = await kit.principal(request), await kit.language(request)
        wanted = query.wanted()
        await cases.audit_export(viewer, wanted)
        return StreamingResponse(
            _csv(cases, shown, query, viewer, language),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="cases.csv"'},
        )

    return router


async def _csv(
    cases: Cases, shown: Shown, query: ListQuery, viewer: Principal, language: ScreenLanguage
) -> AsyncIterator[str]:
    """The list, newest first, a page of rows at a time. Numbers are masked for everybody here,
    and cases that hide their identity leave without their words."""
    yield BYTE_ORDER_MARK + line(shown.say(language, column) for column in _COLUMNS)
    cursor, left, now = None, EXPORT_LIMIT, cases.now()
    while left > 0:
        page = await cases.search(query.wanted(), cursor, min(MAX_SIZE, left), viewer=viewer)
        yield "".join(
            _record(
                shown.line(c, viewer, language, now),
                "" if c.hides_identity else c.content.description,
                "" if c.hides_identity else mask(c.ani),
                language,
            )
            for c in page.rows
        )
        left, cursor = left - len(page.rows), page.next_cursor
        if cursor is None:
            return


def _record(row: schemas.CaseLine, description: str, number: str, language: ScreenLanguage) -> str:
    return line(
        (
            row.number,
            moment(row.filed_at, language),
            row.state_name,
            row.request_type_name,
            row.category_name,
            description or row.hidden,
            row.district_name,
            row.team_name,
            row.authority_name,
            moment(row.due.due_at, language) if row.due else "",
            row.due.alert_name if row.due else "",
            number or row.hidden,
        )
    )
