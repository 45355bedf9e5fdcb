"""A day of events at seconds after noon, folded into the figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from acd.core.metrics import ClosedMinute, Metrics
from kernel import events as ev
from kernel.ids import AgentId, BoothId, CallId, EventId, OfferId
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.unit.acd.rules import GENERAL, make_rules

A = AgentId("op1")


class Day:
    """Events at seconds after noon."""

    def __init__(self) -> None:
        self.metrics = Metrics(make_rules())
        self.closed: list[ClosedMinute] = []

    def _fold(self, kind: type[ev.Event], at: float, **fields: Any) -> None:
        event = kind(event_id=EventId("e"), occurred_at=NOON + timedelta(seconds=at), **fields)
        self.closed += self.metrics.fold(event)

    def queued(self, call: str, at: float, team: Any = GENERAL, cause: str = "entry") -> None:
        self._fold(
            ev.CallQueued, at, call_id=CallId(call), team=team, language=Language.MANDARIN,
            priority=0, position=1, cause=cause, first_arrival_at=NOON + timedelta(seconds=at),
        )  # fmt: skip

    def answered(
        self, call: str, at: float, waited: float, team: Any = GENERAL, agent: AgentId = A
    ) -> None:
        self._fold(
            ev.CallAnswered, at, call_id=CallId(call), offer_id=OfferId(call + ".1"),
            agent_id=agent, booth_id=BoothId("001"), team=team, waited_s=waited,
        )  # fmt: skip

    def abandoned(self, call: str, at: float, waited: float, team: Any = GENERAL) -> None:
        self._fold(
            ev.CallAbandoned, at, call_id=CallId(call), team=team, waited_s=waited, position=1
        )

    def agent(self, kind: type[ev.Event], at: float, **fields: Any) -> None:
        self._fold(kind, at, agent_id=A, **fields)

    def at(self, seconds: float) -> None:
        self.closed += self.metrics.advance(NOON + timedelta(seconds=seconds))

    def counts(self, team: Any = GENERAL) -> list[int]:
        return self.metrics.teams[team].day
