"""Makes the sound files of the catalogue: espeak-ng, or a studio recording where there is one.

Files are `<target>/<language>/<name>` in every form that `sound_files` knows, 8 kHz mono; Asterisk
plays the one in the caller's own form, without conversion. A manifest keeps the fingerprint of what
each was made from, so that a second run makes only what changed. A finished file is moved into its
place, never written there: a caller may be listening.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import wave
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.adapters.sound_files import (
    is_whole,
    little_endian,
    remove_sound,
    write_sound,
)
from ivr.core import audio
from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.spoken import spoken
from kernel.errors import Unavailable
from kernel.language import Language

ESPEAK = "espeak-ng"
# The plain `cmn` voice of espeak-ng 1.51 reads pinyin out in English letters and digits.
VOICES = {
    Language.MANDARIN: ("cmn-latn-pinyin", 200),
    Language.CANTONESE: ("yue", 185),
    Language.ENGLISH: ("en-gb", 175),
}
"""Voice and speed in words a minute."""
MANIFEST = "manifest.json"
FROM_ESPEAK, FROM_STUDIO = "espeak", "studio"
"""How a fingerprint begins."""
_VERSION = "2"
_TIMEOUT_S = 60
_LONGEST_STUDIO_S = 120
_STUDIO_LEVELS = (-35.0, -6.0)

Progress = Callable[[int, int, str], None]
"""Called with (done, all, `language/name`) after each file."""


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What a run did. `refused`: studio files that cannot be used, with the reason; their prompts
    were synthesised. `removed`: files of prompts that are no longer in the catalogue."""

    rendered: int
    from_studio: int
    unchanged: int
    removed: int
    refused: tuple[tuple[Path, str], ...]

    @property
    def total(self) -> int:
        return self.rendered + self.from_studio + self.unchanged


class StudioFileRefused(Exception):
    """A studio recording does not have the form it must have; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one prompt's sound comes from. `fingerprint` changes with everything that is heard."""

    language: Language
    name: str
    studio: array[int] | None
    fingerprint: str

    @property
    def key(self) -> str:
        return f"{self.language.value}/{self.name}"


def render_prompts(
    catalogue: PromptCatalogue,
    target_dir: Path,
    studio_dir: Path | None = None,
    progress: Progress = lambda done, total, name: None,
) -> RenderReport:
    """Make every prompt of the catalogue in every language; blocks for about 20 s at first.

    Raises:
        Unavailable: espeak-ng is not installed or failed; what was made so far stays.
    """
    refused: list[tuple[Path, str]] = []
    sources = _sources(catalogue, studio_dir, refused)
    manifest = read_manifest(target_dir)
    done = {"rendered": 0, "studio": 0, "unchanged": 0}
    try:
        for number, source in enumerate(sources, start=1):
            done[_make(source, catalogue, target_dir, manifest)] += 1
            progress(number, len(sources), source.key)
        removed = _remove_strangers(target_dir, {s.key for s in sources}, manifest)
    finally:
        _write_manifest(target_dir, manifest)
    return RenderReport(
        done["rendered"], done["studio"], done["unchanged"], removed, tuple(refused)
    )


def _sources(
    catalogue: PromptCatalogue, studio_dir: Path | None, refused: list[tuple[Path, str]]
) -> list[_Source]:
    version = _espeak_version()
    found = []
    for language in LANGUAGE_ORDER:
        for name in sorted(catalogue.texts):
            studio = _studio_recording(studio_dir, language, name, refused)
            text = _text(catalogue, language, name)
            made_from = text.encode() if studio is None else studio.tobytes()
            how = f"{version}|{VOICES[language]}" if studio is None else FROM_STUDIO
            digest = hashlib.sha256(f"{_VERSION}|{how}|".encode() + made_from).hexdigest()
            origin = FROM_ESPEAK if studio is None else FROM_STUDIO
            found.append(_Source(language, name, studio, f"{origin}:{digest}"))
    return found


def _text(catalogue: PromptCatalogue, language: Language, name: str) -> str:
    return spoken(catalogue.text(name, language), language, catalogue.readings[language])


def _make(
    source: _Source, catalogue: PromptCatalogue, target_dir: Path, manifest: dict[str, str]
) -> str:
    stem = target_dir / source.key
    if manifest.get(source.key) == source.fingerprint and is_whole(stem):
        return "unchanged"
    samples = source.studio
    if samples is None:
        samples = synthesise(_text(catalogue, source.language, source.name), source.language)
    write_sound(stem, samples)
    manifest[source.key] = source.fingerprint
    return "rendered" if source.studio is None else "studio"


def synthesise(text: str, language: Language) -> array[int]:
    """Speak `text`: 8 kHz samples, trimmed and levelled. Raises Unavailable."""
    voice, speed = VOICES[language]
    # The text goes by standard input: it may begin with a dash, and arguments have a limit.
    spoken_wav = _espeak(["-v", voice, "-s", str(speed), "--stdout", "--stdin"], text)
    rate, samples = _samples_of_stream(spoken_wav)
    return audio.normalise(audio.trim(audio.resample(samples, rate)))


def _espeak(arguments: list[str], text: str = "") -> bytes:
    try:
        finished = subprocess.run(
            [ESPEAK, *arguments],
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except FileNotFoundError as error:
        raise Unavailable("没有安装espeak-ng，无法生成提示音") from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unavailable("espeak-ng未能生成提示音") from error
    return finished.stdout


def _espeak_version() -> str:
    """`1.51` of `eSpeak NG text-to-speech: 1.51  Data at: ...`; another version, other sounds."""
    words = _espeak(["--version"]).decode(errors="replace").partition(":")[2].split()
    return words[0] if words else "unknown"


def _samples_of_stream(body: bytes) -> tuple[int, array[int]]:
    """Rate and samples of espeak-ng's streamed WAV, whose header lies about the length."""
    start = body.find(b"data")
    if not body.startswith(b"RIFF") or start < 0:
        raise Unavailable("espeak-ng未能生成提示音")
    rate = int.from_bytes(body[24:28], "little")
    return rate, little_endian(body[start + 8 :])


# --- studio recordings ------------------------------------------------------------------------


def _studio_recording(
    studio_dir: Path | None, language: Language, name: str, refused: list[tuple[Path, str]]
) -> array[int] | None:
    if studio_dir is None:
        return None
    path = studio_dir / language.value / f"{name}.wav"
    if not path.is_file():
        return None
    try:
        return check_studio_file(path)
    except StudioFileRefused as error:
        refused.append((path, str(error)))
        return None


def check_studio_file(path: Path) -> array[int]:
    """The file's samples if Asterisk can play it as it is.

    Raises:
        StudioFileRefused: not 8 kHz mono 16-bit WAV, empty, too long, silent, or too quiet or loud.
    """
    try:
        with wave.open(str(path), "rb") as opened:
            form = (opened.getframerate(), opened.getnchannels(), opened.getsampwidth())
            seconds = opened.getnframes() / max(1, opened.getframerate())
            body = opened.readframes(opened.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise StudioFileRefused(f"not a usable WAV file ({error})") from error
    if form != (audio.TELEPHONE_RATE, 1, 2):
        raise StudioFileRefused(
            f"must be 8000 Hz, 1 channel, 16 bits; is {form[0]} Hz, {form[1]}, {form[2] * 8}"
        )
    if not 0 < seconds <= _LONGEST_STUDIO_S:
        raise StudioFileRefused(f"lasts {seconds:.1f} s, not up to {_LONGEST_STUDIO_S} s")
    samples = little_endian(body)
    level = audio.level_dbfs(samples)
    if level is None:
        raise StudioFileRefused("is silent")
    least, most = _STUDIO_LEVELS
    if not least <= level <= most:
        raise StudioFileRefused(
            f"its level is {level:.1f} dBFS, not between {least:.0f} and {most:.0f}"
        )
    return samples


# --- the manifest -----------------------------------------------------------------------------


def read_manifest(target_dir: Path) -> dict[str, str]:
    """`language/name` -> fingerprint. Empty when it is missing or damaged: then everything is made
    anew."""
    try:
        found = json.loads((target_dir / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _write_manifest(target_dir: Path, manifest: dict[str, str]) -> None:
    target_dir.mkdir(parents=True, exist_ok=True)
    waiting = target_dir / f"{MANIFEST}.part"
    waiting.write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(waiting, target_dir / MANIFEST)


def _remove_strangers(target_dir: Path, wanted: set[str], manifest: dict[str, str]) -> int:
    """Remove files that this module made and that are in the catalogue no longer."""
    strangers = [key for key in manifest if key not in wanted]
    for key in strangers:
        remove_sound(target_dir / key)
        del manifest[key]
    return len(strangers)
