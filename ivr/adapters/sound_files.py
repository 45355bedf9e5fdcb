"""A prompt as files: A-law and mu-law for the line, WAV for the browser and all other codecs.

Asterisk plays `<stem>` from the file whose form is the caller's own, without transcoding. A
finished file is moved into its place, never written there: a caller may be listening.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path

from ivr.core import audio
from ivr.core.g711 import a_law, mu_law

WAV_HEADER = 44
BYTES_A_SECOND = 2 * audio.TELEPHONE_RATE


def wav_of(samples: array[int]) -> bytes:
    """8 kHz mono 16-bit WAV."""
    body = array("h", samples)
    if sys.byteorder == "big":
        body.byteswap()
    data = body.tobytes()
    rate = audio.TELEPHONE_RATE
    return (
        b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt "
        + (16).to_bytes(4, "little") + (1).to_bytes(2, "little") + (1).to_bytes(2, "little")
        + rate.to_bytes(4, "little") + (2 * rate).to_bytes(4, "little")
        + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
        + b"data" + len(data).to_bytes(4, "little") + data
    )  # fmt: skip


def samples_of(wav: bytes) -> array[int]:
    """The samples of what `wav_of` made."""
    return little_endian(wav[WAV_HEADER:])


def little_endian(body: bytes) -> array[int]:
    samples = array("h", body[: len(body) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


FORMS: Mapping[str, Callable[[array[int]], bytes]] = {
    "alaw": a_law,
    "ulaw": mu_law,
    "wav": wav_of,
}
"""Ending of the file -> how it is made. The WAV comes last: where it is, the others are."""


def file_of(stem: Path, form: str = "wav") -> Path:
    """`stem` names a prompt, as `zh/welcome`; it has no ending."""
    return stem.with_name(f"{stem.name}.{form}")


def write_sound(stem: Path, samples: array[int]) -> None:
    """All forms, each first beside its place. Raises OSError; what stood there before then stays,
    in some of the forms at least."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    waiting = []
    for form, made in FORMS.items():
        beside = stem.with_name(f"{stem.name}.{form}.part")
        beside.write_bytes(made(samples))
        waiting.append((beside, file_of(stem, form)))
    for beside, place in waiting:
        os.replace(beside, place)


def remove_sound(stem: Path) -> None:
    for form in FORMS:
        file_of(stem, form).unlink(missing_ok=True)


def is_whole(stem: Path) -> bool:
    return all(file_of(stem, form).is_file() for form in FORMS)
