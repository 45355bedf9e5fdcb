"""A message is written down whole, by a worker that has time for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.ids import CallId
from kernel.language import Language
from speech import keeper
from speech import messages as module
from speech.core.wire import Followed, Read, Said
from speech.messages import BrokeOff, MessageScribe
from tests.fakes.speech_worker import HandWorker, model
from tests.unit.speech.test_hearing import ASK, Room, until

FILE = Path("/archive/2026/11/26/gz1-1-1.wav")
ZH = Language.MANDARIN


class Desk:
    def __init__(self, room: Room, worker: HandWorker) -> None:
        self.room, self.worker = room, worker
        self.scribe = MessageScribe(room.hearing)

    def orders(self) -> list[Read]:
        return [o for o in self.worker.orders if isinstance(o, Read)]

    async def begun(self, from_s: float = 0.0) -> asyncio.Task[tuple[Said, ...] | None]:
        """A message that is being written down."""
        count = len(self.orders())
        task = asyncio.create_task(self.scribe.write_down(ZH, FILE, from_s))
        await until(lambda: len(self.orders()) > count)
        return task


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(keeper, "BEAT_EVERY_S", 60.0)
    room = Room(model(load=0.3))  # 2 cores: 4 streams
    yield Desk(room, await room.ready())
    await room.hearing.stop()


async def test_all_of_it_is_handed_over_at_the_end(desk: Desk) -> None:
    task = await desk.begun(from_s=4.5)
    (order,) = desk.orders()
    assert (order.file, order.from_s) == (str(FILE), 4.5)
    said = [
        Said(order.ear, "caller", text, 0.9, at, at + 1) for at, text in ((5, "您好"), (7, "社保"))
    ]
    for one in said:
        desk.worker.say(one)
    desk.worker.say(Followed(order.ear, ""))
    assert await task == tuple(said)


async def test_one_message_is_written_down_at_a_time(desk: Desk) -> None:
    task = await desk.begun()
    assert await desk.scribe.write_down(ZH, FILE, 0.0) is None
    desk.worker.say(Followed(desk.orders()[0].ear, ""))
    assert await task == ()
    again = await desk.begun()
    desk.worker.say(Followed(desk.orders()[1].ear, ""))
    assert await again == ()


async def test_the_last_place_is_kept_for_a_caller(desk: Desk) -> None:
    for number in range(3):
        assert desk.room.hearing.open(CallId(f"c-{number}"), ASK) is not None
    assert await desk.scribe.write_down(ZH, FILE, 0.0) is None
    assert desk.room.hearing.listens(ZH)


async def test_a_message_takes_one_place(desk: Desk) -> None:
    task = await desk.begun()
    opened = [desk.room.hearing.open(CallId(f"c-{number}"), ASK) for number in range(4)]
    assert [ear is not None for ear in opened] == [True, True, True, False]
    desk.worker.say(Followed(desk.orders()[0].ear, ""))
    await task


async def test_death_of_the_worker_breaks_it_off(desk: Desk) -> None:
    task = await desk.begun()
    desk.worker.say(Said(desk.orders()[0].ear, "caller", "您好", 0.9, 0.0, 1.0))
    desk.worker.say(None)
    with pytest.raises(BrokeOff, match="its worker ended"):
        await task


async def test_why_it_broke_off_is_told(desk: Desk) -> None:
    task = await desk.begun()
    desk.worker.say(Followed(desk.orders()[0].ear, "FileNotFoundError: gone"))
    with pytest.raises(BrokeOff, match="FileNotFoundError: gone"):
        await task


async def test_a_worker_that_tells_without_end_is_not_believed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SAID", 2)
    task = await desk.begun()
    ear = desk.orders()[0].ear
    for second in range(3):
        desk.worker.say(Said(ear, "caller", "啊", 0.9, second, second + 1))
    desk.worker.say(Followed(ear, ""))
    with pytest.raises(BrokeOff, match="too much"):
        await task


async def test_a_language_without_a_model_is_not_written_down(desk: Desk) -> None:
    assert await desk.scribe.write_down(Language.ENGLISH, FILE, 0.0) is None
    assert desk.scribe.installed() == desk.scribe.ready() == frozenset({ZH})
    desk.worker.say(None)
    await until(lambda: not desk.scribe.ready())
    assert desk.scribe.installed() == frozenset({ZH})
