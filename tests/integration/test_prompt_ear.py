"""Ears that know the prompts: the right one among all, and never one where there is none."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from ivr.adapters.prompt_render import synthesise
from kernel.language import Language
from tests.servers.asterisk import HOME, ROOT
from tests.servers.prompt_ear import (
    RATE,
    PromptEar,
    Samples,
    mulaw_of_samples,
    samples_of_file,
    samples_of_mulaw,
)

PROMPTS = ROOT / "var" / "prompts"
SOUNDS_LIKE = {"yue/number_11": "yue/monthday_10"}
"""十一 and 十日: in Cantonese only the tone is another, and the ear hears no tones."""


@pytest.fixture(scope="module")
def ear() -> PromptEar:
    return PromptEar(PROMPTS)


def played(*names: str, gap: int = 37) -> Samples:
    """The prompts one after the other as a telephone brings them: mu-law, not on a frame's edge."""
    silence = np.zeros(gap, np.float32)
    parts = [part for name in names for part in (silence, samples_of_file(PROMPTS / f"{name}.wav"))]
    return samples_of_mulaw(mulaw_of_samples(np.concatenate(parts)))


def named(ear: PromptEar, samples: Samples) -> list[frozenset[str]]:
    return [heard.names for heard in ear.listen(samples)]


def test_every_prompt_is_recognised_among_all(ear: PromptEar) -> None:
    wanted = sorted(ear.names)
    for since in range(0, len(wanted), 10):
        some = wanted[since : since + 10]
        heard = ear.listen(played(*some))
        wrong = [
            (name, sorted(h.names))
            for name, h in zip(some, heard, strict=True)
            if h.names.isdisjoint({name, SOUNDS_LIKE.get(name, name)})
        ]
        assert not wrong
        assert all(h.fraction > 0.95 for h in heard)


def test_digits_in_a_row_are_told_apart_in_each_language(ear: PromptEar) -> None:
    for language in ("zh", "yue", "en"):
        row = [f"{language}/digit_{figure}" for figure in "20261124000123"]
        assert [name in names for name, names in zip(row, named(ear, played(*row)), strict=True)]


def test_of_prompts_that_begin_alike_the_one_that_was_played_is_heard(ear: PromptEar) -> None:
    for team in ("consumer", "urban", "labour", "security", "general"):
        name = f"zh/going_{team}"
        assert [name in names for names in named(ear, played(name))] == [True]


def test_prompt_cut_off_by_a_key_is_heard_in_part(ear: PromptEar) -> None:
    whole = played("zh/menu")
    (heard,) = ear.listen(whole[: len(whole) // 2])
    assert "zh/menu" in heard.names
    assert 0.4 < heard.fraction < 0.6


def test_lost_and_quiet_sound_is_still_recognised(ear: PromptEar) -> None:
    sound = played("yue/welcome", "en/menu") * 0.4
    for at in range(4000, len(sound), 12000):
        sound[at : at + 160] = 0
    assert ["yue/welcome" in n or "en/menu" in n for n in named(ear, sound)] == [True, True]


def test_prompt_in_noise_is_recognised(ear: PromptEar) -> None:
    sound = played("zh/welcome")
    noise = np.random.default_rng(1).normal(0, 60, len(sound)).astype(np.float32)
    assert ["zh/welcome" in names for names in named(ear, sound + noise)] == [True]


@pytest.mark.parametrize("level", [0, 10, 300, 5000])
def test_silence_and_noise_are_no_prompt(ear: PromptEar, level: int) -> None:
    noise = np.random.default_rng(2).normal(0, level, 10 * RATE).astype(np.float32)
    assert ear.listen(noise) == []


@pytest.mark.parametrize("frequency", [425, 1000, 2000])
def test_tone_is_no_prompt(ear: PromptEar, frequency: int) -> None:
    time = np.arange(5 * RATE) / RATE
    assert ear.listen((8000 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)) == []


def test_music_is_no_prompt(ear: PromptEar) -> None:
    music = samples_of_file(HOME / "moh" / "evening.wav")
    assert ear.listen(music[: 30 * RATE]) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.ENGLISH, "My neighbour has been mending his roof since six this morning."),
        (Language.MANDARIN, "楼下的垃圾已经三天没有人来收了。"),
        (Language.CANTONESE, "我屋企附近嘅路灯坏咗好耐。"),
    ],
)
def test_speech_that_is_in_no_prompt_is_no_prompt(
    ear: PromptEar, language: Language, text: str
) -> None:
    assert ear.listen(np.array(synthesise(text, language), np.float32)) == []


def test_speech_of_an_unknown_language_is_no_prompt(ear: PromptEar) -> None:
    spoken = subprocess.run(
        ["espeak-ng", "-v", "de", "--stdout", "--stdin"],
        input="Guten Tag, ich habe eine Frage zur Müllabfuhr in meiner Straße.".encode(),
        capture_output=True,
        check=True,
    ).stdout
    samples = np.frombuffer(spoken[spoken.find(b"data") + 8 :][: len(spoken) // 2 * 2 - 64], "<i2")
    # 22,050 Hz to about 8,000: whoever speaks is not asked for quality.
    assert ear.listen(samples[:: 22050 // RATE].astype(np.float32)) == []


def test_too_little_sound_is_nothing(ear: PromptEar) -> None:
    assert ear.listen(np.zeros(0, np.float32)) == []
    assert ear.listen(np.zeros(100, np.float32)) == []


def test_mulaw_there_and_back_is_the_nearest_value() -> None:
    values = samples_of_mulaw(bytes(range(256)))
    assert set(samples_of_mulaw(mulaw_of_samples(values)).tolist()) == set(values.tolist())
    assert values.max() == 32124
    assert values.min() == -32124
