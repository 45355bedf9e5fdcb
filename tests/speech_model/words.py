"""What the tiny models know: one of Mandarin and Cantonese, one of English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN = "[unk]"
HELD_OUT = ("Denis", "m3", "m8", "rob", "grandpa", "Storm")
"""Voices that no training hears."""
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One model. `voices`: language -> voice of the synthesiser; `others` are spoken in training,
    to be recognised as the unknown word; `batches`: how often words, others and phrases are spoken
    in each language, by another voice each time."""

    name: str
    voices: Mapping[str, str]
    words: tuple[str, ...]
    others: tuple[str, ...]
    phrases: tuple[str, ...]
    batches: tuple[int, int, int]
    spaced: bool = False
    """Whether there are spaces between the words of a phrase."""

    def split(self, phrase: str) -> tuple[str, ...]:
        """The words of a phrase, the longest first. Raises ValueError for one that has others."""
        found: list[str] = []
        while phrase:
            fitting = [word for word in self.words if phrase.startswith(word)]
            if not fitting:
                raise ValueError(phrase)
            found.append(max(fitting, key=len))
            phrase = phrase[len(found[-1]) :].lstrip()
        return tuple(found)

    def states(self, word: str) -> int:
        """Three for each syllable."""
        return 3 * (len(_VOWELS.findall(word)) if self.spaced else len(word))


CHINESE = Vocabulary(
    name="cn",
    # Not plain `cmn`: espeak-ng 1.51 reads its pinyin as English letters and digits.
    voices={"zh": "cmn-latn-pinyin", "yue": "yue"},
    words=(
        "社保", "户口", "消费", "投诉", "人工", "医保", "公积金", "城管", "噪音", "查询", "我要",
        "报警", "着火", "救命", "是", "对", "不是", "不对",
    ),
    others=(
        "你好", "今天", "天气", "广州", "电话", "时间", "学校", "老师", "汽车", "火车", "飞机",
        "苹果", "香蕉", "鸡蛋", "面包", "牛奶", "电脑", "手机", "衣服", "鞋子", "房子", "桌子",
        "月亮", "太阳", "老虎", "朋友", "昨天", "明天", "早上", "晚上", "音乐", "足球",
    ),
    phrases=(
        "我要查询社保", "我要投诉", "投诉噪音", "我要人工", "查询公积金", "消费投诉",
        "我要投诉城管", "查询医保", "我要报警", "户口查询", "不是社保", "投诉消费", "查询户口",
        "对我要人工", "我要查询医保", "城管投诉噪音", "社保医保公积金", "我要救命",
    ),
    batches=(28, 8, 16),
)  # fmt: skip
ENGLISH = Vocabulary(
    name="en-us",
    voices={"en": "en-us"},
    words=(
        "social", "security", "complaint", "operator", "refund", "noise", "fire", "ambulance",
        "yes", "no",
    ),
    others=(
        "hello", "weather", "school", "teacher", "apple", "banana", "computer", "yesterday",
        "morning", "music", "football", "window", "kitchen", "holiday", "number", "water",
        "garden", "letter", "bread", "seven",
    ),
    phrases=(
        "social security", "noise complaint", "refund complaint", "yes operator", "no operator",
        "no social security", "social security complaint", "yes refund",
    ),
    batches=(32, 8, 14),
    spaced=True,
)  # fmt: skip
VOCABULARIES = {each.name: each for each in (CHINESE, ENGLISH)}
SPEAKERS = {**CHINESE.voices, **ENGLISH.voices, "fr": "fr-fr", "de": "de", "ru": "ru"}
"""Language -> voice, those that no model knows among them."""
