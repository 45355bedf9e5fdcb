"""The telephones of the simulated city: sipp processes for desk phones and for citizens."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from string import Template

from kernel.errors import Unavailable

SCENARIOS = Path(__file__).parent / "scenarios"
RATES_EVERY_S = 3.5
_ASK_EVERY_S = 0.25
_END_WITHIN_S = 5.0
_SPEECH = re.compile(r"<nop><action><exec rtp_stream=[^>]*></action></nop>\n")
_HANG_UP = """\
MESSAGE sip:citizen@127.0.0.1:{port} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-hang-up
From: <sip:simulation@127.0.0.1>;tag=simulation
To: <sip:citizen@127.0.0.1:{port}>
Call-ID: {call_id}
CSeq: 1 MESSAGE
Content-Length: 0

"""


@dataclass(frozen=True, slots=True)
class DeskAccount:
    """A desk phone's endpoint and its SIP password."""

    endpoint: str
    secret: str


@dataclass(frozen=True, slots=True)
class Citizen:
    """One citizen's call: who calls, what is dialled, the key pressed (empty: none), how long the
    citizen stays at most, and the score given in the survey (empty: none)."""

    number: str
    name: str
    dialled: str
    key: str
    listens_s: float
    patience_s: float
    score: str = ""


@dataclass(frozen=True, slots=True)
class _Handset:
    """Where a citizen's sipp listens, and the Call-ID of its call."""

    port: int
    call_id: str

    def ask_to_hang_up(self) -> None:
        """The scenario's way out of a call; before and after it, the message is not understood."""
        text = _HANG_UP.format(port=self.port, call_id=self.call_id)
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            sender.sendto(text.replace("\n", "\r\n").encode(), ("127.0.0.1", self.port))


class Telephones:
    """Starts sipp processes in `folder` and ends exactly those.

    They are in process groups of their own, so that Ctrl-C reaches them through `stop` only, and
    die with this process even when it is killed.
    """

    def __init__(
        self,
        folder: Path,
        sip_host: str,
        sip_port: int,
        options: Sequence[str] = (),
        *,
        speak: bool = True,
    ) -> None:
        """`options` go to every sipp. Telephones that do not `speak` send no sound, which makes
        most of the work of a call that lasts."""
        if shutil.which("sipp") is None:
            raise Unavailable("sipp is not installed (Debian package sip-tester)")
        setpriv = shutil.which("setpriv")
        self._command = [setpriv, "--pdeathsig", "KILL", "sipp"] if setpriv else ["sipp"]
        self._folder = folder
        self._options = options
        self._speak = speak
        self._target = f"{sip_host}:{sip_port}"
        self._processes: set[asyncio.subprocess.Process] = set()
        self._citizens: dict[asyncio.subprocess.Process, _Handset] = {}
        self._calls = count(1)
        self._stopping = False
        self.desk_port = 0

    async def desks(
        self, accounts: Sequence[DeskAccount], voice: Path, *, ring_s: float = 1.5
    ) -> None:
        """Register the desk phones, which answer at one port from now on, after `ring_s`.

        Raises Unavailable if one is refused.
        """
        self.desk_port = free_udp_port()
        scenario = self.scenario("desk", voice=voice, ring_ms=int(ring_s * 1000))
        await self.spawn("desk", "-sf", scenario, "-p", str(self.desk_port), "-aa")
        # sipp fills credentials in from a field only when the field is the whole keyword.
        rows = [
            f"{a.endpoint};[authentication username={a.endpoint} password={a.secret}];"
            f"{self.desk_port};"
            for a in accounts
        ]
        (self._folder / "desks.csv").write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
        await self.register(len(accounts))

    async def register(self, count: int) -> None:
        """Register the desk phones (again): a registration is good for ten minutes at most."""
        process = await self.spawn(
            *("register", "-sf", str(SCENARIOS / "register.xml"), "-inf", "desks.csv"),
            *("-p", str(free_udp_port()), "-m", str(count), "-r", "50"),
            *("-timeout", "20s", "-timeout_error"),
        )
        if await self.ended(process) != 0 and not self._stopping:
            raise Unavailable(
                "Asterisk refused the desk phones' registration; "
                "is this the data folder of the hotline that runs?"
            )

    async def call(self, citizen: Citizen, voice: Path) -> bool:
        """One citizen's call from dialling to the end; True if it went by the book."""
        scenario = self.citizen_scenario(citizen, voice)
        table = self._folder / f"citizen-{citizen.number}.csv"
        table.write_text(f"SEQUENTIAL\n{citizen.number};{citizen.name};\n")
        handset = _Handset(free_udp_port(), f"{citizen.number}-{next(self._calls)}@citizen")
        process = await self.spawn(
            *(f"citizen-{citizen.number}", "-sf", scenario, "-inf", str(table)),
            *("-p", str(handset.port), "-m", "1", "-cid_str", handset.call_id),
        )
        self._citizens[process] = handset
        return await self.ended(process) == 0

    def citizen_scenario(
        self, citizen: Citizen, voice: Path, media_port: str = "[rtpstream_audio_port]"
    ) -> str:
        """The file of a citizen's steps; number and name come from the injected fields.

        `media_port` says where the citizen listens, if not where sipp speaks.
        """
        return self.scenario(
            "citizen",
            voice=voice,
            dialled=citizen.dialled,
            listens_ms=int(citizen.listens_s * 1000),
            turns=int(citizen.patience_s / RATES_EVERY_S),
            presses=_presses(citizen.key, citizen.dialled),
            rates=_presses(citizen.score, citizen.dialled),
            media_port=media_port,
            suffix=citizen.number,
        )

    async def hang_up_citizens(self) -> None:
        """Every citizen who is still in a call puts the phone down."""
        await self._ask_to_end(set(self._citizens))

    async def stop(self) -> None:
        """End every call politely, then every process."""
        self._stopping = True
        await self._ask_to_end(self._processes)
        for process in self._processes:
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes))
        self._processes.clear()

    async def _ask_to_end(self, processes: set[asyncio.subprocess.Process]) -> None:
        """Ask again and again: a citizen may be between two steps, and of two signals to a desk
        phone (finish; then: BYE or CANCEL now) a busy machine may make one."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _END_WITHIN_S
        while (left := [p for p in processes if p.returncode is None]) and loop.time() < deadline:
            for process in left:
                handset = self._citizens.get(process)
                if handset is None:
                    process.send_signal(signal.SIGUSR1)
                else:
                    handset.ask_to_hang_up()
            ends = [asyncio.ensure_future(process.wait()) for process in left]
            await asyncio.wait(ends, timeout=_ASK_EVERY_S)
            for end in ends:
                end.cancel()

    async def ended(self, process: asyncio.subprocess.Process) -> int:
        """The exit code: 0 if every call went by the book."""
        code = await process.wait()
        self._processes.discard(process)
        self._citizens.pop(process, None)
        return code

    def scenario(self, name: str, *, suffix: str = "", **values: object) -> str:
        """Fill in the scenario of this name; returns the path."""
        text = Template((SCENARIOS / f"{name}.xml").read_text()).substitute(values)
        if not self._speak:
            text = _SPEECH.sub("", text)
        path = self._folder / f"{name}{suffix}.xml"
        path.write_text(text)
        return str(path)

    async def spawn(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        """Start a sipp that `stop` will end; its logs are `{name}.log` and `{name}.err`."""
        if self._stopping:
            raise Unavailable("the telephones are being put down")
        with (self._folder / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                self._target,
                *arguments,
                *("-i", "127.0.0.1", "-nostdin", "-t", "u1", "-trace_err"),
                *("-error_file", f"{name}.err"),
                *(option.format(name=name) for option in self._options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                process_group=0,
            )
        self._processes.add(process)
        return process


def _presses(key: str, dialled: str) -> str:
    """The scenario's steps for pressing one key; none for none."""
    if not key:
        return ""
    return Template((SCENARIOS / "key.xml").read_text()).substitute(key=key, dialled=dialled)


def free_udp_port() -> int:
    """A port of loopback that is free now. sipp without one would take 5060 first."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
