"""The distribution with everything around it in memory, for the tests of whole calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from acd.core.views import AgentView
from acd.service import Distribution
from kernel import events as ev
from kernel.ids import AgentId, BoothId, CallId, Endpoint
from kernel.language import Language
from tests.fakes.bus import CollectingBus
from tests.fakes.call_control import Exchange
from tests.fakes.clock import SetClock
from tests.fakes.event_log import ListEventLog
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.roster import DictRoster, Profile
from tests.fakes.timers import HandTimers
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules

E = TypeVar("E", bound=ev.Event)
A, B, C = AgentId("op0001"), AgentId("op0002"), AgentId("op0003")


@dataclass
class Hall:
    """The distribution with everything around it."""

    clock: SetClock = field(default_factory=SetClock)
    bus: CollectingBus = field(default_factory=CollectingBus)
    timers: HandTimers = field(default_factory=HandTimers)
    event_log: ListEventLog = field(default_factory=ListEventLog)
    log: KeptLog = field(default_factory=KeptLog)
    roster: DictRoster = field(default_factory=DictRoster)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.clock)
        self.roster.profiles = {
            A: Profile({GENERAL: 5, LABOUR: 5}),
            B: Profile({GENERAL: 5, LABOUR: 8}),
            C: Profile({GENERAL: 7}, frozenset({Language.MANDARIN, Language.CANTONESE})),
        }
        self.acd = Distribution(
            rules=make_rules(),
            roster=self.roster,
            control=self.exchange,
            timers=self.timers,
            clock=self.clock,
            bus=self.bus,
            ids=CountedIds(),
            event_log=self.event_log,
            log=self.log,
        )
        self.exchange.subscribe(self.acd.post)

    async def calm(self) -> None:
        """Return when every fact, order and order's failure is worked off."""
        import asyncio

        while True:
            await self.acd.settled()
            before = len(self.event_log.entries), len(self.exchange.orders)
            for _ in range(5):
                await asyncio.sleep(0)
            await self.acd.settled()
            if before == (len(self.event_log.entries), len(self.exchange.orders)):
                return

    async def seat(self, agent: AgentId, ready: bool = True) -> str:
        """Log in at the booth with the operator's number; the phone's name."""
        booth = agent[-3:]
        phone = f"booth{booth}"
        self.exchange.register(phone)
        await self.acd.log_in(agent, BoothId(booth), Endpoint(phone))
        if ready:
            await self.acd.ready(agent)
        await self.calm()
        return phone

    async def arrive(self, call_id: str, team: str = "general", **more: Any) -> CallId:
        found = self.exchange.arrive(call_id, team, **more)
        await self.calm()
        return found

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while (due := self.timers.due()) is not None and due <= end:
            self.clock.advance(max(due - self.clock.now(), timedelta(0)))
            self.timers.expire_until(self.clock.now())
            await self.calm()
        self.clock.advance(end - self.clock.now())

    def view(self, agent: AgentId) -> AgentView:
        return self.acd.agent_view(agent)

    def published(self, event_type: type[E]) -> list[E]:
        return self.bus.of(event_type)

    def outcomes(self) -> list[str]:
        return [e.outcome for e in self.published(ev.OfferEnded)]
