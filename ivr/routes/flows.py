"""Pages of the flows: the graph with its funnel, versions, editing, publishing, the simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import unified_diff
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from ivr.core.catalogue import PromptCatalogue
from ivr.core.conditions import (
    CITY_ZONE,
    Around,
    CalledBefore,
    CallerIs,
    CallerKind,
    DayIs,
    Dialled,
    Flag,
    LastTeam,
    Offered,
    PlanOn,
    QueueOver,
    Test,
    TimeOfDay,
)
from ivr.core.flow import (
    Announce,
    Callback,
    ChooseLanguage,
    Condition,
    Digits,
    End,
    Enquiry,
    Flow,
    LeaveFor,
    Listening,
    Lookup,
    Menu,
    Message,
    Queue,
    Step,
    SurveyQuestion,
)
from ivr.core.funnel import Counts
from ivr.core.graph import BOX_WIDTH, draw
from ivr.core.interpreter import Result
from ivr.core.listening import NAMED
from ivr.core.rehearsal import Rehearsal, example_answer, example_order, rehearse
from ivr.core.saying import Stage
from ivr.core.versions import Version, VersionState
from ivr.core.walk import Visit
from ivr.flows import PURPOSES, Flows
from ivr.funnel_keeper import FunnelKeeper
from ivr.ports import LineBook
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
KIND_NAMES: Mapping[type[Step], str] = {
    Announce: "播报",
    Menu: "按键选单",
    Listening: "听说话",
    Digits: "输入号码",
    Lookup: "后台查询",
    ChooseLanguage: "选择语言",
    Queue: "转人工",
    Callback: "约定回拨",
    Message: "留言",
    LeaveFor: "转出",
    Condition: "判断",
    SurveyQuestion: "评价",
    End: "结束",
}
TEST_NAMES: Mapping[type[Test] | Flag, str] = {
    Flag.LINE_KNOWN: "拨的是老号码？",
    Flag.LANGUAGE_KNOWN: "知道讲哪种话？",
    Flag.ORDER_KNOWN: "有最近的工单？",
    TimeOfDay: "在这个时段？",
    DayIs: "是这类日子？",
    Dialled: "拨的是这些号码？",
    CallerIs: "是这类主叫？",
    QueueOver: "排队超过界限？",
    Offered: "正提供这项选择？",
    PlanOn: "预案已启用？",
    CalledBefore: "以前打来过？",
    LastTeam: "上次找的是这个班组？",
}
LOOKUP_NAMES = {Enquiry.ORDER_PROGRESS: "查询办理进度"}
WAY_NAMES = {
    "next": "念完",
    "silence": "不按键",
    "unknown": "按错",
    "by_voice": "说出",
    "alarm": "紧急未确认",
    "failed": "不成功",
    "then": "是",
    "otherwise": "否",
    "answered": "已评价",
    "entered": "输完",
    "found": "查到",
    "not_found": "没查到",
    "refused": "次数过多",
    "closed": "此时不回拨",
    "callback": "选回拨",
    "message": "选留言",
}
LANGUAGE_NAMES = {
    Language.MANDARIN: "普通话",
    Language.CANTONESE: "粤语",
    Language.ENGLISH: "英语",
}
PERIODS = {1: "今天", 7: "近7天", 30: "近30天"}
LONGEST_CALL = 60
LINES_TOLD = 40
"""Of what others have changed in a draft."""
LONGEST_ENTRY = 80
SILENT = "-"
SHIPPED_LINE = "12345"
VOICE_ON, VOICE_OFF = "on", "off"
EXAMPLE_CALLER = PhoneNumber("13800138000")

StepTitle = Callable[[str, str], str | None]
"""Flow and step -> what the screens call it; None for what a caller does not hear."""
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
    days = days if days in PERIODS else 1
    since = (desk.clock.now() - timedelta(days=days - 1)).astimezone(CITY_ZONE).date()
    figures = await desk.funnel.figures(name, flow.version, since) if flow else {}
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
        picture=_picture(desk, flow, figures) if flow else None,
        rows=_rows(desk, flow, figures) if flow else (),
        days=days,
        periods=PERIODS,
        states=STATE_NAMES,
        error=error,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One step in the table below the graph."""

    step: str
    title: str
    kind: str
    counts: Counts


def _rows(desk: FlowDesk, flow: Flow, figures: Mapping[str, Counts]) -> tuple[_Row, ...]:
    return tuple(
        _Row(
            step.name,
            _title(desk, flow, step.name),
            KIND_NAMES[type(step)],
            figures.get(step.name, Counts()),
        )
        for step in flow.steps.values()
    )


def _picture(desk: FlowDesk, flow: Flow, figures: Mapping[str, Counts]) -> dict[str, Any]:
    """The graph as the template draws it; words are still Chinese and translated there."""
    graph = draw(flow)
    return {
        "width": graph.width,
        "height": graph.height,
        "box_width": BOX_WIDTH,
        "boxes": [
            {
                "step": box.step,
                "x": box.x,
                "y": box.y,
                "height": box.height,
                "title": _title(desk, flow, box.step),
                "kind": KIND_NAMES[type(flow.steps[box.step])],
                "look": type(flow.steps[box.step]).__name__.lower(),
                "start": box.step == flow.start,
                "counts": figures.get(box.step, Counts()),
                "lost_width": _lost_width(figures.get(box.step, Counts())),
                "named": [
                    {
                        "target": way.target,
                        "title": _title(desk, flow, way.target),
                        "words": _way_words(way.fields),
                    }
                    for way in box.named
                ],
            }
            for box in graph.boxes
        ],
        "lines": [
            {
                "path": line.path,
                "x": line.label_x,
                "y": line.label_y,
                "words": _way_words(line.way.fields),
            }
            for line in graph.lines
        ],
    }


def _title(desk: FlowDesk, flow: Flow, name: str) -> str:
    """What a step is called; where a caller hears nothing, what is asked there."""
    step = flow.steps[name]
    match step:
        case Condition(test=Flag() as flag):
            return TEST_NAMES[flag]
        case Condition(test=test):
            return TEST_NAMES[type(test)]
        case Lookup(enquiry=enquiry):
            return LOOKUP_NAMES[enquiry]
        case _:
            return desk.step_title(flow.name, name) or name


def _lost_width(counts: Counts) -> int:
    """The bar of those who hung up here, in pixels of the box."""
    return round(BOX_WIDTH * counts.hung_up / counts.entered) if counts.entered else 0


def _way_words(fields: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """(word, is a key) of each way; a key is shown as it is, a word is translated. By voice is told
    once: where the way leads tells what is said."""
    words: dict[tuple[str, bool], None] = {}
    for field in fields:
        kind, _, key = field.partition(".")
        if kind == "keys":
            words[key, True] = None
        elif kind == "intents":
            words[WAY_NAMES["by_voice"], False] = None
        elif field != "next":
            words[WAY_NAMES.get(field, field), False] = None
    return tuple(words)


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
            title=lambda step: _title(desk, tried, step),
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
        seen = None
        if revision not in (None, version.revision):
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
            late=revision not in (None, version.revision),
            since=_lines_between(seen.body, version.body) if seen else (),
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


def _lines_between(old: str, new: str) -> tuple[tuple[bool, str], ...]:
    """The first lines that were added (True) or taken away."""
    lines = islice(unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""), 2, None)
    told = ((line[0] == "+", line[1:].strip()) for line in lines if line[0] in "+-")
    return tuple(islice((one for one in told if one[1]), LINES_TOLD))


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
