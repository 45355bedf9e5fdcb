"""The record of one call, folded from its events. Pure.

The journal keeps the events as they came; the record is what lists and the screen pop show. Both
can be made again from the events at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call. `None` is for what has not happened (yet).

    `waited_s` from the first arrival in a queue to the answer or the end; `talk_s` sums all
    operators' parts; `outcome` as in `CallEnded`; `score` and `solved` are the survey's answers.
    """

    call_id: CallId
    arrived_at: datetime
    ani: str = ""
    caller_name: str = ""
    dnis: str = ""
    line_name: str | None = None
    team: TeamId | None = None
    language: Language | None = None
    menu_path: str = ""
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    agent_id: AgentId | None = None
    waited_s: float | None = None
    talk_s: float | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    ended_by: str | None = None
    score: int | None = None
    solved: str | None = None
    recorded: bool = False
    case_number: str | None = None
    disposition: str | None = None


Fold = Callable[[CallRecord, Any], CallRecord]


def _arrived(r: CallRecord, e: ev.CallArrived) -> CallRecord:
    return replace(
        r,
        arrived_at=e.occurred_at,
        ani=e.ani,
        caller_name=e.caller_name,
        dnis=e.dnis,
        line_name=e.line_name,
        team=e.team,
    )


def _step(r: CallRecord, e: ev.MenuStepEntered) -> CallRecord:
    return replace(r, language=e.language)


def _key(r: CallRecord, e: ev.MenuKeyPressed) -> CallRecord:
    if r.queued_at is not None:
        # The survey's key is not the way through the menu; its score has a field of its own.
        return r
    pressed = e.keys or "–"
    return replace(r, menu_path=f"{r.menu_path} {pressed}".strip())


def _words(r: CallRecord, e: ev.MenuWordsHeard) -> CallRecord:
    said = e.wish or "?"
    return replace(r, menu_path=f"{r.menu_path} {said}".strip())


def _queued(r: CallRecord, e: ev.CallQueued) -> CallRecord:
    return replace(r, team=e.team, language=e.language, queued_at=r.queued_at or e.first_arrival_at)


def _answered(r: CallRecord, e: ev.CallAnswered) -> CallRecord:
    first = r.answered_at is None
    return replace(
        r,
        answered_at=e.occurred_at if first else r.answered_at,
        waited_s=e.waited_s if first else r.waited_s,
        agent_id=e.agent_id,
        team=e.team,
    )


def _talked(r: CallRecord, e: ev.TalkFinished) -> CallRecord:
    return replace(r, talk_s=(r.talk_s or 0.0) + e.talk_s)


def _abandoned(r: CallRecord, e: ev.CallAbandoned) -> CallRecord:
    return replace(r, waited_s=e.waited_s)


def _ended(r: CallRecord, e: ev.CallEnded) -> CallRecord:
    return replace(r, ended_at=e.occurred_at, outcome=e.outcome, ended_by=e.ended_by)


def _rated(r: CallRecord, e: ev.SurveyAnswered) -> CallRecord:
    return replace(r, score=e.score)


def _told(r: CallRecord, e: ev.SolvedAnswered) -> CallRecord:
    return replace(r, solved=e.solved)


def _recorded(r: CallRecord, _: ev.RecordingArchived) -> CallRecord:
    return replace(r, recorded=True)


def _filed(r: CallRecord, e: ev.CaseFiled) -> CallRecord:
    return replace(r, case_number=e.case_number)


def _wrapped(r: CallRecord, e: ev.WrapUpFinished) -> CallRecord:
    return replace(r, disposition=e.disposition)


_FOLDS: dict[type[ev.Event], Fold] = {
    ev.CallArrived: _arrived,
    ev.MenuStepEntered: _step,
    ev.MenuKeyPressed: _key,
    ev.MenuWordsHeard: _words,
    ev.CallQueued: _queued,
    ev.CallAnswered: _answered,
    ev.TalkFinished: _talked,
    ev.CallAbandoned: _abandoned,
    ev.CallEnded: _ended,
    ev.SurveyAnswered: _rated,
    ev.SolvedAnswered: _told,
    ev.RecordingArchived: _recorded,
    ev.CaseFiled: _filed,
    ev.WrapUpFinished: _wrapped,
}


def fold(record: CallRecord | None, event: ev.Event) -> CallRecord | None:
    """The record after `event`. None stays None for an event that belongs to no call.

    The first event of a call need not be its arrival (after a restart, or an event that overtook
    another on the bus): the record then begins at that event's time.
    """
    if event.call_id is None:
        return record
    if record is None:
        record = CallRecord(call_id=event.call_id, arrived_at=event.occurred_at)
    apply = _FOLDS.get(type(event))
    return apply(record, event) if apply else record


def fold_all(events: Iterable[ev.Event]) -> CallRecord | None:
    """The record of one call from all its events, oldest first."""
    record: CallRecord | None = None
    for event in events:
        record = fold(record, event)
    return record
