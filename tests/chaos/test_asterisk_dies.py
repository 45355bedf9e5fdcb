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
from tests.chaos.scene import Scene, scene
from tests.chaos.size import SIZE
from tests.e2e.records import until

pytestmark = pytest.mark.asterisk
BACK_WITHIN_S = 60


async def test_a_killed_asterisk_leaves_closed_records_and_everybody_is_to_be_called_back(
    hotline: LivingHotline,
) -> None:
    talkers = SIZE.talking
    async with scene(hotline) as stage:
        await stage.seat(talkers + 1)
        talking = await stage.talking(*range(talkers))
        ringing = await stage.ringing(talkers)
        waiting = await stage.waiting(SIZE.waiting)
        in_the_menu = await stage.citizens.call()
        await stage.records.call(in_the_menu.number)
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
        for citizen in stage.citizens.all:
            # The telephones never hear of it; people put them down.
            citizen.dialog.finish()
        for index in range(talkers + 1):
            await stage.operators[index].be(lambda s: s.get("activity") in ("wrap_up", "idle"))
            await stage.finish(index, ready=False)
        await asyncio.gather(*(phone.register_again() for phone in stage.phones))
        books = await audit(hotline, stage.citizens.all, [], stage.operators)
        assert books.ended == {"answered": talkers, "fault": len(waiting) + 2}
        cut_off = stage.records.rows("SELECT ani FROM calls WHERE ended_by = 'fault'")
        assert {row["ani"] for row in cut_off} == {c.number for c in stage.citizens.all}
        # Who stood in the line and spoke with nobody is called back, each once.
        in_line = sorted(c.number for c in (*ringing, *waiting))
        await until(lambda: to_be_called_back(stage) == in_line, "a task for each of them")
        # Calls are taken again.
        (fresh,) = await stage.talking(talkers)
        assert fresh.connected and all(c.dialog.ended.is_set() for c in talking)
        for citizen in stage.citizens.all:
            citizen.dialog.hang_up()
        await stage.operators[talkers].be(lambda s: s.get("activity") == "wrap_up")
        await stage.finish(talkers, ready=False)
        await audit(hotline, stage.citizens.all, [], stage.operators)


def to_be_called_back(stage: Scene) -> list[str]:
    return sorted(r["number"] for r in stage.records.rows("SELECT number FROM callback_tasks"))


async def test_a_reload_under_calls_drops_nobody(hotline: LivingHotline) -> None:
    async with scene(hotline) as stage:
        await stage.seat(3)
        (talking,) = await stage.talking(0)
        (ringing,) = await stage.ringing(1)
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
