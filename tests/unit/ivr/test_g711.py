"""A-law and mu-law against the expansion of ITU-T G.711, for every sample there is."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import pytest

from ivr.core.g711 import a_law, mu_law

EVERY = array("h", range(-32768, 32768))


def expanded_a(byte: int) -> int:
    byte ^= 0x55
    segment, place = byte >> 4 & 7, byte & 0xF
    value = (place << 4) + 8 if segment == 0 else ((place << 4) + 0x108) << (segment - 1)
    return value if byte & 0x80 else -value


def expanded_mu(byte: int) -> int:
    byte ^= 0xFF
    value = (((byte & 0xF) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -value if byte & 0x80 else value


@pytest.mark.parametrize(
    ("code", "expand", "finest"), [(a_law, expanded_a, 8), (mu_law, expanded_mu, 4)]
)
def test_every_sample_comes_back_within_half_a_step(
    code: Callable[[array[int]], bytes], expand: Callable[[int], int], finest: int
) -> None:
    levels = sorted({expand(byte) for byte in range(256)})
    most = levels[-1]
    for sample, byte in zip(EVERY, code(EVERY), strict=True):
        # A step is a sixteenth of its segment (above the bias), so the error grows with the sample.
        allowed = finest + (abs(sample) + 132) / 32
        wanted = max(-most, min(most, sample))
        assert abs(expand(byte) - wanted) <= allowed, sample


@pytest.mark.parametrize(("code", "expand"), [(a_law, expanded_a), (mu_law, expanded_mu)])
def test_louder_never_becomes_softer(
    code: Callable[[array[int]], bytes], expand: Callable[[int], int]
) -> None:
    heard = [expand(byte) for byte in code(EVERY)]
    assert heard == sorted(heard)
    assert len(set(heard)) >= 255


def test_silence_is_the_code_that_the_line_calls_silence() -> None:
    assert a_law(array("h", [0, 0])) == b"\xd5\xd5"
    assert mu_law(array("h", [0, 0])) == b"\xff\xff"
