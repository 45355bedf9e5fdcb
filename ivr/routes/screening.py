"""Page of the guard: its level and what it does, live figures, lists, the supervisor's switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from ivr.core.screening import words
from ivr.core.screening.guard import Picture
from ivr.core.screening.levels import LevelCause, LevelChange
from ivr.core.screening.listed import ListEntry, ListKind, Treatment
from ivr.core.screening.policy import Level, Measures
from ivr.screening import Screening
from kernel.clock import Clock
from kernel.errors import BadInput, HotlineError, NotFound
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.phone import mask
from kernel.policy import Action, allows

_PIN_HOURS = (1, 2, 4, 8, 12)
_TERM_HOURS = (1, 8, 24, 72, 168, 720, 2160)
_DAY_HOURS = 24
_OPEN_START = 8
"""So many leading digits are no person's number yet, and are shown."""
NOTHING_TYPED = {
    "level": "", "list": "grey", "number": "", "start": "", "treatment": "both", "reason": "",
    "hours": "24",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Caller:
    """A number of the page: masked, and a token that leads back to it."""

    shown: str
    token: str
    calls: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    entry: ListEntry
    kind: str
    shown: str
    treatment: str
    reason: str
    maker: str
    token: str


@dataclass(frozen=True, slots=True)
class _Change:
    change: LevelChange
    level: words.LevelWords
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Failure:
    """What was wrong with which form, and what had been typed."""

    form: str
    error: HotlineError
    typed: Mapping[str, str]


class _Page:
    """Renders the page for one department's service."""

    def __init__(self, kit: WebKit, screening: Screening, clock: Clock) -> None:
        self._kit = kit
        self._screening = screening
        self._clock = clock

    async def whole(
        self,
        request: Request,
        *,
        failure: _Failure | None = None,
        revealed: str = "",
        listing: str = "",
        revealing: str = "",
    ) -> Response:
        text = await self._text(request)
        error = failure.error if failure else None
        return await self._kit.page(
            request,
            "ivr/screening.html",
            status=200 if error is None else 422 if isinstance(error, BadInput) else 409,
            error=error,
            failed=failure.form if failure else "",
            typed={**NOTHING_TYPED, **(failure.typed if failure else {})},
            revealed=revealed,
            listing=self._caller(listing) if listing else None,
            revealing=self._caller(revealing) if revealing else None,
            levels=list(words.LEVELS.values()),
            measures=_measures(self._screening.policy.levels, text),
            durations=[(str(h), text("%(n)s小时") % {"n": h}) for h in _PIN_HOURS],
            terms=[(str(h), _term(h, text)) for h in _TERM_HOURS],
            lists=[(kind.value, text(name)) for kind, name in words.KINDS.items()],
            treatments=[(way.value, text(name)) for way, name in words.TREATMENTS.items()],
            longest={
                "grey": self._screening.policy.lists.grey_longest.days,
                "spared": self._screening.policy.lists.spared_longest.days,
            },
            entries=[self._entry(entry, text) for entry in self._screening.entries()],
            **await self._live(request),
        )

    async def live(self, request: Request) -> Response:
        return await self._kit.page(request, "ivr/screening_live.html", **await self._live(request))

    async def _live(self, request: Request) -> dict[str, Any]:
        picture = self._screening.picture()
        text = await self._text(request)
        principal = await self._kit.principal(request)
        return {
            "level": words.LEVELS[picture.level],
            "pin": picture.pin,
            "present": picture.present,
            "capacity": self._screening.policy.line,
            "figures": _figures(picture),
            "numbers": [self._busy(number, n, False) for number, n in picture.busiest_numbers],
            "blocks": [self._busy(block, n, True) for block, n in picture.busiest_blocks],
            "changes": [_change(change, text) for change in await self._screening.changes()],
            "now": self._clock.now(),
            "may_manage": allows(principal, Action.MANAGE_SCREENING),
        }

    def _busy(self, number: str, calls: int, start: bool) -> _Caller:
        return _Caller(_shown(number, start), self._screening.token(number, start), calls)

    def _caller(self, token: str) -> _Caller:
        number, start = self._screening.behind(token)
        return _Caller(_shown(number, start), token)

    def _entry(self, entry: ListEntry, text: Any) -> _Entry:
        reason = entry.reason
        return _Entry(
            entry,
            words.KINDS[entry.kind],
            _shown(entry.number, entry.start),
            words.TREATMENTS[entry.treatment] if entry.kind is ListKind.GREY else "不用按键",
            text(words.RULE_REASONS.get(reason, reason)) if entry.by_rule else reason,
            text("自动") if entry.by_rule else entry.made_by,
            self._screening.token(entry.number, entry.start),
        )

    async def _text(self, request: Request) -> Any:
        language: ScreenLanguage = await self._kit.language(request)
        return lambda msgid: self._kit.catalogue.text(language, msgid)


def build_router(kit: WebKit, screening: Screening, clock: Clock) -> APIRouter:
    """Page `/screening`, its live part `/screening/live`, and the supervisor's orders."""
    page = _Page(kit, screening, clock)
    router = APIRouter()
    router.include_router(_seeing(kit, page))
    router.include_router(_switch(kit, screening, page))
    router.include_router(_lists(kit, screening, page))
    return router


def _seeing(kit: WebKit, page: _Page) -> APIRouter:
    router = kit.router(action=Action.SEE_SCREENING)

    @router.get("/screening")
    async def overview(request: Request, list: str = "", show: str = "") -> Response:
        try:
            return await page.whole(request, listing=list, revealing=show)
        except NotFound as error:
            return await page.whole(request, failure=_Failure("", error, {}))

    @router.get("/screening/live")
    async def live(request: Request) -> Response:
        return await page.live(request)

    return router


def _switch(kit: WebKit, screening: Screening, page: _Page) -> APIRouter:
    router = kit.router(action=Action.MANAGE_SCREENING)

    @router.post("/screening/level")
    async def level(
        request: Request,
        level: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
        hours: Annotated[str, Form()] = "",
    ) -> Response:
        who = (await kit.principal(request)).account
        try:
            if level == "automatic":
                await screening.pin(who, None, reason, 0)
            else:
                await screening.pin(who, _level(level), reason, _hours(hours))
        except HotlineError as error:
            typed = {"level": level, "reason": reason, "hours": hours}
            return await page.whole(request, failure=_Failure("level", error, typed))
        return RedirectResponse("/screening", 303)

    @router.post("/screening/reveal")
    async def reveal(
        request: Request,
        token: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        who = (await kit.principal(request)).account
        number, _ = screening.behind(token)
        try:
            whole = await screening.reveal(who, number, reason)
        except HotlineError as error:
            failure = _Failure("reveal", error, {})
            return await page.whole(request, failure=failure, revealing=token)
        return await page.whole(request, revealed=whole)

    return router


def _lists(kit: WebKit, screening: Screening, page: _Page) -> APIRouter:
    router = kit.router(action=Action.MANAGE_SCREENING)

    @router.post("/screening/entries")
    async def add(
        request: Request,
        list: Annotated[str, Form()] = "",
        token: Annotated[str, Form()] = "",
        number: Annotated[str, Form()] = "",
        start: Annotated[str, Form()] = "",
        treatment: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
        hours: Annotated[str, Form()] = "",
    ) -> Response:
        try:
            digits, many = screening.behind(token) if token else (number.strip(), bool(start))
            await screening.add(
                who=(await kit.principal(request)).account,
                kind=_kind(list),
                number=digits,
                start=many,
                treatment=_treatment(treatment),
                reason=reason,
                hours=_hours(hours),
            )
        except NotFound:
            raise
        except HotlineError as error:
            typed = {
                "list": list, "number": number, "start": start, "treatment": treatment,
                "reason": reason, "hours": hours,
            }  # fmt: skip
            failure = _Failure("add", error, typed)
            return await page.whole(request, failure=failure, listing=token)
        return RedirectResponse("/screening", 303)

    @router.post("/screening/entries/{entry_id}/prolong")
    async def prolong(
        request: Request, entry_id: str, hours: Annotated[str, Form()] = ""
    ) -> Response:
        who = (await kit.principal(request)).account
        try:
            await screening.prolong(who, entry_id, _hours(hours))
        except BadInput as error:
            return await page.whole(request, failure=_Failure("", _plain(error), {}))
        return RedirectResponse("/screening", 303)

    @router.post("/screening/entries/{entry_id}/remove")
    async def remove(request: Request, entry_id: str) -> Response:
        await screening.remove((await kit.principal(request)).account, entry_id)
        return RedirectResponse("/screening", 303)

    return router


# --- words ----------------------------------------------------------------------------------


def _shown(number: str, start: bool) -> str:
    """Whole numbers and what is nearly one are masked; a block's leading digits are nobody's."""
    if not start:
        return mask(number)
    return f"{number if len(number) <= _OPEN_START else mask(number)}****"


def _figures(picture: Picture) -> list[tuple[str, int, int]]:
    figures = picture.figures
    return [
        (name, figures.minute[count], figures.hour[count]) for count, name in words.COUNTS.items()
    ]


def _change(change: LevelChange, text: Any) -> _Change:
    reason = change.reason
    if change.cause is LevelCause.FIGURES:
        name, _, value = reason.partition("=")
        reason = text(words.FIGURES.get(name, name)) % {"n": value}
    return _Change(change, words.LEVELS[change.level], words.CAUSES[change.cause], reason)


def _measures(levels: Mapping[Level, Measures], text: Any) -> list[tuple[str, list[str]]]:
    """Rows of the table: what is done, at each level."""
    of = [levels[level] for level in Level]

    def row(name: str, cells: list[str]) -> tuple[str, list[str]]:
        return name, cells

    asks = {True: text("先按键"), False: text("直接接入")}
    number = text("每分钟%(m)s通、每小时%(h)s通、同时%(o)s通")
    block = text("每分钟%(m)s通、每小时%(h)s通")
    return [
        row(
            "一个号码的限度",
            [
                number % {"m": m.number.per_minute, "h": m.number.per_hour, "o": m.number.at_once}
                for m in of
            ],
        ),
        row(
            "一个号段的限度",
            [block % {"m": m.block.per_minute, "h": m.block.per_hour} for m in of],
        ),
        row("未显示号码", [asks[m.challenge_anonymous] for m in of]),
        row("首次来电的号码", [asks[m.challenge_strangers] for m in of]),
        row("没有按键", [text(words.FAILURES[m.on_failure]) for m in of]),
    ]


def _term(hours: int, text: Any) -> str:
    if hours <= _DAY_HOURS:
        return str(text("%(n)s小时") % {"n": hours})
    return str(text("%(n)s天") % {"n": hours // _DAY_HOURS})


# --- what was sent --------------------------------------------------------------------------


def _plain(error: BadInput) -> BadInput:
    """Said at the head of the page: the form in the row has no place for it."""
    return BadInput(error.message)


def _level(text: str) -> Level:
    if text not in [level.value for level in Level]:
        raise BadInput("没有这个级别")
    return Level(text)


def _kind(text: str) -> ListKind:
    if text not in [kind.value for kind in ListKind]:
        raise BadInput("没有这个名单")
    return ListKind(text)


def _treatment(text: str) -> Treatment:
    if text not in [way.value for way in Treatment]:
        raise BadInput("没有这种做法")
    return Treatment(text)


def _hours(text: str) -> float:
    if not text.isascii() or not text.isdecimal() or len(text) > 5:
        raise BadInput("期限不在允许的范围内", "hours")
    return float(text)
