"""Sample arithmetic: what the filter keeps, what it removes, and how levels are set."""

from __future__ import annotations

import math
from array import array

import pytest

from ivr.core import audio


def tone(hertz: float, rate: int, seconds: float = 0.5, amplitude: float = 8000) -> array[int]:
    return array(
        "h",
        [
            round(amplitude * math.sin(2 * math.pi * hertz * n / rate))
            for n in range(int(rate * seconds))
        ],
    )


def silence(ms: int) -> array[int]:
    return array("h", bytes(2 * 8 * ms))


@pytest.mark.parametrize("hertz", [300, 1000, 2500])
def test_speech_band_keeps_its_level(hertz: int) -> None:
    before = tone(hertz, 22050)
    after = audio.resample(before, 22050)
    assert audio.level_dbfs(after) == pytest.approx(audio.level_dbfs(before, 22050), abs=0.5)


@pytest.mark.parametrize("hertz", [4800, 6000, 9000])
def test_what_the_telephone_cannot_carry_does_not_fold_back(hertz: int) -> None:
    after = audio.resample(tone(hertz, 22050), 22050)
    middle = after[400:-400]
    assert max(abs(sample) for sample in middle) < 8000 / 50


def test_length_follows_the_rate() -> None:
    assert len(audio.resample(tone(440, 22050, seconds=2), 22050)) == 16000


def test_same_rate_changes_nothing() -> None:
    samples = tone(440, 8000)
    assert audio.resample(samples, 8000) == samples


def test_quiet_speech_is_raised_to_minus_twenty() -> None:
    quiet = tone(440, 8000, amplitude=300)
    assert audio.level_dbfs(audio.normalise(quiet)) == pytest.approx(-20, abs=0.2)


def test_pauses_do_not_count_towards_the_level() -> None:
    with_pause = tone(440, 8000, amplitude=300) + silence(3000)
    assert audio.level_dbfs(audio.normalise(with_pause)) == pytest.approx(-20, abs=0.2)


def test_a_click_is_never_driven_into_clipping() -> None:
    samples = tone(440, 8000, amplitude=50)
    samples[1000] = 30000
    assert max(audio.normalise(samples)) <= 0.9 * 32768


def test_silence_stays_silence() -> None:
    assert audio.normalise(silence(200)) == silence(200)
    assert audio.trim(silence(200)) == silence(200)
    assert audio.level_dbfs(silence(200)) is None
    assert audio.leading_silence_ms(silence(200)) == 200


def test_nothing_at_all_is_no_error() -> None:
    nothing = array("h")
    assert audio.normalise(audio.trim(audio.resample(nothing, 22050))) == nothing


def test_long_silences_at_both_ends_are_cut() -> None:
    trimmed = audio.trim(silence(900) + tone(440, 8000) + silence(900))
    assert audio.leading_silence_ms(trimmed) == 60
    assert len(trimmed) == 8 * (60 + 500 + 120)
