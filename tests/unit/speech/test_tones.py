"""What can be speech: a tone cannot, nor a sound that never changes, however the recogniser reads
it."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.core.result import NOTHING, Utterance
from speech.core.samples import Upsampler, frames
from speech.core.tones import FRAME, REMEMBERED, Listener, Sound, judged, look
from speech.worker.doubting import DoubtingRecogniser, DoubtingRecognisers
from tests.fakes.recogniser import LoudnessRecogniser, LoudnessRecognisers

RATE = 8000
PIECE = 960


def sines(*parts: tuple[float, float], seconds: float = 1.0) -> list[float]:
    """(frequency in Hz, amplitude) each, together."""
    return [
        sum(size * math.sin(math.tau * hz * n / RATE) for hz, size in parts)
        for n in range(int(seconds * RATE))
    ]


def hiss(rms: float, seconds: float = 1.0) -> list[float]:
    chance = random.Random(5)
    return [chance.gauss(0, rms) for _ in range(int(seconds * RATE))]


def vowels(seconds: float = 1.0) -> list[float]:
    """A voice of 120 Hz whose two formants wander, five syllables a second."""
    made = []
    for n in range(int(seconds * RATE)):
        at = n / RATE
        one, two = 500 + 250 * math.sin(9 * at), 1500 + 600 * math.cos(7 * at)
        value = sum(
            math.sin(math.tau * 120 * k * at)
            * (math.exp(-(((120 * k - one) / 90) ** 2)) + math.exp(-(((120 * k - two) / 120) ** 2)))
            for k in range(1, 25)
        )
        made.append(6000 * value * (0.55 + 0.45 * math.sin(math.tau * 5 * at)))
    return made


def samples(*parts: list[float]) -> array[int]:
    """Their sum as 16-bit samples."""
    return array(
        "h", [max(-32768, min(32767, round(sum(each)))) for each in zip(*parts, strict=True)]
    )


def sound(heard: array[int]) -> Sound:
    listener = Listener()
    listener.take(heard)
    return listener.sound()


@given(st.floats(430, 3700), st.floats(300, 16_000), st.floats(0.2, 1))
def test_every_tone_is_known_for_one_on_a_companded_line(
    hz: float, size: float, seconds: float
) -> None:
    # Companding leaves a noise 38 dB below.
    tone = sines((hz, size), seconds=seconds)
    heard = samples(tone, hiss(size / math.sqrt(2) / 80, seconds))
    assert sound(heard) is Sound.TONE


@pytest.mark.parametrize(
    "parts",
    [
        ((450, 8000),),  # a dial tone
        ((1100, 8000),),  # a fax machine that calls
        ((2100, 8000),),  # and one that answers
        ((697, 5000), (1209, 5000)),  # the key 1
        ((3000, 9000),),  # a whistle
    ],
    ids=str,
)
def test_signals_of_machines_are_tones(parts: tuple[tuple[float, float], ...]) -> None:
    assert sound(samples(sines(*parts), hiss(30))) is Sound.TONE


def test_a_whistle_that_glides_is_a_tone_and_one_that_is_interrupted_too() -> None:
    glide = [9000 * math.sin(math.tau * (1000 + 400 * n / RATE) * n / RATE) for n in range(RATE)]
    assert sound(samples(glide, hiss(30))) is Sound.TONE
    busy = [v * (n // 2800 % 2) for n, v in enumerate(sines((450, 8000), seconds=3))]
    assert sound(samples(busy, hiss(5, 3))) is Sound.TONE


@pytest.mark.parametrize("rms", [100, 1000, 5000])
def test_a_noise_that_never_changes_is_steady_from_a_second_on(rms: float) -> None:
    assert sound(samples(hiss(rms, 2))) is Sound.STEADY
    assert sound(samples(hiss(rms, 0.5))) is Sound.PERHAPS_SPEECH


def test_a_voice_is_neither_nor_is_it_when_a_tone_lies_under_it() -> None:
    assert sound(samples(vowels(3))) is Sound.PERHAPS_SPEECH
    assert sound(samples(vowels(3), sines((1000, 600), seconds=3))) is Sound.PERHAPS_SPEECH


def test_a_low_hum_may_be_a_nasal_and_is_left_alone() -> None:
    assert sound(samples(sines((150, 8000), seconds=0.5))) is Sound.PERHAPS_SPEECH


def test_silence_and_too_short_a_sound_are_not_judged() -> None:
    assert sound(array("h", bytes(32_000))) is Sound.PERHAPS_SPEECH
    assert sound(samples(sines((1000, 8000), seconds=0.1))) is Sound.PERHAPS_SPEECH
    assert look([0] * FRAME) is None
    assert judged(()) is Sound.PERHAPS_SPEECH


@given(st.lists(st.integers(-32768, 32767), max_size=5000), st.data())
def test_cutting_the_stream_changes_nothing(values: list[int], data: st.DataObject) -> None:
    whole, cut = Listener(), Listener()
    whole.take(array("h", values))
    rest = values
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        cut.take(array("h", rest[:size]))
        rest = rest[size:]
    assert list(cut.looks) == list(whole.looks)
    assert cut.sound() is whole.sound()


def test_only_so_much_is_kept_of_a_conversation_without_an_end() -> None:
    listener = Listener()
    for _ in range(40):
        listener.take(samples(hiss(500)))
    assert len(listener.looks) == REMEMBERED


# --- what is believed ---------------------------------------------------------------------------


def hears(recogniser: DoubtingRecogniser, heard: array[int]) -> list[Utterance]:
    """All that ended with it and a second of silence after it, and what was said so far on the way
    to it."""
    upsample, found = Upsampler(), []
    for piece in frames(heard.tobytes() + bytes(2 * RATE), PIECE):
        ended = recogniser.accept(upsample(piece))
        found.append(recogniser.partial() if ended is None else ended)
    return [one for one in found if one != NOTHING]


def test_words_of_a_tone_are_not_believed_and_those_of_a_voice_after_it_are() -> None:
    recogniser = DoubtingRecognisers(LoudnessRecognisers("报警")).new()
    heard = hears(recogniser, samples(sines((3000, 9000))))
    # Of the first 0.18 s nothing can be said yet: whoever listens waits for the end of a word.
    assert len(heard) <= 3
    assert hears(recogniser, samples(vowels()))[-1] == Utterance("报警", 1.0, True)


def test_what_is_cut_off_is_judged_too() -> None:
    recogniser = DoubtingRecogniser(LoudnessRecogniser("报警"))
    recogniser.accept(Upsampler()(samples(sines((3000, 9000))).tobytes()))
    assert recogniser.final() == NOTHING
