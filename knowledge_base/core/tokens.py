"""Folding and tokens: the one way in which articles and queries become what the index holds.

Theory of operation: text is folded (compatibility forms unified, accents dropped, lower case,
traditional characters to simplified ones), cut into runs of letters and digits, and each run
becomes its overlapping pairs of characters, followed by its last character alone:

    住房公积金。 -> 住房 房公 公积 积金 金

A word of n >= 2 characters is then found as a phrase of n - 1 neighbouring pairs, which is the
same as a substring search within a run; a single character is found as a prefix, because it
begins a pair or is a run's last token. The lone last character also keeps phrases from crossing
from one run into the next. Source: measured recall 1.0 against LIKE, ADR 0440.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

_RUN = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
PINYIN_MARK = "\u02c7"
"""Begins each pinyin token, so that 'ba' of 吧 and 'ba' of a Latin word stay apart."""


# Words of a question that say nothing about its matter, in Mandarin and colloquial Cantonese.
# They are left out of the loose search only: whoever searches for such a word itself finds it.
STOP_WORDS: frozenset[str] = frozenset(
    """
    请问 你好 您好 麻烦 谢谢 我想 想要 想问 问下 问问 请教 咨询 了解 知道 一下 一个 一些 这个
    那个 这些 那些 这样 那样 这里 那里 我们 你们 他们 人家 自己 大家 别人 有人 没有 不是 不了
    不到 不能 不会 不给 是不是 有没有 能不能 可不可以 可以 能够 应该 需要 怎么 怎样 怎么办
    怎么样 如何 什么 为什么 哪里 哪个 哪些 哪儿 多少 多久 几时 几多 几耐 什么时候 是否 还是 或者
    以及 并且 而且 但是 因为 所以 如果 就是 已经 现在 目前 今天 昨天 明天 然后 还有 之后 以后
    以前 的话 一直 总是 经常 这边 那边 东西 事情 情况 问题 时候 地方 办理 点样 点办 点算 边度
    边个 边间 乜嘢 咩事 系咪 有冇 冇得 唔该 唔系 唔到 唔知 唔可以 唔得 我哋 你哋 佢哋 呢个 嗰个
    呢度 嗰度 而家 可唔可以 得唔得 使唔使 要唔要 先至 究竟 到底 能不能够 要不要 用不用 一定 必须
    进行 相关 有关 关于 对于 通过 由于
    """.split()
)

HOTLINE_WORDS: tuple[str, ...] = tuple(
    """
    公积金 住房公积金 居住证 入户 积分入户 积分入学 灵活就业 加装电梯 共享单车 噪声扰民 油烟
    高空抛物 预付卡 二次供水 电动自行车 失业保险金 生育津贴
    """.split()
)
"""Words of the hotline that a general dictionary cuts apart."""


class Folding(dict[int, str]):
    """A table for `str.translate`, filled as characters are met; one character at a time, so that
    every folded character is known to come from one place of the original."""

    def __init__(self, simplify: Callable[[str], str]) -> None:
        super().__init__()
        self._simplify = simplify

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) == "Cs":
            # Half of a pair that no encoding can write: as good as nothing.
            self[code] = " "
            return " "
        decomposed = unicodedata.normalize("NFKD", self._simplify(character))
        kept = "".join(c for c in decomposed if not unicodedata.combining(c))
        folded = unicodedata.normalize("NFC", kept).casefold()
        self[code] = folded
        return folded

    def fold(self, text: str) -> str:
        return text.translate(self)

    def fold_with_places(self, text: str) -> tuple[str, list[int]]:
        """The folded text, and for each of its characters the index in `text` it came from."""
        pieces: list[str] = []
        places: list[int] = []
        for index, character in enumerate(text):
            folded = self[ord(character)]
            pieces.append(folded)
            places.extend([index] * len(folded))
        return "".join(pieces), places


def runs(folded: str) -> list[str]:
    """The runs of letters and digits of folded text, in order."""
    return _RUN.findall(folded)


def pairs(run: str) -> list[str]:
    """Overlapping pairs of one run; the run itself if it has one character."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def index_tokens(folded: str) -> list[str]:
    """What the index holds for a text, in order."""
    tokens: list[str] = []
    for run in runs(folded):
        if len(run) > 1:
            tokens.extend(pairs(run))
        tokens.append(run[-1])
    return tokens


def pinyin_text(folded_parts: Sequence[str], spell: Callable[[str], Sequence[str]]) -> str:
    """For each Chinese run: its initials and its full spelling, separated by spaces.

    住房公积金 -> `zfgjj zhufanggongjijin`
    """
    words: dict[str, None] = {}
    for part in folded_parts:
        for run in _HAN.findall(part):
            syllables = [s for s in spell(run) if s]
            words["".join(s[0] for s in syllables)] = None
            words["".join(syllables)] = None
    return " ".join(word for word in words if word)


def pinyin_tokens(text: str) -> list[str]:
    """The index's tokens for what `pinyin_text` made."""
    return [PINYIN_MARK + token for token in index_tokens(text)]
