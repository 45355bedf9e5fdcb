"""A small network with time context, trained by hand-written gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
NEAR = tuple(range(-3, 4))
"""Frames of 10 ms that the first layer sees."""
SECOND = (-2, -1, 0, 1, 2)
THIRD = (-3, -1, 1, 3)
"""Frames of 30 ms: after the first layer only every third frame is computed."""
CONTEXT = 5
WIDTH = 96
SPAN, BATCH = 64, 16
FIRST_RATE, LAST_RATE = 1.5e-3, 3e-5


def spliced(features: Floats, phase: int) -> Floats:
    """Every third frame with its neighbours, from `phase` on."""
    padded = np.pad(features, ((3, 3), (0, 0)), mode="edge")
    starts = np.arange(phase, len(features), 3)
    around = padded[starts[:, None] + np.arange(len(NEAR))[None, :]]
    return np.asarray(around.reshape(len(starts), -1), np.float32)


@dataclass
class Network:
    """Affine layers (weights are inputs x outputs) with ReLU between; log-softmax at the end."""

    weights: list[Floats]
    biases: list[Floats]

    @classmethod
    def fresh(cls, inputs: int, outputs: int, chance: np.random.Generator) -> Network:
        sizes = (
            (inputs * len(NEAR), WIDTH),
            (WIDTH * len(SECOND), WIDTH),
            (WIDTH * len(THIRD), WIDTH),
            (WIDTH, outputs),
        )
        weights = [
            (chance.standard_normal(size) * np.sqrt(2 / size[0])).astype(np.float32)
            for size in sizes
        ]
        return cls(weights, [np.zeros(size[1], np.float32) for size in sizes])

    def forward(self, x: Floats) -> tuple[list[Floats], list[Floats], Floats]:
        """Inputs of each layer, what came out of the first two, log-probabilities; x is batch x
        time x inputs."""
        inputs = [x]
        first = np.maximum(x @ self.weights[0] + self.biases[0], 0)
        inputs.append(_splice(first, SECOND, 2))
        second = np.maximum(inputs[1] @ self.weights[1] + self.biases[1], 0)
        inputs.append(_splice(second, THIRD, 3))
        inputs.append(np.maximum(inputs[2] @ self.weights[2] + self.biases[2], 0))
        scores = inputs[3] @ self.weights[3] + self.biases[3]
        scores -= scores.max(axis=-1, keepdims=True)
        return inputs, [first, second], scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))

    def gradients(self, x: Floats, labels: Ints) -> list[tuple[Floats, Floats]]:
        """Of the mean cross-entropy, layer by layer."""
        inputs, hidden, logs = self.forward(x)
        delta = np.exp(logs)
        rows, columns = np.indices(labels.shape)
        delta[rows, columns, labels] -= 1
        delta /= labels.size
        found: list[tuple[Floats, Floats]] = []
        for layer in (3, 2, 1, 0):
            flat = inputs[layer].reshape(-1, inputs[layer].shape[-1])
            down = delta.reshape(-1, delta.shape[-1])
            # Against denormal numbers, which are slow.
            found.append((flat.T @ down + 1e-12, down.sum(axis=0)))
            if layer == 0:
                break
            delta = delta @ self.weights[layer].T
            if layer == 3:
                delta *= inputs[3] > 0
            else:
                offsets, reach = ((THIRD, 3), (SECOND, 2))[2 - layer]
                delta = _unsplice(delta, offsets, reach) * (hidden[layer - 1] > 0)
        return found[::-1]

    def log_probabilities(self, features: Floats, phase: int = 0) -> Floats:
        """Of a whole stream of normalised features, at every third frame."""
        x = spliced(features, phase)
        x = np.pad(x, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
        made = [
            self.forward(x[None, start : start + 4096 + 2 * CONTEXT])[2][0]
            for start in range(0, len(x) - 2 * CONTEXT, 4096)
        ]
        return np.concatenate(made)


def _splice(hidden: Floats, offsets: tuple[int, ...], reach: int) -> Floats:
    length = hidden.shape[1] - 2 * reach
    return np.concatenate([hidden[:, reach + o : reach + o + length] for o in offsets], axis=-1)


def _unsplice(delta: Floats, offsets: tuple[int, ...], reach: int) -> Floats:
    batch, length, width = delta.shape
    size = width // len(offsets)
    whole = np.zeros((batch, length + 2 * reach, size), np.float32)
    for n, o in enumerate(offsets):
        whole[:, reach + o : reach + o + length] += delta[..., n * size : (n + 1) * size]
    return whole


class Adam:
    def __init__(self, network: Network) -> None:
        self._all = [*network.weights, *network.biases]
        self._first = [np.zeros_like(p) for p in self._all]
        self._second = [np.zeros_like(p) for p in self._all]
        self._steps = 0

    def step(self, gradients: list[tuple[Floats, Floats]], rate: float) -> None:
        self._steps += 1
        flat = [w for w, _ in gradients] + [b for _, b in gradients]
        correction = np.sqrt(1 - 0.999**self._steps) / (1 - 0.9**self._steps)
        for p, g, m, v in zip(self._all, flat, self._first, self._second, strict=True):
            m += np.float32(0.1) * (g - m)
            v += np.float32(0.001) * (g * g - v)
            p -= np.float32(rate * correction) * m / (np.sqrt(v) + np.float32(1e-8))


def train_epoch(
    network: Network,
    adam: Adam,
    features: Floats,
    labels: Ints,
    progress: tuple[float, float],
    chance: np.random.Generator,
) -> None:
    """One pass over the stream in a random phase; `progress`: from and to, of all training."""
    phase = int(chance.integers(3))
    x, y = spliced(features, phase), labels[phase::3]
    starts = np.arange(CONTEXT, len(x) - SPAN - CONTEXT, SPAN)
    chance.shuffle(starts)
    batches = [starts[n : n + BATCH] for n in range(0, len(starts), BATCH)]
    for number, batch in enumerate(batches):
        done = progress[0] + (progress[1] - progress[0]) * number / len(batches)
        rate = LAST_RATE + (FIRST_RATE - LAST_RATE) * 0.5 * (1 + np.cos(np.pi * done))
        around = batch[:, None] + np.arange(-CONTEXT, SPAN + CONTEXT)[None, :]
        inside = batch[:, None] + np.arange(SPAN)[None, :]
        adam.step(network.gradients(x[around], y[inside]), float(rate))
