"""The guard's level: up at once when a figure reaches its bound, down one by one when it is calm.

A supervisor may pin a level, with a reason and an end; then the figures change nothing until the
end, and the guard goes on from where they stand.

    normal ──bound of raised──▶ raised ──bound of storm──▶ storm
       ▲                         │  ▲                        │
       └──── calm for `calm` ────┘  └───── calm for `calm` ──┘
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ivr.core.screening.figures import Count, Counters
from ivr.core.screening.policy import Automatic, Level, Thresholds


class LevelCause(StrEnum):
    FIGURES = "figures"  # a figure reached its bound
    CALM = "calm"  # the figures have been low for long enough
    SUPERVISOR = "supervisor"  # pinned by a person
    UNPINNED = "unpinned"  # a person gave it back to the figures
    PIN_OVER = "pin_over"  # the pin came to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """`actor`: the account of a person, empty for the guard itself. `reason`: a person's words, or
    `figure=value`. `pinned_until` is set while a person's level is to stand."""

    change_id: str
    at: datetime
    level: Level
    cause: LevelCause
    actor: str
    reason: str
    pinned_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Reached:
    name: str
    part: float  # of its bound; 1 and more: reached
    value: float


class LevelKeeper:
    """Changes are returned without an id; whoever keeps them gives one."""

    def __init__(self, automatic: Automatic) -> None:
        self._automatic = automatic
        self._by_figures = Level.NORMAL
        self._since: datetime | None = None
        self._calm_since: datetime | None = None
        self.pin: LevelChange | None = None

    @property
    def level(self) -> Level:
        return self._by_figures if self.pin is None else self.pin.level

    def pinned(self, change: LevelChange | None) -> None:
        """A person's level stands until its end; None gives the level back to the figures."""
        self.pin = change

    def step(
        self, counters: Counters, occupied: float, now: datetime
    ) -> tuple[Level, LevelCause, str] | None:
        """Look at the figures; the change of the level that counts, if there is one."""
        before = self.level
        cause, reason = self._by_the_figures(counters, occupied, now)
        if self.pin is not None and self.pin.pinned_until and now >= self.pin.pinned_until:
            self.pin = None
            cause, reason = LevelCause.PIN_OVER, ""
        return None if self.level is before else (self.level, cause, reason)

    def _by_the_figures(
        self, counters: Counters, occupied: float, now: datetime
    ) -> tuple[LevelCause, str]:
        at = now.timestamp()
        for level in (Level.STORM, Level.RAISED):
            if level.rank <= self._by_figures.rank:
                break
            highest = self._highest(level, counters, occupied, at)
            if highest.part >= 1:
                self._by_figures, self._since, self._calm_since = level, now, None
                return LevelCause.FIGURES, f"{highest.name}={highest.value:g}"
        self._calm_down(counters, occupied, now)
        return LevelCause.CALM, ""

    def _calm_down(self, counters: Counters, occupied: float, now: datetime) -> None:
        if self._by_figures is Level.NORMAL:
            return
        highest = self._highest(self._by_figures, counters, occupied, now.timestamp())
        if highest.part >= self._automatic.calm_part:
            self._calm_since = None
            return
        self._calm_since = self._calm_since or now
        assert self._since is not None
        lasted = now - self._since >= self._automatic.least
        if lasted and now - self._calm_since >= self._automatic.calm:
            storm = self._by_figures is Level.STORM
            self._by_figures = Level.RAISED if storm else Level.NORMAL
            self._since, self._calm_since = now, None

    def _highest(self, level: Level, counters: Counters, occupied: float, at: float) -> _Reached:
        bounds = self._automatic.storm if level is Level.STORM else self._automatic.raised
        return max(
            _parts(bounds, counters, occupied, at),
            key=lambda found: found.part,
            default=_Reached("", 0.0, 0.0),
        )


def _parts(
    bounds: Thresholds, counters: Counters, occupied: float, at: float
) -> Iterator[_Reached]:
    for name, bound, value in (
        ("strangers_5s", bounds.strangers_5s, counters.five_seconds(Count.STRANGERS, at)),
        ("strangers_10s", bounds.strangers_10s, counters.ten_seconds(Count.STRANGERS, at)),
        ("calls_10s", bounds.calls_10s, counters.ten_seconds(Count.ENTERED, at)),
        ("anonymous_10s", bounds.anonymous_10s, counters.ten_seconds(Count.ANONYMOUS, at)),
        ("suspicious_minute", bounds.suspicious_minute, counters.minute(Count.SUSPICIOUS, at)),
        ("occupied", bounds.occupied, occupied),
    ):
        if bound:
            yield _Reached(name, value / bound, value)
