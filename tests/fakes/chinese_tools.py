"""A dictionary small enough to read: four traditional characters, a few words, their spelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_SIMPLE = str.maketrans("險養電積", "险养电积")
_SYLLABLES = {
    "公": "gong",
    "积": "ji",
    "金": "jin",
    "提": "ti",
    "取": "qu",
    "工": "gong",
    "资": "zi",
    "养": "yang",
    "老": "lao",
    "保": "bao",
    "险": "xian",
}


class TinyChinese:
    """Words are cut at the longest known word; unknown characters stand alone."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = sorted(words, key=len, reverse=True)

    def simplify(self, text: str) -> str:
        return text.translate(_SIMPLE)

    def cut(self, text: str) -> Sequence[str]:
        found: list[str] = []
        place = 0
        while place < len(text):
            word = next((w for w in self._words if text.startswith(w, place)), text[place])
            found.append(word)
            place += len(word)
        return found

    def spell(self, text: str) -> Sequence[str]:
        return [_SYLLABLES[c] for c in text if c in _SYLLABLES]
