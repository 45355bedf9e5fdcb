"""A recorded day as a what-if needs it: who called, who worked, and how it went. Pure.

`DayReader` folds the log's entries in order, from the beginning of the first run on; what was
before the day's begin is only remembered as far as it lasts into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from acd.core import agent as ag
from acd.core import inputs as inp
from acd.core.effects import NO_ID
from acd.core.inputs import Command, LogIn, Started
from acd.core.replay import LogEntry, LoggedStep
from acd.core.rules import Rules
from acd.core.what_if.score import Occupancy, Outcome
from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

AWAY = "away"
"""Stands for not-ready reasons that nobody chooses (a lost browser or phone)."""
OWN_FAULT = frozenset({ag.DECLINED, ag.RING_NO_ANSWER})
"""Not ready because of an offer: that comes anew in each re-run, and is not copied."""
ENTRIES = (
    "Started",
    "LogIn",
    "AgentLoggedOut",
    "AgentLoggedIn",
    "AgentStatusChanged",
    "AgentActivityChanged",
    "RingOpened",
    "WrapUpRestricted",
    "CallQueued",
    "CallOffered",
    "OfferEnded",
    "CallAnswered",
    "CallAbandoned",
    "CallDiverted",
    "TalkFinished",
    "WrapUpFinished",
    "CallEnded",
)
"""Types of the entries that a reader needs."""


@dataclass(slots=True)
class Visit:
    """One stay in one line as it was seen. Seconds; None: not seen.

    `left`: the caller hung up after `waited_s`; `ring_s` from the last offer to the answer, or to
    the hang-up when it still rang; `following`: the next visit of the same call, after a transfer.
    """

    call_id: CallId
    team: TeamId
    language: Language
    priority: int
    first_arrival_at: datetime
    queued_at: datetime
    transferred: bool
    waited_s: float | None = None
    left: bool = False
    own: bool = False
    ring_s: float | None = None
    talk_s: float | None = None
    wrap_up_s: float = 0.0
    following: Visit | None = None


Given = tuple[datetime, Command]
"""What operators and supervisors did, whatever the calls were."""


@dataclass(slots=True)
class Offers:
    """How offers ended that rang until the operator's answer, or the lack of one."""

    accepted: int = 0
    declined: int = 0
    ring_no_answer: int = 0

    @property
    def made(self) -> int:
        return self.accepted + self.declined + self.ring_no_answer


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """`visits` by arrival; `given` by time; `recoveries` are the seconds that operators were not
    ready after an offer they did not take. `left_out`: visits whose end is neither an answer nor a
    hang-up (served elsewhere, cut off). `rules` are the last run's, `rules_changed` says that
    others were in force before."""

    rules: Rules
    rules_changed: bool
    begin: datetime
    end: datetime
    visits: Sequence[Visit]
    given: Sequence[Given]
    log_ins: Mapping[AgentId, LogIn]
    homes: Mapping[AgentId, TeamId]
    offers: Offers
    recoveries: Sequence[float]
    left_out: int
    busy_idle: Mapping[TeamId, tuple[int, int]]

    @property
    def outcomes(self) -> list[Outcome]:
        """Of the visits that ended within the day."""
        return [
            Outcome(v.team, v.waited_s, not v.left, v.own)
            for v in self.visits
            if v.waited_s is not None
        ]


@dataclass(slots=True)
class _Session:
    log_in: LogIn
    reason: str | None = ag.LOGGED_IN


@dataclass(slots=True)
class _Open:
    """A visit that has not ended, and since when a phone rings for it."""

    visit: Visit
    offered_at: datetime | None = None

    def end(self, at: datetime) -> None:
        """Answered or given up."""
        self.visit.waited_s = (at - self.visit.queued_at).total_seconds()
        if self.offered_at is not None:
            self.visit.ring_s = (at - self.offered_at).total_seconds()


@dataclass(slots=True)
class DayReader:
    """Feed every entry of `ENTRIES`, run by run; then `day`."""

    begin: datetime
    end: datetime
    _rules: list[Rules] = field(default_factory=list)
    _sessions: dict[AgentId, _Session] = field(default_factory=dict)
    _standing: dict[tuple[str, TeamId], Command] = field(default_factory=dict)
    _begun: bool = False
    _last_at: datetime | None = None
    _visits: list[Visit] = field(default_factory=list)
    _given: list[Given] = field(default_factory=list)
    _log_ins: dict[AgentId, LogIn] = field(default_factory=dict)
    _homes: dict[AgentId, TeamId] = field(default_factory=dict)
    _offers: Offers = field(default_factory=Offers)
    _recoveries: list[float] = field(default_factory=list)
    _at_fault: dict[AgentId, datetime] = field(default_factory=dict)
    _open: dict[CallId, _Open] = field(default_factory=dict)
    _talks: dict[CallId, Visit] = field(default_factory=dict)
    _wrap_ups: dict[AgentId, Visit] = field(default_factory=dict)
    _left_out: int = 0
    _occupancy: Occupancy = field(init=False)

    def __post_init__(self) -> None:
        self._occupancy = Occupancy(self._homes)

    def hear(self, entry: LogEntry) -> None:
        """One entry. Those of the day's end and later are passed over."""
        if entry.at >= self.end:
            return
        if entry.at >= self.begin and not self._begun:
            self._begin_day()
        self._last_at = entry.at
        body = entry.body
        if isinstance(body, LoggedStep):
            self._input(body.input, entry.at)
        elif isinstance(body, ev.Event):
            if self._begun:
                self._occupancy.hear(body)
            self._people(body, entry.at)
            if self._begun:
                self._calls(body, entry.at)

    def day(self) -> RecordedDay | None:
        """None when nothing was recorded on the day."""
        if not self._begun or self._last_at is None:
            return None
        unfinished = {id(o.visit) for o in self._open.values()}
        self._left_out += sum(v.waited_s is None and id(v) not in unfinished for v in self._visits)
        kept = [v for v in self._visits if v.waited_s is not None or id(v) in unfinished]
        return RecordedDay(
            rules=self._rules[-1],
            rules_changed=any(r != self._rules[-1] for r in self._rules),
            begin=self.begin,
            end=self._last_at,
            visits=kept,
            given=self._given,
            log_ins=self._log_ins,
            homes=self._homes,
            offers=self._offers,
            recoveries=self._recoveries,
            left_out=self._left_out,
            busy_idle=self._occupancy.close(self._last_at),
        )

    # --- people ----------------------------------------------------------------------------

    def _begin_day(self) -> None:
        """Who is there at midnight is there from the beginning."""
        self._begun = True
        self._rules = self._rules[-1:]
        for command in self._standing.values():
            self._give(self.begin, command)
        for session in self._sessions.values():
            self._sit_down(self.begin, session.log_in)
            if session.reason != ag.LOGGED_IN:
                self._choose(self.begin, session.log_in.agent_id, session.reason)
            for event in _as_events(self.begin, session):
                self._occupancy.hear(event)

    def _give(self, at: datetime, command: Command) -> None:
        if self._begun:
            self._given.append((at, command))

    def _sit_down(self, at: datetime, log_in: LogIn) -> None:
        self._log_ins[log_in.agent_id] = log_in
        home = best_skill(log_in)
        if home is not None:
            self._homes[log_in.agent_id] = home
        self._give(at, log_in)

    def _choose(self, at: datetime, agent_id: AgentId, reason: str | None) -> None:
        if reason is None:
            self._give(at, inp.ChooseReady(agent_id))
        else:
            named = AWAY if reason in ag.MACHINE_REASONS else reason
            self._give(at, inp.ChooseNotReady(agent_id, named))

    def _input(self, item: Any, at: datetime) -> None:
        if isinstance(item, Started):
            self._rules.append(item.rules)
            there = {a.log_in.agent_id: a for a in item.agents}
            for agent_id in [a for a in self._sessions if a not in there]:
                self._leave(at, agent_id)
            for agent_id, agent in there.items():
                if agent_id not in self._sessions:
                    reason = None if agent.ready else agent.reason
                    self._sessions[agent_id] = _Session(agent.log_in, reason)
                    self._sit_down(at, agent.log_in)
                    self._choose(at, agent_id, reason)
        elif isinstance(item, LogIn) and item.agent_id not in self._sessions:
            self._sessions[item.agent_id] = _Session(item)
            self._sit_down(at, item)

    def _leave(self, at: datetime, agent_id: AgentId) -> None:
        if self._sessions.pop(agent_id, None) is not None:
            self._give(at, inp.LogOut(agent_id))

    def _people(self, event: ev.Event, at: datetime) -> None:
        match event:
            case ev.AgentLoggedOut():
                self._leave(at, event.agent_id)
            case ev.AgentStatusChanged():
                self._status(event, at)
            case ev.RingOpened():
                opened = inp.OpenRing(event.team, event.ring, event.cause, event.actor)
                self._standing["ring", event.team] = opened
                self._give(at, opened)
            case ev.WrapUpRestricted():
                limit = timedelta(seconds=event.limit_s) if event.limit_s is not None else None
                limited = inp.RestrictWrapUp(event.team, limit, event.cause, event.actor)
                self._standing["wrap_up", event.team] = limited
                self._give(at, limited)
            case _:
                pass

    def _status(self, event: ev.AgentStatusChanged, at: datetime) -> None:
        agent_id, reason = event.agent_id, event.reason
        since = self._at_fault.pop(agent_id, None)
        if since is not None and reason is None:
            self._recoveries.append((at - since).total_seconds())
        if reason in OWN_FAULT:
            self._at_fault[agent_id] = at
            return
        session = self._sessions.get(agent_id)
        if session is not None:
            session.reason = reason
        if reason != ag.LOGGED_IN:
            self._choose(at, agent_id, reason)

    # --- calls -----------------------------------------------------------------------------

    def _calls(self, event: ev.Event, at: datetime) -> None:
        call_id = event.call_id
        if isinstance(event, ev.WrapUpFinished):
            visit = self._wrap_ups.pop(event.agent_id, None)
            if visit is not None:
                visit.wrap_up_s += event.wrap_up_s
            return
        if call_id is None:
            return
        match event:
            case ev.CallQueued():
                self._queued(call_id, event, at)
            case ev.CallOffered():
                if (waiting := self._open.get(call_id)) is not None:
                    waiting.offered_at = at
            case ev.OfferEnded():
                if event.outcome != "accepted" and (waiting := self._open.get(call_id)) is not None:
                    waiting.offered_at = None
                if hasattr(self._offers, event.outcome):
                    ended = getattr(self._offers, event.outcome)
                    setattr(self._offers, event.outcome, ended + 1)
            case ev.CallAnswered():
                self._answered(call_id, event, at)
            case ev.CallAbandoned():
                if (waiting := self._open.pop(call_id, None)) is not None:
                    waiting.visit.left = True
                    waiting.end(at)
            case ev.TalkFinished():
                if (visit := self._talks.get(call_id)) is not None:
                    visit.talk_s = (visit.talk_s or 0.0) + event.talk_s
                    self._wrap_ups[event.agent_id] = visit
            case ev.CallDiverted() | ev.CallEnded():
                self._open.pop(call_id, None)
                if isinstance(event, ev.CallEnded):
                    self._talks.pop(call_id, None)
            case _:
                pass

    def _queued(self, call_id: CallId, event: ev.CallQueued, at: datetime) -> None:
        if call_id in self._open:
            return  # back in the old place after an offer
        before = self._talks.get(call_id)
        transferred = before is not None and event.cause == "transfer"
        visit = Visit(
            call_id,
            event.team,
            event.language,
            event.priority,
            event.first_arrival_at,
            at,
            transferred,
        )
        if before is not None and transferred:
            before.following = visit
        self._visits.append(visit)
        self._open[call_id] = _Open(visit)

    def _answered(self, call_id: CallId, event: ev.CallAnswered, at: datetime) -> None:
        waiting = self._open.pop(call_id, None)
        if waiting is None:
            return
        visit = waiting.visit
        waiting.end(at)
        visit.own = self._homes.get(event.agent_id) == visit.team
        self._talks[call_id] = visit


def best_skill(log_in: LogIn) -> TeamId | None:
    """The team of the highest level, ties by id, as everywhere."""
    return min(log_in.skills, key=lambda s: (-s[1], s[0]))[0] if log_in.skills else None


def _as_events(at: datetime, session: _Session) -> tuple[ev.Event, ...]:
    """A session that is older than the day, as if it began now."""
    log_in, reason = session.log_in, session.reason
    return (
        ev.AgentLoggedIn(
            event_id=NO_ID,
            occurred_at=at,
            agent_id=log_in.agent_id,
            booth_id=log_in.booth_id,
            endpoint=log_in.endpoint,
        ),
        ev.AgentStatusChanged(
            event_id=NO_ID,
            occurred_at=at,
            agent_id=log_in.agent_id,
            status="ready" if reason is None else "not_ready",
            reason=reason,
            cause="system",
        ),
    )
