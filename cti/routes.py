"""Pages of the call journal: the list of calls, and one call with every event and its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from cti.core.call_record import CallRecord
from cti.core.explained import ExplainedOffer, Sentence, explained, places
from cti.core.timeline import LANE_NAMES, OUTCOME_NAMES, Entry, Lane, linked_calls, timeline
from cti.journal import CallFilter, CallJournal
from kernel.clock import CITY_ZONE_NAME
from kernel.errors import BadInput, NotFound
from kernel.event_wire import encode
from kernel.ids import AgentId, CallId
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.paging import DEFAULT_SIZE
from kernel.phone import clean, mask
from kernel.policy import Action, Principal, allows

_ZONE = ZoneInfo(CITY_ZONE_NAME)
_OUTCOMES = (
    "answered",
    "abandoned",
    "left_in_menu",
    "transferred_out",
    "callback",
    "message",
    "fault",
)


StepTitle = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Names:
    """What the city's teams, people and old lines are called, in the reader's language."""

    teams: Mapping[ScreenLanguage, Mapping[str, str]]
    agent: Callable[[AgentId, ScreenLanguage], str]
    line: Callable[[str, str | None, ScreenLanguage], str | None]
    """Dialled number and the name it had then."""


def build_router(
    kit: WebKit, journal: CallJournal, names: Names, step_title: StepTitle
) -> APIRouter:
    """Pages `/calls`, `/calls/{call_id}` and the JSON `/api/calls/{call_id}`.

    `step_title` gives the words of the telephone menu.
    """
    router = kit.router(action=Action.SEE_CALLS)
    _add_list(router, kit, journal, names)
    _add_call(router, kit, journal, names, step_title)
    return router


def _add_list(router: APIRouter, kit: WebKit, journal: CallJournal, names: Names) -> None:
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
        language = await kit.language(request)
        chosen = {"day": day, "team": team, "agent": agent, "outcome": outcome, "number": number}
        return await kit.page(
            request,
            "cti/calls.html",
            rows=[_named(shown(r, principal), names, language) for r in page.rows],
            next_cursor=page.next_cursor,
            agent_name=_Words(kit, language, names).person,
            filters_now=chosen,
            filters_query=urlencode({k: v for k, v in chosen.items() if v}),
            team_names=names.teams[language],
            outcomes=[
                (code, kit.catalogue.text(language, OUTCOME_NAMES[code])) for code in _OUTCOMES
            ],
            outcome_names=OUTCOME_NAMES,
        )


def _add_call(
    router: APIRouter, kit: WebKit, journal: CallJournal, names: Names, step_title: StepTitle
) -> None:
    @router.get("/calls/{call_id}")
    async def call(request: Request, call_id: str) -> Response:
        record = await journal.record(CallId(call_id))
        if record is None:
            raise NotFound("没有这通来电的记录")
        events = await journal.timeline(CallId(call_id))
        principal = await kit.principal(request)
        language = await kit.language(request)
        words = _Words(kit, language, names)
        before, after = linked_calls(events)
        return await kit.page(
            request,
            "cti/call.html",
            call=_named(shown(record, principal), names, language),
            callback_of=before,
            called_back_as=after,
            entries=[words.of(entry) for entry in timeline(events, step_title)],
            offers=[words.offer(offer) for offer in explained(events)],
            places=places(events),
            agent_name=words.person,
            lanes=[(lane.value, LANE_NAMES[lane]) for lane in Lane],
            outcome_names=OUTCOME_NAMES,
            team_names=names.teams[language],
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
                for name in {"ani", "number"} & event.keys():
                    event[name] = mask(event[name])
        return {"call": shown(record, principal), "events": events}


def shown(record: CallRecord, principal: Principal) -> dict[str, Any]:
    """The record as this person may see it: the number masked unless the policy allows it all."""
    full = allows(principal, Action.SEE_FULL_NUMBER)
    data = {name: getattr(record, name) for name in CallRecord.__dataclass_fields__}
    data["number"] = record.ani if full else mask(record.ani)
    del data["ani"]
    return data


def _named(row: dict[str, Any], names: Names, language: ScreenLanguage) -> dict[str, Any]:
    """The row with the old line's name as the reader calls it."""
    return row | {"line_name": names.line(row["dnis"], row["line_name"], language)}


class _Words:
    """The reader's words for what a timeline entry holds: sentences, teams, people, outcomes."""

    def __init__(self, kit: WebKit, language: ScreenLanguage, names: Names) -> None:
        self._kit = kit
        self._language = language
        self._teams = names.teams[language]
        self._agent_name = names.agent

    def person(self, agent_id: AgentId) -> str:
        return self._agent_name(agent_id, self._language)

    def of(self, entry: Entry) -> dict[str, Any]:
        """The entry as the template shows it."""
        values = {key: self._word(key, value) for key, value in entry.values.items()}
        return {
            "at": entry.at,
            "offset_s": entry.offset_s,
            "lane": entry.lane.value,
            "text": self._text(entry.msgid) % values,
            "linked": entry.linked,
            "task_id": entry.task_id,
        }

    def offer(self, offer: ExplainedOffer) -> dict[str, Any]:
        """The reasons of one offer as the template shows them."""
        return {
            "at": offer.at,
            "offset_s": offer.offset_s,
            "agent": self.person(offer.agent_id),
            "booth": offer.booth_id,
            "outcome": self._word("outcome", offer.outcome) if offer.outcome else None,
            "sentences": [self._sentence(s) for s in offer.sentences],
        }

    def _sentence(self, sentence: Sentence) -> dict[str, Any]:
        values = {key: self._word(key, value) for key, value in sentence.values.items()}
        return {"text": self._text(sentence.msgid) % values, "call_id": sentence.call_id}

    def _word(self, key: str, value: str) -> str:
        if key in ("outcome", "by"):
            return self._text(OUTCOME_NAMES.get(value, value))
        if key in ("step", "language"):
            return self._text(value)
        if key == "agent":
            return self.person(AgentId(value))
        if key == "target":
            return self._teams.get(value) or self.person(AgentId(value))
        return self._teams.get(value, value)

    def _text(self, msgid: str) -> str:
        return self._kit.catalogue.text(self._language, msgid)


def _day_bounds(day: str) -> tuple[datetime | None, datetime | None]:
    """The city's day as a UTC interval; both None when no day is asked for."""
    if not day:
        return None, None
    try:
        start = datetime.combine(datetime.fromisoformat(day).date(), time(), _ZONE)
    except ValueError as error:
        raise BadInput("日期格式应为 年-月-日", "day") from error
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)
