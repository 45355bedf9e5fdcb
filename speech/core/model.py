"""What a folder must hold to be a model, judged from its files' names and a few texts. Pure.

A model with these faults makes the recogniser's library end its process, refuse, or hear nothing.
Source: vosk 0.3.45 (the layout `am/ conf/ graph/`); the old flat layout is refused, since it never
ends an utterance with some models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ALWAYS = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
WHOLE_GRAPH = "graph/HCLG.fst"
SPLIT_GRAPH = ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int")
WORDS = "graph/words.txt"
TEXTS = ("conf/mfcc.conf", "conf/model.conf")
RATES = (8000, 16000)
ACOUSTIC_BEGINNINGS = (b"\0B", b"<TransitionModel>")
FST_BEGINNING = (2125659606).to_bytes(4, "little")
_OPTION = re.compile(r"--([a-z0-9.-]+)=(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class BadModel(Exception):
    """The folder is no model that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`files`: path in the folder to size in bytes; `texts`: of `TEXTS`; `beginnings`: the first 16
    bytes of the acoustic model and the graphs."""

    files: Mapping[str, int]
    texts: Mapping[str, str]
    beginnings: Mapping[str, bytes]


def rate(facts: Facts) -> int:
    """The rate in Hz that the model was made for. Raises BadModel for what cannot be a model."""
    for name in (*ALWAYS, WORDS):
        if not facts.files.get(name):
            raise BadModel(f"{name} is missing or empty")
    split = all(name in facts.files for name in SPLIT_GRAPH)
    if not facts.files.get(WHOLE_GRAPH) and not split:
        raise BadModel(f"there is neither {WHOLE_GRAPH} nor {', '.join(SPLIT_GRAPH)}")
    if not facts.beginnings["am/final.mdl"].startswith(ACOUSTIC_BEGINNINGS):
        raise BadModel("am/final.mdl is no acoustic model")
    for name, beginning in facts.beginnings.items():
        if name.endswith(".fst") and not beginning.startswith(FST_BEGINNING):
            raise BadModel(f"{name} is no graph")
    _check_decoding(options(facts.texts["conf/model.conf"]))
    return _rate(options(facts.texts["conf/mfcc.conf"]))


def _check_decoding(found: Mapping[str, str]) -> None:
    if not re.fullmatch(r"\d+(:\d+)*", found.get("endpoint.silence-phones", "")):
        # Without it the library ends the process at the first audio.
        raise BadModel("conf/model.conf has no --endpoint.silence-phones")
    if found.get("frame-subsampling-factor", "1") not in ("1", "3"):
        raise BadModel("conf/model.conf has a strange --frame-subsampling-factor")


def _rate(found: Mapping[str, str]) -> int:
    text = found.get("sample-frequency", "16000")
    value = float(text) if re.fullmatch(r"\d{1,6}(\.0*)?", text) else 0.0
    if value not in RATES:
        raise BadModel(f"conf/mfcc.conf has a sample frequency of {text}, not 8000 or 16000")
    return int(value)


def options(text: str) -> dict[str, str]:
    """`--name=value` lines; `#` begins a comment."""
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return {m[1]: m[2] for m in (_OPTION.fullmatch(line) for line in lines) if m}


def model_name(text: str) -> str:
    """A name for the model's folder, from a file's name or an address. Raises BadModel."""
    name = text.rstrip("/").rsplit("/", 1)[-1]
    for ending in (".zip", ".tar.gz", ".tgz"):
        name = name.removesuffix(ending)
    if not _NAME.fullmatch(name):
        raise BadModel(f"{name[:80]!r} cannot be a model's name")
    return name
