"""R1: the platform is killed with callers waiting, ringing and talking, and nobody is lost.

Source: reliability notes A3, R1: 0 dropped, order and clocks kept, distribution resumes within
5 s, nobody offered to two, nobody stuck.
"""

from __future__ import annotations

import pytest

from tests.chaos.crowd import Citizen, Ring
from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import Scene, scene
from tests.chaos.size import SIZE
from tests.e2e.records import until

pytestmark = pytest.mark.asterisk
BACK_WITHIN_S = 60
"""On a machine that does much else; the figure itself is printed."""
NOT_YET_BACK_S = 1.0
"""A caller whose phone has just stopped to ring may stand in the line a moment later."""


async def resumed_after(stage: Scene, index: int, killed_at: float) -> tuple[float, Ring]:
    """Seconds from the kill until an operator who says ready is rung for the next caller."""
    before = len(stage.rings)
    operator = stage.operators[index]
    await until(lambda: operator.alive_since > killed_at, "the desktop is back", BACK_WITHIN_S)
    await operator.say("ready")
    phone = stage.phones[index].name
    rings: list[Ring] = []

    def rung() -> bool:
        rings[:] = [r for r in stage.rings[before:] if r.phone == phone]
        return bool(rings)

    await until(rung, "the next offer", BACK_WITHIN_S)
    return rings[0].at - killed_at, rings[0]


def passed_over(stage: Scene, in_order: list[Citizen], ring: Ring) -> list[str]:
    """Callers who had been there longer than the one who was offered, and rang nowhere."""
    ids = {c.number: stage.records.call_of(c.number) for c in in_order}
    older: list[str] = []
    for citizen in in_order:
        if ids[citizen.number] == ring.call_id:
            return older
        theirs = [r for r in stage.rings if r.call_id == ids[citizen.number] and r.at <= ring.at]
        busy = any(r.over_at is None or r.over_at > ring.at - NOT_YET_BACK_S for r in theirs)
        if not busy:
            older.append(citizen.number)
    raise AssertionError(f"{ring.call_id} is none of ours")


@pytest.mark.parametrize("victim", ["server", "everything"])
async def test_a_killed_platform_comes_back_and_everybody_is_where_they_were(
    hotline: LivingHotline, victim: str
) -> None:
    talkers, ringers, kills = SIZE.talking, SIZE.ringing, SIZE.kills
    spare = talkers + ringers
    async with scene(hotline) as stage:
        await stage.seat(spare + kills)
        talking = [await stage.talking(n) for n in range(talkers)]
        ringing = [await stage.ringing(n) for n in range(talkers, spare)]
        waiting = await stage.waiting(SIZE.waiting + kills)
        channels = set(hotline.channels())
        figures, offered = [], []
        for kill in range(kills):
            if victim == "server":
                killed_at = hotline.kill_server()
            else:
                killed_at = hotline.kill()
                hotline.spawn()
            after_s, ring = await resumed_after(stage, spare + kill, killed_at)
            figures.append(after_s)
            offered.append(ring)
            assert stage.citizens.dropped() == []
            assert {c for c in channels if "carrier" in c} <= set(hotline.channels())
        print(f"{victim} killed {kills} times: resumed after {sorted(figures)} s")
        for ring in offered:
            assert passed_over(stage, [*ringing, *waiting], ring) == []
        for index in range(talkers):
            assert stage.operators[index].state["activity"] == "talking"
        assert all(c.connected for c in (*talking, *ringing, *waiting))
        books = await stage.everybody_hangs_up()
        assert books.ended["answered"] == talkers
        assert books.ended["abandoned"] == ringers + SIZE.waiting + kills
