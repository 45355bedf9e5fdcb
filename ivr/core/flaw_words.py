"""What is wrong with a flow, in the words of the screen.

Complaints are written for a terminal and for logs, in English, with file and line. Whoever edits a
flow in the browser reads them in the language of the screen: each is recognised by its form and
told again as a text of the catalogue. A test holds every complaint that the checks can make against
this table. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_WHERE = re.compile(r"^(?:step '(?P<step>[^']*)'|flow)(?:, (?P<field>[^:]+))?: (?P<rest>.*)$", re.S)
_Q = r"['\"](?P<a>.*)['\"]"
UNREADABLE = "格式有误：%(a)s"
TEXTS: tuple[tuple[str, str], ...] = (
    (rf"leads to the unknown step {_Q}", "通往不存在的步骤“%(a)s”"),
    (r"no way leads to this step", "没有任何一步通到这里"),
    (
        r"a caller who presses nothing comes back here for ever",
        "来电人不按键就会在这里打转，没有尽头",
    ),
    (r"no way leads from here to a person", "从这里到不了人工"),
    (r"no way leads from here to an end", "从这里到不了结尾"),
    (rf"prompt {_Q} has no text in Mandarin", "提示音“%(a)s”没有普通话"),
    (rf"prompt {_Q} has no text in Cantonese", "提示音“%(a)s”没有粤语"),
    (rf"prompt {_Q} has no text in English", "提示音“%(a)s”没有英语"),
    (rf"no step fills the slot {_Q}", "没有任何一步填写空位“%(a)s”"),
    (rf"there is no team {_Q}", "没有“%(a)s”这个班组"),
    (rf"{_Q} is not a number that callers may be sent to", "不能把来电转到“%(a)s”"),
    (rf"{_Q} cannot be pressed here", "这里按不了“%(a)s”"),
    (rf"{_Q} cannot be said", "“%(a)s”念不出来"),
    (rf"{_Q} cannot be looked up", "“%(a)s”不能查询"),
    (rf"there is no intent {_Q}", "意图表里没有“%(a)s”"),
    (rf"{_Q} only repeats and leads nowhere", "“%(a)s”只是重听，不能通往别的步骤"),
    (r"nothing can be said here", "intents 里一项也没有"),
    (
        r"an emergency needs alarm, a way for who is not sure",
        "有紧急事项就要写 alarm：没有确认也没有否认的人走哪一步",
    ),
    (r"must be between 1 and 3", "只能是1到3"),
    (r"a survey promises nothing", "满意度评价里不能约定回拨或留言"),
    (r"must be longer than the shortest", "要比 shortest_s 长"),
    (r"must lead to a step of the kind '(?P<a>\w+)'", "只能通往 %(a)s 步骤"),
    (rf"unknown offer {_Q}", "没有“%(a)s”这种选择，只有 callback、message 和 announcement"),
    (rf"there is no plan {_Q}", "没有“%(a)s”这个预案"),
    (r"must be a list of plans", "要写成一列预案"),
    (
        r"counts exactly one kind of call",
        "只能数一种来电：calls、abandoned 或 answered，并写明 days",
    ),
    (r"needs 1 <= least <= most <= (?P<a>\d+)", "位数要从1到%(a)s，least 不大于 most"),
    (
        r"each score is one key and a number from 1 to (?P<a>\d)",
        "每个评分是一个按键和1到%(a)s的数",
    ),
    (rf"unknown question {_Q}", "没有“%(a)s”这种问题，只有 solved 和 operator"),
    (r"a survey knows no dialled line", "满意度评价里没有所拨的专线"),
    (
        r"the fallback of a reception must be a queue that names its team",
        "来电导航的 fallback 必须是写明班组的 queue",
    ),
    (r"the fallback of a survey must be an end", "满意度评价的 fallback 必须是 end"),
    (rf"unknown kind of step {_Q}", "没有“%(a)s”这种步骤"),
    (rf"unknown kind of day {_Q}", "没有“%(a)s”这种日子，只有 working 和 free"),
    (rf"unknown kind of caller {_Q}", "没有“%(a)s”这种主叫，只有 anonymous、mobile 和 other"),
    (rf"unknown condition {_Q}", "没有“%(a)s”这种判断"),
    (rf"unknown language {_Q}", "没有“%(a)s”这种语言，只有 zh、yue 和 en"),
    (rf"unknown field {_Q}", "这里没有“%(a)s”这一项"),
    (rf"{_Q} is written twice", "“%(a)s”写了两次"),
    (rf"{_Q} is no purpose of a flow", "没有“%(a)s”这种用途，只有 reception 和 survey"),
    (rf"{_Q} is not a number", "“%(a)s”不是数"),
    (
        r"(?P<a>\S+) is not between (?P<b>\S+) and (?P<c>\S+)",
        "%(a)s 超出范围，应在 %(b)s 到 %(c)s 之间",
    ),
    (rf"step {_Q} has no kind", "步骤“%(a)s”没有写 kind"),
    (r"lacks (?P<a>.+)", "缺少 %(a)s"),
    (r"asks exactly one thing", "一次只能判断一件事"),
    (r"needs waiting or wait_s", "要写 waiting 或 wait_s"),
    (r'must be two times like "08:30-17:30"', '要写成两个时刻，例如 "08:30-17:30"'),
    (r"must be a list of numbers", "要写成一列号码"),
    (r"must be a list", "要写成一列"),
    (r"must be a text", "要写成一段文字"),
    (r"must be a group of fields", "要写成若干项"),
    (r"must be the flow '(?P<a>\w+)' with the purpose \w+", "flow 必须是 %(a)s，用途不能改"),
    (r"is nested too deeply", "嵌套的层次太多"),
    (r"the file is empty", "内容是空的"),
    (r"not YAML \((?P<a>.*)\)", "不是有效的 YAML：%(a)s"),
)
_RULES = tuple((re.compile(pattern, re.S), text) for pattern, text in TEXTS)


@dataclass(frozen=True, slots=True)
class FlawWords:
    """`step` and `field` as in the file, empty where the flaw is of the whole. `text` is a text of
    the catalogue, `values` what it names."""

    step: str
    field: str
    text: str
    values: Mapping[str, str]


def in_words(message: str) -> FlawWords:
    """A complaint told again; one of unknown form keeps its own words behind a heading."""
    where = _WHERE.match(message)
    step = (where["step"] or "") if where else ""
    field = (where["field"] or "") if where else ""
    rest = where["rest"] if where else message
    for pattern, text in _RULES:
        found = pattern.fullmatch(rest)
        if found:
            return FlawWords(step, field, text, found.groupdict())
    return FlawWords(step, field, UNREADABLE, {"a": rest})
