"""Pages of the prompts: what callers hear, in which step, by whose voice; studio recordings."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from ivr.core.prompt_lines import UNUSED, Only, PromptLine, Wanted, page_of, select
from ivr.core.prompt_use import ASKED_BACK, CALLED_BACK, NUMERALS, PLANS, SCREENED, WAITING, Use
from ivr.core.studio import LARGEST_BYTES, Objection, Refused, bounds
from ivr.core.takes import TakeState, fits
from ivr.flows import PURPOSES
from ivr.prompts import Prompts
from ivr.routes.flow_picture import StepTitle
from ivr.routes.flows import FLOW_NAMES, LANGUAGE_NAMES
from kernel.errors import BadInput, HotlineError, NotFound
from kernel.infra.web import WebKit
from kernel.language import Language
from kernel.policy import Action

PAGE_SIZE = 40
STEPS_SHOWN = 3
ONLY_NAMES = {
    Only.SYNTHETIC: "合成语音",
    Only.RECORDED: "真人录音",
    Only.CANDIDATE: "有待启用的录音",
    Only.STALE: "录音与文字不符",
    Only.MISSING: "没有声音",
}
OUTSIDE_NAMES = {
    WAITING: "排队等候",
    CALLED_BACK: "回拨接通",
    PLANS: "应急预案",
    ASKED_BACK: "反问来意",
    SCREENED: "来电防护",
    NUMERALS: "念数字、日期、时间和金额",
}
PLACE_NAMES = {**FLOW_NAMES, **OUTSIDE_NAMES, UNUSED: "没有用到"}
STATE_NAMES = {
    TakeState.CANDIDATE: ("info", "待启用"),
    TakeState.LIVE: ("ok", "使用中"),
    TakeState.REPLACED: ("neutral", "已替换"),
    TakeState.WITHDRAWN: ("warn", "已撤下"),
    TakeState.DISCARDED: ("neutral", "已放弃"),
}
HTML_TAGS = {Language.MANDARIN: "zh-CN", Language.CANTONESE: "zh-HK", Language.ENGLISH: "en"}


@dataclass(frozen=True, slots=True)
class _Said:
    """Where a prompt is said, for the screen; `steps` are the first few, `more` how many others."""

    place: str
    link: str
    steps: tuple[str, ...]
    more: int


def build_router(kit: WebKit, prompts: Prompts, step_title: StepTitle) -> APIRouter:
    """Pages `/ivr-prompts`, `/ivr-prompts/{language}/{name}`; the sound (with ranges) under
    `/api/ivr-prompts/{language}/{name}/audio`; changing is an action of its own."""
    seeing = kit.router(action=Action.SEE_FLOWS)
    changing = kit.router(action=Action.MANAGE_PROMPTS)
    page = _PromptPage(kit, prompts, step_title)
    _add_list(seeing, page)
    _add_sound(seeing, prompts)

    @seeing.get("/ivr-prompts/{language}/{name}")
    async def prompt(request: Request, language: str, name: str) -> Response:
        return await page.show(request, _language(language), name)

    _add_upload(changing, page)
    _add_changes(changing, page)
    router = APIRouter()
    router.include_router(seeing)
    router.include_router(changing)
    return router


class _PromptPage:
    """The page of one prompt in one language, also after something was refused."""

    def __init__(self, kit: WebKit, prompts: Prompts, step_title: StepTitle) -> None:
        self.kit = kit
        self.prompts = prompts
        self._step_title = step_title

    async def show(
        self,
        request: Request,
        language: Language,
        name: str,
        *,
        wrong: Sequence[Objection] = (),
        error: HotlineError | None = None,
    ) -> Response:
        line = await self.prompts.line(language, name)
        takes = await self.prompts.takes(language, name)
        status = 422 if wrong or isinstance(error, BadInput) else 409 if error else 200
        return await self.kit.page(
            request,
            "ivr/prompt.html",
            status=status,
            line=line,
            said=self.said(line.uses),
            live=line.live,
            candidates=[t for t in takes if t.state is TakeState.CANDIDATE],
            history=[t for t in takes if t.state is not TakeState.CANDIDATE],
            fits=lambda take: fits(take, line.text),
            states=STATE_NAMES,
            languages=LANGUAGE_NAMES,
            tags=HTML_TAGS,
            bounds=bounds(line.text, language, line.rendered.seconds if line.rendered else None),
            largest_mb=LARGEST_BYTES // 1024**2,
            wrong=wrong,
            error=error,
        )

    def said(self, uses: Sequence[Use]) -> list[_Said]:
        """By place, in the order of the uses."""
        steps: dict[str, list[str]] = {}
        for use in uses:
            title = (self._step_title(use.flow, use.step) or use.step) if use.step else ""
            named = steps.setdefault(use.flow, [])
            if title and title not in named:
                named.append(title)
        return [
            _Said(
                PLACE_NAMES.get(flow, flow),
                f"/ivr/{flow}" if flow in PURPOSES else "",
                tuple(named[:STEPS_SHOWN]),
                max(0, len(named) - STEPS_SHOWN),
            )
            for flow, named in steps.items()
        ]


def _add_list(router: APIRouter, page: _PromptPage) -> None:
    @router.get("/ivr-prompts")
    async def overview(
        request: Request,
        q: Annotated[str, Query(max_length=100)] = "",
        only: str = "",
        flow: str = "",
        language: str = "",
        cursor: str = "",
    ) -> Response:
        wanted = Wanted(
            text=q,
            only=Only(only) if only in set(Only) else None,
            flow=flow if flow in PLACE_NAMES else "",
            language=Language(language) if language in set(Language) else None,
        )
        lines = await page.prompts.lines()
        found = select(lines, wanted)
        shown = page_of(found, cursor, PAGE_SIZE)
        said: dict[str, Any] = {"q": q, "only": only, "flow": flow, "language": language}
        return await page.kit.page(
            request,
            "ivr/prompts.html",
            groups=[(name, own, page.said(own[0].uses)) for name, own in shown.rows],
            next_cursor=shown.next_cursor,
            counts=_counts(lines),
            found=len(found),
            said=said,
            query=urlencode({name: value for name, value in said.items() if value}),
            filtered=wanted != Wanted(),
            onlys=ONLY_NAMES,
            places=PLACE_NAMES,
            languages=LANGUAGE_NAMES,
            tags=HTML_TAGS,
        )


def _counts(lines: Sequence[PromptLine]) -> Mapping[str, int]:
    """How many there are of each kind, for the heading."""
    return {only.value: len(select(lines, Wanted(only=only))) for only in Only} | {
        "all": len(lines)
    }


def _add_sound(router: APIRouter, prompts: Prompts) -> None:
    @router.get("/api/ivr-prompts/{language}/{name}/audio")
    async def audio(language: str, name: str, take: int | None = None) -> Response:
        path = await prompts.file(_language(language), name, take)
        return FileResponse(
            path,
            media_type="audio/wav",
            headers={"cache-control": "private, no-store", "content-disposition": "inline"},
        )


def _add_upload(router: APIRouter, page: _PromptPage) -> None:
    @router.post("/ivr-prompts/{language}/{name}")
    async def upload(request: Request, language: str, name: str) -> Response:
        # The form is read here, not as a parameter: nobody's megabytes are read before the guard
        # has seen who sends them. The name that the sender gave the file is never looked at.
        spoken = _language(language)
        who = (await page.kit.principal(request)).account
        async with request.form() as form:
            sent = form.get("sound")
            if not isinstance(sent, UploadFile):
                return await page.show(
                    request, spoken, name, wrong=(Objection("请先选择录音文件"),)
                )
            with tempfile.TemporaryDirectory(prefix="hotline-upload-") as folder:
                path = Path(folder) / "upload"
                await asyncio.to_thread(_keep, sent, path)
                try:
                    await page.prompts.upload(spoken, name, path, who)
                except Refused as refused:
                    return await page.show(request, spoken, name, wrong=refused.objections)
        return _back(language, name)


def _keep(sent: UploadFile, path: Path) -> None:
    with path.open("wb") as kept:
        shutil.copyfileobj(sent.file, kept)


Act = Callable[[Language, str], Awaitable[None]]
"""Language and account -> what is done."""
Live = Callable[[Language, str, int, str], Awaitable[None]]
"""Language, prompt, the number seen as live, account -> what is done to the live take."""


def _add_changes(router: APIRouter, page: _PromptPage) -> None:
    prompts = page.prompts

    @router.post("/ivr-prompts/{language}/{name}/takes/{number}/use")
    async def use(
        request: Request,
        language: str,
        name: str,
        number: int,
        current: Annotated[int | None, Form()] = None,
    ) -> Response:
        async def act(spoken: Language, who: str) -> None:
            await prompts.use(spoken, name, number, current, who)

        return await _changed(page, request, language, name, act)

    @router.post("/ivr-prompts/{language}/{name}/takes/{number}/discard")
    async def discard(request: Request, language: str, name: str, number: int) -> Response:
        async def act(spoken: Language, who: str) -> None:
            await prompts.discard(spoken, name, number, who)

        return await _changed(page, request, language, name, act)

    _add_live_change(router, page, "undo", prompts.undo)
    _add_live_change(router, page, "synthetic", prompts.synthetic)
    _add_live_change(router, page, "confirm", prompts.confirm)


def _add_live_change(router: APIRouter, page: _PromptPage, way: str, live: Live) -> None:
    @router.post("/ivr-prompts/{language}/{name}/" + way, name=way)
    async def change(
        request: Request, language: str, name: str, current: Annotated[int, Form()] = 0
    ) -> Response:
        async def act(spoken: Language, who: str) -> None:
            await live(spoken, name, current, who)

        return await _changed(page, request, language, name, act)


async def _changed(
    page: _PromptPage, request: Request, language: str, name: str, act: Act
) -> Response:
    """Back to the page of the prompt, or that page with what went wrong."""
    spoken = _language(language)
    try:
        await act(spoken, (await page.kit.principal(request)).account)
    except NotFound:
        raise
    except HotlineError as error:
        return await page.show(request, spoken, name, error=error)
    return _back(language, name)


def _back(language: str, name: str) -> Response:
    return RedirectResponse(f"/ivr-prompts/{language}/{name}", 303)


def _language(text: str) -> Language:
    """Raises NotFound."""
    if text not in set(Language):
        raise NotFound("没有这段提示音")
    return Language(text)
