"""Which conversations are written down, and what is told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.events import ConversationSpoken
from kernel.ids import CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import CallHungUp, CallWaiting, EndedBy, OfferAnswered, RecordingClosed
from speech import keeper
from speech.core.wire import Complete, Follow, Followed, Said
from speech.transcripts import Transcripts
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.speech_worker import HandWorker, model
from tests.servers.process import wait_until
from tests.unit.speech.test_hearing import Room, until

CALL = CallId("gz1-1795492774-0")
LABOUR, GENERAL = TeamId("labour"), TeamId("general")


def waiting(team: TeamId = LABOUR, call_id: CallId = CALL) -> CallWaiting:
    ani = PhoneNumber("13800138000")
    return CallWaiting(call_id, team, Language.MANDARIN, 0, NOON, ani, "12345", None, NOON)


def answered(call_id: CallId = CALL) -> OfferAnswered:
    return OfferAnswered(call_id, OfferId(f"{call_id}.1"), Endpoint("desk001"), NOON)


class Desk:
    def __init__(self, room: Room, worker: HandWorker) -> None:
        self.room, self.worker = room, worker
        self.bus, self.log = CollectingBus(), KeptLog()
        self.transcripts = Transcripts(
            hearing=room.hearing,
            teams=[LABOUR],
            file_of=lambda call_id: Path("/spool") / f"{call_id}.raw",
            bus=self.bus,
            ids=CountedIds(),
            clock=SetClock(),
            log=self.log,
        )

    def hear(self, *facts: object) -> None:
        for fact in facts:
            self.transcripts.on_fact(fact)  # type: ignore[arg-type]

    def follows(self) -> list[Follow]:
        return [o for o in self.worker.orders if isinstance(o, Follow)]


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(keeper, "BEAT_EVERY_S", 60.0)
    room = Room(model(load=0.1))
    yield Desk(room, await room.ready())
    await room.hearing.stop()


async def test_what_is_said_in_a_conversation_is_told_as_it_is_said(desk: Desk) -> None:
    desk.hear(waiting(), answered())
    order = desk.follows()[0]
    assert order.file == f"/spool/{CALL}.raw"
    desk.worker.say(Said(order.ear, "operator", "您好", 0.9, 0.2, 1.1))
    await until(lambda: len(desk.bus.of(ConversationSpoken)) == 1)
    event = desk.bus.of(ConversationSpoken)[0]
    assert (event.call_id, event.team, event.side, event.text) == (CALL, LABOUR, "operator", "您好")
    assert (event.from_s, event.to_s, event.confidence_fraction) == (0.2, 1.1, 0.9)
    desk.hear(
        CallHungUp(CALL, EndedBy.CALLER, 16, NOON), RecordingClosed(CALL, "x.raw", NOON, NOON)
    )
    assert desk.worker.orders[-1] == Complete(order.ear)
    desk.worker.say(Said(order.ear, "caller", "再见", 0.8, 9.0, 9.8))
    desk.worker.say(Followed(order.ear, ""))
    await until(lambda: desk.transcripts.following() == 0)
    assert len(desk.bus.of(ConversationSpoken)) == 2
    assert desk.log.lines == []


async def test_only_teams_that_were_named_are_written_down(desk: Desk) -> None:
    desk.hear(waiting(GENERAL), answered())
    assert desk.follows() == []
    desk.hear(waiting(LABOUR), waiting(GENERAL), answered())
    assert desk.follows() == []
    desk.hear(CallHungUp(CALL, EndedBy.CALLER, 16, NOON))


async def test_a_call_that_is_handed_on_is_followed_once(desk: Desk) -> None:
    desk.hear(waiting(), answered(), waiting(GENERAL), answered())
    assert len(desk.follows()) == 1


async def test_who_only_waits_is_not_written_down(desk: Desk) -> None:
    desk.hear(waiting(), CallHungUp(CALL, EndedBy.CALLER, 16, NOON), answered())
    assert desk.follows() == []


async def test_half_of_the_room_is_kept_for_callers_who_are_listened_to(desk: Desk) -> None:
    # 0.1 of a core for a stream, 2 cores: 14 streams, hence 3 conversations of two streams.
    for number in range(5):
        call_id = CallId(f"gz1-1-{number}")
        desk.hear(waiting(call_id=call_id), answered(call_id))
    assert len(desk.follows()) == desk.transcripts.following() == 3
    assert desk.room.hearing.listens(Language.MANDARIN)
    assert desk.log.events == ["conversation_not_transcribed"] * 2


async def test_death_of_the_worker_breaks_transcripts_off(desk: Desk) -> None:
    desk.hear(waiting(), answered())
    desk.worker.say(None)
    await until(lambda: desk.transcripts.following() == 0)
    assert desk.log.events == ["transcript_broke_off"]


async def test_a_told_sentence_of_a_recording_nobody_follows_is_dropped(desk: Desk) -> None:
    desk.hear(waiting(), answered())
    order = desk.follows()[0]
    desk.worker.say(Followed(order.ear, ""))
    desk.worker.say(Said(order.ear, "caller", "迟到", 1.0, 0.0, 1.0))
    await until(lambda: desk.transcripts.following() == 0)
    wait_until(lambda: not desk.bus.of(ConversationSpoken), "nothing", 1)
