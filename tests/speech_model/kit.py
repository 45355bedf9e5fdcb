"""What tests ask for: the tiny models, made once for each content, and voices to speak to them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from array import array
from functools import cache
from pathlib import Path

from ivr.core import audio
from tests.speech_model.words import CHINESE, SPEAKERS, Vocabulary

ROOT = Path(__file__).resolve().parents[2]
SHELF = ROOT / "var" / "test-models"
BUILT_WITHIN_S = 900
"""On a busy machine it takes minutes: whoever asks for the model has a time-out of his own
(`pytest.mark.timeout`), for the test that happens to be the first builds it."""


def tiny_model(known: Vocabulary = CHINESE) -> Path:
    """The model's folder; the first to ask builds it, whoever asks meanwhile waits."""
    folder = SHELF / f"{known.name}-{_content()}"
    SHELF.mkdir(parents=True, exist_ok=True)
    with (SHELF / f"{known.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _build(known, folder)
    return folder


def _build(known: Vocabulary, folder: Path) -> None:
    fresh = folder.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "tests.speech_model.build", known.name, str(fresh)],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=True,
        timeout=BUILT_WITHIN_S,
    )
    fresh.rename(folder)


def _content() -> str:
    """Another text whenever something that makes the model has changed."""
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(version)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name not in ("kit.py", "__init__.py"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def said(text: str, language: str = "zh", variant: str = "m3", speed: int = 160) -> bytes:
    """A held-out voice on the telephone: 8 kHz, 16-bit little-endian mono, -20 dBFS."""
    made = subprocess.run(
        ["espeak-ng", "-v", f"{SPEAKERS[language]}+{variant}", "-s", str(speed), "--stdout", text],
        capture_output=True,
        check=True,
    ).stdout
    start = made.find(b"data") + 8
    rate = int.from_bytes(made[24:28], "little")
    samples = array("h", made[start : start + (len(made) - start) // 2 * 2])
    return audio.normalise(audio.trim(audio.resample(samples, rate))).tobytes()
