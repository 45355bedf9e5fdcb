"""What the screens call things. Chinese; the catalogue translates."""

from __future__ import annotations

from collections.abc import Mapping

from callbacks.core.task import Act, Kind, Result, State

KIND_NAMES: Mapping[Kind, str] = {
    Kind.ABANDONED: "排队放弃",
    Kind.CALLBACK_FAILED: "回拨未接通",
    Kind.MESSAGE: "留言",
    Kind.DISSATISFIED: "评价不满意",
}
STATE_NAMES: Mapping[State, str] = {
    State.OPEN: "待人工回拨",
    State.CLAIMED: "处理中",
    State.CLOSED: "已办结",
}
RESULT_NAMES: Mapping[Result, str] = {
    Result.REACHED: "已联系上",
    Result.NOT_REACHED: "多次未接通",
    Result.WRONG_NUMBER: "号码有误",
    Result.NOT_NEEDED: "无需回拨",
    Result.REACHED_MEANWHILE: "市民已再次来电并接通",
}
ACT_NAMES: Mapping[Act, str] = {
    Act.CREATE: "生成任务",
    Act.JOIN: "同一号码再次来电",
    Act.CLAIM: "领取",
    Act.RELEASE: "退回",
    Act.ATTEMPT: "拨打未接通",
    Act.CLOSE: "办结",
    Act.REACH: "自动办结",
    Act.UNDO: "撤销办结",
}
LINE_STATES: Mapping[str, str] = {
    "due": "排队中",
    "dialling": "回拨中",
    "arriving": "接入中",
    "taken_back": "撤回中",
    "resting": "间隔中",
}
"""The states of a callback in the line, as `acd` names them."""
