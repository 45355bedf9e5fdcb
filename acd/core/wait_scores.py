"""How right the expected waits were: each is compared with the truth when the caller's wait ends.

Pure. The scores have two readers: the wallboard, which publishes them, and the next forecast,
whose range is as wide as the last few hundred were wrong (and which is not told at all when they
were wrong too often). What was not told is scored too, so that silence can end.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cbrt, sqrt
from statistics import NormalDist

from acd.core.expected_wait import Forecast
from acd.core.wait_told import Told
from kernel.ids import CallId, TeamId
from kernel.waits import WaitScore

KEPT = 300
"""So many of the last scores set the width of the next range."""
SURE_FROM, SURE_TO = 0.10, 0.90
"""The range is to hold four of five."""
PRIOR = 30
"""So many scores as a perfect model would have made stand in at the beginning."""
TRUST_FROM, TRUST_AT_LEAST = 40, 0.55
"""Of so many ranges or more, so many must have been right, or nothing is told."""
LAST_RANGES = 100
PUBLISHED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of what was told in the last 24 hours and could be judged.

    Population: announcements whose caller was answered, or left later than the range's end; who
    left within it gives no truth. Formulas: `within_rate` = those in the told range / all;
    `mae_s` = mean of |expected - actual| in seconds over the answered. Source: contact-centre
    notes 6.5 (no one publishes this).
    """

    told: int
    within_rate: float | None
    mae_s: float | None


@dataclass(frozen=True, slots=True)
class Open:
    """An expected wait of a caller who still waits."""

    at: datetime
    forecast: Forecast
    range: Told | None
    told: bool


class Published:
    """One team's judged announcements of the last 24 hours, and their sums."""

    def __init__(self) -> None:
        self._kept: deque[tuple[datetime, bool, int | None]] = deque()
        self.right = 0
        self.answered = 0
        # Whole microseconds: the sum is the same whatever the order of coming and going.
        self.error_us = 0

    def add(self, at: datetime, score: WaitScore, right: bool) -> None:
        error = round(abs(score.expected_s - score.waited_s) * 1e6) if score.answered else None
        self._kept.append((at, right, error))
        self._count(right, error, 1)

    def expire(self, now: datetime) -> None:
        while self._kept and now - self._kept[0][0] > PUBLISHED_FOR:
            _, right, error = self._kept.popleft()
            self._count(right, error, -1)

    def _count(self, right: bool, error: int | None, sign: int) -> None:
        self.right += sign * right
        if error is not None:
            self.answered += sign
            self.error_us += sign * error

    def __len__(self) -> int:
        return len(self._kept)


class WaitScores:
    """Forecasts that wait for the truth, and what became of the earlier ones."""

    def __init__(self) -> None:
        self._open: dict[CallId, list[Open]] = {}
        self._errors: deque[float] = deque()
        self._sorted: list[float] = []
        self._recent: deque[bool] = deque(maxlen=LAST_RANGES)
        self._published: dict[TeamId, Published] = {}
        normal = NormalDist()
        for n in range(PRIOR):
            self._learn(normal.inv_cdf((n + 0.5) / PRIOR))

    # --- the next forecast -----------------------------------------------------------------

    def span(self, forecast: Forecast) -> tuple[float, float]:
        """The seconds between which four of five callers with such a forecast were answered.

        The time of the n-th departure is spread like a gamma variable of shape n (exponential
        handle times); its quantiles are those of the errors seen of late, in the units of a
        standard normal (Wilson-Hilferty), instead of the theoretical ones.
        """
        low = self._sorted[int(SURE_FROM * (len(self._sorted) - 1))]
        high = self._sorted[round(SURE_TO * (len(self._sorted) - 1))]
        return _quantile(forecast, low), _quantile(forecast, high)

    @property
    def trusted(self) -> bool:
        """False while too many of the last ranges were wrong, told or not."""
        if len(self._recent) < TRUST_FROM:
            return True
        return sum(self._recent) / len(self._recent) >= TRUST_AT_LEAST

    def last_told(self, call_id: CallId) -> Told | None:
        """The last thing this caller was told."""
        return next((o.range for o in reversed(self._open.get(call_id, [])) if o.told), None)

    def add(
        self, call_id: CallId, forecast: Forecast, said: Told | None, at: datetime, *, told: bool
    ) -> None:
        """Remember until the caller's wait ends: what was told, or would have been."""
        one = Open(at, forecast, said, told and said is not None)
        self._open.setdefault(call_id, []).append(one)

    # --- the truth -------------------------------------------------------------------------

    def end(self, call_id: CallId, at: datetime, *, answered: bool) -> tuple[WaitScore, ...]:
        """The scores of everything that was expected of this caller; the caller is forgotten."""
        scores = []
        for one in self._open.pop(call_id, ()):
            waited_s = (at - one.at).total_seconds()
            said = one.range
            scores.append(
                WaitScore(
                    expected_s=one.forecast.seconds,
                    departures=one.forecast.departures,
                    low_min=said.low if said else None,
                    high_min=said.high if said else None,
                    told=one.told,
                    waited_s=waited_s,
                    answered=answered,
                )
            )
        return tuple(scores)

    def learn(self, team: TeamId, scores: tuple[WaitScore, ...], at: datetime) -> None:
        """Take in scores, just made or read from the log."""
        published = self._published.setdefault(team, Published())
        for score in scores:
            if score.answered:
                self._learn(_error(score))
            right = within(score)
            if right is None:
                continue
            self._recent.append(right)
            if score.told:
                published.add(at, score, right)

    def _learn(self, error: float) -> None:
        self._errors.append(error)
        insort(self._sorted, error)
        if len(self._errors) > KEPT:
            self._sorted.remove(self._errors.popleft())

    # --- what is published -----------------------------------------------------------------

    def accuracy(self, team: TeamId | None, now: datetime) -> Accuracy:
        """Of one team; None: of all."""
        every = self._published
        chosen = list(every.values()) if team is None else [every[team]] if team in every else []
        for one in chosen:
            one.expire(now)
        told = sum(map(len, chosen))
        answered = sum(p.answered for p in chosen)
        return Accuracy(
            told=told,
            within_rate=sum(p.right for p in chosen) / told if told else None,
            mae_s=sum(p.error_us for p in chosen) / answered / 1e6 if answered else None,
        )


def within(score: WaitScore) -> bool | None:
    """Whether the range came true; None where there was none, or the caller left before that could
    be seen."""
    if score.low_min is None:
        return None
    said = Told(score.low_min, score.high_min)
    if score.answered:
        return said.covers(score.waited_s)
    return False if said.high is not None and score.waited_s > said.high * 60 else None


def _quantile(forecast: Forecast, z: float) -> float:
    n = max(forecast.departures, 1.0)
    root = 1 - 1 / (9 * n) + z / (3 * sqrt(n))
    root = max(root, 0.0)
    return forecast.seconds * root * root * root


def _error(score: WaitScore) -> float:
    """How far off, in standard normal units of its own spread: the inverse of `_quantile`."""
    n = max(score.departures, 1.0)
    ratio = max(score.waited_s, 0.1) / max(score.expected_s, 0.1)
    return 3 * sqrt(n) * (cbrt(ratio) - 1 + 1 / (9 * n))
