"""Pages and sound of the recordings: the quality listener's list, the player, the audio itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from kernel.clock import CITY_ZONE_NAME
from kernel.errors import BadInput
from kernel.ids import AgentId, CallId
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.paging import Page
from kernel.phone import mask
from kernel.policy import Action, Principal, allows
from recordings.core.message import TEXTLESS
from recordings.core.recording import Recording, Status
from recordings.core.search import FIELDS, Wanted, read
from recordings.core.transcript import Side
from recordings.core.wav import second_at
from recordings.messages import MessageWords
from recordings.schemas import PeaksAnswer, PlayedRequest
from recordings.service import Library

PAGE_SIZE = 50
_ZONE = ZoneInfo(CITY_ZONE_NAME)


@dataclass(frozen=True, slots=True)
class Names:
    """What the city's teams, people and old lines are called, in the reader's language."""

    teams: Mapping[ScreenLanguage, Mapping[str, str]]
    agent: Callable[[AgentId, ScreenLanguage], str]
    """The work number where there is no name."""
    line: Callable[[str, str | None, ScreenLanguage], str | None]
    """Dialled number and the name it had then."""


STATUSES: dict[Status, tuple[str, str]] = {
    Status.EXPECTED: ("info", "归档中"),
    Status.ARCHIVED: ("ok", "已归档"),
    Status.FAILED: ("warn", "待重试归档"),
    Status.DAMAGED: ("danger", "录音损坏"),
    Status.MISSING: ("danger", "录音缺失"),
}
SCORES = {1: "非常满意", 2: "满意", 3: "一般", 4: "不满意", 5: "非常不满意"}
"""As the survey's prompt says them."""
SIDES = {Side.CALLER: "市民", Side.OPERATOR: "话务员"}
ACTS = {
    "fetched": "调取录音",
    "played": "播放",
    "read": "阅读文字",
    "glanced": "在列表看到开头",
}


def build_router(kit: WebKit, library: Library, messages: MessageWords, names: Names) -> APIRouter:
    """Pages `/recordings`, `/recordings/{call_id}`; under `/api/recordings/{call_id}` the JSON
    `peaks`, the sound `audio` (with ranges) and the note `played`."""
    router = kit.router(action=Action.LISTEN_RECORDING)

    @router.get("/recordings")
    async def recordings(request: Request, cursor: str = "") -> Response:
        said = {name: request.query_params.get(name, "") for name in FIELDS}
        page, error = await _found(library, said, cursor)
        principal = await kit.principal(request)
        language = await kit.language(request)
        return await kit.page(
            request,
            "recordings/list.html",
            status=422 if error else 200,
            rows=[_shown(row, principal, language, names) for row in page.rows],
            next_cursor=page.next_cursor,
            said=said,
            error=error,
            query=urlencode({name: value for name, value in said.items() if value}),
            team_names=names.teams[language],
            statuses=STATUSES,
            scores=SCORES,
        )

    @router.get("/recordings/{call_id}")
    async def recording(request: Request, call_id: str) -> Response:
        row = await library.recording(call_id)
        principal = await kit.principal(request)
        language = await kit.language(request)
        agents = await library.agents_of(row.call_id)
        said = await library.transcript(principal.account, row)
        message = await messages.shown(row, bool(said))
        return await kit.page(
            request,
            "recordings/player.html",
            recording=_shown(row, principal, language, names),
            agents=[names.agent(agent, language) for agent in agents],
            transcript=said,
            transcribed=library.transcribes(row.team),
            is_message=message is not None,
            textless=TEXTLESS.get(message, "") if message is not None else "",
            sides=SIDES,
            listened=await library.listening.of_call(row.call_id),
            acts=ACTS,
            team_names=names.teams[language],
            statuses=STATUSES,
            scores=SCORES,
        )

    _add_sound(router, kit, library)
    return router


def _add_sound(router: APIRouter, kit: WebKit, library: Library) -> None:
    @router.get("/api/recordings/{call_id}/peaks")
    async def peaks(call_id: str) -> PeaksAnswer:
        row = await library.recording(call_id)
        drawn = await library.peaks(row)
        return PeaksAnswer(
            window_ms=drawn.window_ms,
            duration_s=row.duration.total_seconds(),
            caller=list(drawn.caller),
            operator=list(drawn.operator),
        )

    @router.get("/api/recordings/{call_id}/audio")
    async def audio(request: Request, call_id: str) -> Response:
        row = await library.recording(call_id)
        path = await library.file(row)
        principal = await kit.principal(request)
        # On record before the first byte leaves: if this fails, nothing is handed over.
        from_s = second_at(_first_byte(request.headers.get("range", ""), row.size_bytes))
        await library.listening.fetched(principal.account, row.call_id, from_s)
        # The file is of this person's session: no shared cache may keep it.
        return FileResponse(
            path,
            media_type="audio/wav",
            headers={"cache-control": "private, no-store", "content-disposition": "inline"},
        )

    @router.post("/api/recordings/{call_id}/played", status_code=204)
    async def played(request: Request, call_id: str, body: PlayedRequest) -> Response:
        row = await library.recording(call_id)
        principal = await kit.principal(request)
        from_s = min(body.from_s, row.duration.total_seconds())
        await library.listening.played(principal.account, row.call_id, from_s)
        return Response(status_code=204)


async def _found(
    library: Library, said: Mapping[str, str], cursor: str
) -> tuple[Page[Recording], BadInput | None]:
    """The page asked for, or an empty one and the reason why it cannot be found."""
    try:
        wanted: Wanted = read(said, _ZONE)
        return await library.search(wanted, cursor or None, PAGE_SIZE), None
    except BadInput as error:
        return Page((), None), error


def _first_byte(range_header: str, size: int) -> int:
    """The first byte a Range header asks for; 0 for none and for what cannot be understood."""
    unit, _, ranges = range_header.partition("=")
    first, dash, last = ranges.split(",")[0].strip().partition("-")
    if unit.strip() != "bytes" or not dash:
        return 0
    if first.isdecimal():
        return int(first)
    return max(0, size - int(last)) if last.isdecimal() else 0


def _shown(
    row: Recording, principal: Principal, language: ScreenLanguage, names: Names
) -> dict[str, Any]:
    """The row as this person may see it: the number masked unless the policy allows it all."""
    full = allows(principal, Action.SEE_FULL_NUMBER)
    return {
        "call_id": CallId(row.call_id),
        "started_at": row.started_at,
        "number": row.ani if full else mask(row.ani),
        "dnis": row.dnis,
        "line_name": names.line(row.dnis, row.line_name, language),
        "team": row.team,
        "agent_id": row.agent_id,
        "agent": names.agent(row.agent_id, language) if row.agent_id else None,
        "duration": row.duration,
        "connected": row.connected,
        "gap": None if row.coverage.complete or not row.playable else row.coverage.gap,
        "silent_sides": _silent_sides(row),
        "score": row.score,
        "status": row.status,
        "playable": row.playable,
        "sha256": row.sha256,
        "size_bytes": row.size_bytes,
        "archived_at": row.archived_at,
        "caller_level": row.caller_level_dbfs,
        "operator_level": row.operator_level_dbfs,
    }


def _silent_sides(row: Recording) -> tuple[str, ...]:
    """The sides of which nothing at all was heard, in words for the screen."""
    if not row.playable or row.duration <= timedelta():
        return ()
    sides = (("市民侧无声", row.caller_level_dbfs), ("话务员侧无声", row.operator_level_dbfs))
    return tuple(name for name, level in sides if level is None)
