"""Who is listened to by which worker, and what becomes of a caller whose worker dies."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.speech_wiring import passes_keys
from kernel.ids import CallId
from kernel.language import Language
from kernel.telephony import CallHungUp, EndedBy, InputKind, Listen, Prompt
from speech import keeper
from speech import service as module
from speech.core import wire
from speech.core.listening import Deaf, Heard, Keyed, Outcome, Silent
from speech.core.wire import Beat, Begun, Forget, Garbled, Ready
from speech.ports import Installed, WorkerStarter
from speech.service import Hearing, State
from tests.fakes.clock import NOON, SetClock
from tests.fakes.log import KeptLog
from tests.fakes.speech_worker import HandStarter, HandWorker, ListShelf, model
from tests.servers.process import wait_until

CALL, OTHER = CallId("gz1-1795492774-0"), CallId("gz1-1795492774-1")
ASK = Listen((Prompt("greeting", Language.MANDARIN),), Language.MANDARIN, 1, timedelta(seconds=4))


class Room:
    def __init__(self, *models: Installed, hindrance: str = "") -> None:
        self.shelf = ListShelf(*models)
        self.starters: dict[str, HandStarter] = {}
        self.log = KeptLog()
        keys = itertools.count(1)
        self.hearing = Hearing(
            shelf=self.shelf,
            starter=self._starter,
            cores=2,
            prompts_dir=Path("/p"),
            new_key=lambda: str(uuid.UUID(int=next(keys))),
            clock=SetClock(),
            log=self.log,
            hindrance=hindrance,
        )

    def _starter(self, found: Installed, streams: int) -> WorkerStarter:
        return self.starters.setdefault(found.name, HandStarter())

    async def ready_all(self) -> None:
        await self.hearing.start()
        async with asyncio.timeout(5):
            await self.hearing.wait_ready()

    async def ready(self) -> HandWorker:
        await self.ready_all()
        return self.starters["tiny"].started[-1]


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    # Nobody beats here, and nobody is taken for dead, but where a test is about it.
    monkeypatch.setattr(keeper, "BEAT_EVERY_S", 60.0)
    made = Room(model())
    yield made
    await made.hearing.stop()


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition, "what the test waits for", 10)


async def test_without_a_model_nobody_listens_and_health_says_so() -> None:
    room = Room()
    await room.hearing.start()
    assert room.hearing.health().state is State.NOT_INSTALLED
    assert not room.hearing.listens(Language.MANDARIN)
    assert room.hearing.open(CALL, ASK) is None
    await room.hearing.stop()


async def test_where_a_caller_could_press_no_key_nobody_listens() -> None:
    room = Room(model(), hindrance="Asterisk 20.6.0 passes no keys on")
    await room.hearing.start()
    assert room.hearing.health().reason == "Asterisk 20.6.0 passes no keys on"
    assert not room.hearing.listens(Language.MANDARIN)
    assert room.hearing.open(CALL, ASK) is None
    assert room.starters == {}
    await room.hearing.stop()


@pytest.mark.parametrize(
    ("version", "passes"),
    [
        ("22.10.1", True),
        ("22.4.0", True),
        ("22.3.0", False),
        ("21.9.1", True),
        ("20.14.0", True),
        ("20.6.0~dfsg", False),
        ("23.0.0", True),
        ("18.26.4", False),
        ("", False),
    ],
)
def test_only_an_asterisk_that_passes_keys_on_is_listened_through(
    version: str, passes: bool
) -> None:
    assert passes_keys(version) is passes


async def test_a_caller_is_expected_under_a_new_name_each_time(room: Room) -> None:
    worker = await room.ready()
    first, second = room.hearing.open(CALL, ASK), room.hearing.open(OTHER, ASK)
    assert first is not None and second is not None
    assert first.key != second.key and first.port == 40_001
    order = worker.expected()
    assert (order.ear, order.files) == (second.key, ("/p/zh/greeting.wav",))
    assert (order.max_digits, order.timeout_s) == (1, 4.0)
    assert room.hearing.calls() == 2


@pytest.mark.parametrize(
    ("outcome", "kind", "digits", "text"),
    [
        (Heard("社保", 0.8), InputKind.HEARD, "", "社保"),
        (Keyed("0"), InputKind.DIGITS, "0", ""),
        (Silent(), InputKind.SILENCE, "", ""),
        (Deaf("it failed"), InputKind.DEAF, "", ""),
    ],
)
async def test_each_outcome_becomes_the_callers_input(
    room: Room, outcome: Outcome, kind: InputKind, digits: str, text: str
) -> None:
    worker = await room.ready()
    ear = room.hearing.open(CALL, ASK)
    assert ear is not None
    worker.say(wire.result(ear.key, outcome))
    said = await room.hearing.heard(CALL)
    assert (said.kind, said.digits, said.text, said.at) == (kind, digits, text, NOON)
    assert said.confidence_fraction == (0.8 if text else 0.0)
    assert room.hearing.calls() == 0


async def test_asked_before_the_worker_has_told_it_waits_a_moment(room: Room) -> None:
    worker = await room.ready()
    ear = room.hearing.open(CALL, ASK)
    assert ear is not None
    asked = asyncio.create_task(room.hearing.heard(CALL))
    await asyncio.sleep(0)
    worker.say(wire.result(ear.key, Silent()))
    assert (await asked).kind is InputKind.SILENCE


async def test_a_worker_that_tells_nothing_leaves_the_caller_to_the_keys(room: Room) -> None:
    worker = await room.ready()
    room.hearing.open(CALL, ASK)
    assert (await room.hearing.heard(CALL)).kind is InputKind.DEAF
    assert isinstance(worker.orders[-1], Forget)
    assert (await room.hearing.heard(CALL)).kind is InputKind.DEAF


async def test_death_of_a_worker_deafens_its_callers_and_the_next_one_listens(room: Room) -> None:
    worker = await room.ready()
    room.hearing.open(CALL, ASK)
    worker.say(None)
    assert (await room.hearing.heard(CALL)).kind is InputKind.DEAF
    await until(lambda: not room.hearing.listens(Language.MANDARIN))
    assert room.hearing.health().state is State.FAILED
    await room.starters["tiny"].lives(2)
    await until(lambda: room.hearing.listens(Language.MANDARIN))
    ear = room.hearing.open(CALL, ASK)
    assert ear is not None and ear.port == 40_002


async def test_a_worker_without_beats_is_killed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BEAT_EVERY_S", 0.02)
    worker = await room.ready()
    await until(lambda: worker.killed)
    assert "it was frozen" in str(room.log.lines)


async def test_a_worker_that_beats_lives_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "BEAT_EVERY_S", 0.2)
    worker = await room.ready()
    for _ in range(24):
        worker.say(Beat(0))
        await asyncio.sleep(0.05)  # the worker's own rhythm
    assert not worker.killed


@pytest.mark.parametrize("begun", [False, True])
async def test_a_worker_that_holds_a_caller_too_long_is_ended(
    room: Room, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    monkeypatch.setattr(keeper, "BEGUN_WITHIN_S", 60.0 if begun else 0.05)
    monkeypatch.setattr(keeper, "GRACE_S", 0.05)
    worker = await room.ready()
    ear = room.hearing.open(CALL, ASK)
    assert ear is not None
    if begun:
        worker.say(Begun(ear.key, 0.05))
    await until(lambda: worker.killed)
    assert (await room.hearing.heard(CALL)).kind is InputKind.DEAF
    assert "speech_overrun" in room.log.events


async def test_a_listening_that_ends_in_its_time_ends_no_worker(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BEGUN_WITHIN_S", 0.4)
    worker = await room.ready()
    for call_id in (CALL, OTHER):
        ear = room.hearing.open(call_id, ASK)
        assert ear is not None
        worker.say(Begun(ear.key, 60.0))
        worker.say(wire.result(ear.key, Silent()))
        assert (await room.hearing.heard(call_id)).kind is InputKind.SILENCE
    await asyncio.sleep(0.8)  # twice the time of one that was never begun
    assert not worker.killed


async def test_a_worker_that_talks_nonsense_is_ended(room: Room) -> None:
    worker = await room.ready()
    worker.say(Garbled("no JSON"))
    await until(lambda: worker.killed)
    await room.starters["tiny"].lives(2)
    assert "no JSON" in str(room.log.lines)


async def test_a_worker_that_is_ready_twice_is_ended(room: Room) -> None:
    worker = await room.ready()
    worker.say(Ready(22))
    await until(lambda: worker.killed)


async def test_a_result_for_a_name_that_is_not_open_changes_nothing(room: Room) -> None:
    worker = await room.ready()
    first = room.hearing.open(CALL, ASK)
    second = room.hearing.open(CALL, ASK)
    assert first is not None and second is not None
    worker.say(wire.result(first.key, Keyed("1")))
    worker.say(wire.result(second.key, Keyed("2")))
    assert (await room.hearing.heard(CALL)).digits == "2"


async def test_who_hangs_up_is_forgotten(room: Room) -> None:
    worker = await room.ready()
    ear = room.hearing.open(CALL, ASK)
    assert ear is not None
    room.hearing.on_fact(CallHungUp(CALL, EndedBy.CALLER, 16, NOON))
    assert worker.orders[-1] == Forget(ear.key)
    assert room.hearing.calls() == 0


async def test_no_more_callers_than_the_model_can_follow(room: Room) -> None:
    room.shelf.change(model(load=0.7))
    await room.ready()
    assert room.hearing.open(CALL, ASK) and room.hearing.open(OTHER, ASK)
    assert not room.hearing.listens(Language.MANDARIN)
    assert room.hearing.open(CallId("gz1-1795492774-2"), ASK) is None


async def test_a_model_installed_later_is_found_and_a_removed_one_let_go(room: Room) -> None:
    first = await room.ready()
    room.shelf.change(model(), model("english", Language.ENGLISH))
    await until(lambda: room.hearing.listens(Language.ENGLISH))
    assert not first.killed
    room.shelf.change(model("english", Language.ENGLISH))
    await until(lambda: first.killed)
    assert room.hearing.listens(Language.ENGLISH)
    assert not room.hearing.listens(Language.MANDARIN)


async def test_health_says_who_is_heard_by_which_model_and_who_uses_keys(room: Room) -> None:
    room.shelf.change(model("new", Language.MANDARIN), model("english", Language.ENGLISH))
    await room.ready_all()
    assert room.hearing.health().reason == "zh (new), en (english); yue: keys"
    room.shelf.change(model("all", *Language))
    await until(lambda: room.hearing.health().reason == "zh (all), yue (all), en (all)")


async def test_a_model_whose_languages_all_went_to_others_has_no_worker(room: Room) -> None:
    first = await room.ready()
    room.shelf.change(replace(model(), languages=()), model("new", Language.MANDARIN))
    await until(lambda: room.hearing.health().reason == "zh (new); yue, en: keys")
    assert first.killed
    assert list(room.starters) == ["tiny", "new"]
    assert len(room.starters["tiny"].started) == 1


async def test_a_damaged_shelf_is_told_and_workers_go_on(room: Room) -> None:
    worker = await room.ready()
    room.shelf.change(damage="models.json is damaged")
    await until(lambda: room.hearing.health().state is State.FAILED)
    assert room.hearing.health().reason == "models.json is damaged"
    assert not worker.killed and room.hearing.listens(Language.MANDARIN)


async def test_a_phrase_that_could_lead_elsewhere_is_refused(room: Room) -> None:
    await room.ready()
    bad = Listen(
        (Prompt("../secret", Language.MANDARIN),), Language.MANDARIN, 1, timedelta(seconds=4)
    )
    with pytest.raises(ValueError, match="no name of a phrase"):
        room.hearing.open(CALL, bad)


async def test_a_worker_that_cannot_be_started_is_tried_again(room: Room) -> None:
    starter = room.starters.setdefault("tiny", HandStarter())
    starter.fault = OSError("no memory")
    await room.hearing.start()
    await until(lambda: "no memory" in room.hearing.health().reason)
    starter.fault = None
    await starter.lives(1)
    await until(lambda: room.hearing.health().state is State.READY)
