"""The Chinese libraries behind the port `ChineseTools`: OpenCC, rjieba and pypinyin.

Their dictionaries are loaded once for the process (about 0.3 s together, measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import rjieba
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

from knowledge_base.core.tokens import HOTLINE_WORDS


class LibraryChinese:
    """Implements `knowledge_base.ports.ChineseTools`. Get it from `library_chinese()`."""

    def __init__(self) -> None:
        self._converter = OpenCC("t2s")
        self._jieba = rjieba.Jieba()
        for word in HOTLINE_WORDS:
            self._jieba.add_word(word, None, None)  # frequency and part of speech: its own

    def simplify(self, text: str) -> str:
        return str(self._converter.convert(text)) if not text.isascii() else text

    def cut(self, text: str) -> Sequence[str]:
        words: list[str] = self._jieba.cut_for_search(text)
        return words

    def spell(self, text: str) -> Sequence[str]:
        return lazy_pinyin(text, style=Style.NORMAL, errors="ignore")


@cache
def library_chinese() -> LibraryChinese:
    """The one instance of this process."""
    return LibraryChinese()
