"""The guard at work: judges entering calls from memory, keeps its lists and levels, tells the bus.

One object owns the guard; everything about a call is answered at once and without the database. The
lists and the level are written in the background, in batches; a database that is away delays the
writing and nothing else. Counters begin anew with each run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import assert_never

from ivr.core.screening.figures import Count
from ivr.core.screening.guard import Guard, Picture
from ivr.core.screening.levels import LevelChange
from ivr.core.screening.listed import ListEntry, ListKind, Treatment, checked
from ivr.core.screening.policy import Level, Policy
from ivr.core.screening.present import Decision, Failure, Reason, Verdict
from ivr.ports import Log, ScreeningStore
from kernel.audit import AuditTrail
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.events import CallAnswered, CallScreened, ChallengeEnded, GuardLevelChanged
from kernel.ids import CallId, EventId, IdSource
from kernel.phone import clean, mask
from kernel.telephony import CallEntered, CallHungUp, LineRestored, TalkEnded, TelephonyFact

EVERY_S = 2.0
KEPT_FOR = timedelta(days=180)
"""What is over. Source: Cybersecurity Law, article 21: logs of six months."""
LISTED = 30
RECALLED_AT_ONCE = 5_000
REASON_LIMIT = 200
_UNREMARKABLE = frozenset({Reason.ORDINARY, Reason.KNOWN})


class Screening:
    def __init__(
        self,
        *,
        policy: Policy,
        store: ScreeningStore,
        audit: AuditTrail,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
        log: Log,
        every_s: float = EVERY_S,
    ) -> None:
        self._guard = Guard(policy, ids.new)
        self._store = store
        self._audit = audit
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._log = log
        self._every_s = every_s
        self._secret = ids.new().encode()[:64]
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._recalling: asyncio.Task[None] | None = None

    @property
    def policy(self) -> Policy:
        return self._guard.policy

    async def start(self) -> None:
        """Take up the lists and the level of the run before; the line opens all the same when the
        database is away."""
        now = self._clock.now()
        try:
            await self._store.forget(now - KEPT_FOR, now)
            entries, changes = await self._store.entries(now), await self._store.changes(1)
        except Exception as error:  # whatever the database's fault is, callers are answered
            self._log.warning("screening_not_read", reason=repr(error))
        else:
            self._guard.restore(entries, changes[0] if changes else None, now)
            self._recalling = asyncio.get_running_loop().create_task(
                self._recall(now), name="ivr-screening-recall"
            )
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="ivr-screening")

    async def stop(self) -> None:
        """Write what has changed, if the database lets us."""
        if self._task is None:
            return
        tasks = [task for task in (self._task, self._recalling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = self._recalling = None
        await self.flush()

    async def recalled(self) -> None:
        """Return when the numbers that earlier runs learned are in memory."""
        if self._recalling is not None:
            await asyncio.wait([self._recalling])

    # --- calls ----------------------------------------------------------------------------

    def enter(self, call: CallEntered, *, familiar: bool) -> Verdict:
        """Judge the call, and tell it unless it simply passes. From memory."""
        verdict = self._guard.enter(
            call.call_id, call.ani, call.dnis, familiar=familiar, now=call.at
        )
        self._tell_level()
        plain = verdict.decision is Decision.PASS and not verdict.after_others
        if not (plain and verdict.reason in _UNREMARKABLE):
            self._tell(call.call_id, verdict)
        return verdict

    def again(self, call_id: CallId, *, familiar: bool) -> Verdict | None:
        """Look once more at a caller who passed and has pressed nothing, while the guard is up:
        what is asked of the caller now, or None. From memory."""
        verdict = self._guard.again(call_id, familiar=familiar, now=self._clock.now())
        if verdict is not None:
            self._tell(call_id, verdict)
        return verdict

    def passed(self, call_id: CallId) -> None:
        """The caller pressed the key."""
        self._guard.passed(call_id, self._clock.now())
        self._ended(call_id, "passed")

    def failed(self, call_id: CallId, held: int, *, pressed: bool) -> Failure:
        """The caller did not, one of `held`, but perhaps `pressed` another; what is done about it
        at the present level."""
        way = self._guard.failed(call_id, held, pressed, self._clock.now())
        match way:
            case Failure.AFTER_OTHERS:
                self._ended(call_id, "after_others")
            case Failure.REFUSE:
                self._ended(call_id, "failed")
            case Failure.LET_GO:
                self._ended(call_id, "let_go")
            case _:
                assert_never(way)
        return way

    def emergency(self, call_id: CallId) -> None:
        """The caller took the way to the emergency numbers instead."""
        self._guard.counted(Count.EMERGENCY, self._clock.now())
        self._ended(call_id, "emergency")

    def let_go(self, call_id: CallId) -> None:
        """The caller heard why the call is refused, and nothing was pressed."""
        self._ended(call_id, "let_go")

    def left(self, call_id: CallId) -> None:
        """The caller hung up instead of pressing."""
        self._guard.counted(Count.LEFT, self._clock.now())
        self._ended(call_id, "left")

    def put_behind(self) -> None:
        """A caller goes on behind the others."""
        self._guard.counted(Count.AFTER_OTHERS, self._clock.now())

    def on_fact(self, fact: TelephonyFact) -> None:
        """Who is on the line."""
        match fact:
            case TalkEnded(call_id=call_id, at=at):
                self._guard.talked(call_id, at)
            case CallHungUp(call_id=call_id, at=at):
                self._guard.talked(call_id, at)
                self._guard.leave(call_id)
            case LineRestored(calls=calls, at=at):
                # A citizen whom we called is no call that came in.
                entered = {c.call_id: c.ani for c in calls if c.callback_id is None}
                self._guard.present_are(entered, at)
            case _:
                pass

    async def on_answered(self, event: CallAnswered) -> None:
        """A conversation begins."""
        if event.call_id is not None:
            self._guard.answered(event.call_id, event.occurred_at)

    # --- supervisors ----------------------------------------------------------------------

    def picture(self) -> Picture:
        now = self._clock.now()
        self._guard.look(now)
        self._tell_level()
        return self._guard.picture(now)

    def entries(self) -> list[ListEntry]:
        """The lists, latest made first."""
        return self._guard.lists.active(self._clock.now())

    async def changes(self) -> list[LevelChange]:
        """The last changes of the level, newest first."""
        await self.flush()
        return await self._store.changes(LISTED)

    async def pin(self, who: str, level: Level | None, reason: str, hours: float) -> None:
        """A person sets the level for some hours, or (None) gives it back to the figures.

        Raises:
            BadInput: no reason, or too long.
            Unavailable: it could not be recorded; nothing changes then.
        """
        reason = _reason(reason)
        longest = self.policy.pinned_longest
        lasts = timedelta(hours=hours)
        if level is not None and not timedelta(0) < lasts <= longest:
            raise BadInput("期限不在允许的范围内", "hours")
        async with self._turn:
            now = self._clock.now()
            until = None if level is None else now + lasts
            await self._audit.record(
                who=who,
                action="guard_level_set",
                object_id=level.value if level else "automatic",
                detail={"reason": reason, "until": until.isoformat() if until else None},
            )
            self._guard.pin(level, who, reason, until, now)
            self._tell_level()
        await self.flush()

    async def add(
        self,
        *,
        who: str,
        kind: ListKind,
        number: str,
        start: bool,
        treatment: Treatment,
        reason: str,
        hours: float,
    ) -> ListEntry:
        """Put a number, or all that begin with these digits, on a list until an end.

        Raises:
            BadInput, Conflict: it may not be; Unavailable: it could not be recorded.
        """
        async with self._turn:
            now = self._clock.now()
            entry = checked(
                ListEntry(
                    entry_id=self._ids.new(),
                    kind=kind,
                    number=number if start else self._whole(number),
                    start=start,
                    treatment=treatment,
                    reason=" ".join(reason.split()),
                    made_by=who,
                    made_at=now,
                    until=now + timedelta(hours=hours),
                ),
                self._longest(kind),
            )
            self._guard.lists.demand_room(entry, now)
            await self._recorded(who, "screening_listed", entry)
            self._guard.lists.add(entry, now)
            self._guard.entries[entry.entry_id] = entry
        await self.flush()
        return entry

    async def prolong(self, who: str, entry_id: str, hours: float) -> None:
        """The entry ends so many hours from now.

        Raises:
            NotFound, InvalidTransition: it is not on the list any more; BadInput: too long.
        """
        async with self._turn:
            now = self._clock.now()
            entry = self._guard.lists.running(entry_id, now)
            until = now + timedelta(hours=hours)
            if not timedelta(0) < until - now <= self._longest(entry.kind):
                raise BadInput("期限不在允许的范围内", "hours")
            await self._recorded(who, "screening_prolonged", entry, until)
            self._guard.entries[entry_id] = self._guard.lists.prolong(entry_id, until, now)
        await self.flush()

    async def remove(self, who: str, entry_id: str) -> None:
        """The entry ends now.

        Raises:
            NotFound, InvalidTransition: it is not on the list any more.
        """
        async with self._turn:
            now = self._clock.now()
            await self._recorded(who, "screening_removed", self._guard.lists.running(entry_id, now))
            self._guard.entries[entry_id] = self._guard.lists.end(entry_id, who, now)
        await self.flush()

    def token(self, number: str, start: bool) -> str:
        """A name for the number that tells nothing of it, good for this run of the platform."""
        text = f"{'start' if start else 'number'}:{number}"
        return blake2b(text.encode(), key=self._secret, digest_size=9).hexdigest()

    def behind(self, token: str) -> tuple[str, bool]:
        """The number, or leading digits, that is listed or among the busiest.

        Raises:
            NotFound: it is not any more.
        """
        picture = self._guard.picture(self._clock.now())
        shown = {(entry.number, entry.start) for entry in self.entries()}
        shown |= {(number, False) for number, _ in picture.busiest_numbers}
        shown |= {(block, True) for block, _ in picture.busiest_blocks}
        for number, start in shown:
            if self.token(number, start) == token:
                return number, start
        raise NotFound("这个号码已不在页面上，请刷新后重试")

    async def reveal(self, who: str, number: str, reason: str) -> str:
        """Record that a person reads a whole number, then give it.

        Raises:
            BadInput: no reason; Unavailable: it could not be recorded.
        """
        await self._audit.record(
            who=who,
            action="number_revealed",
            object_id=mask(number),
            detail={"reason": _reason(reason)},
        )
        return number

    # --- keeping --------------------------------------------------------------------------

    async def flush(self) -> None:
        """Write what has changed; kept and tried again later if that fails."""
        guard = self._guard
        entries, guard.entries = guard.entries, {}
        changes, guard.changes = guard.changes, []
        learned, guard.learned = guard.learned, {}
        if not entries and not changes and not learned:
            return
        try:
            await self._store.keep(list(entries.values()), changes, learned)
        except Exception as error:  # whatever the database's fault is, nothing is forgotten
            guard.entries = {**entries, **guard.entries}
            guard.changes = [*changes, *guard.changes]
            known = sorted({**learned, **guard.learned}.items(), key=lambda one: one[1])
            guard.learned = dict(known[-guard.policy.bounds.known :])
            self._log.warning("screening_not_written", reason=repr(error))

    async def _recall(self, now: datetime) -> None:
        """Known numbers, page by page: the line is open meanwhile."""
        left, after = self._guard.policy.bounds.known, ""
        try:
            while left > 0:
                page = await self._store.known(now, after, min(left, RECALLED_AT_ONCE))
                if not page:
                    return
                self._guard.recall(page)
                left, after = left - len(page), max(page)
        except Exception as error:  # whatever the database's fault is, callers are answered
            self._log.warning("known_callers_not_read", reason=repr(error))

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            now = self._clock.now()
            self._guard.look(now)
            self._tell_level()
            self._guard.lists.expire(now)
            await self.flush()

    def _tell(self, call_id: CallId, verdict: Verdict) -> None:
        self._bus.publish(
            CallScreened(
                event_id=self._event_id(),
                occurred_at=self._clock.now(),
                call_id=call_id,
                decision=verdict.decision.value,
                reason=verdict.reason.value,
                level=self._guard.level.value,
                after_others=verdict.after_others,
            )
        )

    def _tell_level(self) -> None:
        for change in self._guard.untold():
            self._log.warning(
                "guard_level",
                level=change.level.value,
                cause=change.cause.value,
                reason=change.reason if not change.actor else "",
            )
            self._bus.publish(
                GuardLevelChanged(
                    event_id=self._event_id(),
                    occurred_at=change.at,
                    level=change.level.value,
                    cause=change.cause.value,
                    actor=change.actor,
                    reason=change.reason,
                )
            )

    async def _recorded(
        self, who: str, action: str, entry: ListEntry, until: datetime | None = None
    ) -> None:
        detail: Mapping[str, str | bool] = {
            "list": entry.kind.value,
            "number": mask(entry.number),
            "reason": entry.reason,
            "until": (until or entry.until).isoformat(),
        }
        await self._audit.record(who=who, action=action, object_id=entry.entry_id, detail=detail)

    def _whole(self, number: str) -> str:
        return self._guard.spelled(clean(number))

    def _longest(self, kind: ListKind) -> timedelta:
        lists = self.policy.lists
        return lists.grey_longest if kind is ListKind.GREY else lists.spared_longest

    def _ended(self, call_id: CallId, outcome: str) -> None:
        self._bus.publish(
            ChallengeEnded(
                event_id=self._event_id(),
                occurred_at=self._clock.now(),
                call_id=call_id,
                outcome=outcome,
            )
        )

    def _event_id(self) -> EventId:
        return EventId(self._ids.new())


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise BadInput("请填写原因", "reason")
    if len(said) > REASON_LIMIT:
        raise BadInput("原因太长", "reason")
    return said
