"""R8 and R9: Asterisk is killed, or reads its configuration in, under calls.

Source: reliability notes A3. Who was interrupted has a closed record that says so and a number to
call back; service is back by itself; a reload drops nobody.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from tests.chaos.audit import audit
from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import scene
from tests.chaos.size import SIZE
from tests.e2e.records import until

pytestmark = pytest.mark.asterisk
BACK_WITHIN_S = 60


async def test_a_killed_asterisk_leaves_closed_records_and_numbers_to_call_back(
    hotline: LivingHotline,
) -> None:
    talkers = SIZE.talking
    async with scene(hotline) as stage:
        await stage.seat(talkers + 1)
        talking = [await stage.talking(n) for n in range(talkers)]
        waiting = await stage.waiting(SIZE.waiting)
        pid = hotline.asterisk_pid
        assert pid is not None
        killed_at = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        await until(
            lambda: hotline.asterisk_pid not in (None, pid) and hotline.healthy(),
            "a new Asterisk serves",
            BACK_WITHIN_S,
        )
        print(f"Asterisk killed: the line is up again after {time.monotonic() - killed_at:.1f} s")
        for citizen in (*talking, *waiting):
            # The telephones never hear of it; people put them down.
            citizen.dialog.finish()
        for index in range(talkers):
            await stage.operators[index].be(lambda s: s.get("activity") in ("wrap_up", "idle"))
            await stage.finish(index, ready=False)
        await asyncio.gather(*(phone.register_again() for phone in stage.phones))
        books = await audit(hotline, stage.citizens.all, stage.rings, stage.operators)
        assert books.ended["answered"] == talkers
        assert books.ended["fault"] == len(waiting)
        to_call_back = {
            row["ani"]
            for row in stage.records.rows(
                "SELECT ani FROM calls WHERE outcome IN ('fault', 'abandoned')"
            )
        }
        assert to_call_back == {c.number for c in waiting}
        # Calls are taken again.
        fresh = await stage.talking(talkers)
        assert fresh.connected
        await stage.everybody_hangs_up()


async def test_a_reload_under_calls_drops_nobody(hotline: LivingHotline) -> None:
    async with scene(hotline) as stage:
        await stage.seat(3)
        talking = await stage.talking(0)
        ringing = await stage.ringing(1)
        (waiting,) = await stage.waiting(1)
        # As after a change of the reviewed files: what is on disk differs from what is wanted.
        for name in ("extensions.conf", "pjsip.conf", "queues.conf"):
            with (hotline.asterisk_dir / name).open("a") as file:
                file.write("\n; an older version\n")
        said = await asyncio.to_thread(hotline.command, "reload")
        assert "extensions.conf, pjsip.conf, queues.conf" in said.stdout
        assert all(c.connected for c in (talking, ringing, waiting))
        assert stage.operators[0].state["activity"] == "talking"
        await stage.operators[2].say("ready")
        await stage.operators[2].be(lambda s: s.get("activity") == "offered")
        books = await stage.everybody_hangs_up()
        assert books.ended["answered"] == 1
