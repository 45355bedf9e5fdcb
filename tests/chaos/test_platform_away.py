"""R2 and R3: the platform is dead for a while, or stopped and woken up again.

Source: reliability notes A3. Asterisk's own queue answers meanwhile, with the booths that were
logged in; who still waits when the platform is back stands at the old place; a process that wakes
up late concludes nothing from what it remembers.
"""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import Scene, scene
from tests.chaos.size import SIZE
from tests.e2e.records import until

pytestmark = pytest.mark.asterisk
FALLBACK_WITHIN_S = 40
BACK_WITHIN_S = 90


async def rung_by_fallback(stage: Scene, away_at: float, count: int) -> float:
    """Seconds until so many phones rang for offers that no platform made."""

    def rings() -> int:
        return sum(r.at > away_at and r.offer.endswith(".0") for r in stage.rings)

    await until(lambda: rings() >= count, f"{count} rings of the native queue", FALLBACK_WITHIN_S)
    first = min(r.at for r in stage.rings if r.at > away_at and r.offer.endswith(".0"))
    return first - away_at


async def test_while_the_platform_is_dead_the_booths_answer_and_the_rest_comes_back_in_order(
    hotline: LivingHotline,
) -> None:
    answering = 2
    async with scene(hotline) as stage:
        await stage.seat(answering + 1)
        waiting = await stage.waiting(SIZE.waiting)
        for phone in stage.phones[:answering]:
            phone.answers_after_s = 0.2
        dead_at = hotline.kill()
        newcomer = await stage.citizens.call()  # comes while nobody is there
        after_s = await rung_by_fallback(stage, dead_at, answering)
        print(f"platform dead: the first booth rang after {after_s:.1f} s")
        await until(
            lambda: sum(r.answered_at is not None for r in stage.rings) == answering,
            "the booths talk",
        )
        # Nobody else is taken from now on; the dead stay dead for a while.
        for phone in stage.phones:
            phone.answers_after_s = None
        await asyncio.sleep(max(0.0, dead_at + SIZE.dead_s - time.monotonic()))  # the injection
        assert stage.citizens.dropped() == []
        taken = {r.call_id for r in stage.rings if r.answered_at is not None}
        hotline.launch()
        ids = {c.number: await stage.records.call(c.number) for c in (*waiting, newcomer)}
        left = [ids[c.number] for c in (*waiting, newcomer) if ids[c.number] not in taken]
        for index in range(answering):
            await stage.operators[index].be(lambda s: s.get("activity") == "talking", BACK_WITHIN_S)
        # The one booth that is free takes the rest, one after the other, oldest first.
        served = await serve_all(stage, answering, len(left))
        assert served == left
        books = await stage.everybody_hangs_up()
        assert books.ended["answered"] == SIZE.waiting + 1


async def serve_all(stage: Scene, index: int, count: int) -> list[str]:
    """One operator talks with so many callers in turn; whom, in order."""
    phone, operator = stage.phones[index], stage.operators[index]
    phone.answers_after_s = 0.0
    await operator.be(lambda s: s.get("activity") == "idle", BACK_WITHIN_S)
    await operator.say("ready")
    served = []
    for _ in range(count):
        await operator.be(lambda s: s.get("activity") == "talking", BACK_WITHIN_S)
        served.append(operator.state["call_id"])
        await stage.finish(index)
    return served


async def test_a_stopped_server_is_replaced_by_its_guardian(hotline: LivingHotline) -> None:
    async with scene(hotline) as stage:
        await stage.seat(2)
        talking = await stage.talking(0)
        (waiting,) = await stage.waiting(1)
        stopped_at, stopped = time.monotonic(), hotline.server_pid
        hotline.signal_server(signal.SIGSTOP)
        operator = stage.operators[1]
        await until(lambda: operator.alive_since > stopped_at, "a new server", BACK_WITHIN_S)
        await operator.say("ready")
        await operator.be(lambda s: s.get("activity") == "offered", BACK_WITHIN_S)
        print(f"server stopped: the next offer after {time.monotonic() - stopped_at:.1f} s")
        assert hotline.server_pid != stopped
        assert talking.connected and waiting.connected
        await stage.everybody_hangs_up()


async def test_a_platform_that_was_stopped_as_a_whole_concludes_nothing_from_its_memory(
    hotline: LivingHotline,
) -> None:
    async with scene(hotline) as stage:
        await stage.seat(4)
        talking = await stage.talking(0)
        ringing = await stage.ringing(1)
        waiting = await stage.waiting(SIZE.waiting)
        stage.phones[3].answers_after_s = 0.2
        hotline.signal_all(signal.SIGSTOP)
        stopped_at = time.monotonic()
        await rung_by_fallback(stage, stopped_at, 1)
        await until(lambda: any(r.answered_at for r in stage.rings[2:]), "a booth talks")
        stage.phones[3].answers_after_s = None
        left_s = stopped_at + SIZE.stopped_s - time.monotonic()
        await asyncio.sleep(max(0.0, left_s))  # the injection
        hotline.signal_all(signal.SIGCONT)
        await until(lambda: "process_was_paused" in hotline.log_end(60_000), "it noticed", 20)
        operator = stage.operators[3]
        await operator.be(lambda s: s.get("activity") == "talking", BACK_WITHIN_S)
        assert stage.citizens.dropped() == []
        assert all(c.connected for c in (talking, ringing, *waiting))
        operator = stage.operators[2]
        await operator.be(lambda s: s.get("activity") == "idle", BACK_WITHIN_S)
        await operator.say("ready")
        await operator.be(lambda s: s.get("activity") == "offered", BACK_WITHIN_S)
        books = await stage.everybody_hangs_up()
        assert books.ended["answered"] == 2
