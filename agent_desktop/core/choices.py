"""The reasons for not being ready and the dispositions of a call, as the operator chooses them.

Codes go into events and reports and never change; texts are msgids of the catalogue.
"""

from __future__ import annotations

NOT_READY_REASONS: tuple[tuple[str, str], ...] = (
    ("break", "小休"),
    ("meal", "用餐"),
    ("paperwork", "整理工单"),
    ("training", "培训"),
    ("meeting", "开会"),
    ("equipment", "设备故障"),
)

DISPOSITIONS: tuple[tuple[str, str], ...] = (
    ("answered", "直接答复"),
    ("filed", "已登记派单"),
    ("transferred", "已转接"),
    ("follow_up", "来电催办或补充"),
    ("disconnected", "通话中断"),
    ("silent", "无声电话"),
    ("wrong_number", "误拨"),
    ("nuisance", "骚扰电话"),
)

REASON_CODES = frozenset(code for code, _ in NOT_READY_REASONS)
DISPOSITION_CODES = frozenset(code for code, _ in DISPOSITIONS)
