"""What the tiny model knows."""

from __future__ import annotations

WORDS = (
    "社保", "户口", "消费", "投诉", "人工", "医保", "公积金", "城管", "噪音", "查询", "我要",
    "报警", "着火", "救命", "是", "对", "不是", "不对",
)  # fmt: skip
OTHERS = (
    "你好", "今天", "天气", "广州", "电话", "时间", "学校", "老师", "汽车", "火车", "飞机", "苹果",
    "香蕉", "鸡蛋", "面包", "牛奶", "电脑", "手机", "衣服", "鞋子", "房子", "桌子", "月亮", "太阳",
    "老虎", "朋友", "昨天", "明天", "早上", "晚上", "音乐", "足球",
)  # fmt: skip
"""Spoken in training, to be recognised as the unknown word."""
PHRASES = (
    "我要查询社保", "我要投诉", "投诉噪音", "我要人工", "查询公积金", "消费投诉", "我要投诉城管",
    "查询医保", "我要报警", "户口查询", "不是社保", "投诉消费", "查询户口", "对我要人工",
    "我要查询医保", "城管投诉噪音", "社保医保公积金", "我要救命",
)  # fmt: skip
UNKNOWN = "[unk]"
VOICES = {"zh": "cmn-latn-pinyin", "yue": "yue"}
"""Not plain `cmn`: espeak-ng 1.51 reads its pinyin as English letters and digits."""
HELD_OUT = ("Denis", "m3", "m8", "rob", "grandpa", "Storm")
"""Voices that no training hears."""


def split(phrase: str) -> tuple[str, ...]:
    """The words of a phrase, the longest first. Raises ValueError for one that has others."""
    found: list[str] = []
    while phrase:
        fitting = [word for word in WORDS if phrase.startswith(word)]
        if not fitting:
            raise ValueError(phrase)
        found.append(max(fitting, key=len))
        phrase = phrase[len(found[-1]) :]
    return tuple(found)
