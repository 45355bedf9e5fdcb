"""What every benchmark on the real line stands on: a hotline of its own, desk phones, listeners."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.line_events import LineEvents
from bench.load import Site
from bench.usage import Usage
from directory.adapters.config_files import load_city
from hotline.settings import Settings
from hotline.simulate.city import Place
from hotline.simulate.command import places
from hotline.simulate.voices import CITIZEN, mulaw_voice
from kernel.errors import HotlineError
from kernel.ids import AgentId
from tests.e2e.hotline_process import HotlineProcess
from tests.servers.process import kept_media_ports

_RTP_PORTS = 4000


@dataclass(frozen=True, slots=True)
class Scene:
    """All is up: the phones are registered, the second listener hears Asterisk."""

    hotline: HotlineProcess
    settings: Settings
    seats: list[Place]
    team_of_phone: dict[str, str]
    site: Site
    events: LineEvents

    def usage(self) -> Usage:
        """Processor time spent so far by the platform and its Asterisk."""
        assert self.hotline.process is not None
        return Usage.now(self.hotline.process.pid)


@asynccontextmanager
async def scene(
    hotline: HotlineProcess, operators: int, *, speak: bool = True
) -> AsyncIterator[Scene]:
    """Desk phones for so many operators of the five teams; whether the telephones send sound.

    Raises Unavailable if one is refused.
    """
    settings = Settings(data_dir=hotline.data_dir, sip_port=hotline.sip_port)
    seats = await asyncio.to_thread(places, settings, operators)
    teams = await asyncio.to_thread(_teams_of_phones, settings, seats)
    events = LineEvents()
    site = Site(
        base_url=hotline.base_url,
        password=hotline.password,
        sip_port=hotline.sip_port,
        places=seats,
        team_of_phone=teams,
        events=events,
        folder=hotline.folder,
        speak=speak,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(site.close)
        sound = hotline.folder / "voice.ulaw"
        await site.open(await asyncio.to_thread(mulaw_voice, CITIZEN, sound, speed=165))
        stack.push_async_callback(events.close)
        await events.open(settings.asterisk_dir / "etc" / "manager.conf")
        yield Scene(hotline, settings, seats, teams, site, events)


def _teams_of_phones(settings: Settings, seats: Sequence[Place]) -> dict[str, str]:
    """The team of each desk phone's operator."""
    team_of = {o.agent_id: o.primary_team for o in load_city(settings.config_dir).operators}
    return {f"desk{seat.booth}": team_of[AgentId(seat.account)] for seat in seats}


def perform(
    given: argparse.Namespace,
    measure: Callable[[HotlineProcess], Coroutine[Any, Any, bool]],
    *,
    environment: Mapping[str, str] | None = None,
    prepare: Callable[[HotlineProcess], None] = lambda hotline: None,
) -> int:
    """Start a hotline of its own, measure, end it; the exit code (1: a bar missed, or a fault).

    `prepare` finds the demo city in the database, and the hotline not started yet.
    """
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        first = kept_media_ports(_RTP_PORTS)
        ports = {"HOTLINE_RTP_START": str(first), "HOTLINE_RTP_END": str(first + _RTP_PORTS - 1)}
        hotline = HotlineProcess(folder, environment={**ports, **(environment or {})})
        print("a hotline of its own is starting ...", flush=True)
        try:
            hotline.seed()
            prepare(hotline)
            hotline.launch()
            met = asyncio.run(measure(hotline))
        except HotlineError as error:
            print(f"hotline: {error.message}", file=sys.stderr)
            return 1
        finally:
            _end(hotline)
    print("every bar is met" if met else "MISSED: see above")
    return 0 if met else 1


def _end(hotline: HotlineProcess) -> None:
    if hotline.process is None or hotline.process.poll() is not None:
        return
    try:
        hotline.stop()
    except subprocess.TimeoutExpired:
        print("hotline: it still wrote after half a minute and was killed.", file=sys.stderr)
