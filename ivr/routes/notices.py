"""Page of the broadcast notices: what is heard now, making one, ending one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from ivr.core.conditions import CITY_ZONE
from ivr.core.notices import TEXT_LIMITS, Notice
from ivr.notices import Notices
from kernel.clock import UTC, Clock
from kernel.errors import BadInput, HotlineError, NotFound
from kernel.ids import TeamId
from kernel.infra.web import WebKit
from kernel.language import Language, ScreenLanguage
from kernel.policy import Action

Names = Mapping[ScreenLanguage, Mapping[str, str]]
"""Screen language -> id -> name."""
NO_FORM = {"zh": "", "yue": "", "en": "", "team": "", "district": "", "begins": "", "ends": ""}


@dataclass(frozen=True, slots=True)
class _Row:
    notice: Notice
    state: tuple[str, str]


def build_router(
    kit: WebKit, notices: Notices, clock: Clock, teams: Names, districts: Names
) -> APIRouter:
    """Page `/ivr-notices`; making and ending one are an action of their own."""
    seeing = kit.router(action=Action.SEE_FLOWS)
    changing = kit.router(action=Action.MANAGE_NOTICES)

    async def page(
        request: Request, said: Mapping[str, str], error: HotlineError | None
    ) -> Response:
        language = await kit.language(request)
        now = clock.now()
        return await kit.page(
            request,
            "ivr/notices.html",
            status=200 if error is None else 422 if isinstance(error, BadInput) else 409,
            rows=[_Row(notice, _state(notice, now)) for notice in await notices.listed()],
            now=now,
            said=said,
            error=error,
            teams=teams[language],
            districts=districts[language],
            limits={language.value: limit for language, limit in TEXT_LIMITS.items()},
        )

    @seeing.get("/ivr-notices")
    async def overview(request: Request) -> Response:
        return await page(request, NO_FORM, None)

    @changing.post("/ivr-notices")
    async def create(
        request: Request,
        zh: Annotated[str, Form()] = "",
        yue: Annotated[str, Form()] = "",
        en: Annotated[str, Form()] = "",
        team: Annotated[str, Form()] = "",
        district: Annotated[str, Form()] = "",
        begins: Annotated[str, Form()] = "",
        ends: Annotated[str, Form()] = "",
    ) -> Response:
        said = {
            "zh": zh, "yue": yue, "en": en, "team": team, "district": district,
            "begins": begins, "ends": ends,
        }  # fmt: skip
        try:
            await notices.create(
                texts={Language.MANDARIN: zh, Language.CANTONESE: yue, Language.ENGLISH: en},
                team=_team(team, teams),
                district=district if district in districts[ScreenLanguage.CHINESE] else "",
                begins_at=_moment(begins, "begins") if begins else None,
                ends_at=_moment(ends, "ends"),
                who=(await kit.principal(request)).account,
            )
        except HotlineError as error:
            return await page(request, said, error)
        return RedirectResponse("/ivr-notices", 303)

    @changing.post("/ivr-notices/{notice_id}/end")
    async def end(request: Request, notice_id: str) -> Response:
        try:
            await notices.end(notice_id, (await kit.principal(request)).account)
        except NotFound:
            raise
        except HotlineError as error:
            return await page(request, NO_FORM, error)
        return RedirectResponse("/ivr-notices", 303)

    router = APIRouter()
    router.include_router(seeing)
    router.include_router(changing)
    return router


def _state(notice: Notice, now: datetime) -> tuple[str, str]:
    if notice.active(now):
        return "ok", "正在播放"
    if notice.over(now):
        return "neutral", "已结束"
    return "info", "尚未开始"


def _team(team: str, teams: Names) -> TeamId | None:
    if not team:
        return None
    if team not in teams[ScreenLanguage.CHINESE]:
        raise BadInput("没有这个班组", "team")
    return TeamId(team)


def _moment(text: str, field: str) -> datetime:
    """What a browser's field for date and time says, by the city's clock."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE).astimezone(UTC)
    except ValueError as error:
        raise BadInput("请填写日期和时间", field) from error
