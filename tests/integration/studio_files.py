"""Recordings as a studio would send them, and files that are none."""

from __future__ import annotations

import math
import subprocess
import wave
from array import array
from pathlib import Path


def tone(
    seconds: float = 1.5,
    *,
    frequency: float = 700,
    level: float = 0.2,
    rate: int = 16000,
    dc: float = 0.0,
    lead: float = 0.0,
    pause: float = 0.0,
) -> array[int]:
    """A tone between two silences of `lead` seconds, with a pause in its middle. `level` is the
    peak as a fraction of full scale; more than 1 is clipped."""
    sounding = int(seconds * rate)

    def clipped(value: float) -> int:
        return max(-32768, min(32767, round(32767 * value)))

    half = [
        clipped(level * math.sin(math.tau * frequency * n / rate) + dc)
        for n in range(sounding // 2)
    ]
    still = [clipped(dc)]
    parts = still * int(lead * rate) + half + still * int(pause * rate) + half
    return array("h", parts + still * int(lead * rate))


def wav_file(path: Path, samples: array[int], rate: int = 16000, channels: int = 1) -> Path:
    """With the same sound in each channel."""
    body = array("h", [s for s in samples for _ in range(channels)])
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(body.tobytes())
    return path


def converted(path: Path, name: str, *options: str) -> Path:
    """By sox, into the form that the ending of `name` and the options say."""
    made = path.with_name(name)
    subprocess.run(["sox", "-D", str(path), *options, str(made)], check=True, capture_output=True)
    return made
