"""Pages of the flows: the graph with its funnel, versions, editing, publishing, the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from ivr.core.catalogue import PromptCatalogue
from ivr.core.conditions import CITY_ZONE, Around, CallerKind
from ivr.core.difference import difference
from ivr.core.interpreter import Result
from ivr.core.listening import NAMED
from ivr.core.rehearsal import Rehearsal, example_answer, example_order, rehearse
from ivr.core.saying import Stage
from ivr.core.versions import Version, VersionState
from ivr.core.walk import Visit
from ivr.flows import PURPOSES, Flows
from ivr.funnel_keeper import FunnelKeeper
from ivr.ports import LineBook
from ivr.routes.flow_picture import WAY_NAMES, FlowWords, StepTitle
from kernel.clock import Clock
from kernel.errors import BadInput, HotlineError, NotFound
from kernel.ids import TeamId
from kernel.infra.web import WebKit
from kernel.language import Language, ScreenLanguage
from kernel.phone import PhoneNumber
from kernel.policy import Action
from kernel.telephony import Disconnect, EnterQueue, KeepMessage, PromiseCallback, TransferOut

FLOW_NAMES = {"main": "来电导航", "survey": "满意度评价"}
STATE_NAMES = {
    VersionState.DRAFT: ("info", "草稿"),
    VersionState.PUBLISHED: ("ok", "线上"),
    VersionState.SUPERSEDED: ("neutral", "已替换"),
    VersionState.ROLLED_BACK: ("warn", "已回退"),
}
LANGUAGE_NAMES = {
    Language.MANDARIN: "普通话",
    Language.CANTONESE: "粤语",
    Language.ENGLISH: "英语",
}
PERIODS = {1: "今天", 7: "近7天", 30: "近30天"}
LONGEST_CALL = 60
LONGEST_ENTRY = 80
SILENT = "-"
SHIPPED_LINE = "12345"
VOICE_ON, VOICE_OFF = "on", "off"
EXAMPLE_CALLER = PhoneNumber("13800138000")

TeamNames = Mapping[ScreenLanguage, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDesk:
    """What the pages stand on."""

    flows: Flows
    funnel: FunnelKeeper
    catalogue: PromptCatalogue
    lines: LineBook
    clock: Clock
    step_title: StepTitle
    team_names: TeamNames


def build_router(kit: WebKit, desk: FlowDesk) -> APIRouter:
    """Pages `/ivr`, `/ivr/{flow}`, `/ivr/{flow}/try`, `/ivr/{flow}/versions/{number}`; changing
    them (drafts, publishing, rolling back) is an action of its own."""
    seeing = kit.router(action=Action.SEE_FLOWS)
    changing = kit.router(action=Action.MANAGE_FLOWS)
    _add_overview(seeing, kit, desk)
    _add_simulator(seeing, kit, desk)
    _add_editor(changing, kit, desk)
    _add_publishing(changing, kit, desk)
    router = APIRouter()
    router.include_router(seeing)
    router.include_router(changing)
    return router


# --- the graph and the versions ------------------------------------------------------------------


def _add_overview(router: APIRouter, kit: WebKit, desk: FlowDesk) -> None:
    @router.get("/ivr")
    async def flows() -> Response:
        return RedirectResponse(f"/ivr/{next(iter(PURPOSES))}", 303)

    @router.get("/ivr/{flow}")
    async def overview(
        request: Request, flow: str, version: int | None = None, days: int = 1
    ) -> Response:
        return await _overview(kit, desk, request, flow, version, days, None)


async def _overview(
    kit: WebKit,
    desk: FlowDesk,
    request: Request,
    name: str,
    number: int | None,
    days: int,
    error: HotlineError | None,
) -> Response:
    versions = await desk.flows.versions(name)
    current = next((v for v in versions if v.state is VersionState.PUBLISHED), None)
    shown = await desk.flows.version(name, number) if number is not None else current
    flow = await desk.flows.compiled(shown) if shown else desk.flows.current(name)
    before = await _before(desk, shown, current)
    days = days if days in PERIODS else 1
    since = (desk.clock.now() - timedelta(days=days - 1)).astimezone(CITY_ZONE).date()
    figures = await desk.funnel.figures(name, flow.version, since) if flow else {}
    language = await kit.language(request)
    words = FlowWords(desk.step_title, partial(kit.catalogue.text, language))
    return await kit.page(
        request,
        "ivr/flow.html",
        status=409 if error else 200,
        name=name,
        names=FLOW_NAMES,
        versions=versions,
        current=current,
        shown=shown,
        flaws=await desk.flows.flaws(name, shown.body) if shown and flow is None else (),
        before=before,
        between=difference(before.body, shown.body) if before and shown else (),
        picture=words.picture(flow, figures) if flow else None,
        rows=words.rows(flow, figures) if flow else (),
        days=days,
        periods=PERIODS,
        states=STATE_NAMES,
        error=error,
    )


async def _before(desk: FlowDesk, shown: Version | None, current: Version | None) -> Version | None:
    """What a version is compared with: the one in use; and that one with what it replaced."""
    if shown is None or current is None or shown.number != current.number:
        return current if shown else None
    return await desk.flows.version(shown.name, shown.replaces) if shown.replaces else None


# --- the simulator -------------------------------------------------------------------------------


def _add_simulator(router: APIRouter, kit: WebKit, desk: FlowDesk) -> None:
    @router.get("/ivr/{flow}/try")
    async def simulator(
        request: Request,
        flow: str,
        version: int | None = None,
        keys: Annotated[str, Query(max_length=2000)] = "",
        key: Annotated[str | None, Query(max_length=LONGEST_ENTRY)] = None,
        line: Annotated[str, Query(max_length=32)] = SHIPPED_LINE,
        language: str = "",
        lookup: str = Result.FOUND.value,
        order: str = "",
        voice: str = VOICE_ON,
    ) -> Response:
        chosen = await desk.flows.version(flow, version) if version is not None else None
        tried = await desk.flows.compiled(chosen) if chosen else desk.flows.current(flow)
        if tried is None:
            raise BadInput("这个版本有错，改正后才能试听演练", "version")
        typed = _typed(keys, key)
        now = desk.clock.now()
        screen = await kit.language(request)
        words = FlowWords(desk.step_title, partial(kit.catalogue.text, screen))
        visit = replace(
            _visit(desk, line, language, lookup, now),
            known=example_order(order, now),
            around=Around(hearing=frozenset(Language) if voice == VOICE_ON else frozenset()),
        )
        found = rehearse(tried, desk.catalogue, ["" if k == SILENT else k for k in typed], visit)
        return await kit.page(
            request,
            "ivr/try.html",
            name=flow,
            names=FLOW_NAMES,
            version=version,
            keys=",".join(typed),
            back=",".join(typed[:-1]),
            line=line,
            language=language,
            lookup=lookup,
            languages=LANGUAGE_NAMES,
            order=order,
            orders={Stage.HANDLED.value: "正在办理", Stage.ANSWERED.value: "已答复"},
            lookups={r.value: WAY_NAMES[r.value] for r in Result},
            found=found,
            end=_end(desk, found, screen),
            title=lambda step: words.title(tried, step),
            most=found.moments[-1].may_type,
            speaks=found.moments[-1].may_speak,
            voice=voice,
            voices={VOICE_ON: "可用", VOICE_OFF: "不可用，只按键"},
            wish=lambda intent: wish_name(desk.catalogue, intent, screen),
        )


def wish_name(catalogue: PromptCatalogue, intent: str, screen: ScreenLanguage) -> str:
    """What an intent is called where a caller is asked back, in the language of the screen."""
    name = f"{NAMED}{intent}"
    chinese = screen is ScreenLanguage.CHINESE
    language = Language.MANDARIN if chinese else Language.ENGLISH
    return catalogue.text(name, language) if catalogue.languages(name) else intent


def _typed(keys: str, key: str | None) -> list[str]:
    """What has been pressed so far, oldest first. Raises BadInput for more than a call can hold."""
    typed = [entry[:LONGEST_ENTRY] for entry in keys.split(",") if entry]
    if key is not None:
        typed.append(key.strip().replace(",", "") or SILENT)
    if len(typed) > LONGEST_CALL:
        raise BadInput("一次演练最多按60次", "keys")
    return typed


def _visit(desk: FlowDesk, line: str, language: str, lookup: str, now: datetime) -> Visit:
    entry = desk.lines.line(line)
    return Visit(
        started_at=now,
        language=Language(language) if language in set(Language) else None,
        line_team=entry.team if entry else None,
        dnis=line,
        caller=CallerKind.MOBILE,
        ani=EXAMPLE_CALLER,
        answer=example_answer(Result(lookup) if lookup in set(Result) else Result.FOUND, now),
    )


def _end(desk: FlowDesk, found: Rehearsal, screen: ScreenLanguage) -> dict[str, str] | None:
    match found.ending:
        case EnterQueue(team=team):
            return {"what": "转人工", "where": _team(desk, team, screen)}
        case TransferOut(number=number):
            return {"what": "转出", "where": number}
        case PromiseCallback(number=number):
            return {"what": "约定回拨", "where": number.digits}
        case KeepMessage(number=number):
            return {"what": "已留言", "where": number.digits}
        case Disconnect():
            return {"what": "结束", "where": ""}
        case None:
            return None


def _team(desk: FlowDesk, team: TeamId, screen: ScreenLanguage) -> str:
    return desk.team_names[screen].get(team, team)


# --- editing and publishing ----------------------------------------------------------------------


def _add_editor(router: APIRouter, kit: WebKit, desk: FlowDesk) -> None:
    async def editor(
        request: Request,
        version: Version,
        body: str,
        note: str,
        error: HotlineError | None,
        revision: int | None = None,
    ) -> Response:
        status = 200 if error is None else 422 if isinstance(error, BadInput) else 409
        seen, late = None, revision not in (None, version.revision)
        if late:
            seen = await desk.flows.as_saved(version.name, version.number, revision or 0)
        return await kit.page(
            request,
            "ivr/edit.html",
            status=status,
            name=version.name,
            names=FLOW_NAMES,
            version=version,
            body=body,
            note=note,
            flaws=await desk.flows.flaws(version.name, body),
            states=STATE_NAMES,
            draft=version.state is VersionState.DRAFT,
            # What was refused stays refused: nobody saves over a text that he has not seen.
            revision=version.revision if revision is None else revision,
            late=late,
            since=difference(seen.body, version.body) if seen else (),
            between=difference(version.body, body) if late else (),
            error=error,
        )

    @router.get("/ivr/{flow}/versions/{number}")
    async def edit(request: Request, flow: str, number: int) -> Response:
        version = await desk.flows.version(flow, number)
        note = version.note if version.state is VersionState.DRAFT else ""
        return await editor(request, version, version.body, note, None)

    @router.post("/ivr/{flow}/versions/{number}")
    async def save(
        request: Request,
        flow: str,
        number: int,
        body: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
        revision: Annotated[int, Form()] = 0,
        as_new: Annotated[bool, Form()] = False,
    ) -> Response:
        version = await desk.flows.version(flow, number)
        who = (await kit.principal(request)).account
        is_draft = version.state is VersionState.DRAFT
        draft = (number, revision) if is_draft and not as_new else None
        try:
            saved = await desk.flows.save_draft(flow, body, note.strip(), who, draft)
        except NotFound:
            raise
        except HotlineError as error:
            version = await desk.flows.version(flow, number)
            return await editor(request, version, body, note, error, revision)
        return RedirectResponse(f"/ivr/{flow}/versions/{saved.number}", 303)


def _add_publishing(router: APIRouter, kit: WebKit, desk: FlowDesk) -> None:
    @router.post("/ivr/{flow}/versions/{number}/publish")
    async def publish(
        request: Request, flow: str, number: int, current: Annotated[int | None, Form()] = None
    ) -> Response:
        who = (await kit.principal(request)).account
        try:
            await desk.flows.publish(flow, number, current, who)
        except NotFound:
            raise
        except HotlineError as error:
            return await _overview(kit, desk, request, flow, number, 1, error)
        return RedirectResponse(f"/ivr/{flow}", 303)

    @router.post("/ivr/{flow}/rollback")
    async def roll_back(
        request: Request, flow: str, current: Annotated[int, Form()] = 0
    ) -> Response:
        who = (await kit.principal(request)).account
        try:
            await desk.flows.roll_back(flow, current, who)
        except NotFound:
            raise
        except HotlineError as error:
            return await _overview(kit, desk, request, flow, None, 1, error)
        return RedirectResponse(f"/ivr/{flow}", 303)
