"""The telephone's two codings of a sample in one byte, A-law and mu-law. Pure.

Source: ITU-T G.711. The tables answer for all 65,536 samples: one look-up for each.
"""

from __future__ import annotations

from array import array
from functools import cache

_ALAW_MOST, _ULAW_MOST = 0xFFF, 8158
_BIAS = 33


def a_law(samples: array[int]) -> bytes:
    """16-bit samples, one byte each."""
    return bytes(map(_alaw_table().__getitem__, _unsigned(samples)))


def mu_law(samples: array[int]) -> bytes:
    """16-bit samples, one byte each."""
    return bytes(map(_ulaw_table().__getitem__, _unsigned(samples)))


def _unsigned(samples: array[int]) -> array[int]:
    return array("H", samples.tobytes())


@cache
def _alaw_table() -> bytes:
    return bytes(_alaw(_signed(n)) for n in range(0x10000))


@cache
def _ulaw_table() -> bytes:
    return bytes(_ulaw(_signed(n)) for n in range(0x10000))


def _signed(number: int) -> int:
    return number - 0x10000 if number & 0x8000 else number


def _alaw(sample: int) -> int:
    """13 bits are coded: sign, segment (3 bits), place in it (4 bits); even bits are inverted."""
    value = sample >> 3
    mask = 0xD5 if value >= 0 else 0x55
    value = min(value if value >= 0 else -value - 1, _ALAW_MOST)
    segment = max(0, value.bit_length() - 5)
    place = (value >> max(1, segment)) & 0xF
    return (segment << 4 | place) ^ mask


def _ulaw(sample: int) -> int:
    """14 bits are coded, above a bias of 33; all bits are inverted."""
    value = sample >> 2
    mask = 0xFF if value >= 0 else 0x7F
    value = min(abs(value), _ULAW_MOST) + _BIAS
    segment = max(0, value.bit_length() - 6)
    place = (value >> (segment + 1)) & 0xF
    return (segment << 4 | place) ^ mask
