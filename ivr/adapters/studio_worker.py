"""Decodes and measures one upload, in a process of its own: `python -m ivr.adapters.studio_worker`.

A stranger's file is read here and nowhere else: with little memory, little time, no way to write
large files, and at a low priority, so that neither a hostile file nor a slow one reaches the calls.
sox decodes; it is told the form that the first bytes say, so that it guesses nothing, and is given
the file as its standard input, so that no name ever reaches it.

Arguments: the upload, where to put the result (8 kHz mono 16-bit WAV, even level), the expected
seconds. Prints a JSON object: `{"form": ..., "measured": ...}` or `{"refused": [[text, values]]}`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from array import array
from dataclasses import asdict
from pathlib import Path

from ivr.adapters.sound_files import little_endian, wav_of
from ivr.core import audio
from ivr.core.studio import (
    FULL,
    LARGEST_BYTES,
    Bounds,
    Form,
    Measured,
    Objection,
    Refused,
    demand_form,
    demand_whole,
    form_of,
    most_decoded_s,
    objections,
)

MEMORY_BYTES = 1024**3
PROCESSOR_S = 20
FILE_BYTES = 64 * 1024**2
NICE = 10
NO_SOX = 3
"""Exit status."""
_CLEAN = {"PATH": os.defpath, "LC_ALL": "C"}
_RAW = ("-t", "raw", "-e", "signed-integer", "-b", "16", "-L")
ROOM_DB = 3
"""A filter may overshoot what came at full scale."""
_TO_TELEPHONE = (
    *("gain", f"-{ROOM_DB}", "remix", "-", "highpass", "60"),
    *("rate", "-h", str(audio.TELEPHONE_RATE)),
)


def limit_self() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICE)


def take_in(upload: Path, allowed: Bounds) -> tuple[Form, Measured, array[int]]:
    """Form, measurements, and the samples as callers get them. Raises Refused."""
    if upload.stat().st_size > LARGEST_BYTES:
        raise Refused(Objection("文件超过%(most)s MB", {"most": str(LARGEST_BYTES // 1024**2)}))
    form = form_of(upload.read_bytes())
    demand_form(form, allowed)
    raw = _decoded(upload, form, allowed)
    demand_whole(form, len(raw) // (2 * form.channels))
    samples = little_endian(raw)
    heard = little_endian(_telephone(raw, form))
    even = audio.normalise(audio.trim(heard))
    level = audio.level_dbfs(heard)
    measured = Measured(
        seconds=len(even) / audio.TELEPHONE_RATE,
        level_dbfs=None if level is None else level + ROOM_DB,
        clipped=sum(1 for s in samples if s >= FULL or s <= -FULL) / len(samples),
        dc=_dc(samples, form.channels),
        longest_pause_s=audio.longest_pause_ms(even) / 1000,
    )
    wrong = objections(measured, allowed)
    if wrong:
        raise Refused(*wrong)
    return form, measured, even


def _decoded(upload: Path, form: Form, allowed: Bounds) -> bytes:
    """Raw samples at the file's own rate. Raises Refused if sox cannot read it."""
    with upload.open("rb") as opened:
        done = subprocess.run(
            ["sox", "-D", "-V1", "-t", form.container.value, "-", *_RAW, "-"]
            + ["trim", "0", f"{most_decoded_s(allowed) + 1:.3f}"],
            stdin=opened,
            capture_output=True,
            env=_CLEAN,
            timeout=PROCESSOR_S,
        )
    if done.returncode != 0:
        raise Refused(Objection("文件已损坏，读不出声音"))
    return done.stdout[: len(done.stdout) // (2 * form.channels) * 2 * form.channels]


def _telephone(raw: bytes, form: Form) -> bytes:
    shape = ("-r", str(form.rate), "-c", str(form.channels))
    out = ("-r", str(audio.TELEPHONE_RATE), "-c", "1")
    done = subprocess.run(
        ["sox", "-D", "-V1", *_RAW, *shape, "-", *_RAW, *out, "-", *_TO_TELEPHONE],
        input=raw,
        capture_output=True,
        env=_CLEAN,
        timeout=PROCESSOR_S,
        check=True,
    )
    return done.stdout


def _dc(samples: array[int], channels: int) -> float:
    """The largest offset of a channel, as a fraction of full scale."""
    sides = [samples[n::channels] for n in range(channels)]
    return max(abs(sum(side)) / len(side) for side in sides) / audio.FULL_SCALE


def main() -> None:
    limit_self()
    upload, target, expected = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    try:
        form, measured, samples = take_in(upload, Bounds(expected))
    except Refused as error:
        print(json.dumps({"refused": [[o.text, dict(o.values)] for o in error.objections]}))
        return
    except FileNotFoundError:
        sys.exit(NO_SOX)
    target.write_bytes(wav_of(samples))
    print(json.dumps({"form": asdict(form), "measured": asdict(measured)}))


if __name__ == "__main__":
    main()
