"""The Chinese libraries behind the port `ChineseTools`: OpenCC, rjieba and pypinyin.

Their dictionaries are loaded once for the process (about 0.3 s together, measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import rjieba
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

# Words of the hotline that the general dictionary cuts apart.
_OWN_WORDS = (
    "公积金",
    "住房公积金",
    "居住证",
    "入户",
    "积分入户",
    "积分入学",
    "灵活就业",
    "加装电梯",
    "共享单车",
    "噪声扰民",
    "油烟",
    "高空抛物",
    "预付卡",
    "二次供水",
    "电动自行车",
    "失业保险金",
    "生育津贴",
)


class LibraryChinese:
    """Implements `knowledge_base.ports.ChineseTools`. Get it from `library_chinese()`."""

    def __init__(self) -> None:
        self._converter = OpenCC("t2s")
        self._jieba = rjieba.Jieba()
        for word in _OWN_WORDS:
            self._jieba.add_word(word, None, None)

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
