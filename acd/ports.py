"""What the distribution needs from others, by capability."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from acd.core.books import FiguresShown
from acd.core.effects import Effect
from acd.core.inputs import (
    Input,
    RestoredAgent,
    RestoredCall,
    RestoredCallback,
    Started,
    TimerKey,
)
from acd.core.metrics import ClosedMinute
from acd.core.plan_runs import PlanRun
from acd.core.replay import LogEntry
from acd.core.rules import Rules
from kernel.events import Event
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.paging import Page
from kernel.phone import PhoneNumber


class CallControl(Protocol):
    """Orders to the telephone. Each has a deadline of its own.

    Every order raises `NotFound` if the call is gone, `Conflict` if it is elsewhere than the order
    supposes (a fact is under way), and `Unavailable` if the link is down or silent (then it may
    have been done or not). What came of an order is told as a fact.
    The contract is in `tests/integration/test_call_control_contract.py`.
    """

    async def deliver(
        self, call_id: CallId, offer_id: OfferId, endpoint: Endpoint, ring_timeout: timedelta
    ) -> None:
        """Ring the endpoint for the waiting caller."""

    async def cancel_offer(self, call_id: CallId, offer_id: OfferId) -> None:
        """Stop ringing; the caller returns to waiting."""

    async def requeue(
        self, call_id: CallId, team: TeamId, priority: int, wanted_agent: AgentId | None
    ) -> None:
        """Out of a conversation back into the line, first arrival kept."""

    async def release(self, call_id: CallId) -> None:
        """Drop the operator's leg; the caller goes on to the survey."""

    async def start_consult(
        self, call_id: CallId, offer_id: OfferId, endpoint: Endpoint, consulted: Endpoint
    ) -> None:
        """The caller hears music, the consulted phone rings. `offer_id` names the conversation
        that is interrupted, and so do the `ConsultChanged` that follow."""

    async def complete_consult(self, call_id: CallId) -> None:
        """The caller talks with the consulted operator."""

    async def cancel_consult(self, call_id: CallId) -> None:
        """Back to the caller."""

    async def check_phone(
        self, endpoint: Endpoint, call_id: CallId | None, *, free: bool = False
    ) -> None:
        """Look what is really at this phone, and tell by facts where that differs from what was
        told: the phone's use, a conversation that began or ended unseen, a call (`call_id`, whom
        we believe there) that is gone. What is left there of a call that has ended is hung up;
        with `free`, everything that belongs to no caller. Raises `Unavailable`."""

    async def dial_back(
        self,
        callback_id: CallbackId,
        number: PhoneNumber,
        team: TeamId,
        language: Language,
        priority: int,
        arrived_at: datetime,
        ring_timeout: timedelta,
    ) -> None:
        """Call a citizen and, once picked up and willing, put the new call into the line of `team`
        at the place of `arrived_at`; it is then delivered like any other. Returns when dialling.

        Exactly one `DialBackEnded` follows, over a lost line too, and after `Unavailable` too (the
        citizen may or may not have been rung). It is dialled once, never again.

        Raises:
            BadInput: the number is none that may be called (`kernel.phone.callable_number`), or
                the id none that may travel. Nothing was dialled, no fact follows.
            Conflict: this callback is being dialled, or its citizen is on the line. No other fact
                follows.
            Unavailable: as for every order.
        """

    async def cancel_dial_back(self, callback_id: CallbackId) -> None:
        """Stop ringing the citizen; `DialBackEnded` follows. Raises `NotFound` if it does not ring
        (any more): then a fact is under way."""


class AgentProfile(Protocol):
    """What the distribution wants to know of a person."""

    @property
    def skills(self) -> Mapping[TeamId, int]:
        """Team to level, 1 to 10, higher is better."""

    @property
    def languages(self) -> Collection[Language]: ...


class Roster(Protocol):
    """Who may serve what; answers from memory."""

    def agent(self, agent_id: AgentId) -> AgentProfile | None: ...


class Timers(Protocol):
    """The one source of time-outs."""

    def start(self, timer: TimerKey, at: datetime) -> None:
        """Expire once at `at` (aware UTC); a running timer of the same key is replaced."""

    def cancel(self, timer: TimerKey) -> None:
        """Nothing happens if it is not running."""

    def on_expiry(self, callback: Callable[[TimerKey], None]) -> None:
        """Who is told, synchronously."""

    def stop(self) -> None:
        """Forget all timers."""


@dataclass(frozen=True, slots=True)
class LoggedInput:
    """One input as it was stepped. `sequence` counts from 1 within the run.

    `effects` are all that came of it; the log keeps those that are not logged anyhow (events) nor
    say nothing (views to be looked at again). `crash` names a defect's exception that broke the
    step off, empty else.
    """

    run: str
    sequence: int
    at: datetime
    input: Input
    effects: tuple[Effect, ...] = ()
    crash: str = ""


Entry = LoggedInput | Event | ClosedMinute | FiguresShown


@dataclass(frozen=True, slots=True)
class Memory:
    """What the log knows at a start: closed minutes and judged waits of the last 24 h, the events
    of the last hour (oldest first), and what had not ended.

    `closed_since`: minutes and teams of the last hour that are written down as closed."""

    minutes: Sequence[ClosedMinute] = ()
    events: Sequence[Event] = ()
    agents: Sequence[RestoredAgent] = ()
    calls: Sequence[RestoredCall] = ()
    open_rings: Sequence[tuple[TeamId, int]] = ()
    handled: Sequence[tuple[AgentId, datetime]] = ()
    wrap_up_limits: Sequence[tuple[TeamId, timedelta]] = ()
    waits: Sequence[Event] = ()
    callbacks: Sequence[RestoredCallback] = ()
    closed_since: Collection[tuple[int, TeamId]] = ()

    def started(self, rules: Rules, recalled_at: datetime, code: str) -> Started:
        """The first input of the run that begins with this memory."""
        return Started(
            rules,
            agents=tuple(self.agents),
            calls=tuple(self.calls),
            open_rings=tuple(self.open_rings),
            handled=tuple(self.handled),
            wrap_up_limits=tuple(self.wrap_up_limits),
            callbacks=tuple(self.callbacks),
            recalled_at=recalled_at,
            code=code,
        )


class EventLog(Protocol):
    """The append-only memory. Appending never blocks and never fails the caller."""

    def append(self, run: str, at: datetime, entry: Entry) -> None:
        """Hand over at once; written in batches, in order, off the call path."""

    async def recall(self, now: datetime) -> Memory:
        """What a new run needs of the runs before."""


class PlanStore(Protocol):
    """The record of every run of a plan. There is at most one open run of each plan."""

    async def recall(self, since: datetime) -> Sequence[PlanRun]:
        """The runs that have not ended, and those that ended after `since`; oldest first."""

    async def save(self, run: PlanRun) -> None:
        """Write the run as it is now, new or known."""

    async def runs(self, cursor: str | None, size: int) -> Page[PlanRun]:
        """Newest first. Raises BadInput for a cursor that is none."""


class Log(Protocol):
    """The program's log: an event verb and fields."""

    def info(self, event: str, **fields: object) -> object: ...
    def warning(self, event: str, **fields: object) -> object: ...
    def exception(self, event: str, **fields: object) -> object: ...


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One run as the log has it: its entries are numbered from `first` to below `before` (None:
    to the end). `ended_at` is its last entry's moment."""

    run: str
    first: int
    before: int | None
    began_at: datetime
    ended_at: datetime
    started: Started


class RecordedLog(Protocol):
    """The same log, read back."""

    async def runs(self, begin: datetime, end: datetime) -> list[RecordedRun]:
        """Runs of which something was written in [begin, end), oldest first."""

    async def memory(self, run: RecordedRun) -> Memory:
        """What the run found when it began."""

    def entries(self, run: RecordedRun, types: Collection[str] = ()) -> AsyncIterator[LogEntry]:
        """Its entries of these types (none: all), in the order of writing; a few are in memory at
        once."""
