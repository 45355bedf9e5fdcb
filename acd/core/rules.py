"""The distribution's settings as values. Read from `config/acd.yaml` by an adapter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids import TeamId
from kernel.language import Language

DECISION_WINDOW = timedelta(minutes=30)
"""Window of the "service level now" of the wallboard; the connect rate has 24 h by regulation."""

CITY_OFFSET = timedelta(hours=8)
"""China keeps one time, eight hours ahead of UTC, without summer time (since 1991)."""

RINGS_AT_MOST = 6
"""Source: contact-centre notes 2.2 (Genesys' bullseye has as many)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Who may serve a call that is in this ring: whoever might in the ring before, and more.

    A call stays for `stay`, in the last ring (None) until it is answered. `teams` begin with the
    call's own. An operator needs `least_level` for one of them, and the caller's language unless
    it is one of `languages_dropped`. `own_only`: nobody but operators whose best skill is the
    call's team. With `help_regardless` the teams help even while they keep to themselves
    (`acd.core.sharing`).
    """

    teams: tuple[TeamId, ...]
    stay: timedelta | None = None
    least_level: int = 1
    languages_dropped: frozenset[Language] = frozenset()
    own_only: bool = False
    help_regardless: bool = False


class WrapUpMode(StrEnum):
    """What an operator may do in the wrap-up after a call."""

    OPTIONAL = "optional"  # end it at once, without a disposition
    MANDATORY = "mandatory"  # end it by a disposition; no limit presses
    TIME_BOXED = "time_boxed"  # end it by a disposition, or the limit does
    FIXED = "fixed"  # it lasts as long as the limit; the disposition is noted meanwhile


WRAP_UP_LIMITS = (timedelta(seconds=5), timedelta(minutes=15))


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRules:
    """One team's limits, and its one to six rings, the first of them the narrowest.

    `wrap_up_limit` ends a wrap-up of any mode; in a mandatory one it is only there so that nobody
    is stuck.
    """

    team: TeamId
    wrap_up_limit: timedelta
    wrap_up_mode: WrapUpMode = WrapUpMode.TIME_BOXED
    rings: tuple[Ring, ...]

    @property
    def last_ring(self) -> int:
        """Rings are numbered from 1."""
        return len(self.rings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How a team's own service level limits its help to others (`acd.core.sharing`).

    A team helps while at least the part `least_level` (0..1) of its own callers is answered in
    time, counted over `window`; fewer callers than `least_calls` tell nothing. Its first caller
    comes first after `own_first_after`.
    """

    least_level: float
    least_calls: int
    window: timedelta
    own_first_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRules:
    """How citizens are called back (`acd.core.callbacks`).

    A citizen's phone rings for `ring`; who answered hears for at most `greeting` who calls. Of
    `attempts` dials that did not bring the citizen the n-th is followed by the n-th of `intervals`,
    the last of them again where there are fewer. Citizens are rung from `opens` until `closes`
    (time since midnight in the city), both are 0 to 24 h. After `expires_after` from the wish
    nothing is tried any more.
    """

    attempts: int = 3
    intervals: tuple[timedelta, ...] = (timedelta(minutes=5), timedelta(minutes=15))
    ring: timedelta = timedelta(seconds=30)
    greeting: timedelta = timedelta(seconds=45)
    opens: timedelta = timedelta(hours=7)
    closes: timedelta = timedelta(hours=22)
    expires_after: timedelta = timedelta(hours=4)

    def interval_after(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts (0: one that did not count)."""
        return self.intervals[min(max(attempts, 1), len(self.intervals)) - 1]

    def open_at(self, at: datetime) -> datetime:
        """`at` itself when citizens may be rung then, else when that begins next."""
        city = at + CITY_OFFSET
        midnight = city.replace(hour=0, minute=0, second=0, microsecond=0)
        of_day = city - midnight
        if self.opens <= of_day < self.closes:
            return at
        wait = self.opens - of_day
        return at + (wait if wait > timedelta(0) else wait + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All settings of one run.

    `teams` in the order of the menu; `fallback_team` takes calls of an unknown team.
    `answer_margin` is how much longer than `ring_timeout` an offer may stay without a result, and
    how long a returning caller may take to be back in the waiting loop.
    `session_limit` frees the booth of an operator whose browser stays away; a caller in
    conversation with one whose browser and phone are both gone stays for `left_alone_after`.
    `default_disposition` is recorded when the limit ends a wrap-up. Without `sharing` the rings
    alone decide who helps whom.
    """

    teams: tuple[TeamRules, ...]
    fallback_team: TeamId
    ring_timeout: timedelta
    answer_margin: timedelta
    grace: timedelta
    session_limit: timedelta
    left_alone_after: timedelta
    wanted_agent_for: timedelta
    short_abandon: timedelta
    service_level: timedelta
    default_disposition: str
    sharing: Sharing | None = None
    callbacks: CallbackRules = CallbackRules()

    def team(self, team: TeamId) -> TeamRules:
        """The team's limits; the fallback team's for a team that is not served."""
        return self._find(team) or self._find(self.fallback_team) or self.teams[0]

    def _find(self, team: TeamId) -> TeamRules | None:
        return next((t for t in self.teams if t.team == team), None)
