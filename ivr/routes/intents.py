"""Pages of the intents: what callers may say, its versions, editing, comparing, switching."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.intent_rules import lost, overlaps, problems, unheard, words_of
from ivr.core.intent_sheet import Change, IntentSheet, Place, difference, place_of
from ivr.core.intents import LONGEST_TEXT, IntentTable, understand
from ivr.core.versions import Version, VersionState
from ivr.flows import Flows
from ivr.intents import INTENTS, Intents, Overtaken
from ivr.ports import KnownWords
from ivr.routes.flows import LANGUAGE_NAMES, STATE_NAMES, wish_name
from ivr.routes.intent_views import (
    GROUP_NAMES,
    LANG_CODES,
    NOTHING_PENDING,
    Pending,
    anchor,
    changed,
    hints,
    phrases_by_language,
    pieces,
    rows,
    told_problems,
    verdict,
)
from kernel.errors import BadInput, Conflict, HotlineError, InvalidTransition, NotFound
from kernel.infra.web import WebKit
from kernel.language import Language, ScreenLanguage
from kernel.policy import Action

PAGE = "/ivr-intents"
ADD, REMOVE = "add.", "remove"
_BETWEEN = re.compile(r"[\u3001\uff0c,;\uff1b\n]+")
Said = Annotated[str, Query(max_length=LONGEST_TEXT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentDesk:
    """What the pages stand on."""

    intents: Intents
    flows: Flows
    catalogue: PromptCatalogue
    known: KnownWords


def build_router(kit: WebKit, desk: IntentDesk) -> APIRouter:
    """Pages `/ivr-intents`, `/ivr-intents/versions/{number}` and its `/difference`. To look, to
    edit and to switch are three actions."""
    pages = _Pages(kit, desk)
    router = APIRouter()
    router.include_router(_seeing(kit, pages))
    router.include_router(_editing(kit, desk, pages))
    router.include_router(_switching(kit, desk, pages))
    return router


def _seeing(kit: WebKit, pages: _Pages) -> APIRouter:
    router = kit.router(action=Action.SEE_FLOWS)

    @router.get(PAGE)
    async def overview(request: Request, version: int | None = None, text: Said = "") -> Response:
        return await pages.overview(request, version, text, None)

    @router.get(f"{PAGE}/versions/{{number}}/difference")
    async def compare(request: Request, number: int, against: int | None = None) -> Response:
        return await pages.difference(request, number, against, None)

    return router


def _editing(kit: WebKit, desk: IntentDesk, pages: _Pages) -> APIRouter:
    router = kit.router(action=Action.EDIT_INTENTS)

    @router.get(f"{PAGE}/versions/{{number}}")
    async def editor(request: Request, number: int, text: Said = "") -> Response:
        version = await desk.intents.version(INTENTS, number)
        note = version.note if version.state is VersionState.DRAFT else ""
        return await pages.editor(request, version, note, text)

    @router.post(f"{PAGE}/versions/{{number}}")
    async def save(
        request: Request,
        number: int,
        note: Annotated[str, Form()] = "",
        revision: Annotated[int, Form()] = 0,
    ) -> Response:
        pending = _pending(await request.form())
        note = note.strip()
        who = (await kit.principal(request)).account
        try:
            changes = list(_changes(pending))
            saved = await desk.intents.edit(number, revision, changes, note, who)
        except Conflict:
            late = await desk.intents.overtaken(number, revision)
            return await pages.editor(request, late.now, note, "", pending=pending, late=late)
        except BadInput as error:
            version = await desk.intents.version(INTENTS, number)
            return await pages.editor(request, version, note, "", pending=pending, error=error)
        # Back to the cell that was typed in, so that the next phrase follows.
        here = f"#{anchor(changes[-1].place)}" if changes else ""
        return RedirectResponse(f"{PAGE}/versions/{saved.number}{here}", 303)

    @router.post(f"{PAGE}/versions/{{number}}/carry")
    async def carry(request: Request, number: int) -> Response:
        who = (await kit.principal(request)).account
        try:
            made = await desk.intents.carry_over(number, who)
        except (Conflict, BadInput) as error:
            return await pages.difference(request, number, None, error)
        return RedirectResponse(f"{PAGE}/versions/{made.number}/difference", 303)

    return router


def _switching(kit: WebKit, desk: IntentDesk, pages: _Pages) -> APIRouter:
    router = kit.router(action=Action.SWITCH_INTENTS)

    @router.post(f"{PAGE}/versions/{{number}}/publish")
    async def publish(
        request: Request, number: int, current: Annotated[int | None, Form()] = None
    ) -> Response:
        who = (await kit.principal(request)).account
        try:
            await desk.intents.publish(INTENTS, number, current, who)
        except (Conflict, BadInput, InvalidTransition) as error:
            return await pages.difference(request, number, None, _short(error))
        return RedirectResponse(PAGE, 303)

    @router.post(f"{PAGE}/rollback")
    async def roll_back(request: Request, current: Annotated[int, Form()] = 0) -> Response:
        who = (await kit.principal(request)).account
        try:
            await desk.intents.roll_back(INTENTS, current, who)
        except NotFound:
            raise
        except (Conflict, BadInput, InvalidTransition) as error:
            return await pages.overview(request, None, "", _short(error))
        return RedirectResponse(PAGE, 303)

    return router


def _short(error: HotlineError) -> HotlineError:
    """Complaints with lines are for the terminal; the page lists what is wrong itself."""
    if isinstance(error, BadInput):
        return BadInput("这一版有错，或者线上流程用不了它，不能发布")
    return error


def _pending(form: FormData) -> Pending:
    """What was typed and ticked. Raises BadInput for what this page never sends."""
    typed: dict[str, str] = {}
    removed: list[tuple[str, str]] = []
    for name, value in form.multi_items():
        if not isinstance(value, str):
            continue
        if name.startswith(ADD) and value.strip():
            typed[name.removeprefix(ADD)] = value
        elif name == REMOVE:
            key, _, phrase = value.partition(":")
            removed.append((key, phrase))
    return Pending(typed, tuple(removed))


def _changes(pending: Pending) -> Iterator[Change]:
    for key, phrase in pending.removed:
        yield Change(place_of(key), phrase, False)
    for key, text in pending.typed.items():
        for phrase in filter(str.strip, _BETWEEN.split(text)):
            yield Change(place_of(key), phrase, True)


class _Pages:
    """The three pages; also what is shown when an order was refused."""

    def __init__(self, kit: WebKit, desk: IntentDesk) -> None:
        self._kit = kit
        self._desk = desk

    async def overview(
        self, request: Request, number: int | None, text: str, error: HotlineError | None
    ) -> Response:
        desk = self._desk
        versions = await desk.intents.versions(INTENTS)
        current = await desk.intents.published(INTENTS)
        shown = await desk.intents.version(INTENTS, number) if number is not None else current
        sheet = await desk.intents.sheet(shown)
        table = await desk.intents.trial(shown) if shown else desk.intents.table
        return await self._kit.page(
            request,
            "ivr/intents.html",
            status=409 if error else 200,
            versions=versions,
            current=current,
            shown=shown,
            error=error,
            **await self._table(request, sheet, NOTHING_PENDING),
            **_trial(table, text),
        )

    async def editor(
        self,
        request: Request,
        version: Version,
        note: str,
        text: str,
        *,
        pending: Pending = NOTHING_PENDING,
        late: Overtaken | None = None,
        error: HotlineError | None = None,
    ) -> Response:
        """`late`: others have saved first; what was typed is shown again, to be saved after
        looking at what they did."""
        desk = self._desk
        since = changed(late.since, await self._places(request)) if late and late.since else ()
        return await self._kit.page(
            request,
            "ivr/intents_edit.html",
            status=409 if late else 422 if error else 200,
            version=version,
            draft=version.state is VersionState.DRAFT,
            note=note,
            late=late,
            since=since,
            error=error,
            **await self._table(request, await desk.intents.sheet(version), pending),
            **_trial(await desk.intents.trial(version), text),
        )

    async def difference(
        self, request: Request, number: int, against: int | None, error: HotlineError | None
    ) -> Response:
        desk = self._desk
        version = await desk.intents.version(INTENTS, number)
        current = await desk.intents.published(INTENTS)
        other = await desk.intents.version(INTENTS, against) if against is not None else current
        sheet, base = await desk.intents.sheet(version), await desk.intents.sheet(other)
        found = difference(base, sheet)
        place_name = await self._places(request)
        added = {(one.place, phrase) for one in found for phrase in one.added}
        near = [o for o in overlaps(sheet) if {(o.place, o.phrase), (o.within, o.longer)} & added]
        return await self._kit.page(
            request,
            "ivr/intents_difference.html",
            status=409 if error else 200,
            version=version,
            current=current,
            other=other,
            overtaken=bool(
                current
                and version.state is VersionState.DRAFT
                and version.made_from not in (None, current.number)
            ),
            changes=changed(found, place_name),
            flaws=told_problems(problems(sheet), place_name),
            hints=hints(near, lambda group: place_name(Place(group))),
            states=STATE_NAMES,
            error=error,
        )

    # --- how -------------------------------------------------------------------------------

    async def _table(
        self, request: Request, sheet: IntentSheet, pending: Pending
    ) -> dict[str, Any]:
        """What both tables show."""
        place_name = await self._places(request)
        wrong = problems(sheet)
        silent = await self._unheard(sheet)

        def name(group: str) -> str:
            return place_name(Place(group))

        return {
            "rows": rows(
                sheet,
                name=name,
                wrong=wrong,
                unheard=silent,
                lost=lost(sheet, self._desk.flows.offered()),
                pending=pending,
            ),
            "flaws": told_problems(wrong, place_name),
            "hints": hints(overlaps(sheet), name),
            "unheard": {language: len(found) for language, found in silent.items()},
            "languages": LANGUAGE_ORDER,
            "language_names": LANGUAGE_NAMES,
            "lang_codes": LANG_CODES,
            "wish_name": name,
            "states": STATE_NAMES,
        }

    async def _places(self, request: Request) -> _PlaceNames:
        screen = await self._kit.language(request)
        return _PlaceNames(self._kit, self._desk.catalogue, screen)

    async def _unheard(self, sheet: IntentSheet) -> dict[Language, frozenset[str]]:
        """Of each language for which there is a recogniser."""
        found: dict[Language, frozenset[str]] = {}
        for language, phrases in phrases_by_language(sheet).items():
            known = await self._desk.known.known(language, words_of(phrases))
            if known is not None:
                found[language] = unheard(phrases, known)
        return found


class _PlaceNames:
    """What cells are called, in the language of the screen."""

    def __init__(self, kit: WebKit, catalogue: PromptCatalogue, screen: ScreenLanguage) -> None:
        self._kit = kit
        self._catalogue = catalogue
        self._screen = screen

    def __call__(self, place: Place) -> str:
        group = GROUP_NAMES.get(place.group)
        name = self._told(group) if group else wish_name(self._catalogue, place.group, self._screen)
        if place.language is None:
            return name
        return f"{name} · {self._told(LANGUAGE_NAMES[place.language])}"

    def _told(self, text: str) -> str:
        return self._kit.catalogue.text(self._screen, text)


def _trial(table: IntentTable, text: str) -> dict[str, Any]:
    """A sentence and what is understood of it, as far as one was typed."""
    found = understand(table, text) if text.strip() else None
    return {
        "text": text,
        "found": found,
        "verdict": verdict(table, found) if found else None,
        "pieces": tuple(pieces(found)) if found else (),
    }
