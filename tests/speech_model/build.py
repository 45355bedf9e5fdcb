"""`python -m tests.speech_model.build NAME FOLDER`: speak, train, write. Half a minute of a core.

OPENBLAS_NUM_THREADS=1 must be set before numpy is imported, hence a process of its own: with more
threads on a busy machine the same work takes three to six times as long.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.speech_model.features import mfcc, upsampled
from tests.speech_model.files import Phone, write_model
from tests.speech_model.network import Adam, Network, train_epoch
from tests.speech_model.voices import RATE, Floats, noise_of, over_the_line, spoken, variants
from tests.speech_model.words import UNKNOWN, VOCABULARIES, Vocabulary

Ints = NDArray[np.int64]
EPOCHS, ALIGN_AFTER = 12, (3, 6)
TOGETHER = 8
UNKNOWN_PRIOR = 0.05
"""At its true count, dividing by the prior would make the unknown word never win."""
SILENCE_PDF, UNKNOWN_PDF = 0, 1
SLACK = 3
"""Frames of 30 ms by which a word may begin or end elsewhere than the cut says."""


@dataclass
class Said:
    """One utterance: its sound, and the chain of states that it runs through."""

    sound: Floats
    pdfs: tuple[int, ...]


@dataclass
class Corpus:
    """All sound in one stream. `spans`: first and last frame of 10 ms of each utterance."""

    features: list[Floats] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    chains: list[tuple[int, ...]] = field(default_factory=list)
    frames: int = 0


def phones(known: Vocabulary) -> list[Phone]:
    """Silence, the unknown word, then every word in every language."""
    found = [Phone(1, "", (SILENCE_PDF,)), Phone(2, UNKNOWN, (UNKNOWN_PDF,) * 4)]
    pdf = UNKNOWN_PDF + 1
    for _ in known.voices:
        for word in known.words:
            count = known.states(word)
            found.append(Phone(len(found) + 1, word, tuple(range(pdf, pdf + count))))
            pdf += count
    return found


def speak(
    known: Vocabulary, chains: dict[tuple[str, str], tuple[int, ...]], seed: int
) -> list[Said]:
    """Everything that is said in training, by voices and at speeds drawn from `seed`."""
    chance = np.random.default_rng(seed)
    voices = variants()
    jobs = []
    plan = zip((known.words, known.others, known.phrases), known.batches, strict=True)
    for language, (texts, count) in itertools.product(known.voices, tuple(plan)):
        for _ in range(count):
            drawn = list(texts)
            if texts == known.phrases:
                drawn = [str(t) for t in chance.choice(texts, 7, replace=False)]
            speed, pitch = int(chance.integers(120, 220)), int(chance.integers(20, 80))
            jobs.append((language, drawn, str(chance.choice(voices)), speed, pitch))
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda j: spoken(j[1], known.voices[j[0]], *j[2:]), jobs)
    return [
        Said(sound, _chain(known, chains, job[0], text))
        for job, sounds in zip(jobs, made, strict=True)
        for text, sound in zip(job[1], sounds, strict=False)
    ]


def _chain(
    known: Vocabulary,
    chains: dict[tuple[str, str], tuple[int, ...]],
    language: str,
    text: str,
) -> tuple[int, ...]:
    if text in known.others:
        return chains[("", UNKNOWN)]
    return tuple(pdf for word in known.split(text) for pdf in chains[(language, word)])


def gather(said: Sequence[Said], seed: int) -> Corpus:
    """Eight at a time with pauses between, over a telephone line each time; noises besides."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(said))
    corpus = Corpus()
    for start in range(0, len(order), TOGETHER):
        parts: list[Floats] = [_pause(chance, 0.2)]
        spans = []
        for index in order[start : start + TOGETHER]:
            begin = sum(map(len, parts))
            parts += [said[index].sound, _pause(chance)]
            spans.append((begin, begin + len(said[index].sound), said[index].pdfs))
        _add(corpus, over_the_line(np.concatenate([*parts, _pause(chance, 0.2)]), chance), spans)
    for _ in range(30):
        _add(corpus, noise_of(2.0, float(chance.uniform(3, 1500)), chance), [])
    _add(corpus, np.zeros(RATE * 2, np.float32), [])
    return corpus


def _pause(chance: np.random.Generator, least: float = 0.0) -> Floats:
    return np.zeros(int(RATE * chance.uniform(least, 0.8)), np.float32)


def _add(corpus: Corpus, sound: Floats, spans: Sequence[tuple[int, int, tuple[int, ...]]]) -> None:
    features = mfcc(upsampled(sound))
    for begin, end, pdfs in spans:
        first = corpus.frames + begin // (RATE // 100)
        last = corpus.frames + min(end // (RATE // 100), len(features) - 1)
        corpus.spans.append((first, last))
        corpus.chains.append(pdfs)
    corpus.features.append(features)
    corpus.frames += len(features)


def even_labels(corpus: Corpus) -> Ints:
    """The first guess: each utterance's states last equally long."""
    labels = np.zeros(corpus.frames, np.int64)
    for (first, last), chain in zip(corpus.spans, corpus.chains, strict=True):
        places = np.arange(last - first) * len(chain) // max(1, last - first)
        labels[first:last] = np.asarray(chain)[places]
    return labels


def aligned_labels(corpus: Corpus, scores: Floats) -> Ints:
    """The likeliest way through each utterance's states, with silence around it. `scores`: of
    every third frame."""
    labels = np.zeros(corpus.frames, np.int64)
    for (first, last), chain in zip(corpus.spans, corpus.chains, strict=True):
        low, high = max(0, first // 3 - SLACK), min(len(scores), last // 3 + SLACK)
        states = np.array([SILENCE_PDF, *chain, SILENCE_PDF])
        if high - low < len(chain):
            continue
        way = states[_way(scores[low:high][:, states])]
        whole = np.repeat(way, 3)
        room = labels[3 * low : 3 * high]
        fitting = whole[: len(room)]
        room[fitting != SILENCE_PDF] = fitting[fitting != SILENCE_PDF]
    return labels


def _way(scores: Floats) -> Ints:
    """Viterbi, left to right; the silences at both ends may be left out."""
    count, width = scores.shape
    best = np.full(width, -np.inf)
    best[:2] = scores[0, :2]
    stayed = np.zeros((count, width), bool)
    for t in range(1, count):
        from_left = np.concatenate([[-np.inf], best[:-1]])
        stayed[t] = best >= from_left
        best = np.maximum(best, from_left) + scores[t]
    state = width - 1 if best[-1] >= best[-2] else width - 2
    way = np.zeros(count, np.int64)
    for t in range(count - 1, -1, -1):
        way[t] = state
        if t and not stayed[t, state]:
            state -= 1
    return way


def build(known: Vocabulary, folder: Path, seed: int = 7) -> None:
    inventory = phones(known)
    chains = {("", UNKNOWN): inventory[1].pdfs}
    languages = [language for language in known.voices for _ in known.words]
    for language, phone in zip(languages, inventory[2:], strict=True):
        chains[(language, phone.word)] = phone.pdfs
    corpus = gather(speak(known, chains, seed), seed + 1)
    features = np.concatenate(corpus.features)
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    features = (features - mean) / deviation
    outputs = 1 + max(pdf for phone in inventory for pdf in phone.pdfs)
    labels = even_labels(corpus)
    chance = np.random.default_rng(seed + 2)
    network = Network.fresh(features.shape[1], outputs, chance)
    adam = Adam(network)
    for epoch in range(EPOCHS):
        span = (epoch / EPOCHS, (epoch + 1) / EPOCHS)
        train_epoch(network, adam, features, labels, span, chance)
        if epoch + 1 in ALIGN_AFTER:
            scores = network.log_probabilities(features) - np.log(_priors(labels, outputs))
            labels = aligned_labels(corpus, scores.astype(np.float32))
    _fold_in(network, mean, deviation)
    write_model(folder, inventory, network, _priors(labels, outputs))


def _priors(labels: Ints, outputs: int) -> Floats:
    counts = np.bincount(labels, minlength=outputs) + 1.0
    priors = counts / counts.sum()
    priors[UNKNOWN_PDF] = min(priors[UNKNOWN_PDF], UNKNOWN_PRIOR)
    return np.asarray(priors, np.float32)


def _fold_in(network: Network, mean: Floats, deviation: Floats) -> None:
    """The normalisation of the inputs becomes part of the first layer."""
    copies = len(network.weights[0]) // len(mean)
    weights = network.weights[0] / np.tile(deviation, copies)[:, None]
    network.biases[0] = network.biases[0] - np.tile(mean, copies) @ weights
    network.weights[0] = weights


if __name__ == "__main__":
    build(VOCABULARIES[sys.argv[1]], Path(sys.argv[2]))
