"""The reasons for not being ready, as the operator chooses them.

Codes go into events and reports and never change. The distribution has reasons of its own (a phone
that did not answer, a lost connection); nobody chooses those.
"""

from __future__ import annotations

from agent_desktop.core.named import Named

NOT_READY_REASONS: tuple[Named, ...] = (
    Named("break", "小休", "Short break"),
    Named("meal", "用餐", "Meal"),
    Named("paperwork", "整理工单", "Paperwork"),
    Named("training", "培训", "Training"),
    Named("meeting", "开会", "Meeting"),
    Named("equipment", "设备故障", "Equipment fault"),
)
