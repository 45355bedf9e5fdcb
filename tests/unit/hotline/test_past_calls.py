"""Who of the call records is still to be spoken with, for a run that begins after a broken one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from callbacks.core.task import Kind
from cti.core.call_record import CallRecord
from cti.journal import CallFilter, CallJournal
from hotline.callback_bridges import PastCalls
from kernel.events import CallbackEnded, Event
from kernel.ids import CallbackId, CallId, EventId, TeamId
from kernel.paging import Page
from tests.fakes.clock import NOON


class Records:
    """The journal's store as far as it is read; pages of two."""

    def __init__(self, *records: CallRecord) -> None:
        self._records = records

    async def write(self, events: Sequence[Event]) -> None:
        raise AssertionError("nothing is written here")

    async def record(self, call_id: CallId) -> CallRecord | None:
        return next((r for r in self._records if r.call_id == call_id), None)

    async def timeline(self, call_id: CallId) -> list[Event]:
        return []

    async def calls(self, wanted: CallFilter, cursor: str | None, size: int) -> Page[CallRecord]:
        found = [
            r
            for r in self._records
            if r.outcome == wanted.outcome and (not wanted.since or r.arrived_at >= wanted.since)
        ]
        start = int(cursor or 0)
        more = str(start + 2) if len(found) > start + 2 else None
        return Page(found[start : start + 2], more)

    async def left_open(self, since: datetime) -> list[CallRecord]:
        return [r for r in self._records if r.ended_at is None and r.arrived_at >= since]

    async def contacts(self, ani: str, limit: int) -> list[CallRecord]:
        return [r for r in self._records if r.ani == ani][:limit]


def record(call: str, outcome: str, minutes: int, ani: str = "", **more: Any) -> CallRecord:
    at = NOON + timedelta(minutes=minutes)
    fields: dict[str, Any] = {"queued_at": at, "ended_at": at, "team": TeamId("labour"), **more}
    return CallRecord(call_id=CallId(call), arrived_at=at, ani=ani, outcome=outcome, **fields)


@dataclass
class Ended:
    """The distribution's log."""

    events: list[CallbackEnded] = field(default_factory=list)

    async def callbacks_ended(self, since: datetime) -> list[CallbackEnded]:
        return [e for e in self.events if e.occurred_at >= since]


def past(*records: CallRecord, ended: Ended | None = None) -> PastCalls:
    return PastCalls(CallJournal(Records(*records), lambda error, waiting: None), ended or Ended())


async def unspoken(since: datetime, *records: CallRecord) -> list[tuple[str, Kind]]:
    return [(m.call_id, m.kind) for m in await past(*records).unspoken(since)]


async def test_who_gave_up_or_was_cut_off_in_a_line_or_left_a_message_is_found_oldest_first() -> (
    None
):
    assert await unspoken(
        NOON,
        record("late", "abandoned", 9, "13800000009"),
        record("cut", "fault", 5, "13800000005"),
        record("a1", "abandoned", 1, "13800000001"),
        record("a2", "abandoned", 2, "13800000002"),
        record("said", "message", 3),
        record("before", "abandoned", -1, "13800000008"),
        record("fine", "answered", 4, "13800000004", answered_at=NOON),
    ) == [
        ("a1", Kind.ABANDONED),
        ("a2", Kind.ABANDONED),
        ("said", Kind.MESSAGE),
        ("cut", Kind.ABANDONED),
        ("late", Kind.ABANDONED),
    ]


async def test_who_was_never_in_line_was_answered_or_has_no_number_is_not() -> None:
    assert (
        await unspoken(
            NOON,
            record("menu", "fault", 1, "13800000001", queued_at=None),
            record("talked", "fault", 2, "13800000002", answered_at=NOON),
            record("anonymous", "abandoned", 3),
        )
        == []
    )


async def test_who_reached_a_person_afterwards_is_not_but_before_does_not_count() -> None:
    number = "13800000001"
    earlier = record("earlier", "answered", -9, number, answered_at=NOON - timedelta(minutes=9))
    left = record("left", "abandoned", 1, number)
    later = record("later", "answered", 5, number, answered_at=NOON + timedelta(minutes=5))
    assert await unspoken(NOON, earlier, left) == [("left", Kind.ABANDONED)]
    assert await unspoken(NOON, earlier, left, later) == []


async def test_the_number_of_a_call_is_known_by_its_record() -> None:
    calls = past(record("c", "abandoned", 1, "13800000001"))
    assert await calls.number(CallId("c")) == "13800000001"
    assert await calls.number(CallId("x")) is None


def over(call: str, outcome: str, number: str) -> CallbackEnded:
    return CallbackEnded(
        event_id=EventId(call),
        occurred_at=NOON + timedelta(minutes=7),
        call_id=CallId(call),
        callback_id=CallbackId(f"cb-{call}"),
        number=number,
        team=TeamId("labour"),
        outcome=outcome,
        attempts=3,
    )


async def test_whom_a_callback_did_not_reach_and_nobody_since_is_found() -> None:
    spoken_with = "13800000003"
    later = record("later", "answered", 9, spoken_with, answered_at=NOON + timedelta(minutes=9))
    ended = Ended(
        [
            over("c-1", "gave_up", "13800000001"),
            over("c-2", "answered", "13800000002"),
            over("c-3", "expired", spoken_with),
        ]
    )
    found = await past(later, ended=ended).unspoken(NOON)
    assert [(m.call_id, m.kind, m.number) for m in found] == [
        ("c-1", Kind.CALLBACK_FAILED, "13800000001")
    ]
