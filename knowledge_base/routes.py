"""Pages and JSON of the knowledge base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from kernel.errors import BadInput
from kernel.ids import AuthorityId, CallId, TeamId
from kernel.infra.web import WebKit
from kernel.policy import Action
from knowledge_base.core.article import Article
from knowledge_base.ports import FlagKind, OwnerBook
from knowledge_base.schemas import (
    ArticleView,
    FlagBody,
    HitView,
    SearchView,
    SuggestionView,
    UseBody,
    pieces,
)
from knowledge_base.service import Hit, Knowledge

TeamNames = Mapping[str, Mapping[str, str]]
"""Screen language -> team id -> the team's short name."""

PAGE_SIZE = 20
_TEXT_LIMIT = 20_000
_CALL = r"^[A-Za-z0-9._-]{1,64}$"
_FLAGS = {FlagKind.OUTDATED: "内容过期", FlagKind.WRONG: "内容有误"}


def build_router(
    kit: WebKit, knowledge: Knowledge, owners: OwnerBook, team_names: TeamNames
) -> APIRouter:
    """Pages `/knowledge`, `/knowledge/{id}`; JSON under `/api/knowledge`."""
    shown = Shown(kit, knowledge, owners, team_names)
    router = APIRouter()
    router.include_router(_api(kit, knowledge, shown))
    router.include_router(_pages(kit, knowledge, shown))
    return router


class Shown:
    """The department's values in the words of a screen."""

    def __init__(
        self, kit: WebKit, knowledge: Knowledge, owners: OwnerBook, team_names: TeamNames
    ) -> None:
        self._kit = kit
        self._knowledge = knowledge
        self._owners = owners
        self._team_names = team_names

    async def teams(self, request: Request) -> Mapping[str, str]:
        return self._team_names[(await self._kit.language(request)).value]

    def owner(self, authority_id: AuthorityId) -> str:
        return self._owners.name(authority_id) or authority_id

    async def hits(self, request: Request, found: list[Hit]) -> list[HitView]:
        teams = await self.teams(request)
        return [
            HitView(
                article_id=hit.article_id,
                title=pieces(hit.title),
                title_en=hit.title_en,
                snippet=pieces(hit.snippet),
                answer=hit.answer,
                team=hit.team,
                team_name=teams.get(hit.team, hit.team),
                owner=self.owner(hit.owner),
                stale=hit.validity != "current",
                url=f"/knowledge/{hit.article_id}",
            )
            for hit in found
        ]

    async def article(self, request: Request, article: Article) -> ArticleView:
        content = article.content
        teams = await self.teams(request)
        return ArticleView(
            article_id=article.id,
            version=article.version,
            title=content.title,
            title_en=content.title_en,
            summary_en=content.summary_en,
            answer=content.answer,
            body=content.body,
            questions=list(content.questions),
            tags=list(content.tags),
            source=content.basis,
            team=content.team,
            team_name=teams.get(content.team, content.team),
            owner=self.owner(content.owner),
            owner_id=content.owner,
            category=content.category,
            valid_from=content.valid_from,
            valid_to=content.valid_to,
            validity=self._knowledge.validity_of(article).value,
            flagged=bool(await self._knowledge.flags(article.id)),
            updated_at=article.updated_at,
        )


def _api(kit: WebKit, knowledge: Knowledge, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.READ_KNOWLEDGE, prefix="/api/knowledge")

    @router.get("/search")
    async def search(
        request: Request,
        q: Annotated[str, Query(max_length=_TEXT_LIMIT)],
        team: str | None = None,
        only: bool = False,
        limit: Annotated[int, Query(ge=1, le=50)] = PAGE_SIZE,
        cursor: str | None = None,
        submitted: bool = False,
    ) -> SearchView:
        """`team` moves its articles up, with `only` it keeps just these. `submitted` says that
        the person has finished typing: only then is an empty result kept for the editors."""
        own = TeamId(team) if team else None
        result = await knowledge.search(
            q, own if only else None, limit, cursor, own_team=None if only else own
        )
        if submitted and not result.hits and not cursor:
            principal = await kit.principal(request)
            await knowledge.record_zero_result(q, own, principal.account)
        return SearchView(
            hits=await shown.hits(request, list(result.hits)),
            total=result.total,
            more=result.more,
            next_cursor=result.next_cursor,
        )

    @router.get("/suggest")
    async def suggest(
        request: Request,
        text: Annotated[str, Query(max_length=_TEXT_LIMIT)],
        team: str | None = None,
        limit: Annotated[int, Query(ge=1, le=20)] = 5,
    ) -> SuggestionView:
        found = await knowledge.suggest(text, TeamId(team) if team else None, limit)
        return SuggestionView(hits=await shown.hits(request, found))

    @router.get("/{article_id}")
    async def article(
        request: Request,
        article_id: str,
        call_id: Annotated[str | None, Query(pattern=_CALL)] = None,
    ) -> ArticleView:
        """With `call_id` the opening is kept as part of that call."""
        found = await knowledge.article(article_id)
        if call_id is not None:
            principal = await kit.principal(request)
            await knowledge.record_open(
                article_id, CallId(call_id), principal.account, principal.agent_id
            )
        return await shown.article(request, found)

    @router.post("/{article_id}/uses", status_code=204)
    async def use(request: Request, article_id: str, body: UseBody) -> None:
        principal = await kit.principal(request)
        call_id = CallId(body.call_id) if body.call_id else None
        if body.kind == "used":
            await knowledge.record_use(article_id, call_id, principal.account)
        else:
            await knowledge.record_open(article_id, call_id, principal.account, principal.agent_id)

    @router.post("/{article_id}/flags", status_code=204)
    async def flag(request: Request, article_id: str, body: FlagBody) -> None:
        principal = await kit.principal(request)
        await knowledge.flag(article_id, FlagKind(body.kind), body.note, principal.account)

    return router


def _pages(kit: WebKit, knowledge: Knowledge, shown: Shown) -> APIRouter:
    router = kit.router(action=Action.READ_KNOWLEDGE, prefix="/knowledge")

    @router.get("")
    async def search(
        request: Request,
        q: Annotated[str, Query(max_length=_TEXT_LIMIT)] = "",
        team: str = "",
        owner: str = "",
        cursor: str = "",
    ) -> Response:
        wanted_team = TeamId(team) if team else None
        wanted_owner = AuthorityId(owner) if owner else None
        context: dict[str, Any] = {"q": q, "team": team, "owner": owner}
        if q.strip():
            result = await knowledge.search(
                q, wanted_team, PAGE_SIZE, cursor or None, owner=wanted_owner
            )
            if not result.total and not cursor:
                principal = await kit.principal(request)
                await knowledge.record_zero_result(q, wanted_team, principal.account)
            context |= {
                "hits": await shown.hits(request, list(result.hits)),
                "total": result.total,
                "more": result.more,
                "next_cursor": result.next_cursor,
            }
            team_counts, owner_counts = result.teams, result.owners
        else:
            page = await knowledge.browse(wanted_team, wanted_owner, cursor or None)
            context |= {"summaries": page.rows, "next_cursor": page.next_cursor}
            team_counts, owner_counts = await knowledge.counts()
        return await kit.page(
            request,
            "knowledge_base/search.html",
            **context,
            teams=_team_facets(await shown.teams(request), team_counts, q),
            owners=sorted(
                ((count, key, shown.owner(key)) for key, count in owner_counts.items()),
                key=lambda entry: (-entry[0], entry[1]),
            ),
            all_address="/knowledge?" + urlencode({"q": q}),
            page_address="/knowledge?" + urlencode({"q": q, "team": team, "owner": owner}),
            owner_name=shown.owner,
        )

    @router.get("/{article_id}")
    async def article(request: Request, article_id: str, q: str = "") -> Response:
        found = await knowledge.article(article_id)
        return await kit.page(
            request,
            "knowledge_base/article.html",
            article=await shown.article(request, found),
            versions=await knowledge.versions(article_id),
            flags=await knowledge.flags(article_id),
            flag_names=_FLAGS,
            uses=await knowledge.use_count(article_id),
            back="/knowledge?" + urlencode({"q": q}) if q else "/knowledge",
        )

    @router.post("/{article_id}/flags")
    async def flag(
        request: Request,
        article_id: str,
        kind: Annotated[str, Form()],
        note: Annotated[str, Form(max_length=2_000)] = "",
    ) -> Response:
        principal = await kit.principal(request)
        if kind not in set(FlagKind):
            raise BadInput("请选择问题类型", "kind")
        await knowledge.flag(article_id, FlagKind(kind), note, principal.account)
        return RedirectResponse(f"/knowledge/{article_id}#flags", 303)

    return router


def _team_facets(
    names: Mapping[str, str], counts: Mapping[TeamId, int], q: str
) -> list[tuple[str, str, int, str]]:
    """Team id, name, count and address, in the teams' own order."""
    return [
        (key, name, counts.get(TeamId(key), 0), "/knowledge?" + urlencode({"q": q, "team": key}))
        for key, name in names.items()
    ]
