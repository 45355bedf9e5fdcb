"""How loud a WAV file is, window by window, on each channel."""

from __future__ import annotations

import math
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

WINDOW_S = 0.02
AUDIBLE_DBFS = -45.0


@dataclass(frozen=True, slots=True)
class Channel:
    """Level of each 20 ms, in dB below full scale."""

    levels: tuple[float, ...]

    @property
    def audible_fraction(self) -> float:
        return sum(level > AUDIBLE_DBFS for level in self.levels) / max(1, len(self.levels))

    def between(self, since_s: float, until_s: float) -> Channel:
        return Channel(self.levels[int(since_s / WINDOW_S) : int(until_s / WINDOW_S)])

    @property
    def onsets_s(self) -> list[float]:
        """When sound begins after silence: the starts of separate beeps or words."""
        loud = [level > AUDIBLE_DBFS for level in self.levels]
        return [n * WINDOW_S for n in range(1, len(loud)) if loud[n] and not loud[n - 1]]


def channels(path: Path) -> tuple[float, list[Channel]]:
    """Duration in seconds, and the channels from left to right, of a 16-bit PCM file."""
    with wave.open(str(path), "rb") as sound:
        assert sound.getsampwidth() == 2, "16-bit samples expected"
        rate, count = sound.getframerate(), sound.getnchannels()
        samples = array("h", sound.readframes(sound.getnframes()))
    width = int(rate * WINDOW_S)
    each = [samples[n::count] for n in range(count)]
    return len(each[0]) / rate, [
        Channel(
            tuple(_level(one[start : start + width]) for start in range(0, len(one) - width, width))
        )
        for one in each
    ]


def _level(window: array[int]) -> float:
    power = sum(sample * sample for sample in window) / len(window)
    return 10 * math.log10(max(power, 1e-3) / 32768**2)
