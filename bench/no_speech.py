"""What is taken for no speech: `python -m bench.no_speech`.

The judge of sounds (`speech.core.tones`) hears the prompts that a person recorded for Asterisk,
whole and in pieces of half a second, every word of the tests' synthetic voices, each with a noise
below it as well, and tones of 430 to 3,700 Hz on a companded line. Exits 1 when a voice is taken
for no speech or a tone for speech. Needs sox.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from speech.core.tones import Listener, Sound
from tests.servers.asterisk import asterisk_env
from tests.speech_model.kit import said
from tests.speech_model.words import CHINESE, ENGLISH, HELD_OUT

RATE = 8000
BEEPS = frozenset({"ascending-2tone", "beep", "beeperr", "confbridge-leave", "descending-2tone"})
"""Prompts that are no voice."""
NOISE_DB = (40, 20, 10, 5)
"""How far the noise lies below the voice."""
Samples: TypeAlias = "array[int]"


def judged(samples: Samples) -> Sound:
    listener = Listener()
    listener.take(samples)
    return listener.sound()


def prompts() -> Iterator[Samples]:
    """By a person, as GSM codes them."""
    folder = Path(asterisk_env()["ASTERISK_DATA_DIR"]) / "sounds"
    for path in sorted(p for p in folder.rglob("*.gsm") if p.stem not in BEEPS):
        form = ["-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-"]
        made = subprocess.run(["sox", str(path), *form], capture_output=True, check=True)
        yield array("h", made.stdout)


def pieces(whole: Iterable[Samples], size: int = RATE // 2) -> Iterator[Samples]:
    for samples in whole:
        for start in range(0, len(samples) - size + 1, size):
            yield samples[start : start + size]


def words() -> Iterator[Samples]:
    for known in (CHINESE, ENGLISH):
        for language in known.voices:
            for variant in HELD_OUT:
                for word in known.words:
                    yield array("h", said(word, language, variant))


def noisy(whole: Iterable[Samples], below_db: float) -> Iterator[Samples]:
    chance = random.Random(11)
    for samples in whole:
        rms = math.sqrt(sum(s * s for s in samples) / max(1, len(samples)))
        size = rms * 10 ** (-below_db / 20)
        yield array("h", [_clip(s + chance.gauss(0, size)) for s in samples])


def tones() -> Iterator[Samples]:
    """With the noise of companding, 38 dB below."""
    chance = random.Random(12)
    for hz in range(430, 3701, 30):
        yield array(
            "h",
            [
                _clip(8000 * math.sin(math.tau * hz * n / RATE) + chance.gauss(0, 70))
                for n in range(RATE // 2)
            ],
        )


def _clip(value: float) -> int:
    return max(-32768, min(32767, round(value)))


def refused(what: str, sounds: Iterable[Samples]) -> tuple[int, int]:
    """How many were taken for no speech, of how many."""
    found = [judged(samples) for samples in sounds]
    count = sum(sound is not Sound.PERHAPS_SPEECH for sound in found)
    print(f"{what:<46}{len(found):>7}{count:>9}", flush=True)
    return count, len(found)


def main() -> None:
    print(f"{'':<46}{'sounds':>7}{'refused':>9}")
    recorded, spoken = list(prompts()), list(words())
    voices = [
        refused("a person's prompts", recorded),
        refused("half seconds of them", pieces(recorded)),
        refused("synthetic words", spoken),
        *(
            refused(f"synthetic words, noise {below} dB below", noisy(spoken, below))
            for below in NOISE_DB
        ),
    ]
    lost, heard = (sum(each) for each in zip(*voices, strict=True))
    known, of = refused("tones", tones())
    good = (lost == 0, known == of)
    told = ["met" if each else "MISSED" for each in good]
    print(f"voices taken for no speech {lost} of {heard}, bar 0 {told[0]}")
    print(f"tones taken for no speech {known} of {of}, bar all {told[1]}")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
