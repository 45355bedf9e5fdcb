"""Arithmetic on samples: from a synthesiser's rate to the telephone's, at an even level. Pure.

Samples are 16-bit signed mono in an `array("h")`; levels are in dBFS (0 is the loudest possible).
"""

from __future__ import annotations

import math
from array import array
from itertools import pairwise
from operator import mul

TELEPHONE_RATE = 8000
FULL_SCALE = 32768
LEVEL_DBFS = -20.0
PEAK_FRACTION = 0.9
LEAD_MS = 60
TAIL_MS = 120
_FRAME_MS = 10
_SILENCE_BELOW_PEAK = 0.01  # -40 dB
_HALF_TAPS = 24
_CUTOFF_HZ = 3400.0  # The stop band begins below 4000 Hz, so that nothing folds back.


def resample(samples: array[int], rate: int, target: int = TELEPHONE_RATE) -> array[int]:
    """Change the rate downwards with a windowed-sinc filter (48 taps, one set for each phase)."""
    if rate == target:
        return array("h", samples)
    # Here, because it takes a tenth of a second and threads of its own, and whoever answers calls
    # never resamples.
    import numpy as np

    step = math.gcd(rate, target)
    up, down = target // step, rate // step
    banks = np.array([_taps(phase / up, rate) for phase in range(up)])
    padded = np.pad(np.array(samples, dtype=np.float64), (_HALF_TAPS, _HALF_TAPS + 1))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF_TAPS)
    whole, phase = np.divmod(np.arange(len(samples) * up // down) * down, up)
    made = np.einsum("ij,ij->i", windows[whole + 1], banks[phase])
    return array("h", np.clip(np.rint(made), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16))


def _taps(offset: float, rate: int) -> list[float]:
    """The filter centred between two samples at `offset` (0..1), with a gain of one."""
    taps = []
    for index in range(2 * _HALF_TAPS):
        distance = index - (_HALF_TAPS - 1) - offset
        x = 2 * _CUTOFF_HZ / rate * distance
        sinc = 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x)
        window = 0.54 + 0.46 * math.cos(math.pi * distance / (_HALF_TAPS + 1))
        taps.append(sinc * window)
    gain = sum(taps)
    return [tap / gain for tap in taps]


def _clip(value: float) -> int:
    return max(-FULL_SCALE, min(FULL_SCALE - 1, round(value)))


def trim(samples: array[int], rate: int = TELEPHONE_RATE) -> array[int]:
    """Leave 60 ms before the first sound and 120 ms after the last; silence stays untouched."""
    frame = rate * _FRAME_MS // 1000
    loud = _loud_frames(samples, frame)
    if not loud:
        return array("h", samples)
    begin = max(0, loud[0] * frame - rate * LEAD_MS // 1000)
    end = (loud[-1] + 1) * frame + rate * TAIL_MS // 1000
    return samples[begin:end]


def normalise(samples: array[int], rate: int = TELEPHONE_RATE) -> array[int]:
    """Bring the sounding part to -20 dBFS, less where a peak would come too near to clipping."""
    now = level_dbfs(samples, rate)
    if now is None:
        return array("h", samples)
    peak = max(abs(min(samples)), max(samples)) / FULL_SCALE
    gain = min(10 ** ((LEVEL_DBFS - now) / 20), PEAK_FRACTION / peak)
    return array("h", [_clip(sample * gain) for sample in samples])


def level_dbfs(samples: array[int], rate: int = TELEPHONE_RATE) -> float | None:
    """RMS level of the sounding 10 ms frames; None for silence."""
    frame = rate * _FRAME_MS // 1000
    loud = _loud_frames(samples, frame)
    if not loud:
        return None
    power = sum(_power(samples[n * frame : (n + 1) * frame]) for n in loud) / len(loud)
    return 10 * math.log10(power / FULL_SCALE**2)


def leading_silence_ms(samples: array[int], rate: int = TELEPHONE_RATE) -> int:
    """Milliseconds before the first sounding frame; the whole length for silence."""
    frame = rate * _FRAME_MS // 1000
    loud = _loud_frames(samples, frame)
    return loud[0] * _FRAME_MS if loud else len(samples) * 1000 // rate


def longest_pause_ms(samples: array[int], rate: int = TELEPHONE_RATE) -> int:
    """The longest silence between two sounding frames, in milliseconds; 0 for silence."""
    loud = _loud_frames(samples, rate * _FRAME_MS // 1000)
    gaps = (later - earlier - 1 for earlier, later in pairwise(loud))
    return max(gaps, default=0) * _FRAME_MS


def _loud_frames(samples: array[int], frame: int) -> list[int]:
    """Numbers of the frames that sound: not below -40 dB of the loudest frame's RMS."""
    powers = [_power(samples[n : n + frame]) for n in range(0, len(samples), frame)]
    loudest = max(powers, default=0.0)
    if loudest <= 1.0:
        return []
    least = loudest * _SILENCE_BELOW_PEAK**2
    return [number for number, power in enumerate(powers) if power >= least]


def _power(samples: array[int]) -> float:
    return sum(map(mul, samples, samples)) / len(samples) if samples else 0.0
