"""A department of cases in memory, on the shipped reviewed data, for the tests beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kernel.ids import AgentId, AuthorityId, CallId, TeamId
from kernel.language import Language
from kernel.policy import Principal, Role
from tests.fakes.article_book import DictArticleBook
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.bus import CollectingBus
from tests.fakes.call_book import DictCallBook
from tests.fakes.case_store import DictCaseStore
from tests.fakes.clock import SetClock
from tests.fakes.ids import CountedIds
from workorders.adapters.city_files import FileCity
from workorders.adapters.reference_files import load_reference
from workorders.core.case import CaseContent, Dispatched, Outcome, Submitted
from workorders.core.words import RequestType
from workorders.ports import CallFacts, CaseStore
from workorders.reference import Reference
from workorders.results import FiledCase
from workorders.service import Cases

CONFIG = Path(__file__).resolve().parents[3] / "config"
AGENT = AgentId("op0001")
OTHER_AGENT = AgentId("op0002")
CALL = CallId("gz1-1764000000-1")
OTHER_CALL = CallId("gz1-1764000000-2")
ANI = "13800138000"
TEAM = TeamId("urban")
TIANHE = AuthorityId("gov-tianhe")
ENVIRONMENT = AuthorityId("ecology-environment")

OPERATOR = Principal("op0001", "陈晓明", frozenset({Role.OPERATOR}), agent_id=AGENT)
SUPERVISOR = Principal("ad02", "值班长", frozenset({Role.SUPERVISOR}))
QUALITY = Principal("ad03", "质检员", frozenset({Role.QUALITY}))
DISPATCHER = Principal("ad05", "派单员", frozenset({Role.DISPATCHER}))
ADMINISTRATOR = Principal("ad01", "管理员", frozenset({Role.ADMINISTRATOR}))


@cache
def reference() -> Reference:
    """The shipped data, read once."""
    return load_reference(CONFIG, city())


@cache
def city() -> FileCity:
    return FileCity(CONFIG)


FUME = CaseContent(
    request_type=RequestType.COMPLAINT,
    category="urban.environment.fume",
    description="楼下火锅店油烟直排到居民楼，六楼以下不敢开窗。",
    district="tianhe",
    address="天河区棠下西边大街8号",
    requester_name="段先生",
    details={"source_name": "老城火锅店"},
)


@dataclass
class World:
    """The service with everything it was given, so that a test can look behind it."""

    store: CaseStore = field(default_factory=DictCaseStore)
    clock: SetClock = field(default_factory=SetClock)
    bus: CollectingBus = field(default_factory=CollectingBus)
    audit: KeptAudit = field(default_factory=KeptAudit)
    calls: DictCallBook = field(
        default_factory=lambda: DictCallBook(
            CallFacts(CALL, ANI, TEAM, Language.CANTONESE, AGENT),
            CallFacts(OTHER_CALL, ANI, None, None, AGENT),
        )
    )
    ids: CountedIds = field(default_factory=CountedIds)

    def __post_init__(self) -> None:
        self.cases = Cases(
            store=self.store,
            reference=reference(),
            city=city(),
            articles=DictArticleBook(KB_URB_001="餐饮油烟扰民怎么投诉"),
            calls=self.calls,
            audit=self.audit,
            bus=self.bus,
            clock=self.clock,
            ids=self.ids,
        )

    async def draft(self, call_id: CallId | None = CALL, ani: str = ANI) -> str:
        """A fresh draft's id."""
        opened = await self.cases.open_draft(
            agent_id=AGENT, team=TEAM, call_id=call_id, ani=ani, language=Language.CANTONESE
        )
        return opened.draft_id


async def file(
    world: World, outcome: Outcome | None = None, content: CaseContent = FUME, ani: str = ANI
) -> FiledCase:
    draft_id = await world.draft(call_id=None, ani=ani)
    return await world.cases.file(
        draft_id, agent_id=AGENT, content=content, outcome=outcome or Dispatched(TIANHE)
    )


async def submitted(world: World) -> str:
    return (await file(world, Submitted())).number
