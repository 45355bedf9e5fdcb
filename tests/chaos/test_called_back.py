"""A citizen who did not want to wait is called back, though the platform was killed in between.

The whole thing: a real Asterisk, the citizen's own telephone, an operator's desktop and desk phone.
Who gave up waiting meanwhile is to be called by a person.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.chaos.audit import audit
from tests.chaos.crowd import Citizen
from tests.chaos.living_hotline import LivingHotline
from tests.chaos.scene import Scene, scene
from tests.e2e.hotline_process import ROOT
from tests.servers.process import free_port
from tests.servers.sip_phone import SipPhone

pytestmark = pytest.mark.asterisk
WITHIN_S = 60
HOME_HZ = 700


@pytest.fixture
def home_port() -> int:
    """Where the carrier finds the citizens' telephones."""
    return free_port()


@pytest.fixture
def hotline(seed: Path, tmp_path: Path, home_port: int) -> Iterator[LivingHotline]:
    """A running hotline that calls back at every hour."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    rules = config / "callbacks.yaml"
    text = rules.read_text(encoding="utf-8")
    assert "[07:00, 22:00]" in text
    rules.write_text(text.replace("[07:00, 22:00]", "[00:00, 24:00]"), encoding="utf-8")
    living = LivingHotline(
        tmp_path / "hotline",
        environment={
            "HOTLINE_CONFIG_DIR": str(config),
            "HOTLINE_CARRIER_URI": f"sip:127.0.0.1:{home_port}",
        },
    )
    try:
        living.birth(seed)
        yield living
    finally:
        living.bury()


@asynccontextmanager
async def telephone(hotline: LivingHotline, port: int) -> AsyncIterator[SipPhone]:
    phone = await SipPhone.open("home", hotline.sip_port, HOME_HZ, port)
    try:
        yield phone
    finally:
        phone.close()


async def asks_to_be_called_back(stage: Scene, citizen: Citizen) -> str:
    """Presses 7, and 1 for the own number; as people do, until it is understood."""
    call_id = await stage.records.call(citizen.number)
    for key in "71" * 10:
        if not citizen.dialog.ended.is_set():
            citizen.dialog.press(key)
        with suppress(TimeoutError):
            await stage.records.event(call_id, "CallbackNoted", within_s=2)
            return call_id
    raise TimeoutError(f"{call_id} is not noted: {stage.records.types(call_id)}")


async def test_a_citizen_is_called_back_at_the_old_place_though_the_platform_was_killed(
    hotline: LivingHotline, home_port: int
) -> None:
    async with scene(hotline) as stage, telephone(hotline, home_port) as home:
        await stage.seat(2)
        (asker,) = await stage.waiting(1)
        (younger,) = await stage.waiting(1)
        (impatient,) = await stage.waiting(1)
        first = await asks_to_be_called_back(stage, asker)
        await asker.dialog.wait("ended", 20)
        impatient.dialog.hang_up()
        await stage.records.event(await stage.records.call(impatient.number), "CallEnded")
        await stage.until(lambda: tasks(stage) == [impatient.number], "a task for a person")

        killed_at = hotline.kill_server()
        operator = stage.operators[0]
        await stage.until(lambda: operator.alive_since > killed_at, "the desktop", WITHIN_S)
        await operator.say("ready")
        await operator.be(lambda s: s.get("activity") == "dialling", WITHIN_S)
        assert stage.rings == [], "the younger caller waits for the next operator"

        ringing = await home.incoming(20)
        ringing.answer()
        await ringing.listen(5)
        for _ in range(20):
            ringing.press("1")
            with suppress(TimeoutError):
                await operator.be(lambda s: s.get("activity") == "offered", 2)
                break
        await stage.until(lambda: len(stage.rings) == 1, "the operator's phone rings")
        (ring,) = stage.rings
        stage.phones[0].answer(ring)
        await operator.be(lambda s: s.get("activity") == "talking")
        ended = await stage.records.event(first, "CallbackEnded")
        assert (ended["outcome"], ended["new_call_id"]) == ("answered", ring.call_id)
        returned = await stage.records.event(ring.call_id, "CallbackReturned")
        assert returned["first_call_id"] == first
        answered = await stage.records.event(ring.call_id, "CallAnswered")
        assert answered["waited_s"] > 5, "since the first arrival"

        await stage.operators[1].say("ready")
        await stage.operators[1].be(lambda s: s.get("activity") == "offered")
        await stage.until(lambda: len(stage.rings) == 2, "the next operator's phone rings")
        assert stage.rings[-1].call_id == stage.records.call_of(younger.number)
        ringing.hang_up()
        younger.dialog.hang_up()
        await operator.be(lambda s: s.get("activity") == "wrap_up")
        await stage.finish(0, ready=False)
        await stage.operators[1].be(lambda s: s.get("activity") == "idle")
        await audit(hotline, (younger, impatient), stage.rings, stage.operators)
        outcomes = {
            row["call_id"]: row["outcome"]
            for row in stage.records.rows(
                "SELECT call_id, outcome FROM calls WHERE ani = ?", asker.number
            )
        }
        assert outcomes == {first: "callback", ring.call_id: "answered"}
        assert tasks(stage) == sorted((impatient.number, younger.number))


def tasks(stage: Scene) -> list[str]:
    """Numbers that a person is to call."""
    found = stage.records.rows("SELECT number FROM callback_tasks WHERE state != 'closed'")
    return sorted(row["number"] for row in found)
