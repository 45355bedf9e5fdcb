"""A recorded run stepped again, and what comes of it held against what was written. Pure.

Theory of operation: a run is decided by its inputs and their moments alone (`acd.core.step`). So a
replay feeds the recorded inputs to the same `step`, keeps the same books (`acd.core.books`), and
puts what comes of it (events, closed minutes, scores) into a line of *expectations*. Each further
entry of the log must be the first of that line, equal to the last digit; orders and timers stand
with the input itself. What a reading caused (an announced wait, a minute that closed because
somebody looked at the wallboard, the figures shown) is repeated at the moment of the reading.

The first entry that differs ends the replay: after it the two floors are not the same any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from acd.core.books import Books, FiguresShown
from acd.core.effects import NO_ID, Decided, Effect, Publish, decided
from acd.core.floor import Floor
from acd.core.inputs import Input, Started
from acd.core.metrics import MINUTE_US, Bucket, ClosedMinute, empty_bucket
from acd.core.step import step
from kernel import events as ev
from kernel.errors import HotlineError
from kernel.ids import TeamId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """An input as it was stepped. `decided` is None where the log is older than that record;
    `crash` names the exception that broke the step off, empty else."""

    sequence: int
    input: Input
    decided: tuple[Decided, ...] | None
    crash: str = ""


Body = LoggedStep | ev.Event | ClosedMinute | FiguresShown


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a run's log, in the order of writing."""

    number: int
    at: datetime
    body: Body


class What(StrEnum):
    """In what a replay differs."""

    START = "start"  # what the run began with does not follow from the log before it
    GAP = "gap"  # inputs are missing between two others
    REFUSED = "refused"  # an input that was accepted is refused
    CRASHED = "crashed"  # a step broke off here or there alone
    DECISION = "decision"  # an order, a timer or a remark
    EVENT = "event"
    FIGURES = "figures"  # a closed minute, or what the wallboard showed


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs. `number` and `at` are the log's entry, `sequence` the last
    input stepped; `logged` and `came` the two things, None for one that is not there."""

    what: What
    number: int
    sequence: int
    at: datetime
    logged: object
    came: object

    def fields(self) -> tuple[str, ...]:
        """Names of the fields that differ, when both are of one type."""
        if self.logged is None or type(self.logged) is not type(self.came):
            return ()
        one: Any = self.logged
        names = (f.name for f in fields(one))
        return tuple(n for n in names if not same(getattr(one, n), getattr(self.came, n)))


def same(one: object, other: object) -> bool:
    """Equal to the last bit: 0 is not 0.0 here."""
    return one == other and repr(one) == repr(other)


@dataclass(slots=True)
class Tally:
    """What was held against the log so far, and found the same."""

    inputs: int = 0
    decisions: int = 0
    events: int = 0
    minutes: int = 0
    readings: int = 0
    undecided: int = 0
    """Inputs of a log that kept no decisions."""


class Replay:
    """Of one run. `feed` each entry in order until it gives a difference."""

    def __init__(self, started: Started, books: Books, missed: Iterable[ClosedMinute]) -> None:
        """`books` restored from the log before the run, which gave `missed`."""
        self.floor = Floor(started.rules)
        self.books = books
        self.tally = Tally()
        self.sequence = 0
        # By minute and team, as written and as counted again.
        self.logged: dict[tuple[int, TeamId], Bucket] = {}
        self.counted: dict[tuple[int, TeamId], Bucket] = {}
        self._due: deque[ev.Event | ClosedMinute] = deque()
        self._close(missed)

    @property
    def unwritten(self) -> tuple[ev.Event | ClosedMinute, ...]:
        """What came of the last inputs and is not in the log: all is well when a run broke off
        here, because its last batch died with it."""
        return tuple(self._due)

    def feed(self, entry: LogEntry) -> Difference | None:
        """Step or compare one entry; None when all is the same."""
        match entry.body:
            case LoggedStep():
                return self._step(entry, entry.body)
            case ClosedMinute():
                return self._minute(entry, entry.body)
            case FiguresShown():
                return self._shown(entry, entry.body)
            case _:
                return self._event(entry, entry.body)

    def _differs(self, entry: LogEntry, what: What, logged: object, came: object) -> Difference:
        return Difference(what, entry.number, self.sequence, entry.at, logged, came)

    # --- inputs ----------------------------------------------------------------------------

    def _step(self, entry: LogEntry, logged: LoggedStep) -> Difference | None:
        if self._due:
            return self._differs(entry, _kind(self._due[0]), None, self._due[0])
        if logged.sequence != self.sequence + 1:
            return self._differs(entry, What.GAP, logged.sequence, self.sequence + 1)
        self.sequence = logged.sequence
        try:
            _, effects = step(self.floor, logged.input, entry.at)
        except HotlineError as error:
            return self._differs(entry, What.REFUSED, logged.input, error.message)
        except Exception as error:
            # A defect of the core is deterministic, too.
            self.tally.inputs += 1
            name = type(error).__name__
            same_crash = name == logged.crash
            return None if same_crash else self._differs(entry, What.CRASHED, logged.crash, name)
        if logged.crash:
            return self._differs(entry, What.CRASHED, logged.crash, None)
        self.tally.inputs += 1
        found = self._compare_decided(entry, logged.decided, effects)
        for effect in effects:
            if isinstance(effect, Publish):
                self._produce(effect.event)
        if isinstance(logged.input, Started):
            self.books.resume(self.floor, logged.input.recalled_at or entry.at)
        return found

    def _compare_decided(
        self, entry: LogEntry, logged: tuple[Decided, ...] | None, effects: tuple[Effect, ...]
    ) -> Difference | None:
        if logged is None:
            self.tally.undecided += 1
            return None
        for one, other in zip_longest(logged, decided(effects)):
            if not same(one, other):
                return self._differs(entry, What.DECISION, one, other)
        self.tally.decisions += len(logged)
        return None

    def _produce(self, event: ev.Event) -> None:
        """What the service writes when it publishes an event."""
        minutes, scored = self.books.hear(event, self.floor)
        self._close(minutes)
        self._due.append(event)
        if scored is not None:
            self._produce(scored)

    # --- what came of them -----------------------------------------------------------------

    def _event(self, entry: LogEntry, logged: ev.Event) -> Difference | None:
        if isinstance(logged, ev.WaitAnnounced) and logged.call_id is not None and not self._due:
            told = self.books.announce(self.floor, logged.call_id, entry.at)
            if told is not None:
                self._produce(told[1])
        came = self._due.popleft() if self._due else None
        nameless = replace(logged, event_id=NO_ID)
        if not same(nameless, came):
            return self._differs(entry, What.EVENT, nameless, came)
        self.tally.events += 1
        return None

    def _minute(self, entry: LogEntry, logged: ClosedMinute) -> Difference | None:
        if not self._due:
            # It closed because somebody looked.
            end = _EPOCH + timedelta(microseconds=(logged.minute + 1) * MINUTE_US)
            self._close(self.books.metrics.advance(max(entry.at, end)))
        came = self._due.popleft() if self._due else None
        if not same(logged, came):
            return self._differs(entry, What.FIGURES, logged, came)
        self.logged[logged.minute, logged.team] = list(logged.counts)
        self.tally.minutes += 1
        return None

    def _shown(self, entry: LogEntry, logged: FiguresShown) -> Difference | None:
        self._close(self.books.metrics.advance(entry.at))
        if self._due:
            return self._differs(entry, _kind(self._due[0]), None, self._due[0])
        _, came = self.books.show(self.floor, (), entry.at)
        for one, other in zip_longest(logged.rows, came.rows if came is not None else ()):
            if one is None or other is None:
                return self._differs(entry, What.FIGURES, one, other)
            names = [n for n in one if n not in other or not same(one[n], other[n])]
            if names:
                shown = [{n: row.get(n) for n in ("team", *names)} for row in (one, other)]
                return self._differs(entry, What.FIGURES, *shown)
        self.tally.readings += 1
        return None

    def _close(self, minutes: Iterable[ClosedMinute]) -> None:
        for minute in minutes:
            self.counted[minute.minute, minute.team] = list(minute.counts)
            self._due.append(minute)


def _kind(thing: object) -> What:
    return What.FIGURES if isinstance(thing, ClosedMinute) else What.EVENT


def day_sums(
    minutes: dict[tuple[int, TeamId], Bucket], first: int, end: int
) -> dict[TeamId, Bucket]:
    """Each team's counts of the minutes from `first` to before `end` (counted from 1970)."""
    found: dict[TeamId, Bucket] = {}
    for (minute, team), counts in minutes.items():
        if first <= minute < end:
            known = found.get(team, empty_bucket())
            found[team] = [a + b for a, b in zip(known, counts, strict=True)]
    return found
