"""Notices in a dictionary and a voice that only remembers (ports `ivr.ports`)."""

from __future__ import annotations

from datetime import datetime

from ivr.core.notices import Notice
from ivr.notices import Notices
from kernel.errors import Unavailable
from kernel.language import Language
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.clock import SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog


class DictNoticeStore:
    """Fills `ivr.ports.NoticeStore`."""

    def __init__(self) -> None:
        self.kept: dict[str, Notice] = {}

    async def add(self, notice: Notice) -> None:
        self.kept[notice.notice_id] = notice

    async def end(self, notice: Notice) -> None:
        if self.kept[notice.notice_id].ended_at is None:
            self.kept[notice.notice_id] = notice

    async def notice(self, notice_id: str) -> Notice | None:
        return self.kept.get(notice_id)

    async def not_over(self, now: datetime) -> list[Notice]:
        found = [n for n in self.kept.values() if not n.over(now)]
        return sorted(found, key=lambda n: (-n.begins_at.timestamp(), n.notice_id))

    async def listed(self, limit: int) -> list[Notice]:
        found = sorted(self.kept.values(), key=lambda n: (n.created_at, n.notice_id), reverse=True)
        return found[:limit]


class KeptVoice:
    """Fills `ivr.ports.Voice`. `dumb`: there is no voice."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, Language], str] = {}
        self.dumb = False

    async def speak(self, prompt: str, language: Language, text: str) -> None:
        if self.dumb:
            raise Unavailable("没有安装espeak-ng，无法生成提示音")
        self.said.setdefault((prompt, language), text)


class NoticeRoom:
    """The service of the notices with everything around it held in memory."""

    def __init__(self, store: DictNoticeStore | None = None) -> None:
        self.store = store or DictNoticeStore()
        self.voice = KeptVoice()
        self.audit = KeptAudit()
        self.clock = SetClock()
        self.log = KeptLog()
        self.notices = Notices(
            store=self.store,
            voice=self.voice,
            audit=self.audit,
            clock=self.clock,
            ids=CountedIds(),
            log=self.log,
        )
