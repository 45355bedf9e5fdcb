"""A model is tried in a process that may die: loaded, spoken to, timed.

`try_model` is asked by the platform; `python -m speech.adapters.trial MODEL FILE...` is the
process.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speech.adapters.vosk_model import VoskModel
from speech.adapters.worker_process import ROOT, worker_environment
from speech.core.model import BadModel
from speech.core.samples import TELEPHONE_RATE, Upsampler, frames
from speech.ports import Recogniser, RecogniserFailed

PIECE_BYTES = 960
SILENCE_S = 3
TRIED_WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Trial:
    """`load_fraction`: of one core, in real time; `heard`: the text of each recording."""

    load_fraction: float
    loaded_s: float
    heard: tuple[str, ...]


def try_model(folder: Path, recordings: Sequence[Path]) -> Trial:
    """Blocking, seconds to minutes. Raises BadModel with the reason."""
    command = [sys.executable, "-m", "speech.adapters.trial", str(folder), *map(str, recordings)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=worker_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TRIED_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        raise BadModel(f"the recogniser was not done within {TRIED_WITHIN_S} s") from None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    last = said[-1][:200] if said else ""
    if done.returncode < 0:
        raise BadModel(f"it ends the recogniser ({signal.Signals(-done.returncode).name}) {last}")
    if done.returncode:
        raise BadModel(last or f"the recogniser ended with {done.returncode}")
    found = json.loads(done.stdout)
    return Trial(found["load_fraction"], found["loaded_s"], tuple(found["heard"]))


def main() -> None:
    folder, recordings = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    begun = time.monotonic()
    try:
        model = VoskModel(folder)
        recogniser = model.new()
        loaded_s = time.monotonic() - begun
        used, seconds = time.process_time(), 0.0
        heard = []
        for audio in [bytes(2 * TELEPHONE_RATE * SILENCE_S), *map(_audio_of, recordings)]:
            heard.append(_listen(recogniser, audio))
            seconds += len(audio) / (2 * TELEPHONE_RATE)
    except RecogniserFailed as error:
        raise SystemExit(str(error)) from None
    load = (time.process_time() - used) / seconds
    body = {"load_fraction": round(load, 4), "loaded_s": round(loaded_s, 2), "heard": heard[1:]}
    print(json.dumps(body, ensure_ascii=False))


def _listen(recogniser: Recogniser, audio: bytes) -> str:
    upsample, text = Upsampler(), ""
    for piece in frames(audio, PIECE_BYTES):
        ended = recogniser.accept(upsample(piece))
        recogniser.partial()
        text += ended.text if ended is not None else ""
    return text + recogniser.final().text


def _audio_of(path: Path) -> bytes:
    with wave.open(str(path), "rb") as opened:
        return opened.readframes(opened.getnframes())


if __name__ == "__main__":
    main()
