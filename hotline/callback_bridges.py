"""Where the ports of the duty callbacks are filled by the journal and by the distribution."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from acd.service import Distribution
from callbacks.core.intake import Intake, Missed
from callbacks.core.task import Kind
from callbacks.ports import WaitingCallback
from callbacks.service import DutyCallbacks
from cti.core.call_record import CallRecord
from cti.journal import CallFilter, CallJournal
from kernel.events import CallbackEnded
from kernel.ids import CallbackId, CallId
from kernel.paging import MAX_SIZE
from kernel.telephony import MessageLeft, TelephonyFact

_UNSPOKEN = ("abandoned", "fault", "message")
_LATER_CALLS = 50


class EndedCallbacks(Protocol):
    """The distribution's log, as far as it is asked here."""

    async def callbacks_ended(self, since: datetime) -> Sequence[CallbackEnded]: ...


class PastCalls:
    """Fills `callbacks.ports.PastCalls` from the call journal and the distribution's log."""

    def __init__(self, journal: CallJournal, log: EndedCallbacks) -> None:
        self._journal = journal
        self._log = log

    async def number(self, call_id: CallId) -> str | None:
        record = await self._journal.record(call_id)
        return record.ani if record is not None else None

    async def unspoken(self, since: datetime) -> Sequence[Missed]:
        found = [r for outcome in _UNSPOKEN for r in await self._ended(outcome, since)]
        missed = [_missed(r) for r in found if await self._was_left(r)]
        missed += await self._not_reached(since)
        return sorted(missed, key=lambda m: (m.at, m.call_id))

    async def _not_reached(self, since: datetime) -> list[Missed]:
        """Callbacks that did not bring their citizen, whom nobody has spoken with since."""
        heard = [Intake().hear(event) for event in await self._log.callbacks_ended(since)]
        return [
            m
            for m in heard
            if isinstance(m, Missed) and not await self._spoken_with(m.number or "", m.at)
        ]

    async def _ended(self, outcome: str, since: datetime) -> list[CallRecord]:
        records: list[CallRecord] = []
        cursor: str | None = None
        while True:
            page = await self._journal.calls(
                CallFilter(since=since, outcome=outcome), cursor, MAX_SIZE
            )
            records += page.rows
            cursor = page.next_cursor
            if cursor is None:
                return records

    async def _was_left(self, record: CallRecord) -> bool:
        """In a line, never answered, and nobody has spoken with the number since. A message is
        heard in any case."""
        if record.outcome == "message":
            return True
        if not record.ani or record.queued_at is None or record.answered_at is not None:
            return False
        return not await self._spoken_with(record.ani, record.arrived_at)

    async def _spoken_with(self, number: str, after: datetime) -> bool:
        return any(
            r.answered_at is not None and r.answered_at > after
            for r in await self._journal.contacts(number, _LATER_CALLS)
        )


def _missed(record: CallRecord) -> Missed:
    return Missed(
        Kind.MESSAGE if record.outcome == "message" else Kind.ABANDONED,
        record.call_id,
        record.ani,
        record.team,
        record.language,
        record.ended_at or record.arrived_at,
    )


class MessageBox:
    """Hears the telephone's facts: each message becomes a task for a person."""

    def __init__(self, duty: DutyCallbacks) -> None:
        self._duty = duty

    def on_fact(self, fact: TelephonyFact) -> None:
        if isinstance(fact, MessageLeft):
            self._duty.take(
                Missed(
                    Kind.MESSAGE,
                    fact.call_id,
                    fact.number.digits,
                    fact.team,
                    fact.language,
                    fact.at,
                )
            )


class CallbackLine:
    """Fills `callbacks.ports.Line` from the distribution."""

    def __init__(self, distribution: Distribution) -> None:
        self._acd = distribution

    def waiting(self) -> Sequence[WaitingCallback]:
        return [
            WaitingCallback(
                callback_id=c.callback_id,
                call_id=c.call_id,
                number=c.number,
                team=c.team,
                state=c.state,
                position=c.position,
                first_arrival_at=c.first_arrival_at,
                attempts=c.attempts,
                agent_id=c.agent_id,
                again_at=c.again_at,
            )
            for c in self._acd.callbacks()
        ]

    async def cancel(self, callback_id: CallbackId, actor: str) -> None:
        await self._acd.cancel_callback(callback_id, actor=actor)
