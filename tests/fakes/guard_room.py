"""The guard's service and the gate, with everything around them held in memory."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path

from ivr.adapters.screening_file import load_screening
from ivr.core.screening.policy import Policy
from ivr.enquiries import Enquiries
from ivr.gate import Gate
from ivr.screening import Screening
from ivr.service import Dialogue
from kernel.ids import CallId
from kernel.phone import clean
from kernel.telephony import (
    CallEntered,
    CallerInput,
    CallHungUp,
    EndedBy,
    InputKind,
    Instruction,
)
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.bus import CollectingBus
from tests.fakes.caller_memory import DictCallerMemory
from tests.fakes.clock import SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.ivr_world import DictOrderBook, SetSurroundings
from tests.fakes.line_book import DictLineBook
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.fakes.screening_store import DictScreeningStore
from tests.unit.ivr.shipped import main_flow

SHIPPED = Path(__file__).parents[2] / "config" / "ivr" / "screening.yaml"


def shipped_policy() -> Policy:
    return load_screening(SHIPPED)


class GuardRoom:
    """`call` comes in at the clock's moment; `hang_up` ends a call."""

    def __init__(
        self, store: DictScreeningStore | None = None, policy: Policy | None = None
    ) -> None:
        self.store = store or DictScreeningStore()
        self.audit = KeptAudit()
        self.bus = CollectingBus()
        self.clock = SetClock()
        self.log = KeptLog()
        self.memory = DictCallerMemory()
        ids = CountedIds()
        self.screening = Screening(
            policy=policy or shipped_policy(),
            store=self.store,
            audit=self.audit,
            bus=self.bus,
            clock=self.clock,
            ids=ids,
            log=self.log,
        )
        self.dialogue = Dialogue(
            flow=main_flow(),
            lines=DictLineBook(),
            memory=self.memory,
            surroundings=SetSurroundings(),
            enquiries=Enquiries(DictOrderBook(), self.log),
            notices=NoticeRoom().notices,
            bus=self.bus,
            clock=self.clock,
            ids=ids,
            log=self.log,
        )
        self.gate = Gate(screening=self.screening, dialogue=self.dialogue, memory=self.memory)
        self._numbers = count(1)

    def entered(self, ani: str, dnis: str = "12345") -> CallEntered:
        call_id = CallId(f"gz-1795521600-{next(self._numbers)}")
        return CallEntered(call_id, clean(ani), "", dnis, self.clock.now())

    async def call(self, ani: str, dnis: str = "12345") -> tuple[CallId, Instruction]:
        call = self.entered(ani, dnis)
        return call.call_id, await self.gate.begin(call)

    async def press(self, call_id: CallId, keys: str) -> Instruction:
        """Empty: the caller stays silent."""
        kind = InputKind.DIGITS if keys else InputKind.SILENCE
        return await self.gate.next(call_id, CallerInput(kind, keys, self.clock.now()))

    def hang_up(self, call_id: CallId) -> None:
        fact = CallHungUp(call_id, EndedBy.CALLER, 16, self.clock.now())
        self.gate.on_fact(fact)
        self.screening.on_fact(fact)
        self.dialogue.forget(call_id)

    def later(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
