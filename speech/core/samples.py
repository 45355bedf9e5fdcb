"""Arithmetic on the telephone's samples: 16-bit little-endian mono. Pure."""

from __future__ import annotations

import operator
import sys
from array import array
from collections.abc import Iterator

TELEPHONE_RATE = 8000
RECOGNISER_RATE = 16000
"""What every model is fed with: published small models refuse 8 kHz outright, and a model of 8 kHz
takes 16 (vosk 0.3.45)."""


class Upsampler:
    """Doubles the rate of one stream by linear interpolation; keeps the last sample between two
    pieces, so that cutting a stream changes nothing."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, audio: bytes) -> bytes:
        samples = _samples(audio)
        if not samples:
            return b""
        before = array("h", [self._last]) + samples[:-1]
        self._last = samples[-1]
        doubled = array("h", bytes(4 * len(samples)))
        doubled[0::2] = array("h", [total >> 1 for total in map(operator.add, before, samples)])
        doubled[1::2] = samples
        return _bytes(doubled)


def telephone_samples(doubled: bytes) -> array[int]:
    """What an `Upsampler` was given, of a whole number of its samples."""
    return _samples(doubled)[1::2]


def channels(audio: bytes) -> tuple[bytes, bytes]:
    """Left and right of interleaved samples."""
    samples = _samples(audio[: len(audio) // 4 * 4])
    return _bytes(samples[0::2]), _bytes(samples[1::2])


def frames(audio: bytes, size: int) -> Iterator[bytes]:
    """`audio` in pieces of `size` bytes, the last one filled up with silence."""
    for start in range(0, len(audio), size):
        yield audio[start : start + size].ljust(size, b"\0")


def _samples(audio: bytes) -> array[int]:
    samples = array("h", audio[: len(audio) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    return samples.tobytes()
