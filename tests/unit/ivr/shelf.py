"""The service of the flows with everything it stands on held in memory."""

from __future__ import annotations

from ivr.adapters.flow_files import digest, parse_flow
from ivr.core.flow import Flow
from ivr.core.versions import FlowVersion
from ivr.flows import Flows
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.clock import SetClock
from tests.fakes.flow_store import DictFlowStore
from tests.fakes.log import KeptLog
from tests.unit.ivr.shipped import CONFIG, TEAMS, catalogue, intents

SHIPPED = {name: (CONFIG / f"{name}.yaml").read_text() for name in ("main", "survey")}
OTHER = SHIPPED["main"].replace("limit_s: 240", "limit_s: 200")
THIRD = SHIPPED["main"].replace("limit_s: 240", "limit_s: 180")
BROKEN = SHIPPED["main"].replace("silence: recognised", "silence: nowhere", 1)


def read(source: str, body: str) -> Flow:
    return parse_flow(source, body, catalogue(), TEAMS, intents())


class Shelf:
    """The service with what it stands on, and what it has switched to."""

    def __init__(self, store: DictFlowStore | None = None, main: str = SHIPPED["main"]) -> None:
        self.store = store or DictFlowStore()
        self.audit = KeptAudit()
        self.log = KeptLog()
        self.switched: list[str] = []
        self.flows = Flows(
            store=self.store,
            read=read,
            digest=digest,
            shipped={**SHIPPED, "main": main},
            audit=self.audit,
            clock=SetClock(),
            log=self.log,
        )

    async def open(self) -> Shelf:
        await self.flows.load()
        self.flows.follow("main", lambda flow: self.switched.append(flow.version))
        await self.flows.start()
        return self

    async def draft(self, body: str = OTHER) -> FlowVersion:
        return await self.flows.save_draft("main", body, "午间试用", "ad01")

    @property
    def now(self) -> str:
        return self.flows.current("main").version
