"""How much room words take in a picture: measured, and broken into lines. Pure, and approximate.

A Chinese character is as wide as it is high, a Latin letter about half as wide; both are counted in
halves of the height, on the safe side for the fonts in `frontend/css/hotline.css`.
"""

from __future__ import annotations

import re
import unicodedata

_LATIN = 1.15
# A Latin word with the space behind it; a Chinese character with the stops behind it.
_PIECES = re.compile(r"[^\s\u2e80-\U0010ffff]+\s*|\s+|[\u2e80-\U0010ffff][、，。：；？！）”》]*")
_CUT = "…"


def width(text: str) -> float:
    """In halves of the letters' height."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else _LATIN for c in text)


def lines(text: str, room: float, most: int) -> tuple[str, ...]:
    """The text in one to `most` lines of this width, broken between Latin words and between Chinese
    characters. What does not fit is cut off, and a mark says so."""
    done: list[str] = []
    line = ""
    for piece in _PIECES.findall(text):
        if line and len(done) + 1 < most and width((line + piece).rstrip()) > room:
            done.append(line)
            line = ""
        line += piece
    return tuple(_fitting(one.rstrip(), room) for one in (*done, line))


def _fitting(text: str, room: float) -> str:
    if width(text) <= room:
        return text
    while text and width(text + _CUT) > room:
        text = text[:-1]
    return text.rstrip() + _CUT
