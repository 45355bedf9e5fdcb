"""What the flows of the IVR see of the other departments: orders by telephone, queues, the day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from acd.core.views import Wallboard
from acd.service import Distribution
from cti.journal import CallJournal
from ivr.core.conditions import Around, QueueLoad
from ivr.core.history import CALLS_KEPT, LONGEST, NO_HISTORY, History, PastCall
from ivr.core.saying import Stage
from ivr.core.waiting import QueueOffers
from ivr.ports import CallersOrder, Ears, OrderProgress
from kernel.errors import NotFound
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from workorders.core.calendar import WorkCalendar
from workorders.core.case import Case, CaseFile
from workorders.core.numbers import PREFIX, city_day, is_case_number
from workorders.core.words import CaseState
from workorders.service import Cases

_DAY_DIGITS = 8
_TAIL = 4
_RECENT = timedelta(days=60)
_ANSWERED_FOR = timedelta(days=7)
"""For so long a caller is told that an order was answered."""
_STAGES: Mapping[CaseState, Stage] = {
    CaseState.DRAFT: Stage.REGISTERED,
    CaseState.PENDING_DISPATCH: Stage.REGISTERED,
    CaseState.DISPATCHED: Stage.SENT,
    CaseState.IN_PROGRESS: Stage.HANDLED,
    CaseState.RETURN_REQUESTED: Stage.HANDLED,
    CaseState.COORDINATING: Stage.HANDLED,
    CaseState.LONG_TERM: Stage.HANDLED,
    CaseState.REDO: Stage.HANDLED,
    CaseState.REPLIED: Stage.REVIEWED,
    CaseState.CALLBACK_PENDING: Stage.ANSWERED,
    CaseState.ANSWERED: Stage.ANSWERED,
    CaseState.CLOSED: Stage.ANSWERED,
    CaseState.NOT_ACCEPTED: Stage.ENDED,
    CaseState.TRANSFERRED_OUT: Stage.ENDED,
    CaseState.MERGED: Stage.ENDED,
    CaseState.TERMINATED: Stage.ENDED,
    CaseState.WITHDRAWN: Stage.ENDED,
}


_NEVER_TOLD = frozenset(state for state, stage in _STAGES.items() if stage is Stage.ENDED) | {
    CaseState.ANSWERED,
    CaseState.DRAFT,
}
"""Whoever was answered in the call itself, or took the matter back, does not wait for news."""


class Peaks(Protocol):
    """What plans are on, and what they have for those who wait. From memory."""

    def offers(self, team: TeamId) -> QueueOffers: ...

    def plans_on(self) -> frozenset[str]:
        """By their ids; a plan that stands for each team by both its ids, with the team's and
        without."""

    def calls_back(self) -> bool: ...


class FlowWorld:
    """Fills `ivr.ports.OrderBook`, `ivr.ports.CallerHistory` and `ivr.ports.Surroundings`.

    The dialogue is made before the departments that it asks about, so that these are told by
    `follow`; nobody asks before the line is open. The queues are those of the last picture, which
    the distribution draws at most three times a second, however many call meanwhile.
    """

    def __init__(self, calendar: WorkCalendar, teams: Collection[TeamId]) -> None:
        self._calendar = calendar
        self._teams = tuple(teams)
        self._peaks: Peaks | None = None
        self._queues: Mapping[TeamId, QueueLoad] = {}
        self._cases: Cases | None = None
        self._journal: CallJournal | None = None
        self._ears: Ears | None = None

    def listen_with(self, ears: Ears) -> None:
        """Until this is told nobody listens, and callers use keys."""
        self._ears = ears

    def follow(
        self, distribution: Distribution, cases: Cases, peaks: Peaks, journal: CallJournal
    ) -> None:
        self._cases, self._peaks, self._journal = cases, peaks, journal
        distribution.watch_wallboard(self._seen)

    def around(self, now: datetime) -> Around:
        ears = self._ears
        around = Around(
            working_day=self._calendar.is_working_day(city_day(now)),
            queues=self._queues,
            hearing=frozenset(n for n in Language if ears is not None and ears.listens(n)),
        )
        if self._peaks is None:
            return around
        return replace(
            around,
            offers={team: self._peaks.offers(team) for team in self._teams},
            plans=self._peaks.plans_on(),
            calls_back=self._peaks.calls_back(),
        )

    def _seen(self, board: Wallboard) -> None:
        self._queues = {row.team: QueueLoad(row.waiting, row.longest_since) for row in board.teams}

    async def history(self, ani: PhoneNumber, now: datetime) -> History:
        if self._journal is None or ani.anonymous:
            return NO_HISTORY
        records = await self._journal.contacts(ani.digits, CALLS_KEPT)
        return History(
            tuple(
                PastCall(record.arrived_at, record.outcome, record.team)
                for record in records
                # The present call is in the journal, too, and has no end yet.
                if record.outcome is not None and now - record.arrived_at <= LONGEST
            )
        )

    async def latest(self, ani: PhoneNumber, now: datetime) -> CallersOrder | None:
        if self._cases is None:
            return None
        for case in (await self._cases.history(ani.digits)).cases:
            stage = _STAGES[case.state]
            if case.hides_identity or case.state in _NEVER_TOLD or now - case.filed_at > _RECENT:
                continue
            since = _last_change(await self._cases.case(case.number))
            if stage is not Stage.ANSWERED or now - since <= _ANSWERED_FOR:
                digits = "".join(figure for figure in case.number if figure.isdecimal())
                return CallersOrder(digits, OrderProgress(stage, since), case.content.district)
        return None

    async def progress(self, digits: str, phone_tail: str) -> OrderProgress | None:
        number = number_of(digits)
        if self._cases is None or number is None:
            return None
        try:
            found = await self._cases.case(number)
        except NotFound:
            return None
        if found.case.hides_identity or phone_tail not in _tails(found.case):
            return None
        return OrderProgress(_STAGES[found.case.state], _last_change(found))


def number_of(digits: str) -> str | None:
    """`20261124123` and `20261124000123` are both GZ20261124-000123; None for no case number."""
    number = f"{PREFIX}{digits[:_DAY_DIGITS]}-{digits[_DAY_DIGITS:].rjust(6, '0')}"
    return number if is_case_number(number) else None


def _tails(case: Case) -> frozenset[str]:
    numbers = (case.ani, case.content.contact_number)
    return frozenset(number[-_TAIL:] for number in numbers if len(number) >= _TAIL)


def _last_change(found: CaseFile) -> datetime:
    moved = [entry.at for entry in found.timeline if entry.to_state is not None]
    return moved[-1] if moved else found.case.filed_at
