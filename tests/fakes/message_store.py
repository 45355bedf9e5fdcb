"""Messages beside the rows of recordings (port `recordings.ports.MessageStore`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from kernel.ids import CallId
from kernel.language import Language
from recordings.core.message import Due, Message, Writing
from recordings.core.recording import Status
from recordings.core.transcript import Side, Utterance
from tests.fakes.recording_store import DictRecordingStore


class DictMessageStore:
    """`refusals`: how often it still refuses to say what is due."""

    def __init__(self, recordings: DictRecordingStore) -> None:
        self._recordings = recordings
        self.refusals = 0
        self.asked = 0

    def _ready(self, languages: Collection[Language]) -> list[Message]:
        rows = self._recordings.rows
        return [
            m
            for m in self._recordings.messages.values()
            if m.state is Writing.WAITING
            and m.language in languages
            and rows[m.call_id].status is Status.ARCHIVED
        ]

    async def due(
        self, languages: Collection[Language], now: datetime, limit: int
    ) -> Sequence[Due]:
        self.asked += 1
        if self.refusals:
            self.refusals -= 1
            raise OSError("refused, as it was told to")
        found = [m for m in self._ready(languages) if m.again_at <= now]
        found.sort(key=lambda m: (m.left_at, m.call_id))
        return [self._due(m) for m in found[:limit]]

    def _due(self, message: Message) -> Due:
        row = self._recordings.rows[message.call_id]
        assert row.file_name is not None
        return Due(message, row.file_name, row.duration, row.answered_at is not None)

    async def next_at(self, languages: Collection[Language]) -> datetime | None:
        return min((m.again_at for m in self._ready(languages)), default=None)

    async def keep(self, message: Message) -> None:
        if message.call_id in self._recordings.messages:
            self._recordings.messages[message.call_id] = message

    async def written(
        self, call_id: CallId, from_s: float, said: Sequence[Utterance], at: datetime
    ) -> bool:
        message = self._recordings.messages.get(call_id)
        if message is None or message.state is not Writing.WAITING:
            return False
        self._recordings.messages[call_id] = replace(message, state=Writing.WRITTEN, from_s=from_s)
        known = self._recordings.said.get(call_id, {})
        kept = {k: u for k, u in known.items() if k[1] is not Side.CALLER or k[0] < from_s}
        self._recordings.said[call_id] = kept | {(u.from_s, u.side): u for u in said}
        return True

    async def message(self, call_id: CallId) -> Message | None:
        return self._recordings.messages.get(call_id)

    async def beginnings(self, calls: Collection[CallId]) -> Mapping[CallId, Utterance]:
        found: dict[CallId, Utterance] = {}
        for call_id in calls:
            message = self._recordings.messages.get(call_id)
            if message is None or message.from_s is None:
                continue
            for said in await self._recordings.transcript(call_id):
                if said.side is Side.CALLER and said.from_s >= message.from_s:
                    found.setdefault(call_id, said)
        return found
