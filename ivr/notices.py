"""Broadcast notices: made in a minute, heard by the next caller, ended by the clock or by a click.

What is heard now is answered from memory. A notice is spoken into files before anybody can hear it;
files that are gone at the next start are spoken anew.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from ivr.core.notices import Notice, checked, demand_running
from ivr.ports import Log, NoticeStore, Voice
from kernel.audit import AuditTrail
from kernel.clock import Clock
from kernel.errors import NotFound, Unavailable
from kernel.ids import IdSource, TeamId
from kernel.language import Language

LISTED = 50


class Notices:
    def __init__(
        self,
        *,
        store: NoticeStore,
        voice: Voice,
        audit: AuditTrail,
        clock: Clock,
        ids: IdSource,
        log: Log,
    ) -> None:
        self._store = store
        self._voice = voice
        self._audit = audit
        self._clock = clock
        self._ids = ids
        self._log = log
        self._kept: dict[str, Notice] = {}
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Read what is not over, and speak what has no sound. A notice that cannot be spoken is
        not heard; the line opens all the same."""
        for notice in await self._store.not_over(self._clock.now()):
            try:
                await self._speak(notice)
            except Unavailable as error:
                self._log.warning("notice_not_spoken", notice=notice.notice_id, reason=str(error))
            else:
                self._kept[notice.notice_id] = notice

    def active(self, now: datetime) -> tuple[Notice, ...]:
        """Heard at this moment, from memory. There are a handful at most."""
        return tuple(notice for notice in self._kept.values() if notice.active(now))

    async def listed(self) -> list[Notice]:
        """The last 50, newest first."""
        return await self._store.listed(LISTED)

    async def create(
        self,
        *,
        texts: dict[Language, str],
        team: TeamId | None,
        district: str,
        begins_at: datetime | None,
        ends_at: datetime,
        who: str,
    ) -> Notice:
        """`begins_at` None: at once. Without a Cantonese text the Mandarin one is read by the
        Cantonese voice.

        Raises:
            BadInput: a text or a time is missing or wrong.
            Unavailable: it could not be spoken, or not be recorded; nobody hears it then.
        """
        now = self._clock.now()
        said = {language: " ".join(text.split()) for language, text in texts.items()}
        said[Language.CANTONESE] = said.get(Language.CANTONESE) or said.get(Language.MANDARIN, "")
        notice = checked(
            Notice(
                notice_id=self._ids.new(),
                texts=said,
                team=team,
                district=district,
                begins_at=begins_at or now,
                ends_at=ends_at,
                created_by=who,
                created_at=now,
            ),
            now,
        )
        await self._speak(notice)
        await self._audit.record(
            who=who,
            action="notice_created",
            object_id=notice.notice_id,
            detail={"team": team, "until": ends_at.isoformat()},
        )
        await self._store.add(notice)
        self._kept[notice.notice_id] = notice
        return notice

    async def end(self, notice_id: str, who: str) -> Notice:
        """Nobody hears it from now on.

        Raises:
            NotFound: there is none.
            InvalidTransition: it is over already.
        """
        async with self._turn:
            notice = await self._store.notice(notice_id)
            if notice is None:
                raise NotFound("没有这条通知")
            now = self._clock.now()
            demand_running(notice, now)
            await self._audit.record(who=who, action="notice_ended", object_id=notice_id)
            ended = replace(notice, ended_by=who, ended_at=now)
            await self._store.end(ended)
            self._kept.pop(notice_id, None)
            return ended

    async def _speak(self, notice: Notice) -> None:
        for language, text in notice.texts.items():
            await self._voice.speak(notice.prompt, language, text)
