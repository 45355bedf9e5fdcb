"""One record for each call and one end, whatever was missed. A killed platform left the records of
callers open who were in its menu and hung up before it was back, and had none at all of callers who
came and went in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cti import left_open
from cti.core.call_record import CallRecord, fold
from cti.core.queue_log import QueuedCaller
from cti.left_open import LeftOpen
from kernel import events as ev
from kernel import telephony as tel
from kernel.errors import Unavailable
from kernel.ids import AgentId, BoothId, CallId, EventId, OfferId, TeamId
from tests.fakes.clock import SetClock
from tests.fakes.log import KeptLog

CALL, OTHER = CallId("gz1-1795666018-4"), CallId("gz1-1795666044-8")
ARRIVED = datetime.fromtimestamp(1795666018, UTC)
NOW = ARRIVED + timedelta(minutes=5)
GENERAL = TeamId("general")


class Office:
    """The journal in memory, with Asterisk's list and note in the test's hand."""

    def __init__(self) -> None:
        self.told: list[ev.Event] = []
        self.records: dict[CallId, CallRecord] = {}
        self.present: dict[CallId, str] = {}
        self.known: set[CallId] = set()
        self.note: list[QueuedCaller] = []
        self.log = KeptLog()
        self.line_up = True
        self.desk = LeftOpen(
            books=self,
            queues=self,
            telephone=self,
            known=lambda: self.known,
            publish=self.publish,
            delivered=self.drain,
            clock=SetClock(NOW),
            log=self.log,
        )

    def publish(self, event: ev.Event) -> None:
        assert event.call_id is not None
        if event.event_id not in {e.event_id for e in self.told}:
            self.told.append(event)
            record = fold(self.records.get(event.call_id), event)
            assert record is not None
            self.records[event.call_id] = record

    async def drain(self) -> None:
        return

    async def left_open(self, since: datetime) -> Sequence[CallRecord]:
        open_ones = (r for r in self.records.values() if r.ended_at is None)
        return [r for r in open_ones if r.arrived_at >= since]

    async def record(self, call_id: CallId) -> CallRecord | None:
        return self.records.get(call_id)

    async def callers(self) -> Mapping[CallId, str]:
        if not self.line_up:
            raise Unavailable("与电话系统的连接不可用")
        return self.present

    async def read(self) -> Sequence[QueuedCaller]:
        return self.note

    async def forget(self) -> None:
        self.note = []

    def arrive(self, call_id: CallId = CALL, at: datetime = ARRIVED) -> None:
        self.records[call_id] = CallRecord(call_id=call_id, arrived_at=at, ani="13900000001")

    def names(self) -> list[str]:
        return [type(e).__name__ for e in self.told]


@pytest.fixture
def office() -> Office:
    return Office()


def noted(answered: bool, call_id: CallId = CALL) -> QueuedCaller:
    later = ARRIVED + timedelta(seconds=40)
    return QueuedCaller(call_id, "13900000001", GENERAL, ARRIVED, later, answered)


async def test_who_left_the_menu_while_nobody_listened_is_closed_as_a_fault(
    office: Office,
) -> None:
    office.arrive()
    await office.desk.close()
    assert (office.records[CALL].outcome, office.records[CALL].ended_by) == ("fault", "fault")


async def test_who_had_spoken_with_somebody_was_answered(office: Office) -> None:
    office.arrive()
    office.publish(
        ev.CallAnswered(
            event_id=EventId("answered"),
            occurred_at=ARRIVED,
            call_id=CALL,
            agent_id=AgentId("a"),
            booth_id=BoothId("001"),
            offer_id=OfferId(f"{CALL}.1"),
            team=GENERAL,
            waited_s=3.0,
        )
    )
    await office.desk.close()
    assert office.records[CALL].outcome == "answered"


async def test_nobody_is_closed_who_is_on_the_telephone_or_known(office: Office) -> None:
    office.arrive()
    office.arrive(OTHER)
    office.present[CALL] = "ivr"
    office.known.add(OTHER)
    await office.desk.close()
    assert office.told == []


async def test_who_came_after_the_count_is_left_alone(office: Office) -> None:
    later = NOW + timedelta(seconds=1)
    office.arrive(CallId(f"gz1-{int(later.timestamp())}-1"), later)
    await office.desk.close()
    assert office.told == []


async def test_who_was_served_by_the_native_queue_has_a_record_with_the_number(
    office: Office,
) -> None:
    office.note = [noted(answered=True)]
    await office.desk.close()
    record = office.records[CALL]
    assert (record.ani, record.outcome, record.team) == ("13900000001", "answered", GENERAL)
    assert office.names() == ["CallArrived", "CallEnded"]
    assert office.note == []


async def test_who_came_and_gave_up_has_a_record_and_is_to_be_called_back(office: Office) -> None:
    office.note = [noted(answered=False)]
    await office.desk.close()
    assert office.names() == ["CallArrived", "CallAbandoned", "CallEnded"]
    assert office.records[CALL].waited_s == 40.0


async def test_told_twice_is_told_once(office: Office) -> None:
    office.note = [noted(answered=False)]
    await office.desk.close()
    record = office.records.pop(CALL)
    office.note = [noted(answered=False)]
    await office.desk.close()
    assert len(office.told) == 3 and record.ended_at is not None


async def test_a_note_about_somebody_who_is_still_there_is_kept(office: Office) -> None:
    office.note = [noted(answered=True)]
    office.present[CALL] = "talking"
    await office.desk.close()
    assert office.told == [] and office.note != []


async def test_after_each_return_of_the_line_it_is_looked_until_the_archive_has_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_open, "LOOKS_AFTER_S", (0.0, 0.01, 0.02))
    office.line_up = False
    office.arrive()
    office.desk.on_fact(tel.LineRestored((), frozenset(), NOW))
    task = office.desk._task
    assert task is not None
    office.line_up = True
    await task
    assert office.names() == ["CallEnded"]
    await office.desk.stop()


async def test_a_recording_without_a_record_is_an_answered_call(office: Office) -> None:
    office.arrive()
    office.records[CALL] = replace(office.records[CALL], recorded=True)
    await office.desk.close()
    assert office.records[CALL].outcome == "answered"


async def test_a_record_that_only_the_archive_opened_gets_its_caller(office: Office) -> None:
    # The archive was quicker than the look at the native queues: the record it opened had no
    # number, and the call counted as heard.
    office.records[CALL] = CallRecord(call_id=CALL, arrived_at=ARRIVED, recorded=True)
    office.note = [noted(answered=True)]
    await office.desk.close()
    assert office.records[CALL].ani == "13900000001"
    assert (office.records[CALL].outcome, office.names().count("CallEnded")) == ("answered", 1)
