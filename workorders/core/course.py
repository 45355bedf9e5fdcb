"""The course of a case: one step of the lifecycle with all that hangs on it. Pure.

Puts together the transition table, the policy pack and the calendar: the case after an event, the
work orders that change with it, and the line of the timeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kernel.ids import EventId
from workorders.core import deadline, orders
from workorders.core.calendar import WorkCalendar
from workorders.core.case import Case, CaseFile, TimelineEntry, WorkOrder
from workorders.core.deadline import Due
from workorders.core.lifecycle import Happening, step
from workorders.core.policy_pack import DeadlineRule, PolicyPack, Stage, term_of
from workorders.core.words import Actor, CaseEvent, Note

_STARTS_CLOCK = frozenset(
    {CaseEvent.DISPATCHED, CaseEvent.REDISPATCHED, CaseEvent.RULED, CaseEvent.RESUMED}
)
_REDOES = frozenset({CaseEvent.REDO_ORDERED, CaseEvent.REOPENED})


@dataclass(frozen=True, slots=True)
class Moved:
    """What one event made of a case: the case, the orders it touched, its timeline entry."""

    case: Case
    orders: tuple[WorkOrder, ...]
    entry: TimelineEntry


@dataclass(frozen=True, slots=True)
class Course:
    """The rules that every step needs."""

    policy: PolicyPack
    calendar: WorkCalendar

    def rule(self, case: Case, stage: Stage) -> DeadlineRule:
        """The deadline rule of a stage. Raises LookupError if the pack has a hole."""
        content = case.content
        return self.policy.rule(stage, content.request_type, content.category, content.urgency)

    def clock(self, case: Case, stage: Stage, start: datetime, *, redo: bool = False) -> Due:
        """The clock of a stage that starts at `start`; a redo gets half the term."""
        term = term_of(self.rule(case, stage), redo=redo)
        return deadline.compute(term, start, self.calendar)

    def clock_of(
        self, case: Case, event: CaseEvent, now: datetime, due_at: datetime | None = None
    ) -> Due | None:
        """The clock that comes with an event, None for those that start none; `due_at` is the
        wanted end of an extension."""
        if event is CaseEvent.EXTENDED:
            old = case.progress.due
            return deadline.extended(old, due_at) if old and due_at else None
        if event in _STARTS_CLOCK or event in _REDOES:
            return self.clock(case, Stage.HANDLE, now, redo=event in _REDOES)
        return None

    def move(
        self,
        case: Case,
        present: Sequence[WorkOrder],
        happening: Happening,
        event_id: EventId,
        *,
        seq: int = 0,
    ) -> Moved:
        """One step. Raises what `lifecycle.step` raises, and then nothing has changed."""
        progress, effects = step(case.progress, happening)
        printed = self._printed(case, happening.at) if happening.due is not None else None
        touched = orders.apply(
            present, effects, case_number=case.number, printed=printed, now=happening.at
        )
        entry = TimelineEntry(
            event_id=event_id,
            case_number=case.number,
            seq=seq,
            at=happening.at,
            what=happening.event,
            actor=happening.actor,
            account=happening.account,
            from_state=case.state,
            to_state=progress.state,
            particulars=dict(happening.particulars),
        )
        return Moved(replace(case, progress=progress), touched, entry)

    def _printed(self, case: Case, at: datetime) -> orders.Printed:
        rule = self.rule(case, Stage.HANDLE)
        return orders.Printed(
            rule_id=rule.rule_id,
            due_text=rule.text,
            policy_version=self.policy.version,
            sign_due_at=self.clock(case, Stage.SIGN, at).due_at,
        )

    def recalculated(self, file: CaseFile, now: datetime, event_id: EventId) -> Moved | None:
        """The case with the clock that the present calendar gives, or None if nothing changes.

        A clock that somebody set by hand (an extension) is left alone.
        """
        case, old = file.case, file.case.progress.due
        if old is None or case.closed or case.progress.extended:
            return None
        new = self.clock(case, Stage.HANDLE, old.started_at, redo=case.progress.redos > 0)
        if new == old:
            return None
        entry = note(
            case,
            Note.DUE_RECALCULATED,
            Actor.SYSTEM,
            "-",
            now,
            event_id,
            {"before": old.due_at.isoformat(), "after": new.due_at.isoformat()},
        )
        touched = tuple(replace(o, due=new) for o in file.orders if o.open)
        return Moved(replace(case, progress=replace(case.progress, due=new)), touched, entry)


def note(
    case: Case,
    what: Note,
    actor: Actor,
    account: str,
    at: datetime,
    event_id: EventId,
    particulars: Mapping[str, str] | None = None,
    *,
    seq: int = 0,
) -> TimelineEntry:
    """A line of the timeline that changes no state."""
    return TimelineEntry(
        event_id=event_id,
        case_number=case.number,
        seq=seq,
        at=at,
        what=what,
        actor=actor,
        account=account,
        from_state=None,
        to_state=None,
        particulars=dict(particulars or {}),
    )
