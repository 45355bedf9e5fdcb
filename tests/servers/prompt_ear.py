"""Ears that know the hotline's prompts: which of them were heard, when, and how far.

Theory of operation: sound becomes frames of 25 ms, one each 10 ms, and each frame the shape of its
spectrum: logarithms of twenty mel bands, less their mean and less what all prompts have in common,
scaled to length one. Neither loudness nor the telephone's codec matters then, and the product of
two frames says how alike they are (1: the same). A prompt is looked for by its first 0.4 s of sound
at every place of what was heard (one matrix product), and from each likely place it is followed
frame by frame as far as it agrees. Of the prompts that begin alike, the one that agrees longest and
best was heard; what agrees with none was no prompt. One word is a prompt only between two pauses:
else every sentence would be full of digits. Prompts of the same sound (one text under two names)
are one and carry all their names.
"""

from __future__ import annotations

import wave
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
HOP = 80
_WINDOW = 200
_FFT = 256
_BANDS = 20
_LOW_HZ, _HIGH_HZ = 150.0, 3500.0
_AUDIBLE = 40.0
"""Root mean square of a frame that is no silence, in steps of 16 bits: -58 dBFS."""
_HEAD = 40
_LIKELY = 0.6
_ALIKE = 0.5
_LOST_AFTER = 15
_AGREES = 0.75
_SHORT = 100
_NEARLY_WHOLE = 0.85
_LEAST = 50
_OVERLAP_FRACTION = 0.3
_WHOLE = 40
_PAUSE = 0.15
"""A pause is at most so loud as a fraction of the prompt around it."""
_BEFORE, _AFTER = (-5, -2), (2, 6)
"""Frames beside a prompt that are no longer and not yet of it, wherever the frames' edges fall."""

Samples = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]
Levels = npt.NDArray[np.float32]
"""The root mean square of each frame."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt that was heard. `names`: `language/name`, all of the same sound; `fraction`: how
    much of it, 1.0 to its end; `agreement`: of its frames, at most 1."""

    names: frozenset[str]
    start_s: float
    lasted_s: float
    fraction: float
    agreement: float


@dataclass(frozen=True, slots=True)
class _Prompt:
    """`shapes` is zero where nothing sounds. From the first sounding frame to the last."""

    names: frozenset[str]
    shapes: Frames
    sounds: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Match:
    """`frames` of the prompt agree, from the frame `at` of what was heard."""

    prompt: _Prompt
    at: int
    frames: int
    agreement: float

    @property
    def fraction(self) -> float:
        return self.frames / len(self.prompt.shapes)

    @property
    def end(self) -> int:
        return self.at + self.frames

    @property
    def weight(self) -> float:
        """A whole prompt before a part of a longer one that begins like it; a little better before
        a little longer."""
        return float(self.frames * self.agreement**4 + _WHOLE * self.fraction)


class PromptEar:
    """Knows every WAV file `folder/<language>/<name>.wav` (8 kHz, mono, 16 bits); a name may hold a
    folder, as those of notices do."""

    def __init__(self, folder: Path) -> None:
        named: defaultdict[bytes, set[str]] = defaultdict(set)
        for path in sorted(folder.glob("*/**/*.wav")):
            named[_body(path)].add(path.relative_to(folder).with_suffix("").as_posix())
        bands = {body: _bands(samples_of(body)) for body in named}
        every = [found[levels > _AUDIBLE] for found, levels in bands.values()]
        self._common: Frames = np.vstack(every).mean(axis=0)
        self._prompts = [
            self._prompt(frozenset(names), *bands[body]) for body, names in named.items()
        ]
        self._heads = np.zeros((len(self._prompts), _HEAD * _BANDS), np.float32)
        for row, prompt in zip(self._heads, self._prompts, strict=True):
            head = prompt.shapes[:_HEAD].ravel()
            row[: head.size] = head / prompt.sounds[:_HEAD].sum()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for prompt in self._prompts for name in prompt.names)

    def listen(self, samples: Samples) -> list[Heard]:
        """The prompts in what was heard, in order; of overlapping ones the one that lasts longest.

        `samples` in steps of 16 bits, at 8 kHz.
        """
        if len(samples) < _WINDOW:
            return []
        found, levels = _bands(samples)
        shapes = self._shapes(found, levels > _AUDIBLE)
        matches = [
            match
            for prompt, at in self._places(shapes)
            if (match := _follow(prompt, shapes, levels, at)) is not None
        ]
        return [
            Heard(
                match.prompt.names,
                match.at * HOP / RATE,
                match.frames * HOP / RATE,
                match.fraction,
                match.agreement,
            )
            for match in _without_overlaps(matches)
        ]

    def _prompt(self, names: frozenset[str], found: Frames, levels: Levels) -> _Prompt:
        sounds = levels > _AUDIBLE
        loud = np.flatnonzero(sounds)
        inside = slice(loud[0], loud[-1] + 1)
        return _Prompt(names, self._shapes(found, sounds)[inside], sounds[inside])

    def _shapes(self, found: Frames, sounds: npt.NDArray[np.bool_]) -> Frames:
        shapes = found - self._common
        shapes /= np.linalg.norm(shapes, axis=1, keepdims=True) + 1e-9
        shapes[~sounds] = 0
        return shapes

    def _places(self, shapes: Frames) -> Iterable[tuple[_Prompt, int]]:
        """Where each prompt is likely to begin: the best frame of each run of likely ones."""
        padded = np.vstack([shapes, np.zeros((_HEAD, _BANDS), np.float32)])
        likely = np.empty((len(shapes), len(self._prompts)), np.float32)
        for since in range(0, len(shapes), 1000):
            rows = np.arange(since, min(since + 1000, len(shapes)))
            windows = padded[rows[:, None] + np.arange(_HEAD)].reshape(len(rows), -1)
            likely[rows] = windows @ self._heads.T
        around = np.pad(likely, ((1, 1), (0, 0)))
        best = (likely > _LIKELY) & (likely >= around[:-2]) & (likely >= around[2:])
        for at, number in np.argwhere(best):
            yield self._prompts[number], int(at)


def _follow(prompt: _Prompt, shapes: Frames, levels: Levels, at: int) -> _Match | None:
    """As far as the prompt agrees from here; None where it is not this prompt at all."""
    count = min(len(prompt.shapes), len(shapes) - at)
    alike = (prompt.shapes[:count] * shapes[at : at + count]).sum(axis=1)
    sounding = prompt.sounds[:count]
    loud = float(np.median(levels[at : at + count][sounding]))
    # In a pause of the prompt, silence agrees and sound does not.
    alike[~sounding] = levels[at : at + count][~sounding] < _PAUSE * loud
    recent = np.convolve(alike, np.ones(_LOST_AFTER) / _LOST_AFTER)[:count]
    lost = np.flatnonzero(recent[_LOST_AFTER - 1 :] < _ALIKE)
    frames = int(lost[0]) + _LOST_AFTER // 2 if lost.size else count
    match = _Match(prompt, at, frames, float(alike[:frames].mean()))
    short = len(prompt.shapes) < _SHORT
    enough = match.fraction >= _NEARLY_WHOLE if short else frames >= _LEAST
    before, after = _beside(levels, at, _BEFORE), _beside(levels, match.end, _AFTER)
    # A longer one may begin amid another sound, where a key has cut the one before off.
    if short:
        apart = max(before.mean(), after.mean()) < _PAUSE * loud
    else:
        apart = match.fraction >= _NEARLY_WHOLE or before.min() < _PAUSE * loud
    return match if enough and apart and match.agreement >= _AGREES else None


def _beside(levels: Levels, at: int, frames: tuple[int, int]) -> Levels:
    """The levels there; silence where nothing was recorded."""
    there = levels[max(0, at + frames[0]) : max(0, at + frames[1])]
    return there if there.size else np.zeros(1, np.float32)


def _without_overlaps(matches: list[_Match]) -> list[_Match]:
    """In order of time. What explains more of the sound, and explains it better, comes first."""
    kept: list[_Match] = []
    for one in sorted(matches, key=lambda m: (-m.weight, m.at)):
        if not any(_overlap(one, other) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda m: m.at)


def _overlap(one: _Match, other: _Match) -> bool:
    shorter = min(one.frames, other.frames)
    return min(one.end, other.end) - max(one.at, other.at) > _OVERLAP_FRACTION * shorter


# --- sound -------------------------------------------------------------------------------------


def _body(path: Path) -> bytes:
    with wave.open(str(path), "rb") as opened:
        form = (opened.getframerate(), opened.getnchannels(), opened.getsampwidth())
        assert form == (RATE, 1, 2), f"{path}: {form}"
        return opened.readframes(opened.getnframes())


def samples_of(body: bytes) -> Samples:
    """16-bit little-endian samples."""
    return np.frombuffer(body, "<i2").astype(np.float32)


def samples_of_file(path: Path) -> Samples:
    return samples_of(_body(path))


def samples_of_mulaw(body: bytes) -> Samples:
    """Source: ITU-T G.711, table 2b."""
    return _mulaw_table()[np.frombuffer(body, np.uint8)]


def mulaw_of_samples(samples: Samples) -> bytes:
    """The nearest value of mu-law for each sample."""
    values = np.unique(_mulaw_table())
    between = (values[1:] + values[:-1]) / 2
    codes = {float(value): code for code, value in enumerate(_mulaw_table())}
    of_value = np.array([codes[float(value)] for value in values], np.uint8)
    return of_value[np.searchsorted(between, samples)].tobytes()


@cache
def _mulaw_table() -> Samples:
    codes = ~np.arange(256) & 0xFF
    magnitude = ((((codes & 0x0F) << 3) + 0x84) << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.float32)


def _bands(samples: Samples) -> tuple[Frames, Levels]:
    """The logarithms of each frame's bands without their mean, and its level."""
    count = 1 + max(0, len(samples) - _WINDOW) // HOP
    padded = np.pad(samples, (0, max(0, _WINDOW - len(samples))))
    frames = padded[np.arange(count)[:, None] * HOP + np.arange(_WINDOW)]
    levels = np.sqrt((frames**2).mean(axis=1))
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), _FFT, axis=1)) ** 2
    bands = power @ _filters()
    # The codec's own noise stands some 35 dB below the sound that it carries.
    floor = bands.max(axis=1, keepdims=True) * 3e-4 + 1.0
    shapes = np.log(np.maximum(bands, floor))
    shapes -= shapes.mean(axis=1, keepdims=True)
    return shapes.astype(np.float32), levels


@cache
def _filters() -> npt.NDArray[np.float64]:
    """Triangles, evenly spaced on the mel scale: (129, 20)."""
    low, high = (1127 * np.log1p(hz / 700) for hz in (_LOW_HZ, _HIGH_HZ))
    centres = 700 * np.expm1(np.linspace(low, high, _BANDS + 2) / 1127)
    lines = np.arange(_FFT // 2 + 1) * RATE / _FFT
    below, at, above = centres[:-2], centres[1:-1], centres[2:]
    rising = (lines[:, None] - below) / (at - below)
    falling = (above - lines[:, None]) / (above - at)
    filters: npt.NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    return filters
