"""What is measured of a recording: the waveform's peaks and the level of each side."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from operator import mul

from recordings.core.wav import RATE

WINDOW_MS = 100
WINDOW_FRAMES = RATE * WINDOW_MS // 1000
PEAK_STEPS = 255
FULL_SCALE = 32768
_EVERY = 4
"""The level is taken from every fourth sample: 0.1 dB of error on speech for a quarter of the
work, which is done by the process that also answers calls."""


@dataclass(frozen=True, slots=True)
class Side:
    """The measure of one channel so far. `peaks`: one byte for each 100 ms, 255 is full scale."""

    peaks: bytes = b""
    power_sum: float = 0.0
    samples: int = 0

    @property
    def level_dbfs(self) -> float | None:
        """RMS over the whole recording; None for digital silence."""
        if self.samples == 0 or self.power_sum == 0:
            return None
        return 10 * math.log10(self.power_sum / self.samples / FULL_SCALE**2)


@dataclass(frozen=True, slots=True)
class Measures:
    """Both sides: the caller on the left, the operator on the right."""

    caller: Side
    operator: Side


@dataclass(frozen=True, slots=True)
class Peaks:
    """The drawing of a recording: for each side a byte for each window, 255 is full scale."""

    window_ms: int
    caller: bytes
    operator: bytes


NOTHING = Measures(Side(), Side())


def measure(so_far: Measures, interleaved: array[int]) -> Measures:
    """Add a block of interleaved samples; blocks but the last must be whole windows long."""
    return Measures(
        caller=_add(so_far.caller, interleaved[0::2]),
        operator=_add(so_far.operator, interleaved[1::2]),
    )


def _add(side: Side, samples: array[int]) -> Side:
    thinned = samples[::_EVERY]
    return Side(
        peaks=side.peaks + bytes(_peaks(samples)),
        power_sum=side.power_sum + sum(map(mul, thinned, thinned)),
        samples=side.samples + len(thinned),
    )


def _peaks(samples: array[int]) -> list[int]:
    found = []
    for start in range(0, len(samples), WINDOW_FRAMES):
        window = samples[start : start + WINDOW_FRAMES]
        loudest = max(max(window), -min(window))
        found.append(min(PEAK_STEPS, loudest * PEAK_STEPS // (FULL_SCALE - 1)))
    return found
