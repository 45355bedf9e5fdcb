"""Metrics of the five teams, folded from the published events. Pure: events in, figures out.

Theory of operation: counts go into the bucket of their minute; closed buckets stand in rings of
30 minutes and of 24 hours whose sums are kept, so that an event costs the same at any load and a
rolling figure is read, not computed. The same events give the same figures; the service rebuilds
them from the log after a restart.

A *visit* is one stay of one call in one team's line. Each visit that entered ends exactly once:
`entered = answered + abandoned + flowed_out + waiting`, always (tests hold it).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import takewhile
from typing import Any

from acd.core.agent_times import AgentTimes
from acd.core.floor import microseconds
from acd.core.rules import CITY_OFFSET, DECISION_WINDOW, Rules
from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId

MINUTE_US = 60_000_000
DAY_MINUTES = 24 * 60
CITY_OFFSET_MINUTES = CITY_OFFSET // timedelta(minutes=1)


class Count(IntEnum):
    """What a bucket counts; times in microseconds."""

    ENTERED = 0
    ANSWERED = 1
    ABANDONED = 2
    SHORT_ABANDONED = 3
    FLOWED_OUT = 4
    ANSWERED_IN_TIME = 5
    ABANDONED_IN_TIME = 6
    OVER_THRESHOLD = 7
    WAIT_US = 8
    HANDLED = 9
    HANDLE_US = 10
    BUSY_US = 11
    IDLE_US = 12


Bucket = list[int]


def empty_bucket() -> Bucket:
    return [0] * len(Count)


def summed(buckets: Iterable[Bucket]) -> Bucket:
    """Count by count."""
    return [sum(column) for column in zip(*buckets, strict=True)] or empty_bucket()


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The three usual variants side by side, so that nobody can choose the kindest; 0..1.

    Formula: with A = answered within the threshold, B = abandoned within it (short abandons left
    out), N = A + B + those who passed it (each call is counted once, at the first of: answered,
    abandoned, threshold passed): `ignoring_abandons` A / (N - B), `abandons_negative` A / N,
    `abandons_positive` (A + B) / N.
    Population: visits of one team whose count fell into the window. None: no such visit.
    Source: Cisco's service level types, contact-centre notes 2.4.
    """

    ignoring_abandons: float | None
    abandons_negative: float | None
    abandons_positive: float | None


def service_level(counts: Bucket) -> ServiceLevel:
    """See `ServiceLevel`."""
    answered = counts[Count.ANSWERED_IN_TIME]
    left = counts[Count.ABANDONED_IN_TIME]
    offered = answered + left + counts[Count.OVER_THRESHOLD]
    return ServiceLevel(
        ignoring_abandons=ratio(answered, offered - left),
        abandons_negative=ratio(answered, offered),
        abandons_positive=ratio(answered + left, offered),
    )


def connect_rate(counts: Bucket) -> float | None:
    """Answered by a person / asked for a person, 0..1, over a rolling 24 h.

    Formula: answered / (answered + abandoned). Population: visits that ended in the window, short
    abandons included (the caller asked), those who flowed out left out (they count where they
    were answered), those still waiting left out (undecided).
    Source: GB/T 33358-2016, rate of at least 95 % in each continuous 24 h, contact-centre notes
    2.4; the standard's exact denominator is not public, this is its strict reading. When the rate
    will fall below the limit is told by `acd.core.connect_rate`.
    """
    return ratio(counts[Count.ANSWERED], counts[Count.ANSWERED] + counts[Count.ABANDONED])


def abandon_rate(counts: Bucket) -> float | None:
    """0..1. Formula: (abandoned - short) / offered, with offered = answered + abandoned - short +
    flowed out. Population: visits that ended in the window, those who hung up within the short
    limit left out above and below. Source: contact-centre notes 2.4 (offered: Genesys; short
    abandons out of both: Cisco's short calls timer)."""
    left = counts[Count.ABANDONED] - counts[Count.SHORT_ABANDONED]
    return ratio(left, left + counts[Count.ANSWERED] + counts[Count.FLOWED_OUT])


def short_abandon_rate(counts: Bucket) -> float | None:
    """0..1. Formula: short / (answered + abandoned + flowed out). Population: all visits that ended
    in the window; short are those who hung up within `Rules.short_abandon`. Source: contact-centre
    notes 2.4; shown beside the abandon rate, because what is left out should be seen."""
    return ratio(
        counts[Count.SHORT_ABANDONED],
        counts[Count.ANSWERED] + counts[Count.ABANDONED] + counts[Count.FLOWED_OUT],
    )


def average_speed_of_answer(counts: Bucket) -> float | None:
    """Seconds. Formula: sum of waits / answered. Population: answered visits of the window, from
    the visit's entry to the answer, ringing included. Source: contact-centre notes 2.4 (ASA)."""
    found = ratio(counts[Count.WAIT_US], counts[Count.ANSWERED])
    return None if found is None else found / 1e6


def average_handle_time(counts: Bucket) -> float | None:
    """Seconds. Formula: (talk + hold + wrap-up) / handled. Population: conversations that ended
    in the window; a wrap-up counts when it ends. Source: contact-centre notes 2.4 (AHT)."""
    found = ratio(counts[Count.HANDLE_US], counts[Count.HANDLED])
    return None if found is None else found / 1e6


def occupancy(counts: Bucket) -> float | None:
    """0..1. Formula: (dialling + ringing + talk + hold + consultation + wrap-up) / (that + ready
    and idle). Population: agents whose best skill is this team; a stretch of time counts when it
    ends; not-ready time is left out. Source: contact-centre notes 2.4."""
    busy = counts[Count.BUSY_US]
    return ratio(busy, busy + counts[Count.IDLE_US])


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


class Ring:
    """The last `minutes` closed buckets of one team, and their sums."""

    __slots__ = ("_closed", "_minutes", "sums")

    def __init__(self, minutes: int) -> None:
        self._minutes = minutes
        self._closed: deque[tuple[int, Bucket]] = deque()
        self.sums = empty_bucket()

    def __iter__(self) -> Iterator[tuple[int, Bucket]]:
        """The closed minutes, oldest first."""
        return iter(self._closed)

    def since(self, minute: int) -> list[Bucket]:
        """The closed minutes from `minute` on, newest first."""
        return [b for _, b in takewhile(lambda entry: entry[0] >= minute, reversed(self._closed))]

    def push(self, minute: int, bucket: Bucket) -> None:
        self._closed.append((minute, bucket))
        self.sums = [a + b for a, b in zip(self.sums, bucket, strict=True)]

    def expire(self, minute: int) -> None:
        """Drop what is older than the window that ends with `minute` (the open one)."""
        while self._closed and self._closed[0][0] <= minute - self._minutes:
            _, bucket = self._closed.popleft()
            self.sums = [a - b for a, b in zip(self.sums, bucket, strict=True)]


@dataclass(slots=True)
class Visit:
    """An open visit. `over` once it was counted as past the threshold."""

    team: TeamId
    entered_us: int
    over: bool = False


class TeamMetrics:
    """One team's open bucket, rings and day; `life` counts since this process began to count, and
    in it entered = answered + abandoned + flowed out + waiting, always."""

    __slots__ = ("bucket", "day", "due", "life", "now_ring", "rolling", "waiting")

    def __init__(self) -> None:
        self.bucket = empty_bucket()
        self.rolling = Ring(DAY_MINUTES)
        self.now_ring = Ring(int(DECISION_WINDOW / timedelta(minutes=1)))
        self.day = empty_bucket()
        self.life = empty_bucket()
        self.waiting = 0
        self.due: deque[tuple[int, CallId]] = deque()

    def add(self, count: Count, amount: int = 1) -> None:
        self.bucket[count] += amount
        self.day[count] += amount
        self.life[count] += amount

    def window(self, ring: Ring) -> Bucket:
        """The ring's sums with the open minute."""
        return [a + b for a, b in zip(ring.sums, self.bucket, strict=True)]

    def lately(self, minutes: int, minute: int) -> Bucket:
        """The open minute (`minute`) and the last so many closed ones; at most 30."""
        recent = self.now_ring.since(minute - minutes)
        return summed([self.bucket, *recent])


@dataclass(frozen=True, slots=True)
class ClosedMinute:
    """One minute of one team, as it goes to the log. `minute` counts from 1970."""

    minute: int
    team: TeamId
    counts: tuple[int, ...]


class Metrics:
    """All teams. Owned by one task; `fold` for each published event, in order."""

    def __init__(self, rules: Rules) -> None:
        self._threshold_us = rules.service_level // timedelta(microseconds=1)
        self._short_us = rules.short_abandon // timedelta(microseconds=1)
        self.teams = {t.team: TeamMetrics() for t in rules.teams}
        self.visits: dict[CallId, Visit] = {}
        self.times = AgentTimes()
        self._minute = 0
        self._restored_us = 0
        self._last_team: dict[AgentId, TeamId] = {}
        self._primary: dict[AgentId, TeamId] = {}
        self._folds: Mapping[type[ev.Event], Callable[[Any, int], None]] = {
            ev.CallQueued: self._queued,
            ev.CallAnswered: self._answered,
            ev.CallAbandoned: self._abandoned,
            ev.CallDiverted: self._diverted,
            ev.TalkFinished: self._talked,
            ev.WrapUpFinished: self._wrapped,
            ev.AgentLoggedIn: self._agent_event,
            ev.AgentLoggedOut: self._agent_event,
            ev.AgentStatusChanged: self._agent_event,
            ev.AgentActivityChanged: self._agent_event,
        }

    # --- time ------------------------------------------------------------------------------

    @property
    def minute(self) -> int:
        """The open minute, counted from 1970; 0 before the first event."""
        return self._minute

    def advance(self, now: datetime) -> list[ClosedMinute]:
        """Bring the windows to `now`; the minutes that closed, empty ones left out.

        How often this is asked changes no figure: who passed the threshold in a minute that is over
        is counted in that minute.
        """
        now_us = microseconds(now)
        minute = now_us // MINUTE_US
        closed: list[ClosedMinute] = []
        while self._minute < minute:
            if self._minute == 0:
                self._minute = minute
                break
            end_us = (self._minute + 1) * MINUTE_US
            for team in self.teams.values():
                self._pass_threshold(team, end_us)
            due_us = min((t.due[0][0] for t in self.teams.values() if t.due), default=now_us)
            following = max(self._minute + 1, min(due_us // MINUTE_US, minute))
            closed += self._close(following)
            self._minute = following
        for team in self.teams.values():
            self._pass_threshold(team, now_us)
        return closed

    def _close(self, minute: int) -> list[ClosedMinute]:
        closed = []
        new_day = _day(minute) != _day(self._minute)
        for team_id, team in self.teams.items():
            if any(team.bucket):
                closed.append(ClosedMinute(self._minute, team_id, tuple(team.bucket)))
                team.rolling.push(self._minute, team.bucket)
                team.now_ring.push(self._minute, team.bucket)
                team.bucket = empty_bucket()
            team.rolling.expire(minute)
            team.now_ring.expire(minute)
            if new_day:
                team.day = empty_bucket()
        return closed

    def _pass_threshold(self, team: TeamMetrics, now_us: int) -> None:
        while team.due and team.due[0][0] < now_us:
            deadline, call_id = team.due.popleft()
            visit = self.visits.get(call_id)
            if (
                visit is not None
                and not visit.over
                and visit.entered_us + self._threshold_us == deadline
            ):
                visit.over = True
                team.add(Count.OVER_THRESHOLD)

    def restore(self, minutes: Iterable[ClosedMinute], now: datetime) -> None:
        """Fill the rings from the log, oldest first, before any event is folded.

        Events of later minutes may then be folded as they were published.
        """
        today, last = _day(microseconds(now) // MINUTE_US), 0
        for closed in minutes:
            team = self.teams.get(closed.team)
            if team is None or len(closed.counts) != len(Count):
                continue
            bucket = list(closed.counts)
            team.rolling.push(closed.minute, bucket)
            team.now_ring.push(closed.minute, bucket)
            if _day(closed.minute) == today:
                team.day = [a + b for a, b in zip(team.day, bucket, strict=True)]
            last = closed.minute
        self._minute = max(self._minute, last)
        self._restored_us = (last + 1) * MINUTE_US if last else 0

    # --- events ----------------------------------------------------------------------------

    def fold(self, event: ev.Event) -> list[ClosedMinute]:
        """Count one event; the minutes that closed before it. Others pass unnoticed."""
        fold = self._folds.get(type(event))
        if fold is None:
            return []
        closed = self.advance(event.occurred_at)
        fold(event, microseconds(event.occurred_at))
        return closed

    def note_primary(self, agent_id: AgentId, team: TeamId | None) -> None:
        """Say whose time this agent's is, before the log-in is folded."""
        if team is None:
            self._primary.pop(agent_id, None)
        else:
            self._primary[agent_id] = team

    def _queued(self, event: ev.CallQueued, now_us: int) -> None:
        if event.call_id is None or event.call_id in self.visits or event.team not in self.teams:
            return
        resync = event.cause == "resync"
        self._enter(
            event.call_id,
            event.team,
            min(microseconds(event.first_arrival_at), now_us) if resync else now_us,
        )

    def _enter(self, call_id: CallId, team_id: TeamId, at_us: int) -> Visit:
        team = self.teams[team_id]
        visit = Visit(team_id, at_us)
        self.visits[call_id] = visit
        team.add(Count.ENTERED)
        team.waiting += 1
        team.due.append((at_us + self._threshold_us, call_id))
        return visit

    def _end(self, call_id: CallId | None) -> Visit | None:
        visit = self.visits.pop(call_id, None) if call_id is not None else None
        if visit is not None:
            self.teams[visit.team].waiting -= 1
        return visit

    def _known(self, event: ev.CallAnswered | ev.CallAbandoned, now_us: int) -> Visit:
        """The visit that ends; for one that began before our memory, what the event tells.

        Its entry is counted now unless it fell into a minute that was restored as closed.
        """
        visit = self._end(event.call_id)
        if visit is None:
            entered_us = now_us - round(event.waited_s * 1e6)
            closed = entered_us < self._restored_us
            over = closed and now_us - entered_us > self._threshold_us
            visit = Visit(event.team, entered_us, over)
            if closed:
                self.teams[event.team].life[Count.ENTERED] += 1
            else:
                self.teams[event.team].add(Count.ENTERED)
        return visit

    def _answered(self, event: ev.CallAnswered, now_us: int) -> None:
        team = self.teams.get(event.team)
        if team is None:
            return
        visit = self._known(event, now_us)
        if visit.team != event.team:
            # Answered under an added team: it left one line and was served in the other.
            self.teams[visit.team].add(Count.FLOWED_OUT)
            team.add(Count.ENTERED)
        wait_us = max(now_us - visit.entered_us, 0)
        team.add(Count.ANSWERED)
        team.add(Count.WAIT_US, wait_us)
        if wait_us <= self._threshold_us:
            team.add(Count.ANSWERED_IN_TIME)
        elif not visit.over:
            team.add(Count.OVER_THRESHOLD)

    def _abandoned(self, event: ev.CallAbandoned, now_us: int) -> None:
        if event.team not in self.teams:
            return
        visit = self._known(event, now_us)
        team = self.teams[visit.team]
        wait_us = now_us - visit.entered_us
        team.add(Count.ABANDONED)
        if wait_us < self._short_us:
            team.add(Count.SHORT_ABANDONED)
        elif wait_us <= self._threshold_us:
            team.add(Count.ABANDONED_IN_TIME)
        elif not visit.over:
            team.add(Count.OVER_THRESHOLD)

    def _diverted(self, event: ev.CallDiverted, now_us: int) -> None:
        visit = self._end(event.call_id)
        if visit is not None:
            self.teams[visit.team].add(Count.FLOWED_OUT)

    def _talked(self, event: ev.TalkFinished, now_us: int) -> None:
        team = self.teams.get(event.team)
        if team is not None:
            team.add(Count.HANDLED)
            team.add(Count.HANDLE_US, round(event.talk_s * 1e6))
            self._last_team[event.agent_id] = event.team

    def _wrapped(self, event: ev.WrapUpFinished, now_us: int) -> None:
        team = self.teams.get(self._last_team.pop(event.agent_id, TeamId("")))
        if team is not None:
            team.add(Count.HANDLE_US, round(event.wrap_up_s * 1e6))

    def _agent_event(self, event: ev.Event, now_us: int) -> None:
        ended = self.times.fold(event, now_us)
        if ended is None:
            return
        team = self.teams.get(self._primary.get(ended.agent_id, TeamId("")))
        if team is None:
            return
        if ended.busy:
            team.add(Count.BUSY_US, ended.length_us)
        elif ended.ready:
            team.add(Count.IDLE_US, ended.length_us)


def _day(minute: int) -> int:
    return (minute + CITY_OFFSET_MINUTES) // DAY_MINUTES
