"""Only an RTP packet with sound in it ends the wait for the prompt."""

from __future__ import annotations

import math
import struct

from bench.ears import is_audible

_SILENCE = b"\xff" * 160


def packet(sound: bytes, payload_type: int = 0, first: int = 0x80) -> bytes:
    return struct.pack("!BBHII", first, payload_type, 1, 160, 0xC0FFEE) + sound


def tone(peak: int) -> bytes:
    """A 400 Hz tone in mu-law. Source: ITU-T G.711 by its segments."""

    def code(sample: int) -> int:
        sign, size = (0x80, -sample) if sample < 0 else (0, sample)
        biased = min(size, 32635) + 0x84
        segment = biased.bit_length() - 8
        return ~(sign | segment << 4 | biased >> segment + 3 & 0x0F) & 0xFF

    return bytes(code(round(peak * math.sin(math.pi * n / 10))) for n in range(160))


def test_speech_level_is_audible() -> None:
    assert is_audible(packet(tone(8000)))


def test_the_marker_bit_and_contributing_sources_do_not_hide_the_sound() -> None:
    assert is_audible(packet(tone(8000), payload_type=0x80))
    assert is_audible(packet(b"\0\0\0\1" + tone(8000), first=0x81))


def test_digital_silence_and_faint_noise_are_not_audible() -> None:
    assert not is_audible(packet(_SILENCE))
    assert not is_audible(packet(tone(100)))


def test_the_threshold_lies_at_45_db_below_full_scale() -> None:
    threshold_peak = 32768 * 10 ** (-45 / 20) * math.sqrt(2)

    assert is_audible(packet(tone(round(threshold_peak * 1.1))))
    assert not is_audible(packet(tone(round(threshold_peak * 0.9))))


def test_what_is_no_mu_law_packet_is_not_heard() -> None:
    assert not is_audible(b"")
    assert not is_audible(packet(b""))
    assert not is_audible(packet(tone(8000), payload_type=101))
    assert not is_audible(packet(tone(8000), first=0x00))
