"""Synthetic speech at the telephone's rate, and what a telephone line does to it."""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.speech_model.words import HELD_OUT

Floats = NDArray[np.float32]
RATE = 8000
_WITHIN = (85, 125)
"""Percent: voices whose formants lie farther off are hardly speech."""
_ODD = ("klatt", "whisper", "robo", "steph2")


def variants() -> list[str]:
    """Names of espeak-ng's voices that sound like people, but for the held-out ones."""
    found = []
    for path in sorted(_data_folder().glob("voices/!v/*")):
        text = path.read_text(errors="replace")
        formants = re.findall(r"^formant\s+([123])\s+(\d+)", text, re.M)
        near = all(_WITHIN[0] <= int(percent) <= _WITHIN[1] for _, percent in formants)
        if near and path.name not in HELD_OUT and not path.name.lower().startswith(_ODD):
            found.append(path.name)
    return found


def _data_folder() -> Path:
    told = subprocess.run(
        ["espeak-ng", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return Path(told.rpartition("Data at:")[2].strip())


def spoken(texts: list[str], voice: str, variant: str, speed: int, pitch: int) -> list[Floats]:
    """Each text by the same voice in one call, 8 kHz, full scale 32768; empty if the cuts do not
    come out even."""
    pause = '<break time="600ms"/>'
    ssml = f"<speak>{pause.join(f'<s>{html.escape(t)}</s>' for t in texts)}</speak>"
    command = ["espeak-ng", "-v", f"{voice}+{variant}", "-s", str(speed), "-p", str(pitch)]
    made = subprocess.run(
        [*command, "-m", "--stdin", "--stdout"],
        input=ssml.encode(),
        capture_output=True,
        check=True,
    ).stdout
    start = made.find(b"data") + 8
    rate = int.from_bytes(made[24:28], "little")
    body = made[start : start + (len(made) - start) // 2 * 2]
    sound = _to_telephone(np.frombuffer(body, "<i2").astype(np.float32), rate)
    pieces = _cut(sound)
    return pieces if len(pieces) == len(texts) else []


def _to_telephone(sound: Floats, rate: int) -> Floats:
    """Through the frequency domain: what is above 3700 Hz fades out to nothing at 4000."""
    count = round(len(sound) * RATE / rate)
    spectrum = np.fft.rfft(sound)[: count // 2 + 1]
    frequencies = np.arange(len(spectrum)) * RATE / max(1, count)
    spectrum *= np.clip((4000 - frequencies) / 300, 0, 1)
    return np.asarray(np.fft.irfft(spectrum, count) * (count / len(sound)), np.float32)


def _cut(sound: Floats) -> list[Floats]:
    """At pauses of more than 300 ms; inside words they last 120 ms at most."""
    frame = RATE // 100
    count = len(sound) // frame
    energy = (sound[: count * frame].reshape(count, frame) ** 2).mean(axis=1)
    loud = np.flatnonzero(energy > 0.01 * energy.max())
    breaks = np.flatnonzero(np.diff(loud) > 30)
    starts = [loud[0], *loud[breaks + 1]]
    ends = [*loud[breaks], loud[-1]]
    return [
        sound[max(0, (a - 2) * frame) : (b + 4) * frame] for a, b in zip(starts, ends, strict=True)
    ]


def over_the_line(clean: Floats, chance: np.random.Generator) -> Floats:
    """A level, a noise, perhaps the band of a telephone and its companding."""
    peak = float(np.abs(clean).max()) or 1.0
    sound = clean * (32768 * 10 ** (chance.uniform(-26, -2) / 20) / peak)
    if chance.random() > 0.08:
        power = float((sound**2).mean())
        noise = _noise(len(sound), chance)
        sound = sound + noise * np.sqrt(power / 10 ** (chance.uniform(12, 45) / 10))
    if chance.random() < 0.6:
        sound = _band(sound, 300, 3400)
    if chance.random() < 0.5:
        sound = _companded(sound)
    return np.asarray(np.clip(np.rint(sound), -32768, 32767), np.float32)


def _noise(count: int, chance: np.random.Generator) -> Floats:
    """White, pink or brown, of power 1."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    slope = chance.choice([0.0, 0.5, 1.0])
    spectrum[1:] /= np.arange(1, len(spectrum)) ** slope
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / (sound.std() + 1e-9), np.float32)


def noise_of(seconds: float, rms: float, chance: np.random.Generator) -> Floats:
    return np.asarray(np.rint(_noise(int(seconds * RATE), chance) * rms), np.float32)


def _band(sound: Floats, low: float, high: float) -> Floats:
    spectrum = np.fft.rfft(sound)
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound)), np.float32)


def _companded(sound: Floats) -> Floats:
    """Mu-law there and back, in 8 bits."""
    x = np.clip(sound / 32768, -1, 1)
    code = np.rint(np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
    back = np.sign(code) * (256 ** np.abs(code) - 1) / 255
    return np.asarray(back * 32768, np.float32)
