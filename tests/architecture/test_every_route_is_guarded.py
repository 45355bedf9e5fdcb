"""Every route of the assembled application, and what each role gets there.

The table is written by hand: a new route fails until somebody has decided who may use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from fastapi.routing import APIWebSocketRoute
from starlette.routing import Mount

from kernel.policy import Role
from tests.architecture.whole_application import Whole, whole_application

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOSED_NOT_SIGNED_IN = 4401
# Files of the front end, the same for everybody: nothing of the city is in them.
MOUNTED = {"/static"}
COLUMNS: tuple[Role | None, ...] = (
    None,
    Role.OPERATOR,
    Role.SUPERVISOR,
    Role.QUALITY,
    Role.DISPATCHER,
    Role.ADMINISTRATOR,
)


@dataclass(frozen=True, slots=True)
class Row:
    """Statuses for: nobody, operator, supervisor, quality, dispatcher, administrator.

    404 and 422 are answers of the service to a request without sense: the guard has let it in.
    """

    statuses: tuple[int, ...]
    asked: str = ""
    """The address asked for, where the route's own has places."""
    sent: dict[str, Any] = field(default_factory=dict)


def row(*statuses: int, asked: str = "", **sent: Any) -> Row:
    assert len(statuses) == len(COLUMNS)
    return Row(statuses, asked, sent)


def own_page() -> Row:
    """For any signed-in person."""
    return row(303, 200, 200, 200, 200, 200)


_WITHDRAWAL = {"reason": "诉求人要求撤回", "verified": "来电号码一致", "version": 1}
_CASE = "/cases/GZ00000000000000"
_ARTICLE = "KB-NONE"

_TASK = "/callbacks/none"
_FLOW = "/ivr/main/versions/99"
_TABLE = "/ivr-intents/versions/99"
_PROMPT = "/ivr-prompts/zh/welcome"

ROUTES: dict[str, Row] = {
    # For everybody.
    "GET /": row(303, 303, 303, 303, 303, 303),
    "GET /healthz": row(503, 503, 503, 503, 503, 503),
    "GET /i18n/{language}.json": row(200, 200, 200, 200, 200, 200, asked="/i18n/en.json"),
    "GET /login": row(200, 303, 303, 303, 303, 303),
    "POST /login": row(401, 401, 401, 401, 401, 401),
    "POST /language/{language}": row(303, 303, 303, 303, 303, 303, asked="/language/zh"),
    "GET /phone": row(200, 200, 200, 200, 200, 200),
    "GET /api/phone/access": row(200, 200, 200, 200, 200, 200),
    # For any signed-in person.
    "POST /logout": row(303, 303, 303, 303, 303, 303),
    "GET /account": own_page(),
    "POST /account/password": row(303, 422, 422, 422, 422, 422),
    "GET /api/session": row(401, 200, 200, 200, 200, 200),
    "GET /api/openapi.json": row(401, 200, 200, 200, 200, 200),
    # The directory and the audit trail.
    "GET /directory": own_page(),
    "GET /directory/operators": own_page(),
    "GET /directory/booths": own_page(),
    "GET /directory/authorities": own_page(),
    "GET /directory/lines": own_page(),
    "GET /audit": row(303, 403, 403, 403, 403, 200),
    "POST /audit/verify": row(303, 403, 403, 403, 403, 200),
    # Callbacks: the tasks, and those of the line.
    "GET /callbacks": row(303, 200, 200, 200, 403, 200),
    "GET /callbacks/{task_id}": row(303, 404, 404, 404, 403, 404, asked=_TASK),
    "POST /callbacks/{task_id}/claim": row(303, 404, 404, 403, 403, 403, asked=f"{_TASK}/claim"),
    "POST /callbacks/{task_id}/release": row(
        303, 404, 404, 403, 403, 403, asked=f"{_TASK}/release"
    ),
    "POST /callbacks/{task_id}/attempt": row(
        303, 404, 404, 403, 403, 403, asked=f"{_TASK}/attempt"
    ),
    "POST /callbacks/{task_id}/close": row(
        303, 404, 404, 403, 403, 403, asked=f"{_TASK}/close", data={"result": "reached"}
    ),
    "POST /callbacks/{task_id}/undo": row(303, 404, 404, 403, 403, 403, asked=f"{_TASK}/undo"),
    "POST /callbacks/line/{callback_id}/cancel": row(
        303, 403, 503, 403, 403, 403, asked="/callbacks/line/cb-none/cancel"
    ),
    # The desktop and the wallboard.
    "GET /desk": row(303, 200, 403, 403, 403, 403),
    "GET /api/desk/targets": row(401, 200, 403, 403, 403, 403),
    "GET /api/desk/booths": row(401, 200, 403, 403, 403, 403),
    "GET /api/desk/softphone": row(401, 404, 403, 403, 403, 403),
    "GET /wallboard": row(303, 403, 200, 200, 403, 200),
    "GET /api/wallboard/operators/{agent_id}": row(
        401, 403, 200, 200, 403, 200, asked="/api/wallboard/operators/op0001"
    ),
    "POST /api/wallboard/operators/{agent_id}/free": row(
        401,
        403,
        404,
        403,
        403,
        403,
        asked="/api/wallboard/operators/none/free",
        json={"reason": "话机故障"},
    ),
    "POST /api/wallboard/operators/{agent_id}/state": row(
        401,
        403,
        404,
        403,
        403,
        403,
        asked="/api/wallboard/operators/none/state",
        json={"state": "not_ready", "reason": "换班"},
    ),
    # The peak-hour plans.
    "GET /plans": row(303, 403, 200, 200, 403, 200),
    "POST /api/plans/{plan_id}/begin": row(
        401, 403, 404, 403, 403, 403, asked="/api/plans/none/begin", json={"reason": "高峰"}
    ),
    "POST /api/plans/{plan_id}/end": row(
        401, 403, 404, 403, 403, 403, asked="/api/plans/none/end", json={"reason": "平稳"}
    ),
    # The flows that callers hear.
    "GET /ivr": row(303, 403, 303, 303, 403, 303),
    "GET /ivr-intents": row(303, 403, 200, 200, 403, 200),
    "GET /ivr-intents/versions/{number}": row(303, 403, 404, 403, 403, 404, asked=_TABLE),
    "POST /ivr-intents/versions/{number}": row(303, 403, 404, 403, 403, 404, asked=_TABLE),
    "GET /ivr-intents/versions/{number}/difference": row(
        303, 403, 404, 404, 403, 404, asked=f"{_TABLE}/difference"
    ),
    "POST /ivr-intents/versions/{number}/carry": row(
        303, 403, 404, 403, 403, 404, asked=f"{_TABLE}/carry"
    ),
    "POST /ivr-intents/versions/{number}/publish": row(
        303, 403, 403, 403, 403, 404, asked=f"{_TABLE}/publish"
    ),
    "POST /ivr-intents/rollback": row(303, 403, 403, 403, 403, 409),
    "GET /ivr/{flow}": row(303, 403, 200, 200, 403, 200, asked="/ivr/main"),
    "GET /ivr/{flow}/try": row(303, 403, 200, 200, 403, 200, asked="/ivr/main/try"),
    "GET /ivr/{flow}/versions/{number}": row(303, 403, 403, 403, 403, 404, asked=_FLOW),
    "POST /ivr/{flow}/versions/{number}": row(303, 403, 403, 403, 403, 404, asked=_FLOW),
    "POST /ivr/{flow}/versions/{number}/publish": row(
        303, 403, 403, 403, 403, 404, asked=f"{_FLOW}/publish"
    ),
    "POST /ivr/{flow}/rollback": row(303, 403, 403, 403, 403, 409, asked="/ivr/main/rollback"),
    "GET /screening": row(303, 403, 200, 403, 403, 200),
    "GET /screening/live": row(303, 403, 200, 403, 403, 200),
    "POST /screening/level": row(303, 403, 422, 403, 403, 403),
    "POST /screening/reveal": row(303, 403, 404, 403, 403, 403),
    "POST /screening/entries": row(303, 403, 422, 403, 403, 403),
    "POST /screening/entries/{entry_id}/prolong": row(
        303, 403, 422, 403, 403, 403, asked="/screening/entries/none/prolong"
    ),
    "POST /screening/entries/{entry_id}/remove": row(
        303, 403, 404, 403, 403, 403, asked="/screening/entries/none/remove"
    ),
    "GET /ivr-notices": row(303, 403, 200, 200, 403, 200),
    "POST /ivr-notices": row(303, 403, 422, 403, 403, 422),
    "POST /ivr-notices/{notice_id}/end": row(
        303, 403, 404, 403, 403, 404, asked="/ivr-notices/none/end"
    ),
    "GET /ivr-prompts": row(303, 403, 200, 200, 403, 200),
    "GET /ivr-prompts/{language}/{name}": row(303, 403, 200, 200, 403, 200, asked=_PROMPT),
    "GET /api/ivr-prompts/{language}/{name}/audio": row(
        401, 403, 404, 404, 403, 404, asked="/api/ivr-prompts/zh/none/audio"
    ),
    "POST /ivr-prompts/{language}/{name}": row(303, 403, 403, 403, 403, 422, asked=_PROMPT),
    "POST /ivr-prompts/{language}/{name}/takes/{number}/use": row(
        303, 403, 403, 403, 403, 404, asked=f"{_PROMPT}/takes/9/use"
    ),
    "POST /ivr-prompts/{language}/{name}/takes/{number}/discard": row(
        303, 403, 403, 403, 403, 404, asked=f"{_PROMPT}/takes/9/discard"
    ),
    "POST /ivr-prompts/{language}/{name}/undo": row(
        303, 403, 403, 403, 403, 409, asked=f"{_PROMPT}/undo"
    ),
    "POST /ivr-prompts/{language}/{name}/synthetic": row(
        303, 403, 403, 403, 403, 409, asked=f"{_PROMPT}/synthetic"
    ),
    "POST /ivr-prompts/{language}/{name}/confirm": row(
        303, 403, 403, 403, 403, 409, asked=f"{_PROMPT}/confirm"
    ),
    # The journal of the calls.
    "GET /calls": row(303, 403, 200, 200, 403, 200),
    "GET /calls/{call_id}": row(303, 403, 404, 404, 403, 404, asked="/calls/gz1-1-1"),
    "GET /api/calls/{call_id}": row(401, 403, 404, 404, 403, 404, asked="/api/calls/gz1-1-1"),
    # What callers said after their calls.
    "GET /satisfaction": row(303, 403, 200, 200, 403, 200),
    # Cases and work orders.
    "GET /api/drafts": row(401, 200, 403, 403, 403, 403),
    "POST /api/drafts": row(401, 201, 403, 403, 403, 403, json={}),
    "GET /api/drafts/{draft_id}": row(401, 404, 403, 403, 403, 403, asked="/api/drafts/none"),
    "PUT /api/drafts/{draft_id}": row(401, 422, 403, 403, 403, 403, asked="/api/drafts/none"),
    "GET /api/drafts/{draft_id}/history": row(
        401, 404, 403, 403, 403, 403, asked="/api/drafts/none/history"
    ),
    "GET /api/categories": row(401, 200, 403, 403, 403, 403),
    "GET /api/categories/guess": row(401, 200, 403, 403, 403, 403),
    "POST /api/cases": row(401, 422, 403, 403, 403, 403),
    "GET /api/cases": row(401, 200, 200, 200, 200, 200),
    "GET /api/cases/{number}": row(401, 404, 404, 404, 404, 404, asked=f"/api{_CASE}"),
    "POST /api/cases/{number}/withdraw": row(
        401, 404, 404, 403, 404, 403, asked=f"/api{_CASE}/withdraw", json=_WITHDRAWAL
    ),
    "GET /api/authorities-for-category": row(401, 200, 200, 200, 200, 200),
    "GET /api/templates": row(401, 200, 200, 200, 200, 200),
    "GET /api/self-service": row(401, 200, 200, 200, 200, 200),
    "POST /api/cases/{number}/dispatch": row(
        401, 403, 422, 403, 422, 403, asked=f"/api{_CASE}/dispatch"
    ),
    "POST /api/cases/{number}/calls": row(401, 422, 403, 403, 403, 403, asked=f"/api{_CASE}/calls"),
    "POST /api/cases/{number}/reveal": row(
        401, 403, 404, 403, 403, 403, asked=f"/api{_CASE}/reveal", json={"reason": "核查"}
    ),
    "GET /cases": own_page(),
    "GET /cases/export.csv": row(303, 403, 200, 403, 403, 403),
    "GET /cases/{number}": row(303, 404, 404, 404, 404, 404, asked=_CASE),
    "POST /cases/{number}/withdraw": row(
        303, 404, 404, 403, 404, 403, asked=f"{_CASE}/withdraw", data=_WITHDRAWAL
    ),
    "POST /cases/{number}/dispatch": row(303, 403, 422, 403, 422, 403, asked=f"{_CASE}/dispatch"),
    "POST /cases/{number}/reveal": row(
        303, 403, 404, 403, 403, 403, asked=f"{_CASE}/reveal", data={"reason": "核查"}
    ),
    # The knowledge base.
    "GET /api/knowledge/search": row(
        401, 200, 200, 200, 200, 200, asked="/api/knowledge/search?q=社保卡"
    ),
    "GET /api/knowledge/suggest": row(
        401, 200, 200, 200, 200, 200, asked="/api/knowledge/suggest?text=社保卡"
    ),
    "GET /api/knowledge/{article_id}": row(
        401, 404, 404, 404, 404, 404, asked=f"/api/knowledge/{_ARTICLE}"
    ),
    "POST /api/knowledge/{article_id}/uses": row(
        401, 404, 404, 404, 404, 404, asked=f"/api/knowledge/{_ARTICLE}/uses", json={}
    ),
    "POST /api/knowledge/{article_id}/flags": row(
        401, 422, 422, 422, 422, 422, asked=f"/api/knowledge/{_ARTICLE}/flags"
    ),
    "GET /knowledge": own_page(),
    "GET /knowledge/{article_id}": row(
        303, 404, 404, 404, 404, 404, asked=f"/knowledge/{_ARTICLE}"
    ),
    "POST /knowledge/{article_id}/flags": row(
        303, 422, 422, 422, 422, 422, asked=f"/knowledge/{_ARTICLE}/flags"
    ),
    # Recordings.
    "GET /recordings": row(303, 403, 200, 200, 403, 403),
    "GET /recordings/{call_id}": row(303, 403, 404, 404, 403, 403, asked="/recordings/gz1-1-1"),
    "GET /api/recordings/{call_id}/peaks": row(
        401, 403, 404, 404, 403, 403, asked="/api/recordings/gz1-1-1/peaks"
    ),
    "GET /api/recordings/{call_id}/audio": row(
        401, 403, 404, 404, 403, 403, asked="/api/recordings/gz1-1-1/audio"
    ),
    "POST /api/recordings/{call_id}/played": row(
        401, 403, 422, 422, 403, 403, asked="/api/recordings/gz1-1-1/played"
    ),
}
SOCKETS = {"/desk/ws", "/wallboard/ws"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    async with whole_application(tmp_path_factory.mktemp("whole")) as application:
        yield application


async def test_the_table_names_every_route_of_the_application(whole: Whole) -> None:
    served = {f"{m} {r.path}" for r in whole.routes for m in (r.methods or ()) if m != "HEAD"}

    assert served == set(ROUTES)


async def test_what_is_neither_page_nor_socket_is_named(whole: Whole) -> None:
    others = {r.path for r in whole.routes if not r.methods}
    sockets = {r.path for r in whole.routes if isinstance(r.original_route, APIWebSocketRoute)}
    mounts = {r.path for r in whole.routes if isinstance(r.original_route, Mount)}

    assert (sockets, mounts) == (SOCKETS, MOUNTED)
    assert others == SOCKETS | MOUNTED


async def test_every_route_comes_from_a_router_of_the_web_kit(whole: Whole) -> None:
    for route in whole.routes:
        if route.methods:
            calls = [d.call for d in route.dependant.dependencies]
            assert any(getattr(c, "guarded", False) for c in calls), route.path


@pytest.mark.parametrize("role", COLUMNS, ids=lambda role: role or "nobody")
@pytest.mark.parametrize("name", ROUTES)
async def test_route_answers_each_role_as_the_table_says(
    whole: Whole, name: str, role: Role | None
) -> None:
    method, _, path = name.partition(" ")
    wanted = ROUTES[name]
    browser = whole.browsers[role]
    if name == "POST /logout" and role is not None:
        browser = await whole.signed_in(role)
    accept = "application/json" if path.startswith("/api/") else "text/html"

    answer = await browser.request(
        method, wanted.asked or path, headers={"accept": accept}, **wanted.sent
    )

    assert answer.status_code == wanted.statuses[COLUMNS.index(role)], answer.text[:500]
    if answer.status_code == 303 and role is None and not path.startswith(("/language", "/log")):
        assert answer.headers["location"].startswith("/login")


CHANGING = [n for n in ROUTES if not n.startswith("GET ")]
WITHOUT_SESSION = {"POST /login", "POST /language/{language}"}


@pytest.mark.parametrize("name", [n for n in CHANGING if n not in WITHOUT_SESSION])
@pytest.mark.parametrize("role", list(Role))
async def test_nothing_is_changed_without_the_pages_token(
    whole: Whole, name: str, role: Role
) -> None:
    method, _, path = name.partition(" ")
    wanted = ROUTES[name]
    headers = {"accept": "application/json", "x-csrf-token": "forged"}

    answer = await whole.browsers[role].request(
        method, wanted.asked or path, headers=headers, **wanted.sent
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("name", CHANGING)
async def test_nothing_is_changed_from_another_site(whole: Whole, name: str) -> None:
    method, _, path = name.partition(" ")
    wanted = ROUTES[name]
    headers = {"accept": "application/json", "origin": "https://elsewhere.example"}

    answer = await whole.browsers[Role.SUPERVISOR].request(
        method, wanted.asked or path, headers=headers, **wanted.sent
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("path", sorted(SOCKETS))
@pytest.mark.parametrize("role", [None, Role.DISPATCHER], ids=["nobody", "dispatcher"])
async def test_socket_is_closed_for_those_it_is_not_for(
    whole: Whole, path: str, role: Role | None
) -> None:
    assert await _close_code(whole, path, dict(whole.browsers[role].cookies)) == (
        CLOSED_NOT_SIGNED_IN
    )


async def _close_code(whole: Whole, path: str, cookies: dict[str, str]) -> int:
    """Open the socket as a browser of our own pages does, and wait for its close."""
    closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    opening = [{"type": "websocket.connect"}]

    async def receive() -> dict[str, Any]:
        if opening:
            return opening.pop()
        return {"type": "websocket.disconnect", "code": await closed}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.close":
            closed.set_result(message["code"])

    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"hotline.test"), (b"cookie", cookie.encode())],
        "server": ("hotline.test", 80),
        "client": ("127.0.0.1", 1),
        "subprotocols": [],
    }
    async with asyncio.timeout(10):
        await whole.app(scope, receive, send)
        return await closed
