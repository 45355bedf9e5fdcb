"""The whole hotline learns to listen while it runs, and a caller says what it is about."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.records import Records
from tests.servers.process import wait_until
from tests.servers.sip_phone import Dialog, SipPhone
from tests.speech_model.kit import BUILT_WITHIN_S, said, tiny_model

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(BUILT_WITHIN_S)]
NAME = "vosk-model-tiny-cn"
CITIZEN = "13800138477"


class Listening:
    """A hotline of its own, without a model at first."""

    def __init__(self, folder: Path) -> None:
        self.hotline = HotlineProcess(folder / "hotline")
        self.records = Records(self.hotline.data_dir / "hotline.db")

    def health(self) -> tuple[str, str]:
        try:
            part = httpx.get(f"{self.hotline.base_url}/healthz", timeout=2).json()["parts"][
                "speech"
            ]
        except httpx.HTTPError:
            return "", ""
        return part["state"], part["reason"]

    def workers(self) -> list[int]:
        """The process of every worker that was ever ready, oldest first."""
        lines = (self.hotline.folder / "hotline.log").read_text().splitlines()
        logged = [json.loads(line) for line in lines if '"speech_ready"' in line]
        return [row["pid"] for row in logged]

    def has(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(condition, what, 60)

    def entered(self, step: str) -> bool:
        call_id = self.records.call_of(CITIZEN)
        events = [] if call_id is None else self.records.events(call_id)
        return any(e["type"] == "MenuStepEntered" and e["step"] == step for e in events)

    def queued(self) -> list[str]:
        call_id = self.records.call_of(CITIZEN)
        events = [] if call_id is None else self.records.events(call_id)
        return [e["team"] for e in events if e["type"] == "CallQueued"]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    made = Listening(tmp_path)
    try:
        made.hotline.start()
        yield made
    finally:
        if made.hotline.process is not None and made.hotline.process.poll() is None:
            made.hotline.stop()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def server_of(worker: int) -> int:
    """The process that started a worker: the hotline's server. Source: proc(5), stat field 4."""
    return int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])


async def _says(listening: Listening, word: str) -> Dialog:
    sound = await asyncio.to_thread(said, word)
    phone = await SipPhone.open("citizen", listening.hotline.sip_port)
    citizen = await phone.call("12345", ani=CITIZEN)
    citizen.say()
    await citizen.wait("answered", within_s=20)
    await asyncio.to_thread(
        listening.has, lambda: listening.entered("menu_own"), "the step that listens"
    )
    # Who speaks before the audio's own connection stands is not heard from the first word.
    await citizen.listen(10)
    citizen.say(sound)
    return citizen


async def test_hotline_learns_to_listen_and_a_word_leads_to_its_team(
    listening: Listening, tmp_path: Path
) -> None:
    assert listening.health()[0] == "off"
    shutil.copytree(await asyncio.to_thread(tiny_model), tmp_path / NAME)
    done = listening.hotline.command("speech", "install", str(tmp_path / NAME))
    assert f"installed: {NAME} for zh" in done.stdout
    assert NAME in listening.hotline.command("speech", "status").stdout
    heard = ("up", f"zh ({NAME}); yue, en: keys")
    listening.has(lambda: listening.health() == heard, "a ready recogniser")

    citizen = await _says(listening, "社保")
    await asyncio.to_thread(listening.has, lambda: listening.queued() == ["labour"], "the line")
    citizen.hang_up()
    citizen.phone.close()

    # The server is killed: its worker goes with it, and the next server has one of its own.
    first = listening.workers()[-1]
    os.kill(server_of(first), signal.SIGKILL)
    listening.has(lambda: not lives(first), "the end of the worker")
    listening.has(lambda: len(listening.workers()) == 2, "the next worker")
    listening.has(lambda: listening.health()[0] == "up", "a ready recogniser")

    second = listening.workers()[-1]
    assert listening.hotline.stop() == 0
    assert not lives(second)
