"""A trial's scene: a living hotline with operators at desk phones and citizens in every state."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from hotline.asterisk import phone_secrets
from hotline.secrets import Secrets
from tests.chaos.audit import Books, audit
from tests.chaos.crowd import BoothPhone, Citizen, Citizens, Operator, Ring
from tests.chaos.living_hotline import LivingHotline
from tests.e2e.records import Records, until

TEAM = "general"
IN_LINE_WITHIN_S = 40
PAUSED_WITHIN_S = 40
LOOK_EVERY_S = 0.05
AT_A_TIME = 10
"""How many people sign in, or come and press a key, at once: what two cores do without delay."""


class Scene:
    """`operators[i]` sits at `phones[i]`."""

    def __init__(self, hotline: LivingHotline, citizens: Citizens) -> None:
        self.hotline = hotline
        self.citizens = citizens
        self.operators: list[Operator] = []
        self.phones: list[BoothPhone] = []
        self.rings: list[Ring] = []
        self.records = Records(hotline.data_dir / "hotline.db")

    # --- people come -----------------------------------------------------------------------

    async def seat(self, count: int) -> None:
        """Operators of one team sit down at desk phones that ring on; they are not ready."""
        accounts = self.records.operators(TEAM)[:count]
        booths = [f"{n:03d}" for n in range(1, count + 1)]
        secrets = phone_secrets(Secrets(self.hotline.data_dir / "secrets"), booths)
        for account, booth in zip(accounts, booths, strict=True):
            name = f"desk{booth}"
            self.phones.append(
                await BoothPhone.open(name, self.hotline.sip_port, secrets[name], self.rings)
            )
            operator = Operator(self.hotline.base_url, account, self.hotline.password, booth)
            self.operators.append(operator)
        await self._some_at_a_time([o.sign_in() for o in self.operators])
        for operator in self.operators:
            await operator.be(lambda s: bool(s.get("phone_reachable")))

    async def empty_booth(self) -> BoothPhone:
        """One more phone, registered, where nobody has logged in."""
        booth = f"{len(self.phones) + 1:03d}"
        secrets = phone_secrets(Secrets(self.hotline.data_dir / "secrets"), [booth])
        name = f"desk{booth}"
        phone = await BoothPhone.open(name, self.hotline.sip_port, secrets[name], self.rings)
        self.phones.append(phone)
        return phone

    async def waiting(self, count: int) -> list[Citizen]:
        """So many citizens come at about the same time; as they stand in the line, first first."""
        came: list[tuple[str, str, Citizen]] = []

        async def come() -> None:
            citizen = await self.citizens.call()
            call_id = await self.in_line(citizen)
            queued = await self.records.event(call_id, "CallQueued")
            came.append((queued["first_arrival_at"], call_id, citizen))

        await self._some_at_a_time([come() for _ in range(count)])
        return [citizen for _, _, citizen in sorted(came, key=lambda one: one[:2])]

    async def _some_at_a_time(self, work: Sequence[Coroutine[Any, Any, None]]) -> None:
        gate = asyncio.Semaphore(AT_A_TIME)

        async def one(part: Coroutine[Any, Any, None]) -> None:
            async with gate:
                await part

        async with asyncio.TaskGroup() as group:
            for part in work:
                group.create_task(one(part))

    async def in_line(self, citizen: Citizen) -> str:
        """The call's id, as soon as it waits. Who is not heard presses again, as people do."""
        call_id = await self.records.call(citizen.number)
        deadline = time.monotonic() + IN_LINE_WITHIN_S
        while "CallQueued" not in self.records.types(call_id):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{call_id} never waits: {self.records.types(call_id)}")
            citizen.dialog.press("0")
            with suppress(TimeoutError):
                await self.records.event(call_id, "CallQueued", within_s=2)
        return call_id

    async def talking(self, *indices: int) -> list[Citizen]:
        """These operators become ready; as many citizens come, and all talk."""
        for index in indices:
            self.phones[index].answers_after_s = 0.0
            await self.operators[index].say("ready")
        citizens = await self.waiting(len(indices))
        for index in indices:
            await self.operators[index].be(lambda s: s.get("activity") == "talking")
            self.phones[index].answers_after_s = None
        return citizens

    async def ringing(self, *indices: int) -> list[Citizen]:
        """These operators become ready, and their phones ring for as many new citizens."""
        citizens = await self.waiting(len(indices))
        await self.rung(*indices)
        return citizens

    async def rung(self, *indices: int) -> None:
        """These operators become ready, unless they are, and their phones ring for who waits. In a
        large crowd the first have let it ring in vain before the last are rung."""
        for index in indices:
            operator = self.operators[index]
            await operator.be(lambda s: s.get("activity") in ("idle", "offered"))
            if operator.state["activity"] == "idle":
                await operator.say("ready")
        for index in indices:
            await self.operators[index].be(
                lambda s: s.get("activity") == "offered" or s.get("reason") == "ring_no_answer"
            )

    # --- people go -------------------------------------------------------------------------

    async def finish(self, index: int, *, ready: bool = True) -> None:
        """The operator ends conversation and write-up, as far as there are any."""
        operator = self.operators[index]
        if operator.state.get("activity") == "talking":
            await operator.say("release")
            await operator.be(lambda s: s.get("activity") in ("wrap_up", "idle"))
        if operator.state.get("activity") == "wrap_up":
            await operator.say("wrap_up_done", disposition="answered", next_status="ready")
        elif ready:
            await operator.say("ready")

    async def pause(self, *indices: int) -> None:
        """Until these operators are on a break with nothing at their phones."""
        deadline = time.monotonic() + PAUSED_WITHIN_S
        while not all([await self._pauses(self.operators[index]) for index in indices]):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no rest: {[self.operators[i].state for i in indices]}")
            await asyncio.sleep(LOOK_EVERY_S)  # the interval between two looks at the condition

    async def _pauses(self, operator: Operator) -> bool:
        state = operator.state
        match state.get("activity"):
            case "offered":
                await operator.say("decline", offer_id=state["offer_id"])
            case "consulting":
                await operator.say("cancel_consult")
            case "talking":
                await operator.say("release")
            case "wrap_up":
                done = {"disposition": "answered", "next_status": "not_ready", "reason": "break"}
                await operator.say("wrap_up_done", **done)
            case "idle" if state["status"] == "ready":
                await operator.say("not_ready", reason="break")
            case "idle":
                return True
        return False

    async def everybody_hangs_up(self) -> Books:
        """All citizens leave, all operators finish; the books must agree."""
        for citizen in self.citizens.all:
            citizen.dialog.hang_up()
        for index, operator in enumerate(self.operators):
            await operator.be(lambda s: s.get("activity") in ("idle", "wrap_up"), 40)
            await self.finish(index, ready=False)
        return await audit(self.hotline, self.citizens.all, self.rings, self.operators)

    async def until(self, holds: Callable[[], bool], what: str, within_s: float = 30) -> None:
        await until(holds, what, within_s)

    async def close(self) -> None:
        await asyncio.gather(*(o.close() for o in self.operators))
        for phone in self.phones:
            phone.close()
        self.citizens.close()
        # A closed transport gives its socket back in the next turn of the loop.
        await asyncio.sleep(0)


@asynccontextmanager
async def scene(hotline: LivingHotline) -> AsyncIterator[Scene]:
    made = Scene(hotline, await Citizens.open(hotline.sip_port))
    try:
        yield made
    finally:
        await made.close()
