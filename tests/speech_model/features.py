"""Kaldi's MFCC in numpy, as the recogniser's library computes it (largest difference 0.001)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
RATE = 16000
WINDOW, SHIFT, SIZE = 400, 160, 512
BINS, COEFFICIENTS = 30, 20
LOW_HZ, HIGH_HZ = 100, 3700


def upsampled(sound: Floats) -> Floats:
    """8 to 16 kHz, exactly as the product does it (`speech.core.samples.Upsampler`)."""
    samples = sound.astype(np.int32)
    doubled = np.empty(2 * len(samples), np.int32)
    before = np.concatenate([[0], samples[:-1]])
    doubled[0::2] = (before + samples) >> 1
    doubled[1::2] = samples
    return doubled.astype(np.float32)


def mfcc(sound: Floats) -> Floats:
    """Frames x 20 of 16 kHz samples in the scale of 16-bit numbers."""
    count = 1 + (len(sound) - WINDOW) // SHIFT
    index = np.arange(WINDOW)[None, :] + SHIFT * np.arange(count)[:, None]
    frames = sound[index].astype(np.float64)
    frames -= frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = frames - 0.97 * before
    n = np.arange(WINDOW)
    frames *= (0.5 - 0.5 * np.cos(2 * np.pi * n / (WINDOW - 1))) ** 0.85
    power = np.abs(np.fft.rfft(frames, SIZE)) ** 2
    energies = power[:, : SIZE // 2] @ _filters().T
    logs = np.log(np.maximum(energies, 1.1920929e-07))
    return (logs @ _cosines().T).astype(np.float32)


def _mel(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127 * np.log(1 + np.asarray(frequency) / 700))


def _filters() -> NDArray[np.float64]:
    """Triangles in the mel domain over the lower half of the bins."""
    low, high = float(_mel(LOW_HZ)), float(_mel(HIGH_HZ))
    step = (high - low) / (BINS + 1)
    mels = _mel(np.arange(SIZE // 2) * RATE / SIZE)
    left = low + step * np.arange(BINS)[:, None]
    rising = (mels - left) / step
    falling = (left + 2 * step - mels) / step
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def _cosines() -> NDArray[np.float64]:
    """DCT-II with Kaldi's lifter (22)."""
    k = np.arange(COEFFICIENTS)[:, None]
    j = np.arange(BINS)[None, :]
    matrix = np.sqrt(2 / BINS) * np.cos(np.pi / BINS * (j + 0.5) * k)
    matrix[0] = np.sqrt(1 / BINS)
    return np.asarray(matrix * (1 + 11 * np.sin(np.pi * k / 22)))
