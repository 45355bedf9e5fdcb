"""Whether a sound can be speech at all, judged from its samples. Pure.

A recogniser may give a word for a fax machine, a whistle, the busy signal of a forwarded line or a
buzzer. Speech is neither a pure tone nor always equally strong, so what is one of the two is no
word, whatever the recogniser made of it. Music, a crowd and another language are neither, and are
left to the recogniser and to whoever asks back.

Theory of operation. Of every third frame of 20 ms the level is measured, and how much of it a
linear prediction from the four samples before leaves over. A tone, or two at once, is predicted to
a thousandth; vowels are not, for they are many tones; a nasal may be, and lies so low that it is
left alone. A sound that is a tone nearly all the time is `TONE`; one that keeps its strength for a
second or longer is `STEADY`.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import mul
from statistics import fmean

FRAME = 160
"""Samples: 20 ms of the telephone's rate."""
EVERY = 3
"""Of so many frames one is judged: it costs a thousandth of a core a caller."""
ORDER = 4
REMEMBERED = 200
"""Frames judged, 12 s: as long as an utterance may be."""
_WINDOW = tuple(0.5 - 0.5 * math.cos(math.tau * (n + 0.5) / FRAME) for n in range(FRAME))


class Sound(StrEnum):
    PERHAPS_SPEECH = "perhaps_speech"
    TONE = "tone"
    STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Bounds:
    """`residual_fraction`: of a frame's energy, what prediction leaves of a tone at most;
    `lowest_hz`: a lower tone may be a nasal; `tone_fraction`: of the loud frames that must be
    tones; `least_tone_s`, `least_steady_s`: shorter sounds are not judged; `loud_db`: frames so far
    below the loudest count; `steady_db`: how far the levels of a steady sound lie apart (standard
    deviation)."""

    residual_fraction: float = 0.004
    lowest_hz: float = 400.0
    tone_fraction: float = 0.9
    least_tone_s: float = 0.18
    least_steady_s: float = 1.0
    loud_db: float = 15.0
    steady_db: float = 1.2


BOUNDS = Bounds()
FRAME_S = FRAME * EVERY / 8000


@dataclass(frozen=True, slots=True)
class Look:
    """One frame. `level_db`: of its mean energy; `residual_fraction`: what prediction leaves;
    `correlation`: of neighbouring samples, -1..1; of a tone it is the cosine of its frequency."""

    level_db: float
    residual_fraction: float
    correlation: float


def look(samples: Sequence[int]) -> Look | None:
    """Of a frame of `FRAME` samples; None of digital silence."""
    windowed = list(map(mul, samples, _WINDOW))
    energy = sum(map(mul, windowed, windowed))
    if energy < 1.0:
        return None
    lags = [sum(map(mul, windowed, windowed[lag:])) / energy for lag in range(1, ORDER + 1)]
    level = 10 * math.log10(energy / FRAME)
    return Look(level, _left_over(lags), lags[0])


def _left_over(lags: Sequence[float]) -> float:
    """What linear prediction leaves of an energy of 1. Source: Levinson and Durbin."""
    error, filter_ = 1.0, [0.0] * ORDER
    for n in range(ORDER):
        ahead = lags[n] - sum(filter_[k] * lags[n - 1 - k] for k in range(n))
        reflection = ahead / error
        before = filter_[:n]
        for k in range(n):
            filter_[k] = before[k] - reflection * before[n - 1 - k]
        filter_[n] = reflection
        error *= 1 - reflection * reflection
        if error <= 1e-9:
            return 0.0
    return error


class Listener:
    """Takes one stream of samples as it comes; `sound` judges what came since `forget`."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        self._rest: array[int] = array("h")
        self.looks: deque[Look] = deque(maxlen=REMEMBERED)

    def take(self, samples: array[int]) -> None:
        self._rest += samples
        step = FRAME * EVERY
        whole = len(self._rest) // step * step
        for start in range(0, whole, step):
            seen = look(self._rest[start : start + FRAME])
            if seen is not None:
                self.looks.append(seen)
        del self._rest[:whole]

    def forget(self) -> None:
        """Another utterance begins."""
        self.looks.clear()

    def sound(self) -> Sound:
        return judged(self.looks, self._bounds)


def judged(looks: Iterable[Look], bounds: Bounds = BOUNDS) -> Sound:
    found = tuple(looks)
    loudest = max((one.level_db for one in found), default=0.0)
    loud = [one for one in found if one.level_db >= loudest - bounds.loud_db]
    if len(loud) * FRAME_S < bounds.least_tone_s:
        return Sound.PERHAPS_SPEECH
    if sum(_is_tone(one, bounds) for one in loud) >= bounds.tone_fraction * len(loud):
        return Sound.TONE
    long = len(loud) * FRAME_S >= bounds.least_steady_s
    if long and _deviation([one.level_db for one in loud]) <= bounds.steady_db:
        return Sound.STEADY
    return Sound.PERHAPS_SPEECH


def _is_tone(one: Look, bounds: Bounds) -> bool:
    low = math.cos(math.tau * bounds.lowest_hz / 8000)
    return one.residual_fraction <= bounds.residual_fraction and one.correlation < low


def _deviation(values: Sequence[float]) -> float:
    # The standard library's own works with fractions, a hundred times as long.
    mean = fmean(values)
    return math.sqrt(fmean((value - mean) ** 2 for value in values))
