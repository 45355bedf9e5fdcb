"""R1: the platform is killed with callers waiting, ringing and talking, and nobody is lost.

Source: reliability notes A3, R1: 0 dropped, order and clocks kept, distribution resumes within
5 s, nobody offered to two, nobody stuck.
"""

from __future__ import annotations

import signal
import time

import pytest

from tests.chaos.audit import passed_over
from tests.chaos.crowd import Ring
from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import Scene, scene
from tests.chaos.size import SIZE
from tests.e2e.records import until

pytestmark = pytest.mark.asterisk
BACK_WITHIN_S = 60
"""On a machine that does much else; the figure itself is printed."""


async def resumed_after(stage: Scene, index: int, killed_at: float) -> tuple[float, Ring]:
    """Seconds from the kill until an operator who says ready is rung for the next caller."""
    before = len(stage.rings)
    operator = stage.operators[index]
    await until(lambda: operator.alive_since > killed_at, "the desktop is back", BACK_WITHIN_S)
    await operator.say("ready")
    phone = stage.phones[index].name
    rings: list[Ring] = []

    def rung() -> bool:
        new = [r for r in stage.rings[before:] if r.phone == phone]
        rings[:] = [r for r in new if r.made_by_platform]
        return bool(rings)

    await until(rung, "the next offer", BACK_WITHIN_S)
    return rings[0].at - killed_at, rings[0]


VICTIMS = ("server", "server and guardian", "stopped server")


def strike(hotline: LivingHotline, victim: str) -> float:
    """Do it; when. A stopped server is killed and replaced by its guardian."""
    if victim == "server":
        return hotline.kill_server()
    if victim == "stopped server":
        hotline.signal_server(signal.SIGSTOP)
        return time.monotonic()
    killed_at = hotline.kill()
    hotline.spawn()
    return killed_at


async def test_a_killed_platform_comes_back_and_everybody_is_where_they_were(
    hotline: LivingHotline,
) -> None:
    talkers, ringers, kills = SIZE.talking, SIZE.ringing, SIZE.kills
    spare = talkers + ringers  # one more operator, who is rung after each death
    async with scene(hotline) as stage:
        await stage.seat(spare + 1)
        talking = await stage.talking(*range(talkers))
        waiting = await stage.waiting(SIZE.waiting + ringers)
        figures: dict[str, list[float]] = {}
        offered: list[Ring] = []
        for kill in range(kills):
            await stage.rung(*range(talkers, spare))
            victim = VICTIMS[kill % len(VICTIMS)]
            struck_at = strike(hotline, victim)
            after_s, ring = await resumed_after(stage, spare, struck_at)
            figures.setdefault(victim, []).append(after_s)
            offered.append(ring)
            await stage.pause(spare)
            assert stage.citizens.dropped() == []
        for victim, after in figures.items():
            print(f"{victim} killed {len(after)} times: resumed after {sorted(after)} s")
        for ring in offered:
            assert passed_over(stage.records, stage.rings, waiting, ring) == []
        for index in range(talkers):
            assert stage.operators[index].state["activity"] == "talking"
        assert all(c.connected for c in (*talking, *waiting))
        books = await stage.everybody_hangs_up()
        assert books.ended["answered"] == talkers
        assert books.ended["abandoned"] == SIZE.waiting + ringers
