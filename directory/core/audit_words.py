"""The audit trail in words. Pure; texts are Chinese msgids, and the pages translate them.

What other departments recorded as a code is shown in their words, which the pages are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from directory.core.audit_chain import AuditEntry
from kernel.audit import AuditValue

ACTION_NAMES: Mapping[str, str] = {
    "signed_in": "登录",
    "signed_out": "退出登录",
    "sign_in_refused": "登录被拒绝",
    "password_changed": "修改密码",
    "recording_played": "收听录音",
    "recording_downloaded": "下载录音",
    "identity_revealed": "查看诉求人身份",
    "cases_exported": "导出诉求",
    "flow_published": "发布流程",
    "flow_rolled_back": "回退流程",
    "notice_created": "发布通知",
    "notice_ended": "结束通知",
    "prompt_take_uploaded": "上传提示音录音",
    "prompt_take_used": "启用提示音录音",
    "prompt_take_withdrawn": "撤下提示音录音",
    "prompt_take_confirmed": "确认提示音录音仍适用",
    "prompt_take_discarded": "放弃提示音录音",
    "guard_level_set": "设定来电防护级别",
    "screening_listed": "列入来电名单",
    "screening_prolonged": "延长来电名单",
    "screening_removed": "移出来电名单",
    "number_revealed": "查看完整号码",
    "plan_started": "启动预案",
    "plan_ended": "结束预案",
    "agent_state_ordered": "安排话务员状态",
    "agent_freed": "解除话务员状态",
    "callback_claimed": "领取回拨任务",
    "callback_released": "退回回拨任务",
    "callback_closed": "办结回拨任务",
    "callback_reopened": "撤销回拨办结",
    "callback_cancelled": "取消回拨",
    "recording_fetched": "取用录音",
    "recording_read": "阅读通话文字",
}
"""What the audit trail calls each act; an act without a name here is shown as it was recorded."""
DETAIL_NAMES: Mapping[str, str] = {
    "source": "来源地址",
    "known_device": "常用设备",
    "reason": "原因",
    "from_s": "起始秒",
    "state": "状态",
    "digest": "内容摘要",
    "replaced": "替换的版本",
    "team": "班组",
    "list": "名单",
    "number": "号码",
    "since": "起始时间",
    "until": "截止时间",
    "result": "结果",
}
_MOMENTS = frozenset({"since", "until"})
_DIGEST = 12
_OBJECT_FIELDS: Mapping[str, str] = {"guard_level_set": "level"}
"""Acts whose object is itself a code, and the field whose words it is in."""

Codes = Mapping[str, Mapping[str, str]]
"""Field of a detail -> code -> msgid."""


@dataclass(frozen=True, slots=True)
class Word:
    """A text of the screens, still to be translated."""

    msgid: str


@dataclass(frozen=True, slots=True)
class TeamCode:
    """A team, still to be named."""

    team: str


Shown = Word | TeamCode | datetime | str


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as the page shows it: `act` and the labels are words where there are any."""

    entry: AuditEntry
    act: Word | str
    object: Word | str
    detail: tuple[tuple[Word | str, Shown], ...]


def told(entry: AuditEntry, codes: Codes) -> Told:
    """The entry in words; what has none is shown as it was recorded."""
    named = codes.get(_OBJECT_FIELDS.get(entry.action, ""), {})
    return Told(
        entry=entry,
        act=_word(ACTION_NAMES, entry.action),
        object=_word(named, entry.object_id),
        detail=tuple(
            (_word(DETAIL_NAMES, field), _shown(field, value, codes))
            for field, value in entry.detail.items()
        ),
    )


def _word(words: Mapping[str, str], code: str) -> Word | str:
    return Word(words[code]) if code in words else code


def _shown(field: str, value: AuditValue, codes: Codes) -> Shown:
    match value:
        case None:
            return "–"
        case bool():
            return Word("是" if value else "否")
        case str() if field in _MOMENTS:
            return _moment(value)
        case str() if field == "team":
            return TeamCode(value)
        case str() if field == "digest":
            return value[:_DIGEST]
        case str():
            return _word(codes.get(field, {}), value)
        case _:
            return str(value)


def _moment(text: str) -> datetime | str:
    """Recorded in UTC, as everything is. What is no moment stays as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo is None else at
