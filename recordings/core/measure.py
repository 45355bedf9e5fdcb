"""What is measured of a recording: the waveform's peaks and the level of each side."""

from __future__ import annotations

import audioop
import math
from dataclasses import dataclass

from recordings.core.wav import FRAME_BYTES, RATE

WINDOW_MS = 100
WINDOW_FRAMES = RATE * WINDOW_MS // 1000
PEAK_STEPS = 255
FULL_SCALE = 32768
_SAMPLE_BYTES = FRAME_BYTES // 2
_WINDOW_BYTES = WINDOW_FRAMES * _SAMPLE_BYTES


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


def measure(so_far: Measures, block: bytes) -> Measures:
    """Add a block of frames, 16 bits a sample in the machine's byte order; blocks but the last
    must be whole windows long.

    In C (`audioop`): the process that measures also answers calls, and in Python a minute of a
    conversation took it 60 ms.
    """
    return Measures(
        caller=_add(so_far.caller, audioop.tomono(block, _SAMPLE_BYTES, 1, 0)),
        operator=_add(so_far.operator, audioop.tomono(block, _SAMPLE_BYTES, 0, 1)),
    )


def _add(side: Side, samples: bytes) -> Side:
    number = len(samples) // _SAMPLE_BYTES
    return Side(
        peaks=side.peaks + bytes(_peaks(samples)),
        power_sum=side.power_sum + number * _rms(samples) ** 2,
        samples=side.samples + number,
    )


def _rms(samples: bytes) -> float:
    """`audioop.rms` gives whole numbers; what is quiet is made loud before it is rounded."""
    gain = (FULL_SCALE - 1) / max(1, audioop.max(samples, _SAMPLE_BYTES))
    return audioop.rms(audioop.mul(samples, _SAMPLE_BYTES, gain), _SAMPLE_BYTES) / gain


def _peaks(samples: bytes) -> list[int]:
    found = []
    for start in range(0, len(samples), _WINDOW_BYTES):
        loudest = audioop.max(samples[start : start + _WINDOW_BYTES], _SAMPLE_BYTES)
        found.append(min(PEAK_STEPS, loudest * PEAK_STEPS // (FULL_SCALE - 1)))
    return found
