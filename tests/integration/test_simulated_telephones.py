"""The simulation's citizens put the phone down when they are told to, with a real sipp."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline.simulate.telephones import Citizen, Telephones, free_udp_port
from hotline.simulate.voices import CITIZEN, mulaw_voice

HANGS_UP_WITHIN_S = 40


async def spoken(path: Path, words: str) -> None:
    """Returns when sipp has written these words into its trace."""
    async with asyncio.timeout(HANGS_UP_WITHIN_S):
        while True:
            if path.exists() and words in path.read_text(errors="replace"):
                return
            await asyncio.sleep(0.05)  # between two looks at a named condition


async def test_citizens_hang_up_at_once_when_the_simulation_ends(tmp_path: Path) -> None:
    # sipp 3.6 with a limited number of calls forgets the signals that should end it: callers used
    # to stay for a minute, until the line noticed their silence, and recordings seemed incomplete.
    port = free_udp_port()
    hotline = await asyncio.create_subprocess_exec(
        *("sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-aa"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=tmp_path,
    )
    trace = ("-trace_msg", "-message_file", "{name}.trace")
    telephones = Telephones(tmp_path, "127.0.0.1", port, options=trace)
    voice = await asyncio.to_thread(mulaw_voice, CITIZEN, tmp_path / "voice.ulaw", speed=165)
    citizen = Citizen("13800138000", "", "12345", key="3", listens_s=1, patience_s=300, score="2")
    written = tmp_path / f"citizen-{citizen.number}.trace"
    try:
        call = asyncio.create_task(telephones.call(citizen, voice))
        # Until then they press the key of the menu, speak, and rate now and again.
        await spoken(written, "Signal=3")
        await spoken(written, "Signal=2")
        await asyncio.wait_for(telephones.stop(), HANGS_UP_WITHIN_S)
        assert await call, "the call did not end by the book"
        assert written.read_text(errors="replace").count("\nBYE sip:") == 1
    finally:
        await telephones.stop()
        if hotline.returncode is None:
            hotline.kill()
        await hotline.wait()
