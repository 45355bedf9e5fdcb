"""What the guard's levels, lists and causes are called on the screens. Texts are Chinese msgids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.core.screening.figures import Count
from ivr.core.screening.levels import LevelCause
from ivr.core.screening.listed import ListKind, Treatment
from ivr.core.screening.policy import Level, OnFailure


@dataclass(frozen=True, slots=True)
class LevelWords:
    value: str
    badge: str
    name: str
    does: str


LEVELS: Mapping[Level, LevelWords] = {
    Level.NORMAL: LevelWords(
        "normal", "ok", "常态", "只有超过限度的号码要先按键，其他来电不受影响"
    ),
    Level.RAISED: LevelWords(
        "raised", "warn", "加强", "未显示号码的、反复来电的先按键，没有按的不再接入"
    ),
    Level.STORM: LevelWords(
        "storm", "danger", "风暴", "除已知来电人以外都先按键，没有按的不再接入"
    ),
}
CAUSES: Mapping[LevelCause, str] = {
    LevelCause.FIGURES: "来电情况达到启动值",
    LevelCause.CALM: "恢复平稳",
    LevelCause.SUPERVISOR: "值班长设定",
    LevelCause.UNPINNED: "值班长恢复自动",
    LevelCause.PIN_OVER: "设定到期",
}
FIGURES: Mapping[str, str] = {
    "strangers_5s": "5秒内首次来电%(n)s通",
    "strangers_10s": "10秒内首次来电%(n)s通",
    "calls_10s": "10秒内来电%(n)s通",
    "anonymous_10s": "10秒内未显示号码的来电%(n)s通",
    "suspicious_minute": "一分钟内可疑来电%(n)s通",
    "occupied": "线路占用达到%(n)s",
}
"""Of the reason of a level that the figures brought."""
COUNTS: Mapping[Count, str] = {
    Count.ENTERED: "来电",
    Count.ANONYMOUS: "其中未显示号码",
    Count.SUSPICIOUS: "超过限度或在灰名单上",
    Count.CHALLENGED: "请按键的",
    Count.PASSED: "按对了键",
    Count.FAILED: "没有按键",
    Count.LEFT: "没有按就挂机",
    Count.EMERGENCY: "改走紧急求助",
    Count.AFTER_OTHERS: "排在别人后面",
    Count.REFUSED: "不再接入",
}
KINDS: Mapping[ListKind, str] = {ListKind.GREY: "灰名单", ListKind.SPARED: "免验名单"}
TREATMENTS: Mapping[Treatment, str] = {
    Treatment.CHALLENGE: "先按键",
    Treatment.AFTER_OTHERS: "排在别人后面",
    Treatment.BOTH: "先按键，并排在别人后面",
}
RULE_REASONS: Mapping[str, str] = {
    "number_rate": "该号码来电过多",
    "block_rate": "该号段来电过多",
}
FAILURES: Mapping[OnFailure, str] = {
    OnFailure.AFTER_OTHERS: "排在别人后面",
    OnFailure.REFUSE: "说明怎样求助后挂断",
}
