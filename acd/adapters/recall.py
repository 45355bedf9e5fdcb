"""What a start needs of the log: read by the start itself, and again by a replay of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from acd.adapters.tables import AcdEventRow
from acd.core import codec
from acd.core.floor import microseconds
from acd.core.inputs import LogIn
from acd.core.metrics import DAY_MINUTES, MINUTE_US, ClosedMinute
from acd.core.restore import REMEMBERED, Recollection
from acd.ports import Memory
from kernel.event_wire import decode as decode_event

EVENTS_BACK = timedelta(minutes=60)
"""So far back events are read one by one; before that, closed minutes are."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SESSIONS = (
    "AgentLoggedOut",
    "AgentStatusChanged",
    "AgentForced",
    "RingOpened",
    "WrapUpRestricted",
)
# No callback lasts longer than a day (`acd.adapters.callbacks_file`).
_CALLBACKS = (
    "CallbackNoted",
    "CallbackDialled",
    "CallbackMissed",
    "CallbackPostponed",
    "CallbackEnded",
)
_WAITS = ("WaitForecastsScored",)
_CALLS = (
    "AgentLoggedIn",
    "AgentActivityChanged",
    "CallQueued",
    "CallOffered",
    "OfferEnded",
    "CallAnswered",
    "CallAbandoned",
    "CallDiverted",
    "TalkFinished",
    "WrapUpFinished",
)


async def recall(session: AsyncSession, now: datetime, before: int | None = None) -> Memory:
    """Closed minutes up to an hour before `now`, events since, and what had not ended.

    `before`: only entries with a lower number, as a start found them that has other entries after
    it by now.
    """
    first_minute = microseconds(now - EVENTS_BACK) // MINUTE_US
    since = _EPOCH + timedelta(minutes=first_minute)
    day_ago = now - timedelta(minutes=DAY_MINUTES + 1)
    log = _Log(session, before)
    minutes = await log.select("minute", (ClosedMinute.__name__,), day_ago)
    rows = await log.select("input", (LogIn.__name__,), day_ago)
    # What concerns the call in hand.
    rows += await log.select("input", [i.__name__ for i in REMEMBERED if i is not LogIn], since)
    rows += await log.select("event", _SESSIONS, day_ago)
    rows += await log.select("event", _CALLBACKS, day_ago)
    rows += await log.select("event", _CALLS, since)
    waits = await log.select("event", _WAITS, day_ago)
    rows.sort(key=lambda r: r.number)
    memory, events = Recollection(), []
    for row in rows:
        if row.kind == "input":
            memory.hear_input(codec.decode(row.body), row.at)
            continue
        event = decode_event(row.body)
        memory.hear(event)
        if row.at >= since:
            events.append(event)
    closed: list[ClosedMinute] = [codec.decode(row.body) for row in minutes]
    return Memory(
        minutes=[m for m in closed if m.minute < first_minute],
        closed_since=frozenset((m.minute, m.team) for m in closed if m.minute >= first_minute),
        events=events,
        agents=memory.agents(),
        calls=memory.calls(),
        open_rings=memory.open_rings(),
        handled=memory.handled(),
        wrap_up_limits=memory.wrap_up_limits(),
        waits=[decode_event(row.body) for row in waits],
        callbacks=memory.callbacks(),
    )


class _Log:
    """The log as a start sees it."""

    def __init__(self, session: AsyncSession, before: int | None) -> None:
        self._session = session
        self._before = before

    async def select(self, kind: str, types: Sequence[str], since: datetime) -> list[AcdEventRow]:
        """Rows of these types since then, by number; served by one index."""
        query = select(AcdEventRow).where(
            AcdEventRow.kind == kind, AcdEventRow.type.in_(types), AcdEventRow.at >= since
        )
        if self._before is not None:
            query = query.where(AcdEventRow.number < self._before)
        return list(await self._session.scalars(query.order_by(AcdEventRow.number)))
