"""The files of a model, written byte by byte as the recogniser's library reads them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.speech_model.features import BINS, COEFFICIENTS, HIGH_HZ, LOW_HZ, RATE
from tests.speech_model.network import NEAR, SECOND, THIRD, Network
from tests.speech_model.words import UNKNOWN

Floats = NDArray[np.float32]
HALF = float(-np.log(0.5))
WORD_COST, UNKNOWN_COST = 3.0, 4.0


@dataclass(frozen=True)
class Phone:
    """A whole word in one language, silence, or the unknown word: a chain of states, each with its
    place among the network's outputs (`pdfs`)."""

    number: int
    word: str  # empty for silence
    pdfs: tuple[int, ...]


def write_model(folder: Path, phones: Sequence[Phone], network: Network, priors: Floats) -> None:
    words = list(dict.fromkeys(p.word for p in phones if p.word))
    ids = {word: number for number, word in enumerate(words, 1)}
    states = _states(phones)
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True)
    (folder / "am/final.mdl").write_bytes(_acoustic_model(phones, states, network, priors))
    (folder / "graph/HCLG.fst").write_bytes(_graph(phones, states, ids))
    symbols = ["<eps> 0", *(f"{word} {n}" for word, n in ids.items()), f"#0 {len(ids) + 1}"]
    (folder / "graph/words.txt").write_text("\n".join(symbols) + "\n", encoding="utf-8")
    kinds = [f"{p.number} {'singleton' if p.word else 'nonword'}" for p in phones]
    (folder / "graph/phones/word_boundary.int").write_text("\n".join(kinds) + "\n")
    (folder / "conf/mfcc.conf").write_text(
        f"--sample-frequency={RATE}\n--use-energy=false\n--num-mel-bins={BINS}\n"
        f"--num-ceps={COEFFICIENTS}\n--low-freq={LOW_HZ}\n--high-freq={HIGH_HZ}\n--dither=0\n"
    )
    (folder / "conf/model.conf").write_text(
        "--min-active=200\n--max-active=3000\n--beam=13.0\n--lattice-beam=6.0\n"
        "--acoustic-scale=0.2\n--frame-subsampling-factor=3\n--endpoint.silence-phones=1\n"
        "--endpoint.rule2.min-trailing-silence=0.5\n--endpoint.rule3.min-trailing-silence=1.0\n"
        "--endpoint.rule4.min-trailing-silence=2.0\n"
    )


def _states(phones: Sequence[Phone]) -> list[tuple[int, int, int]]:
    """Phone, state, pdf, sorted: the n-th (from 1) has the transitions 2n-1 (loop) and 2n."""
    return sorted((p.number, state, pdf) for p in phones for state, pdf in enumerate(p.pdfs))


# --- the acoustic model ---------------------------------------------------------------------


def _token(text: str) -> bytes:
    return text.encode() + b" "


def _int(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _ints(values: Sequence[int]) -> bytes:
    return b"\x04" + struct.pack(f"<i{len(values)}i", len(values), *values)


def _vector(values: Floats) -> bytes:
    return b"FV " + _int(len(values)) + values.astype("<f4").tobytes()


def _matrix(values: Floats) -> bytes:
    rows, columns = values.shape
    return b"FM " + _int(rows) + _int(columns) + np.ascontiguousarray(values, "<f4").tobytes()


def _acoustic_model(
    phones: Sequence[Phone],
    states: list[tuple[int, int, int]],
    network: Network,
    priors: Floats,
) -> bytes:
    triples = b"".join(_int(value) for triple in states for value in triple)
    logs = np.full(1 + 2 * len(states), -HALF, np.float32)
    logs[0] = 0
    return b"".join(
        (
            b"\0B",
            _token("<TransitionModel>"),
            _topology(phones),
            _token("<Triples>") + _int(len(states)) + triples + _token("</Triples>"),
            _token("<LogProbs>") + _vector(logs) + _token("</LogProbs>"),
            _token("</TransitionModel>"),
            _network(network),
            _token("<LeftContext>") + _int(0) + _token("<RightContext>") + _int(0),
            _token("<Priors>") + _vector(priors),
        )
    )


def _topology(phones: Sequence[Phone]) -> bytes:
    lengths = sorted({len(p.pdfs) for p in phones})
    entry_of = [-1] * (1 + max(p.number for p in phones))
    for phone in phones:
        entry_of[phone.number] = lengths.index(len(phone.pdfs))
    body = _ints(sorted(p.number for p in phones)) + _ints(entry_of) + _int(len(lengths))
    for length in lengths:
        body += _int(length + 1)
        for state in range(length):
            body += _int(state) + _int(2)
            body += _int(state) + _float(0.5) + _int(state + 1) + _float(0.5)
        body += _int(-1) + _int(0)
    return _token("<Topology>") + body + _token("</Topology>")


def _network(network: Network) -> bytes:
    lines = [f"input-node name=input dim={COEFFICIENTS}"]
    inputs, components = "input", b""
    offsets = (NEAR, [3 * o for o in SECOND], [3 * o for o in THIRD], (0,))
    last = len(offsets) - 1
    for n, around in enumerate(offsets):
        spliced = ", ".join(inputs if o == 0 else f"Offset({inputs}, {o})" for o in around)
        described = f"Append({spliced})" if len(around) > 1 else inputs
        kind = "logsoftmax" if n == last else "relu"
        lines.append(f"component-node name=l{n}.affine component=l{n}.affine input={described}")
        lines.append(f"component-node name=l{n}.{kind} component=l{n}.{kind} input=l{n}.affine")
        inputs = f"l{n}.{kind}"
        components += _affine(f"l{n}.affine", network.weights[n], network.biases[n])
        components += _nonlinear(f"l{n}.{kind}", n == last, len(network.biases[n]))
    lines.append(f"output-node name=output input={inputs} objective=linear")
    config = "\n" + "\n".join(lines) + "\n\n"
    count = _token("<NumComponents>") + _int(2 * len(offsets))
    return _token("<Nnet3>") + config.encode() + count + components + _token("</Nnet3>")


def _affine(name: str, weights: Floats, bias: Floats) -> bytes:
    kind = "FixedAffineComponent"
    return b"".join(
        (
            _token("<ComponentName>") + _token(name) + _token(f"<{kind}>"),
            _token("<LinearParams>") + _matrix(weights.T),
            _token("<BiasParams>") + _vector(bias),
            _token(f"</{kind}>"),
        )
    )


def _nonlinear(name: str, softmax: bool, dim: int) -> bytes:
    kind = "LogSoftmaxComponent" if softmax else "RectifiedLinearComponent"
    empty = _vector(np.zeros(0, np.float32))
    return b"".join(
        (
            _token("<ComponentName>") + _token(name) + _token(f"<{kind}>"),
            _token("<Dim>") + _int(dim),
            _token("<ValueAvg>") + empty + _token("<DerivAvg>") + empty,
            _token("<Count>") + b"\x08" + struct.pack("<d", 0.0),
            _token(f"</{kind}>"),
        )
    )


# --- the graph ------------------------------------------------------------------------------

Arc = tuple[int, int, float, int]


def _graph(
    phones: Sequence[Phone], states: list[tuple[int, int, int]], ids: dict[str, int]
) -> bytes:
    """A loop over all phones. The forward arc of a state comes before its self-loop, as alignment
    assumes; the last state goes back to the start for nothing."""
    place = {(phone, state): n for n, (phone, state, _) in enumerate(states, 1)}
    arcs: list[list[Arc]] = [[]]
    for phone in phones:
        here = 0
        for state in range(len(phone.pdfs)):
            forward = 2 * place[(phone.number, state)]
            arcs.append([(forward - 1, 0, HALF, len(arcs))])
            first = state == 0
            cost = HALF + (_entry_cost(phone) if first else 0.0)
            word = ids.get(phone.word, 0) if first else 0
            arcs[here].append((forward, word, cost, len(arcs) - 1))
            here = len(arcs) - 1
        arcs[here].append((0, 0, 0.0, 0))
    return _fst(arcs)


def _entry_cost(phone: Phone) -> float:
    if not phone.word:
        return HALF
    return UNKNOWN_COST if phone.word == UNKNOWN else WORD_COST


def _fst(arcs: list[list[Arc]]) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<i", len(value)) + value.encode()

    body = struct.pack("<i", 2125659606) + text("vector") + text("standard")
    body += struct.pack("<iiQqqq", 2, 0, 3, 0, len(arcs), sum(map(len, arcs)))
    for number, leaving in enumerate(arcs):
        body += struct.pack("<fq", 0.0 if number == 0 else float("inf"), len(leaving))
        for arc in leaving:
            body += struct.pack("<iifi", *arc)
    return body
