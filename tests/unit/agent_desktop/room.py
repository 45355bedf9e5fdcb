"""A desk with fakes behind it, and helpers that read what a tab was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from agent_desktop.core.menu_titles import StepTitles
from agent_desktop.core.named import Named
from agent_desktop.ports import Operator
from agent_desktop.protocol import Hello
from agent_desktop.service import Desk, Tab
from agent_desktop.stories import CallStories
from agent_desktop.supervision import Supervision
from kernel.ids import AgentId, TeamId
from kernel.policy import Principal, Role
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.desk_ports import (
    FakeClock,
    FakeFloor,
    FakeOutbox,
    FakePeople,
    FakePlans,
    FakeRecords,
    SilentLog,
)

LI = AgentId("op0001")
CHEN = AgentId("op0002")
DISPOSITIONS = (
    Named("answered", "已直接答复", "Answered at once"),
    Named("silent", "无声电话", "Silent call"),
)


def operator(agent_id: AgentId, name: str, name_en: str) -> Operator:
    return Operator(
        agent_id=agent_id, name=name, name_en=name_en, teams=(TeamId("labour"), TeamId("general"))
    )


def principal(agent_id: AgentId = LI, role: Role = Role.OPERATOR) -> Principal:
    return Principal(
        account=agent_id,
        display_name="李静怡",
        roles=frozenset({role}),
        agent_id=agent_id if role is Role.OPERATOR else None,
    )


@dataclass
class Room:
    """Everything behind one desk."""

    floor: FakeFloor = field(default_factory=FakeFloor)
    records: FakeRecords = field(default_factory=FakeRecords)
    clock: FakeClock = field(default_factory=FakeClock)
    stories: CallStories = field(default_factory=CallStories)
    log: SilentLog = field(default_factory=SilentLog)
    audit: KeptAudit = field(default_factory=KeptAudit)
    plans: FakePlans = field(default_factory=FakePlans)
    people: FakePeople = field(
        default_factory=lambda: FakePeople(
            operator(LI, "李静怡", "Li Jingyi"), operator(CHEN, "陈国强", "Chen Guoqiang")
        )
    )

    def __post_init__(self) -> None:
        self.desk = Desk(
            floor=self.floor,
            people=self.people,
            menu=StepTitles(),
            records=self.records,
            stories=self.stories,
            plans=self.plans,
            dispositions=DISPOSITIONS,
            clock=self.clock,
            log=self.log,
        )

        self.supervision = Supervision(floor=self.floor, people=self.people, audit=self.audit)

    async def tab(
        self, who: Principal | None = None, tab_id: str = "tab-1"
    ) -> tuple[Tab, FakeOutbox]:
        out = FakeOutbox()
        hello = Hello(request_id="hello", tab_id=tab_id)
        return await self.desk.attach(who or principal(), hello, out), out


def sent(out: FakeOutbox, kind: str | None = None) -> list[dict[str, Any]]:
    """The messages of one kind, or all but the heartbeat, oldest first."""
    messages = [json.loads(text) for text in out.sent]
    return [m for m in messages if (m["type"] == kind if kind else m["type"] != "time")]
