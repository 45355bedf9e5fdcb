"""How loud a WAV file, or what a telephone heard, is: window by window, on each channel."""

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
    each = [samples[n::count] for n in range(count)]
    return len(each[0]) / rate, [_channel(one, rate) for one in each]


def alaw(heard: bytes) -> Channel:
    """What a telephone heard at 8 kHz in A-law (ITU-T G.711)."""
    return _channel(array("h", [_LINEAR[code] for code in heard]), 8000)


def _linear(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if code & 0x80 else -size


_LINEAR = tuple(_linear(code) for code in range(256))


def _channel(samples: array[int], rate: int) -> Channel:
    width = int(rate * WINDOW_S)
    starts = range(0, len(samples) - width + 1, width)
    return Channel(tuple(_level(samples[start : start + width]) for start in starts))


def _level(window: array[int]) -> float:
    power = sum(sample * sample for sample in window) / len(window)
    return 10 * math.log10(max(power, 1e-3) / 32768**2)
