"""A whole telephone system for one test: the real Asterisk, the line to it, phones and callers."""

from __future__ import annotations

import asyncio
import math
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from cti.adapters.asterisk_config import AsteriskValues, render
from cti.adapters.asterisk_process import AsteriskProcess
from cti.adapters.build import build_line
from cti.core.answers import Place
from cti.ports import Ears
from cti.service import TelephoneLine
from kernel import telephony as tel
from kernel.ids import CallId, Endpoint
from kernel.infra.clock import SystemClock
from tests.fakes.caller_dialogue import (
    ScriptedAnnouncer,
    ScriptedDialogue,
    ScriptedGreeter,
    ScriptedKeys,
    ScriptedSurvey,
)
from tests.fakes.log import KeptLog
from tests.servers.asterisk import BINARY, MEDIA_PORTS, values_for
from tests.servers.process import media_ports
from tests.servers.sip_phone import Dialog, SipPhone

SECRET = "test-phone-secret"
PHONES = ("desk001", "desk002", "desk003")
OPERATOR_HZ, COLLEAGUE_HZ, CITIZEN_HZ = 1000, 2000, 400
F = TypeVar("F")


class FactLog:
    """Every fact, in order, and waiting for the one a test is about."""

    def __init__(self) -> None:
        self.all: list[tel.TelephonyFact] = []
        self._changed = asyncio.Event()

    def __call__(self, fact: tel.TelephonyFact) -> None:
        self.all.append(fact)
        self._changed.set()

    def of(self, call_id: CallId) -> list[tel.TelephonyFact]:
        return [f for f in self.all if getattr(f, "call_id", None) == call_id]

    def names(self, call_id: CallId) -> list[str]:
        return [type(f).__name__ for f in self.of(call_id)]

    async def wait(
        self,
        kind: type[F],
        where: Callable[[Any], bool] = lambda _: True,
        *,
        count: int = 1,
        within_s: float = 30,
    ) -> F:
        """The `count`-th fact of this kind. Raises TimeoutError with what there was instead."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    found = [f for f in self.all if isinstance(f, kind) and where(f)]
                    if len(found) >= count:
                        return found[count - 1]
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            there = [type(f).__name__ for f in self.all]
            raise TimeoutError(f"no {kind.__name__} among {there}") from None


class Switchboard:
    """What a test holds in its hands."""

    def __init__(self, values: AsteriskValues, config_dir: Path) -> None:
        self.values = values
        self.config_dir = config_dir
        self.facts = FactLog()
        self.log = KeptLog()
        self.dialogue = ScriptedDialogue()
        self.survey = ScriptedSurvey()
        self.announcer = ScriptedAnnouncer()
        self.keys = ScriptedKeys()
        self.greeter = ScriptedGreeter()
        self.ears: Ears | None = None
        self.asterisk = AsteriskProcess(BINARY, config_dir)
        self.term = 0
        self.place: Place | None = None
        self.line = self.make_line()
        self._phones: list[SipPhone] = []
        self._citizen: SipPhone | None = None

    def make_line(self) -> TelephoneLine:
        self.term += 1
        line = build_line(
            self.values,
            term=self.term,
            dialogue=self.dialogue,
            announcer=self.announcer,
            keys=self.keys,
            greeter=self.greeter,
            survey=self.survey,
            ears=self.ears,
            clock=SystemClock(),
            log=self.log,
            place=self.place,
        )
        line.subscribe(self.facts)
        return line

    async def restart_line(self) -> None:
        """As a platform that died and came back: nothing is remembered."""
        await self.line.stop()
        self.line = self.make_line()
        await self.up()

    async def up(self) -> None:
        await self.line.start()
        async with asyncio.timeout(20):
            await self.line.wait_up()

    async def phone(self, user: str, frequency: float = OPERATOR_HZ) -> SipPhone:
        """A registered desk phone."""
        phone = await SipPhone.open(user, self.values.sip_port, frequency)
        self._phones.append(phone)
        await phone.register(SECRET)
        endpoint = Endpoint(user)
        if not self.line.reachable(endpoint) and self.line.state.up:
            await self.facts.wait(
                tel.EndpointChanged, lambda f: f.endpoint == endpoint and f.reachable
            )
        return phone

    @property
    def citizens(self) -> tuple[SipPhone, ...]:
        """The phone of all citizens, once somebody has called."""
        return () if self._citizen is None else (self._citizen,)

    async def citizen(self, number: str = "12345", **kwargs: str) -> Dialog:
        if self._citizen is None:
            self._citizen = await SipPhone.open("citizen", self.values.sip_port, CITIZEN_HZ)
            self._phones.append(self._citizen)
        return await self._citizen.call(number, **kwargs)

    async def waiting(self, number: str = "12345", **kwargs: str) -> tuple[Dialog, tel.CallWaiting]:
        """A citizen who stays silent in the menu and now waits."""
        there = (f for f in self.facts.all if isinstance(f, tel.CallEntered | tel.CallWaiting))
        known = {f.call_id for f in there}
        dialog = await self.citizen(number, **kwargs)
        # Whoever was there before may stand in the line once more meanwhile.
        fact = await self.facts.wait(tel.CallWaiting, lambda f: f.call_id not in known)
        return dialog, fact

    async def presses(self, waiting: Dialog, keys: str) -> None:
        """Press while the music is listened to: Asterisk passes keys over while it asks for an
        announcement, which it has just done then and does again in two seconds."""
        while not self.announcer.asked.empty():
            self.announcer.asked.get_nowait()
        async with asyncio.timeout(20):
            await self.announcer.asked.get()
        await waiting.listen(5)
        waiting.press(keys)

    async def close(self) -> None:
        for phone in self._phones:
            phone.close()
        await self.line.stop()
        await self.asterisk.stop()

    def errors(self) -> list[str]:
        """Asterisk's own errors and warnings, but for what a loaded machine brings about."""
        text = (self.values.log_dir / "messages").read_text(errors="replace")
        lines = [line for line in text.splitlines() if " ERROR[" in line or " WARNING[" in line]
        return [line for line in lines if "taskprocessor" not in line]


@asynccontextmanager
async def switchboard(
    folder: Path, *, start: bool = True, **changes: Any
) -> AsyncIterator[Switchboard]:
    """Asterisk with its line, up; stopped at the end. `changes` are fields of AsteriskValues."""
    with media_ports(MEDIA_PORTS) as first:
        values = values_for(folder, first, dict.fromkeys(PHONES, SECRET))
        quick = {"waiting_turn_s": 1, "announce_every_turns": 2, "fallback_turn_s": 3}
        values = replace(values, **{**quick, "prompts_dir": folder / "prompts", **changes})
        write_prompts(values.prompts_dir / "zh")
        render(folder / "etc", values)
        board = Switchboard(values, folder / "etc")
        try:
            if start:
                await board.asterisk.start()
                await board.up()
            yield board
        finally:
            await board.close()


def write_prompts(folder: Path) -> None:
    """Half a second of sound for each prompt that the fakes speak."""
    folder.mkdir(parents=True)
    for name, frequency in (("greeting", 600), ("rate", 700), ("position", 800)):
        samples = (int(6000 * math.sin(math.tau * frequency * n / 8000)) for n in range(4000))
        with wave.open(str(folder / f"{name}.wav"), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(b"".join(s.to_bytes(2, "little", signed=True) for s in samples))
