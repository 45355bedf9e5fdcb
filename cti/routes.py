"""Pages of the call journal: the list of calls, and one call with every event and its time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from cti.core.call_record import CallRecord
from cti.core.timeline import LANE_NAMES, OUTCOME_NAMES, Lane, timeline
from cti.journal import CallFilter, CallJournal
from kernel.clock import CITY_ZONE_NAME
from kernel.errors import BadInput, NotFound
from kernel.events import encode
from kernel.ids import CallId
from kernel.infra.web import WebKit
from kernel.paging import DEFAULT_SIZE
from kernel.phone import clean, mask
from kernel.policy import Action, Principal, allows

_ZONE = ZoneInfo(CITY_ZONE_NAME)
_OUTCOMES = ("answered", "abandoned", "left_in_menu", "transferred_out", "fault")


def build_router(kit: WebKit, journal: CallJournal, team_names: dict[str, str]) -> APIRouter:
    """Pages `/calls`, `/calls/{call_id}` and the JSON `/api/calls/{call_id}`."""
    router = kit.router(action=Action.SEE_CALLS)

    @router.get("/calls")
    async def calls(
        request: Request,
        day: str = "",
        team: str = "",
        agent: str = "",
        outcome: str = "",
        number: str = Query("", max_length=40),
        cursor: str = "",
    ) -> Response:
        since, until = _day_bounds(day)
        wanted = CallFilter(
            since=since,
            until=until,
            team=team,
            agent_id=agent,
            outcome=outcome,
            ani=clean(number).digits,
        )
        page = await journal.calls(wanted, cursor or None, DEFAULT_SIZE)
        principal = await kit.principal(request)
        return await kit.page(
            request,
            "cti/calls.html",
            rows=[shown(r, principal) for r in page.rows],
            next_cursor=page.next_cursor,
            filters={
                "day": day,
                "team": team,
                "agent": agent,
                "outcome": outcome,
                "number": number,
            },
            team_names=team_names,
            outcomes={code: OUTCOME_NAMES[code] for code in _OUTCOMES},
            outcome_names=OUTCOME_NAMES,
        )

    @router.get("/calls/{call_id}")
    async def call(request: Request, call_id: str) -> Response:
        record = await journal.record(CallId(call_id))
        if record is None:
            raise NotFound("没有这通来电的记录")
        events = await journal.timeline(CallId(call_id))
        principal = await kit.principal(request)
        return await kit.page(
            request,
            "cti/call.html",
            call=shown(record, principal),
            entries=timeline(events),
            lanes=[(lane.value, LANE_NAMES[lane]) for lane in Lane],
            outcome_names=OUTCOME_NAMES,
            team_names=team_names,
        )

    @router.get("/api/calls/{call_id}")
    async def call_json(request: Request, call_id: str) -> dict[str, Any]:
        record = await journal.record(CallId(call_id))
        if record is None:
            raise NotFound("没有这通来电的记录")
        principal = await kit.principal(request)
        events = [encode(e) for e in await journal.timeline(CallId(call_id))]
        if not allows(principal, Action.SEE_FULL_NUMBER):
            for event in events:
                if "ani" in event:
                    event["ani"] = mask(event["ani"])
        return {"call": shown(record, principal), "events": events}

    return router


def shown(record: CallRecord, principal: Principal) -> dict[str, Any]:
    """The record as this person may see it: the number masked unless the policy allows it all."""
    full = allows(principal, Action.SEE_FULL_NUMBER)
    data = {name: getattr(record, name) for name in CallRecord.__dataclass_fields__}
    data["number"] = record.ani if full else mask(record.ani)
    del data["ani"]
    return data


def _day_bounds(day: str) -> tuple[datetime | None, datetime | None]:
    """The city's day as a UTC interval; both None when no day is asked for."""
    if not day:
        return None, None
    try:
        start = datetime.combine(datetime.fromisoformat(day).date(), time(), _ZONE)
    except ValueError as error:
        raise BadInput("日期格式应为 年-月-日", "day") from error
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)
