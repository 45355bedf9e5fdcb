"""R21 on the real thing: people and telephones who collide, by the hundred.

The same races as in `test_races_simulated.py`, with the real Asterisk, real SIP and the whole
platform between them. Source: reliability notes A3, R21: 0 orphan, 0 double, 0 stuck.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.chaos.audit import audit
from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import scene
from tests.chaos.size import SIZE
from tests.chaos.table import COLLISIONS, Table

pytestmark = pytest.mark.asterisk


async def test_people_who_collide_lose_nobody_and_leave_nobody_stuck(
    hotline: LivingHotline,
) -> None:
    async with scene(hotline) as stage:
        await stage.seat(2)
        table = Table(stage)
        await stage.pause(0, 1)
        ended: Counter[str] = Counter()
        number = 0
        for _ in range(SIZE.races):
            # A line of so many at a time, and the books are compared whenever it is empty.
            line = await stage.waiting(len(COLLISIONS))
            batch = list(line)
            for collision in COLLISIONS:
                number += 1
                try:
                    await table.collide(number, collision, line)
                except Exception as error:
                    raise AssertionError(f"race {number}, {collision}: {error!r}") from error
            books = await audit(hotline, batch, stage.rings, stage.operators)
            ended += books.ended
        print(f"{number} races: {dict(ended)}")
        assert ended.total() == number
