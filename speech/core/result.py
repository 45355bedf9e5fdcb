"""What the recogniser said, read from its JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

UNKNOWN_WORDS = frozenset({"[unk]", "<unk>", "<UNK>"})
LONGEST_TEXT = 400


class NoResult(Exception):
    """The text is no result of a recogniser."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was understood between two silences.

    `text` has no spaces and no unknown words; `confidence_fraction` is the least sure word's, 0..1;
    `spoken` is true when something was said, even if no word of it was understood.
    """

    text: str
    confidence_fraction: float
    spoken: bool


NOTHING = Utterance("", 0.0, False)


def utterance(result: str) -> Utterance:
    """Of a finished result: `{"text": ..., "result": [{"word", "conf"}, ...]}`. Raises NoResult."""
    found = _object(result)
    words = _words(found.get("text", ""))
    known = [word for word in words if word not in UNKNOWN_WORDS]
    rows = found.get("result", [])
    if not isinstance(rows, list):
        raise NoResult("no list of words")
    sure = [_confidence(row) for row in rows if _word(row) not in UNKNOWN_WORDS]
    return Utterance(
        text="".join(known)[:LONGEST_TEXT],
        confidence_fraction=min(sure) if sure and known else 0.0,
        spoken=bool(words),
    )


def partial(result: str) -> Utterance:
    """Of an unfinished one: `{"partial": ...}`; nothing is sure yet. Raises NoResult."""
    words = _words(_object(result).get("partial", ""))
    known = "".join(word for word in words if word not in UNKNOWN_WORDS)
    return Utterance(known[:LONGEST_TEXT], 0.0, bool(words))


def _object(result: str) -> dict[str, object]:
    try:
        found = json.loads(result)
    except ValueError as error:
        raise NoResult(str(error)) from error
    if not isinstance(found, dict):
        raise NoResult("no JSON object")
    return found


def _words(text: object) -> list[str]:
    if not isinstance(text, str):
        raise NoResult("the text is no text")
    return text.split()


def _word(row: object) -> str:
    word = row.get("word") if isinstance(row, dict) else None
    return word if isinstance(word, str) else ""


def _confidence(row: object) -> float:
    value = row.get("conf") if isinstance(row, dict) else None
    # `not >=` is also true for NaN.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return 0.0
    return min(1.0, float(value))
