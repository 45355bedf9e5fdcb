"""The policy of the screening as data, `config/ivr/screening.yaml`. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Level(StrEnum):
    """How much the guard asks of callers, least first."""

    NORMAL = "normal"  # 常态
    RAISED = "raised"  # 加强
    STORM = "storm"  # 风暴

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {Level.NORMAL: 0, Level.RAISED: 1, Level.STORM: 2}


class OnFailure(StrEnum):
    """What becomes of a caller who does not press the key that was asked for."""

    AFTER_OTHERS = "after_others"  # goes on, behind the others
    REFUSE = "refuse"  # hears why and how to reach help, and is let go


@dataclass(frozen=True, slots=True)
class NumberLimit:
    """So many calls of one number are nothing unusual."""

    per_minute: int
    per_hour: int
    at_once: int


@dataclass(frozen=True, slots=True)
class BlockLimit:
    """So many calls of one block of numbers (`ivr.core.screening.numbers`) are nothing unusual."""

    per_minute: int
    per_hour: int


@dataclass(frozen=True, slots=True)
class Measures:
    """What the guard does at one level."""

    number: NumberLimit
    block: BlockLimit
    challenge_anonymous: bool
    challenge_strangers: bool
    on_failure: OnFailure
    tries: int
    """How often the key is asked for; whoever is refused may still press it afterwards."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A level is entered when any figure reaches its bound; 0: that figure is not looked at."""

    strangers_5s: int  # calls of numbers that are not known, over no limit and on no list
    strangers_10s: int
    calls_10s: int
    anonymous_10s: int
    suspicious_minute: int  # calls over a limit or on the grey list
    occupied: float  # part of the line's calls, 0..1


@dataclass(frozen=True, slots=True)
class Automatic:
    """`calm_part`: each figure must be below this part of its bound for `calm` before the guard
    goes down by one level; between the two nothing changes. A level lasts `least` at least."""

    raised: Thresholds
    storm: Thresholds
    calm_part: float
    calm: timedelta
    least: timedelta


@dataclass(frozen=True, slots=True)
class LineCapacity:
    """`reserve_part` of the calls that the line can hold is kept for emergencies and for callers
    who are known."""

    calls_at_once: int
    reserve_part: float

    @property
    def for_strangers(self) -> int:
        return int(self.calls_at_once * (1 - self.reserve_part))


@dataclass(frozen=True, slots=True)
class Bounds:
    """No table grows beyond these. Numbers and blocks that are watched, callers who are known,
    list entries made by rule, list entries made by people."""

    numbers: int
    blocks: int
    known: int
    ruled: int
    listed: int


@dataclass(frozen=True, slots=True)
class ListRules:
    """`ruled_for`: how long a number stays on the grey list by rule after the last time it was
    over a limit; the others are the longest that a person may choose."""

    ruled_for: timedelta
    grey_longest: timedelta
    spared_longest: timedelta


@dataclass(frozen=True, slots=True)
class ChallengeRules:
    """`keys`: one of them is asked for, another for each call. `trusted_for`: so long a number is
    known after it passed; `talked_for`: after a conversation of `talk_least`. `told_for`: so long a
    number of which one call heard the whole refusal does not hear it again, but is let go after the
    question; and so is everybody while more than `brief_above` are being asked or refused."""

    keys: str
    timeout: timedelta
    trusted_for: timedelta
    talked_for: timedelta
    talk_least: timedelta
    told_for: timedelta
    brief_above: int


@dataclass(frozen=True, slots=True)
class Policy:
    """`emergency_dialled`: whoever dialled one of these is never refused, and asked for a key only
    because of the number's own calls.
    `after_others`: the priority of who goes behind the others, below 0."""

    area_code: str
    emergency_dialled: frozenset[str]
    levels: Mapping[Level, Measures]
    automatic: Automatic
    line: LineCapacity
    lists: ListRules
    challenge: ChallengeRules
    after_others: int
    pinned_longest: timedelta
    bounds: Bounds
