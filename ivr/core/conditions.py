"""What a flow may ask before it chooses a way: the clock, the day, the line, the caller, the queue.

Everything here is answered from values that are handed in; nothing is looked up while a caller
listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

from ivr.core.history import NO_HISTORY, CallKind, History
from ivr.core.notices import Notice
from ivr.core.waiting import QueueOffers
from kernel.clock import CITY_ZONE_NAME
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, is_mobile

CITY_ZONE = ZoneInfo(CITY_ZONE_NAME)


class Flag(StrEnum):
    """What is known of the call itself."""

    LINE_KNOWN = "line_known"  # an old line was dialled, which decides the team
    LANGUAGE_KNOWN = "language_known"  # remembered for this number, or chosen in this call
    ORDER_KNOWN = "order_known"  # a recent order of this number was found while the caller listened


class DayKind(StrEnum):
    """By the official calendar, holidays and make-up days included."""

    WORKING = "working"
    FREE = "free"


class CallerKind(StrEnum):
    """By the form of the calling number."""

    ANONYMOUS = "anonymous"
    MOBILE = "mobile"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """The city's clock shows `begin` or later and is before `end`; `begin` after `end` goes over
    midnight."""

    begin: time
    end: time


@dataclass(frozen=True, slots=True)
class DayIs:
    kind: DayKind


@dataclass(frozen=True, slots=True)
class Dialled:
    """One of these numbers was dialled."""

    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class CallerIs:
    kind: CallerKind


@dataclass(frozen=True, slots=True)
class QueueOver:
    """More than `waiting` callers wait for `team` (None: the team of the dialled line), or one of
    them has waited longer than `wait`. A limit that is None is not looked at."""

    team: TeamId | None
    waiting: int | None
    wait: timedelta | None


class Offer(StrEnum):
    """What plans, or the reviewed data, may have for those who wait for a team."""

    CALLBACK = "callback"
    MESSAGE = "message"
    ANNOUNCEMENT = "announcement"  # a plan has something to say


@dataclass(frozen=True, slots=True)
class Offered:
    """Those who wait for `team` (None: the team of the dialled line) are offered it just now."""

    team: TeamId | None
    offer: Offer


@dataclass(frozen=True, slots=True)
class PlanOn:
    """One of these plans is on."""

    plans: frozenset[str]


@dataclass(frozen=True, slots=True)
class CalledBefore:
    """`least` earlier calls of this kind or more came from the number `within` so long."""

    kind: CallKind
    least: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class LastTeam:
    """The number's last call was for this team."""

    team: TeamId


Test = (
    Flag
    | TimeOfDay
    | DayIs
    | Dialled
    | CallerIs
    | QueueOver
    | Offered
    | PlanOn
    | CalledBefore
    | LastTeam
)


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """`longest_since`: the first arrival of whoever waits longest; None if nobody waits."""

    waiting: int
    longest_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What is outside the call, as it is at this moment. `queues` without a team: nobody waits;
    `notices` are those that are heard now; `hearing`: a recogniser is ready for these languages;
    `offers` without a team: nothing; `plans` are on by these ids; `calls_back`: citizens are rung
    at this hour."""

    working_day: bool = True
    notices: tuple[Notice, ...] = ()
    queues: Mapping[TeamId, QueueLoad] = field(default_factory=dict)
    hearing: frozenset[Language] = frozenset()
    offers: Mapping[TeamId, QueueOffers] = field(default_factory=dict)
    plans: frozenset[str] = frozenset()
    calls_back: bool = True


NOTHING_AROUND = Around()
_NO_LOAD = QueueLoad(0)
NO_OFFERS = QueueOffers()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the call when a condition is asked."""

    language_known: bool
    line_team: TeamId | None
    dnis: str
    caller: CallerKind
    order_known: bool = False
    history: History = NO_HISTORY


def caller_kind(ani: PhoneNumber) -> CallerKind:
    if ani.anonymous:
        return CallerKind.ANONYMOUS
    return CallerKind.MOBILE if is_mobile(ani) else CallerKind.OTHER


def holds(test: Test, call: Known, around: Around, now: datetime) -> bool:
    """`now` is aware; times of day are the city's."""
    match test:
        case Flag.LINE_KNOWN:
            return call.line_team is not None
        case Flag.LANGUAGE_KNOWN:
            return call.language_known
        case Flag.ORDER_KNOWN:
            return call.order_known
        case TimeOfDay():
            return _within(test, now.astimezone(CITY_ZONE).time())
        case DayIs():
            return around.working_day == (test.kind is DayKind.WORKING)
        case Dialled():
            return call.dnis in test.numbers
        case CallerIs():
            return call.caller is test.kind
        case QueueOver():
            return _over(test, call, around, now)
        case Offered():
            return _offered(test, call, around)
        case PlanOn():
            return not around.plans.isdisjoint(test.plans)
        case CalledBefore():
            return call.history.count(test.kind, test.within, now) >= test.least
        case LastTeam():
            return call.history.last_team == test.team
        case _:
            assert_never(test)


def _within(test: TimeOfDay, clock: time) -> bool:
    if test.begin <= test.end:
        return test.begin <= clock < test.end
    return clock >= test.begin or clock < test.end


def _over(test: QueueOver, call: Known, around: Around, now: datetime) -> bool:
    team = test.team or call.line_team
    load = around.queues.get(team, _NO_LOAD) if team else _NO_LOAD
    if test.waiting is not None and load.waiting > test.waiting:
        return True
    if test.wait is None or load.longest_since is None:
        return False
    return now - load.longest_since > test.wait


def _offered(test: Offered, call: Known, around: Around) -> bool:
    team = test.team or call.line_team
    offers = around.offers.get(team, NO_OFFERS) if team else NO_OFFERS
    match test.offer:
        case Offer.CALLBACK:
            return offers.callback and around.calls_back
        case Offer.MESSAGE:
            return offers.message
        case Offer.ANNOUNCEMENT:
            return bool(offers.announcement)
        case _:
            assert_never(test.offer)
