"""The telephones of the simulated city: sipp processes for desk phones and for citizens."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from kernel.errors import Unavailable

SCENARIOS = Path(__file__).parent / "scenarios"
_END_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class DeskAccount:
    """A desk phone's endpoint and its SIP password."""

    endpoint: str
    secret: str


@dataclass(frozen=True, slots=True)
class Citizen:
    """One citizen's call: who calls, what is dialled, and the key pressed (empty: none)."""

    number: str
    name: str
    dialled: str
    key: str
    listens_s: float
    patience_s: float


class Telephones:
    """Starts sipp processes in `folder` and ends exactly those."""

    def __init__(self, folder: Path, sip_host: str, sip_port: int) -> None:
        if shutil.which("sipp") is None:
            raise Unavailable("sipp is not installed (Debian package sip-tester)")
        self._folder = folder
        self._target = f"{sip_host}:{sip_port}"
        self._processes: list[asyncio.subprocess.Process] = []

    async def desks(self, accounts: Sequence[DeskAccount], port: int, voice: Path) -> None:
        """Register the desk phones, answering at `port`. Raises Unavailable if one is refused."""
        scenario = self._scenario("desk", voice=voice)
        await self._spawn(
            "desk", "-sf", scenario, "-p", str(port), "-mp", str(port + 2), "-aa", "-trace_err"
        )
        table = self._folder / "desks.csv"
        # sipp fills credentials in from a field only when the field is the whole keyword.
        rows = [
            f"{a.endpoint};[authentication username={a.endpoint} password={a.secret}];{port};"
            for a in accounts
        ]
        table.write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
        register = await self._spawn(
            "register",
            *("-sf", str(SCENARIOS / "register.xml"), "-inf", str(table)),
            *("-m", str(len(accounts)), "-r", "50", "-timeout", "20s", "-timeout_error"),
        )
        if await register.wait() != 0:
            raise Unavailable("Asterisk refused the desk phones' registration")

    async def call(self, citizen: Citizen, voice: Path) -> None:
        """One citizen's call from dialling to the end; returns when it is over."""
        presses = (
            f'<nop><action><exec play_dtmf="{citizen.key}"/></action></nop>'
            '<pause milliseconds="400"/>'
            if citizen.key
            else ""
        )
        scenario = self._scenario(
            "citizen",
            voice=voice,
            dialled=citizen.dialled,
            listens_ms=int(citizen.listens_s * 1000),
            patience_ms=int(citizen.patience_s * 1000),
            presses=presses,
            suffix=citizen.number,
        )
        table = self._folder / f"citizen-{citizen.number}.csv"
        table.write_text(f"SEQUENTIAL\n{citizen.number};{citizen.name};\n")
        process = await self._spawn(
            f"citizen-{citizen.number}", "-sf", scenario, "-inf", str(table), "-m", "1"
        )
        await process.wait()
        if process in self._processes:
            self._processes.remove(process)

    async def stop(self) -> None:
        """End every call politely, then every process."""
        for _ in range(2):
            # The first signal asks sipp to finish, the second makes it send BYE or CANCEL now.
            for process in self._processes:
                if process.returncode is None:
                    process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(0.2)
        for process in self._processes:
            try:
                await asyncio.wait_for(process.wait(), _END_WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._processes.clear()

    def _scenario(self, name: str, *, suffix: str = "", **values: object) -> str:
        text = Template((SCENARIOS / f"{name}.xml").read_text()).substitute(values)
        path = self._folder / f"{name}{suffix}.xml"
        path.write_text(text)
        return str(path)

    async def _spawn(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                "sipp",
                self._target,
                *arguments,
                *("-i", "127.0.0.1", "-nostdin", "-t", "u1"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        self._processes.append(process)
        return process
