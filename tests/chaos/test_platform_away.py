"""R2 and R3: the platform is dead for a while, or stopped and woken up again.

Source: reliability notes A3. Asterisk's own queue answers meanwhile, with the booths that were
logged in; who still waits when the platform is back stands at the old place; a process that wakes
up late concludes nothing from what it remembers.
"""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress

import pytest

from tests.chaos.audit import passed_over
from tests.chaos.crowd import Operator, Ring
from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import Scene, scene
from tests.chaos.size import SIZE
from tests.e2e.records import until

pytestmark = pytest.mark.asterisk
FALLBACK_WITHIN_S = 40
BACK_WITHIN_S = 90


def fallback_rings(stage: Scene, away_at: float) -> list[Ring]:
    return [r for r in stage.rings if r.at > away_at and not r.made_by_platform]


async def rung_by_fallback(stage: Scene, away_at: float, call_ids: set[str]) -> float:
    """Seconds until a phone rang for one of these callers without the platform's doing."""

    def rung() -> list[float]:
        return [r.at for r in fallback_rings(stage, away_at) if r.call_id in call_ids]

    await until(lambda: bool(rung()), "a ring of the native queue", FALLBACK_WITHIN_S)
    return min(rung()) - away_at


async def stays_away_until(at: float) -> None:
    """The injection itself: nobody is there for so long (`SIZE.dead_s`, `SIZE.stopped_s`)."""
    await asyncio.sleep(max(0.0, at - time.monotonic()))


async def test_while_the_platform_is_dead_the_booths_answer_and_the_rest_comes_back_in_order(
    hotline: LivingHotline,
) -> None:
    answering = 2
    async with scene(hotline) as stage:
        await stage.seat(answering + 1)
        empty = await stage.empty_booth()
        waiting = await stage.waiting(SIZE.waiting)
        in_line = {await stage.records.call(c.number) for c in waiting}
        in_the_menu = await stage.citizens.call()
        await stage.records.call(in_the_menu.number)
        dead_at = hotline.kill()
        in_the_menu.dialog.hang_up()
        await come_and_go_unheard(stage, in_line)
        for phone in stage.phones[:answering]:
            phone.answers_after_s = 0.2
        newcomer = await stage.citizens.call()  # comes while nobody is there
        after_s = await rung_by_fallback(stage, dead_at, in_line)
        print(f"platform dead: who waited rang at a booth after {after_s:.1f} s")
        await until(lambda: len(talking_at(stage)) == answering, "the booths talk")
        # Nobody else is taken from now on; the dead stay dead for a while.
        for phone in stage.phones:
            phone.answers_after_s = None
        await stays_away_until(dead_at + SIZE.dead_s)
        assert all(c.connected for c in (*waiting, newcomer))
        taken = {r.call_id for r in talking_at(stage)}
        await asyncio.to_thread(hotline.launch)
        ids = {c.number: await stage.records.call(c.number) for c in (*waiting, newcomer)}
        left = [ids[c.number] for c in (*waiting, newcomer) if ids[c.number] not in taken]
        for index in range(answering):
            await stage.operators[index].be(lambda s: s.get("activity") == "talking", BACK_WITHIN_S)
        # The one booth that is free takes the rest, one after the other, oldest first.
        served = await serve_all(stage, answering, len(left))
        assert served == left
        assert [r for r in stage.rings if r.phone == empty.name] == [], "nobody sits there"
        books = await stage.everybody_hangs_up()
        assert books.ended == {"answered": SIZE.waiting + 2, "fault": 2}


def talking_at(stage: Scene) -> list[Ring]:
    """Rings that were answered and are not over."""
    return [r for r in stage.rings if r.answered_at is not None and r.over_at is None]


async def come_and_go_unheard(stage: Scene, others: set[str]) -> None:
    """One is served by a booth and leaves, one gives up; no platform knows of either."""
    for served in (False, True):
        before = len(stage.rings)
        citizen = await stage.citizens.call()
        ring = await ring_of_newcomer(stage, before, others)
        if served:
            next(p for p in stage.phones if p.name == ring.phone).answer(ring)
            await until(lambda: stage.hotline.bridges() != [], "they talk")
        citizen.dialog.hang_up()
        await ring.dialog.wait("ended")


async def ring_of_newcomer(stage: Scene, before: int, others: set[str]) -> Ring:
    found: list[Ring] = []

    def rung() -> bool:
        found[:] = [r for r in stage.rings[before:] if r.call_id not in others]
        return bool(found)

    await until(rung, "a ring for who came last")
    return found[0]


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


async def wish_ready(operator: Operator) -> None:
    """Press the key once; without a hotline nothing happens."""
    with suppress(ConnectionError, TimeoutError):
        await operator.say("ready")


async def test_a_platform_that_was_stopped_as_a_whole_concludes_nothing_from_its_memory(
    hotline: LivingHotline,
) -> None:
    async with scene(hotline) as stage:
        await stage.seat(4)
        (talking,) = await stage.talking(0)
        (ringing,) = await stage.ringing(1)
        waiting = await stage.waiting(SIZE.waiting)
        stage.phones[3].answers_after_s = 0.2
        hotline.signal_all(signal.SIGSTOP)
        stopped_at = time.monotonic()
        in_line = {await stage.records.call(c.number) for c in waiting}
        after_s = await rung_by_fallback(stage, stopped_at, in_line)
        print(f"platform stopped: who waited rang at a booth after {after_s:.1f} s")
        await until(lambda: any(r.answered_at for r in stage.rings[2:]), "a booth talks")
        stage.phones[3].answers_after_s = None
        # A wish lies in the sleeper's mailbox: to be fulfilled by the truth of the waking, not
        # by what the line looked like before.
        early = asyncio.get_running_loop().create_task(wish_ready(stage.operators[2]))
        await stays_away_until(stopped_at + SIZE.stopped_s)
        woken_at = time.monotonic()
        hotline.signal_all(signal.SIGCONT)
        await until(lambda: "process_was_paused" in hotline.log_end(60_000), "it noticed", 20)
        await stage.operators[3].be(lambda s: s.get("activity") == "talking", BACK_WITHIN_S)
        await early
        assert stage.citizens.dropped() == []
        assert all(c.connected for c in (talking, ringing, *waiting))
        await wish_ready(stage.operators[2])
        ordered: list[Ring] = []

        def ordered_again() -> bool:
            ordered[:] = [r for r in stage.rings if r.at > woken_at and r.made_by_platform]
            return bool(ordered)

        await until(ordered_again, "an offer of the platform", BACK_WITHIN_S)
        assert passed_over(stage.records, stage.rings, [ringing, *waiting], ordered[0]) == []
        books = await stage.everybody_hangs_up()
        assert books.ended["answered"] == 2
