"""Decides which conversations are written down, and tells what was said as it is said.

Off unless a team is named: a citizen's words are a citizen's. What is said goes out as events; the
journal of calls leaves them out, and nothing of it is written to a disk here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.events import ConversationSpoken
from kernel.ids import CallId, EventId, IdSource, TeamId
from kernel.language import Language
from kernel.telephony import (
    CallHungUp,
    CallWaiting,
    OfferAnswered,
    RecordingClosed,
    TelephonyFact,
)
from speech.core.wire import Followed, Said
from speech.ports import Log
from speech.service import Hearing

CLOSED_WITHIN_S = 10.0
"""After the caller has gone, a recording of which nobody hears that it was closed does not grow."""


@dataclass(slots=True)
class _Call:
    team: TeamId
    language: Language
    ear: str | None = None


class Transcripts:
    """`file_of`: where the telephone system writes the recording of a call while it lasts."""

    def __init__(
        self,
        *,
        hearing: Hearing,
        teams: Collection[TeamId],
        file_of: Callable[[CallId], Path],
        bus: EventBus,
        ids: IdSource,
        clock: Clock,
        log: Log,
    ) -> None:
        self._hearing = hearing
        self._teams = frozenset(teams)
        self._file_of = file_of
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self._log = log
        self._calls: dict[CallId, _Call] = {}

    def on_fact(self, fact: TelephonyFact) -> None:
        match fact:
            case CallWaiting(call_id=call_id, team=team, language=language):
                self._waits(call_id, team, language)
            case OfferAnswered(call_id=call_id):
                self._talks(call_id)
            case CallHungUp(call_id=call_id):
                self._over(call_id)
            case RecordingClosed(call_id=call_id):
                self._closed(call_id)

    def following(self) -> int:
        """How many conversations are being written down."""
        return sum(call.ear is not None for call in self._calls.values())

    def _waits(self, call_id: CallId, team: TeamId, language: Language) -> None:
        call = self._calls.get(call_id)
        if call is not None and call.ear is not None:
            # Handed on: the recording and its transcript go on.
            return
        if team in self._teams:
            self._calls[call_id] = _Call(team, language)
        else:
            self._calls.pop(call_id, None)

    def _talks(self, call_id: CallId) -> None:
        call = self._calls.get(call_id)
        if call is None or call.ear is not None:
            return

        def tell(told: Said | Followed) -> None:
            self._tell(call_id, told)

        call.ear = self._hearing.follow(call.language, self._file_of(call_id), tell)
        if call.ear is None:
            self._log.info("conversation_not_transcribed", call_id=call_id)

    def _over(self, call_id: CallId) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        if call.ear is None:
            del self._calls[call_id]
            return
        asyncio.get_running_loop().call_later(CLOSED_WITHIN_S, self._closed, call_id)

    def _closed(self, call_id: CallId) -> None:
        call = self._calls.get(call_id)
        if call is not None and call.ear is not None:
            self._hearing.complete(call.ear)

    def _tell(self, call_id: CallId, told: Said | Followed) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        if isinstance(told, Followed):
            del self._calls[call_id]
            if told.reason:
                self._log.warning("transcript_broke_off", call_id=call_id, reason=told.reason)
            return
        self._bus.publish(
            ConversationSpoken(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=call_id,
                team=call.team,
                side=told.side,
                text=told.text,
                confidence_fraction=told.confidence_fraction,
                from_s=told.from_s,
                to_s=told.to_s,
            )
        )
