"""A call between two sipp programs: not our code at either end."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.ids import Endpoint, OfferId, TeamId
from tests.fakes.caller_dialogue import GREETING, IN_NO_HURRY, RATE
from tests.servers.process import free_port
from tests.servers.switchboard import switchboard

pytestmark = pytest.mark.asterisk
SCENARIOS = Path(__file__).resolve().parents[1] / "sipp"
SIPP = shutil.which("sipp")


async def start_sipp(
    scenario: str, folder: Path, port: int, *args: str
) -> asyncio.subprocess.Process:
    assert SIPP is not None, "sipp is missing: run scripts/setup --dev"
    return await asyncio.create_subprocess_exec(
        *(SIPP, "-sf", SCENARIOS / scenario, "-m", "1", "-i", "127.0.0.1", "-p", str(port)),
        *("-mi", "127.0.0.1", "-nostdin", "-trace_err", *args),
        cwd=folder,
        env={**os.environ, "TERM": "dumb"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def test_a_sipp_citizen_reaches_a_sipp_phone(tmp_path: Path) -> None:
    desk_port, citizen_port = free_port(), free_port()
    contacts = {"desk001": f"sip:desk001@127.0.0.1:{desk_port}"}
    async with switchboard(tmp_path, static_contacts=contacts) as board:
        board.dialogue.first = tel.Collect((GREETING,), 1, IN_NO_HURRY)
        board.survey.first = tel.Collect((RATE,), 1, timedelta(milliseconds=500))
        desk = await start_sipp("desk_phone.xml", tmp_path, desk_port)
        citizen = await start_sipp(
            *("citizen.xml", tmp_path, citizen_port),
            *("-s", "12345", "-key", "ani", "13800138000"),
            f"127.0.0.1:{board.values.sip_port}",
        )
        waiting = await board.facts.wait(tel.CallWaiting)
        call_id = waiting.call_id
        assert waiting.team == TeamId("labour"), "the digit 3 was heard"
        offer = OfferId(f"{call_id}.1")
        await board.line.deliver(call_id, offer, Endpoint("desk001"), timedelta(seconds=20))
        await board.facts.wait(tel.OfferAnswered)
        await board.facts.wait(tel.RecordingClosed)
        async with asyncio.timeout(20):
            assert (await citizen.wait(), await desk.wait()) == (0, 0)
        assert board.facts.names(call_id) == [
            "CallEntered",
            "CallWaiting",
            "OfferRinging",
            "OfferAnswered",
            "TalkEnded",
            "CallHungUp",
            "RecordingClosed",
        ]
