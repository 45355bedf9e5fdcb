"""JSON of the form: its reference data, drafts with autosave, filing."""

from __future__ import annotations

from typing import assert_never

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from kernel.errors import NotAllowed
from kernel.ids import AgentId, AuthorityId, CallId, TeamId
from kernel.infra.web import WebKit
from kernel.policy import Action
from workorders import schemas
from workorders.core.case import (
    Answered,
    Dispatched,
    Outcome,
    Submitted,
    TransferredOut,
    Withdrawn,
)
from workorders.results import DraftConflict
from workorders.routes.shown import Shown
from workorders.service import Cases


def drafts_router(kit: WebKit, cases: Cases, shown: Shown) -> APIRouter:
    """Everything here is for those who file cases."""
    router = kit.router(action=Action.FILE_CASE)
    _add_drafts(router, kit, cases, shown)
    _add_form(router, kit, cases, shown)
    return router


async def _me(kit: WebKit, request: Request) -> AgentId:
    """Whose drafts: the operator's own."""
    principal = await kit.principal(request)
    if principal.agent_id is None:
        raise NotAllowed("只有话务员可以登记诉求")
    return principal.agent_id


def _add_drafts(router: APIRouter, kit: WebKit, cases: Cases, shown: Shown) -> None:
    @router.get("/api/drafts")
    async def drafts(request: Request) -> list[schemas.DraftOut]:
        principal = await kit.principal(request)
        return [shown.draft(d, principal) for d in await cases.open_drafts(await _me(kit, request))]

    @router.post("/api/drafts", status_code=201)
    async def open_draft(request: Request, body: schemas.OpenDraft) -> schemas.DraftOut:
        agent_id, team = await _me(kit, request), TeamId(body.team)
        if body.call_id:
            draft = await cases.open_draft_for_call(
                CallId(body.call_id), agent_id=agent_id, team=team
            )
        else:
            draft = await cases.open_draft(agent_id=agent_id, team=team)
        return shown.draft(draft, await kit.principal(request))

    @router.get("/api/drafts/{draft_id}")
    async def draft(request: Request, draft_id: str) -> schemas.DraftOut:
        found = await cases.draft(draft_id, agent_id=await _me(kit, request))
        return shown.draft(found, await kit.principal(request))

    @router.put("/api/drafts/{draft_id}", response_model=schemas.DraftOut)
    async def save_draft(
        request: Request, draft_id: str, body: schemas.SaveDraft
    ) -> schemas.DraftOut | Response:
        principal = await kit.principal(request)
        try:
            saved = await cases.save_draft(
                draft_id,
                agent_id=await _me(kit, request),
                revision=body.revision,
                fields=body.fields,
            )
        except DraftConflict as conflict:
            both = schemas.DraftConflictOut(
                error=conflict.code,
                message=shown.say(await kit.language(request), conflict.message),
                field=None,
                mine=body.fields,
                theirs=shown.draft(conflict.stored, principal),
            )
            return JSONResponse(both.model_dump(mode="json"), 409)
        return shown.draft(saved, principal)

    @router.get("/api/drafts/{draft_id}/history")
    async def history(request: Request, draft_id: str) -> schemas.History:
        found = await cases.draft(draft_id, agent_id=await _me(kit, request))
        past = await cases.history(found.ani)
        return shown.history(past, await kit.principal(request), await kit.language(request))


def _add_form(router: APIRouter, kit: WebKit, cases: Cases, shown: Shown) -> None:
    @router.get("/api/categories")
    async def categories(request: Request) -> schemas.FormReference:
        return shown.reference(await kit.language(request))

    @router.get("/api/categories/guess")
    async def guess(
        request: Request,
        text: str = Query("", max_length=4000),
        team: str = Query("", max_length=40),
    ) -> schemas.Guesses:
        language = await kit.language(request)
        found = cases.guess(text, TeamId(team) if team else None)
        return schemas.Guesses(
            guesses=tuple(
                schemas.GuessOut(
                    id=g.category.category_id,
                    path=shown.category_path(language, g.category.category_id),
                    matched=g.matched,
                )
                for g in found
            )
        )

    @router.post("/api/cases", status_code=201)
    async def file_case(
        request: Request, response: Response, body: schemas.FileCase
    ) -> schemas.FiledOut:
        language = await kit.language(request)
        filed = await cases.file(
            body.draft_id,
            agent_id=await _me(kit, request),
            content=cases.content_of(body.fields),
            outcome=outcome_of(body.outcome),
        )
        response.status_code = 201 if filed.created else 200
        return shown.filed(filed, language)


def outcome_of(sent: schemas.OutcomeIn) -> Outcome:
    """The core's value for what the browser sent."""
    match sent:
        case schemas.AnsweredIn():
            return Answered(sent.article_id or None, sent.answer)
        case schemas.DispatchedIn():
            return Dispatched(
                AuthorityId(sent.authority), tuple(AuthorityId(a) for a in sent.assisting if a)
            )
        case schemas.SubmittedIn():
            return Submitted()
        case schemas.TransferredOutIn():
            return TransferredOut(sent.target, sent.reason)
        case schemas.WithdrawnIn():
            return Withdrawn(sent.reason)
        case _:
            assert_never(sent)
