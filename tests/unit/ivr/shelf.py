"""The services of the flows and of the intents with all they stand on held in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache

from ivr.adapters.flow_files import digest, parse_flow
from ivr.adapters.intent_files import parse_intents, read_sheet, write_sheet
from ivr.core.flow import Flow
from ivr.core.intents import IntentTable
from ivr.core.versions import Version
from ivr.flows import Flows
from ivr.intents import Forms, Intents
from ivr.versions import Shelf as Ground
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.clock import SetClock
from tests.fakes.log import KeptLog
from tests.fakes.version_store import DictVersionStore
from tests.unit.ivr.shipped import CONFIG, TEAMS, catalogue

SHIPPED = {name: (CONFIG / f"{name}.yaml").read_text() for name in ("main", "survey")}
SHIPPED_INTENTS = (CONFIG / "intents.yaml").read_text()
OTHER = SHIPPED["main"].replace("limit_s: 240", "limit_s: 200")
THIRD = SHIPPED["main"].replace("limit_s: 240", "limit_s: 180")
BROKEN = SHIPPED["main"].replace("silence: recognised", "silence: nowhere", 1)


_compiled: dict[tuple[str, str, str], Flow] = {}


def read(source: str, body: str, words: IntentTable) -> Flow:
    """Each text is compiled once with each table: a hundred tests begin with the shipped ones."""
    key = source, body, words.version
    if key not in _compiled:
        _compiled[key] = parse_flow(source, body, catalogue(), TEAMS, words)
    return replace(_compiled[key], words=words)


table_of = cache(parse_intents)


class Shelf:
    """The services with what they stand on, and what the reception has switched to."""

    def __init__(
        self,
        store: DictVersionStore | None = None,
        main: str = SHIPPED["main"],
        table: str = SHIPPED_INTENTS,
    ) -> None:
        self.store = store or DictVersionStore()
        self.audit = KeptAudit()
        self.log = KeptLog()
        self.clock = SetClock()
        self.switched: list[str] = []
        self.words: list[str] = []
        ground = Ground(
            store=self.store,
            digest=digest,
            audit=self.audit,
            clock=self.clock,
            log=self.log,
            turn=asyncio.Lock(),
        )
        self.intents = Intents(ground, table, Forms(table_of, read_sheet, write_sheet))
        self.flows = Flows(ground, {**SHIPPED, "main": main}, read, self.intents)

    async def open(self) -> Shelf:
        """As the composition root does."""
        await self.intents.load()
        await self.flows.load()
        self.flows.follow("main", lambda flow: self.switched.append(flow.version))
        self.flows.follow("main", lambda flow: self.words.append(flow.words.version))
        await self.intents.start()
        await self.flows.start()
        return self

    async def draft(self, body: str = OTHER) -> Version:
        return await self.flows.save_draft("main", body, "午间试用", "ad01")

    @property
    def now(self) -> str:
        return self.flows.current("main").version
