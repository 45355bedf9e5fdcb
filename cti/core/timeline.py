"""A call's timeline for people: each event becomes a sentence in a lane. Pure.

Sentences are msgids of the catalogue with named places (`%(name)s`); the page fills them after
translation. Numbers are given masked: the page shows the full number elsewhere, to those who may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel import events as ev
from kernel.ids import CallId
from kernel.phone import mask


class Lane(StrEnum):
    """Who acts; the columns of the sequence, left to right."""

    CALLER = "caller"
    MENU = "menu"
    QUEUE = "queue"
    AGENT = "agent"
    RECORD = "record"


LANE_NAMES: dict[Lane, str] = {
    Lane.CALLER: "市民",
    Lane.MENU: "语音导航",
    Lane.QUEUE: "排队分配",
    Lane.AGENT: "话务员",
    Lane.RECORD: "记录",
}


_TRANSFERS = {
    "left_alone": "话务员失去连接，来电交回 %(target)s",
    "freed": "话机上没有通话，值班长将来电交回 %(target)s",
}
"""By kind; any other was the operator's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when, how long after the call's first event, in which lane, what; `linked` is
    another call that it leads to, `task_id` a task of the duty callbacks."""

    at: datetime
    offset_s: float
    lane: Lane
    msgid: str
    values: dict[str, str] = field(default_factory=dict)
    linked: CallId | None = None
    task_id: str | None = None


Describe = Callable[[Any], tuple[Lane, str, dict[str, str]]]


def _s(value: float) -> str:
    return f"{value:.1f}"


def _announced(event: ev.WaitAnnounced) -> tuple[str, dict[str, str]]:
    values = {"position": str(event.position)}
    if event.low_min is None:
        return "告知排在第 %(position)s 位", values
    if event.high_min is None:
        return "告知排在第 %(position)s 位，预计等待超过 %(low)s 分钟", {
            **values,
            "low": str(event.low_min),
        }
    return "告知排在第 %(position)s 位，预计等待 %(low)s 到 %(high)s 分钟", {
        **values,
        "low": str(event.low_min),
        "high": str(event.high_min),
    }


def _heard(event: ev.MenuWordsHeard) -> tuple[str, dict[str, str]]:
    if not event.wish:
        return "说了话，没有听懂", {}
    sure = {"sure": f"{event.confidence_fraction:.2f}"}
    if event.asked_back:
        return "说了话，听懂但要再问一遍（把握 %(sure)s）", sure
    return "说了话，听懂了（把握 %(sure)s）", sure


_DIVERTED = {
    "callback": "离开队列等待回拨，已等待 %(waited)s 秒",
    "message": "离开队列并留言，已等待 %(waited)s 秒",
}

_SCREENED = {
    "pass": "来电防护：直接放行（%(outcome)s）",
    "after_others": "来电防护：排在别人后面（%(outcome)s）",
    "challenge": "来电防护：请来电人按键（%(outcome)s）",
    "refuse": "来电防护：说明后不再接入（%(outcome)s）",
}

_DESCRIPTIONS: dict[type[ev.Event], Describe] = {
    ev.CallArrived: lambda e: (
        Lane.CALLER,
        "来电接入：主叫 %(ani)s，被叫 %(dnis)s",
        {"ani": mask(e.ani) if e.ani else "–", "dnis": e.dnis},
    ),
    ev.CallScreened: lambda e: (
        Lane.MENU,
        _SCREENED["after_others" if e.decision == "pass" and e.after_others else e.decision],
        {"outcome": f"screened_{e.reason}"},
    ),
    ev.ChallengeEnded: lambda e: (
        Lane.CALLER,
        "按键验证：%(outcome)s",
        {"outcome": f"challenge_{e.outcome}"},
    ),
    ev.MenuKeyPressed: lambda e: (
        (Lane.CALLER, "按键 %(keys)s", {"keys": e.keys})
        if e.keys
        else (Lane.CALLER, "没有按键", {})
    ),
    ev.MenuWordsHeard: lambda e: (Lane.CALLER, *_heard(e)),
    ev.CallTransferredOut: lambda e: (Lane.MENU, "转接 %(number)s", {"number": e.number}),
    ev.CallQueued: lambda e: (
        Lane.QUEUE,
        "进入队列 %(team)s，第 %(position)s 位",
        {"team": e.team, "position": str(e.position)},
    ),
    ev.CallRelaxed: lambda e: (
        Lane.QUEUE,
        "等候已久，放宽到第 %(ring)s 圈，可由更多话务员接听",
        {"ring": str(e.ring)},
    ),
    ev.CallOffered: lambda e: (
        Lane.QUEUE,
        "派给 %(agent)s（%(booth)s 席），已等待 %(waited)s 秒",
        {"agent": e.agent_id, "booth": e.booth_id, "waited": _s(e.waited_s)},
    ),
    ev.OfferEnded: lambda e: (
        Lane.AGENT,
        "派话结果：%(outcome)s",
        {"outcome": e.outcome},
    ),
    ev.CallAnswered: lambda e: (
        Lane.AGENT,
        "%(agent)s 应答，等待 %(waited)s 秒",
        {"agent": e.agent_id, "waited": _s(e.waited_s)},
    ),
    ev.CallHeld: lambda e: (Lane.AGENT, "保持通话", {}),
    ev.CallResumed: lambda e: (
        Lane.AGENT,
        "恢复通话，保持了 %(held)s 秒",
        {"held": _s(e.held_s)},
    ),
    ev.ConsultStarted: lambda e: (
        Lane.AGENT,
        "咨询 %(agent)s",
        {"agent": e.consulted_agent_id},
    ),
    ev.ConsultEnded: lambda e: (Lane.AGENT, "咨询结束：%(outcome)s", {"outcome": e.outcome}),
    ev.CallTransferred: lambda e: (
        Lane.AGENT,
        _TRANSFERS.get(e.kind, "转接至 %(target)s"),
        {"target": e.to_team or e.to_agent or "–"},
    ),
    ev.TalkFinished: lambda e: (
        Lane.AGENT,
        "通话结束，时长 %(talk)s 秒",
        {"talk": _s(e.talk_s)},
    ),
    ev.WaitAnnounced: lambda e: (Lane.QUEUE, *_announced(e)),
    ev.CallAbandoned: lambda e: (
        Lane.CALLER,
        "放弃等待，已等待 %(waited)s 秒",
        {"waited": _s(e.waited_s)},
    ),
    ev.CallDiverted: lambda e: (
        Lane.QUEUE,
        _DIVERTED.get(e.cause, "由电话系统的备用队列接听，已等待 %(waited)s 秒"),
        {"waited": _s(e.waited_s)},
    ),
    ev.CallbackNoted: lambda e: (
        Lane.CALLER,
        "该号码已在等待回拨：%(number)s" if e.joined else "登记回拨 %(number)s，保留原排位",
        {"number": mask(e.number)},
    ),
    ev.CallbackDialled: lambda e: (
        Lane.QUEUE,
        "轮到该市民，为 %(agent)s 第 %(attempt)s 次回拨",
        {"agent": e.agent_id, "attempt": str(e.attempt)},
    ),
    ev.CallbackMissed: lambda e: (Lane.CALLER, "回拨未接通：%(outcome)s", {"outcome": e.result}),
    ev.CallbackEnded: lambda e: (
        Lane.QUEUE,
        "回拨结束：%(outcome)s",
        {"outcome": f"callback_{e.outcome}"},
    ),
    ev.CallbackReturned: lambda e: (
        Lane.QUEUE,
        "回拨接通，接续之前的来电" if e.dialled else "市民再次来电，接替之前登记的回拨",
        {},
    ),
    ev.CallbackTaskMade: lambda e: (
        Lane.RECORD,
        "列入人工回拨：%(outcome)s",
        {"outcome": f"task_{e.kind}"},
    ),
    ev.CallbackTaskClosed: lambda e: (
        Lane.RECORD,
        "人工回拨办结：%(outcome)s",
        {"outcome": f"task_{e.result}"},
    ),
    ev.CallbackPostponed: lambda e: (Lane.QUEUE, "现在不是回拨时段，稍后再拨", {}),
    ev.CallEnded: lambda e: (
        Lane.CALLER,
        "呼叫结束：%(outcome)s（%(by)s）",
        {"outcome": e.outcome, "by": e.ended_by},
    ),
    ev.SolvedAnswered: lambda e: (
        Lane.CALLER,
        "问题是否解决：%(outcome)s",
        {"outcome": f"solved_{e.solved}"},
    ),
    ev.SurveyAnswered: lambda e: (Lane.CALLER, "满意度评价 %(score)s", {"score": str(e.score)}),
    ev.RecordingArchived: lambda e: (
        Lane.RECORD,
        "录音归档，时长 %(duration)s 秒",
        {"duration": _s(e.duration_s)},
    ),
    ev.RecordingMissing: lambda e: (Lane.RECORD, "没有录音：%(reason)s", {"reason": e.reason}),
    ev.MessageTranscribed: lambda e: (
        Lane.RECORD,
        "留言已识别成文字，共 %(count)s 句" if e.sentences else "留言没有识别出文字",
        {"count": str(e.sentences)} if e.sentences else {},
    ),
    ev.WrapUpFinished: lambda e: (
        Lane.AGENT,
        "话后整理结束，用时 %(wrap)s 秒",
        {"wrap": _s(e.wrap_up_s)},
    ),
    ev.CaseFiled: lambda e: (Lane.RECORD, "登记诉求 %(case)s", {"case": e.case_number}),
    ev.WorkOrderDispatched: lambda e: (
        Lane.RECORD,
        "派单 %(order)s",
        {"order": e.work_order_number},
    ),
    ev.ArticleOpened: lambda e: (Lane.RECORD, "查阅知识 %(article)s", {"article": e.article_id}),
}

# Outcome codes inside sentences, for translation by the page.
OUTCOME_NAMES: dict[str, str] = {
    "screened_emergency": "拨打紧急号码",
    "screened_spared": "免验名单",
    "screened_grey": "灰名单",
    "screened_number_rate": "该号码来电过多",
    "screened_number_at_once": "该号码同时来电过多",
    "screened_block_rate": "该号段来电过多",
    "screened_anonymous": "未显示号码",
    "screened_stranger": "首次来电",
    "screened_line_full": "线路已满",
    "challenge_passed": "已按对",
    "challenge_after_others": "没有按，排在别人后面",
    "challenge_failed": "没有按，不再接入",
    "challenge_left": "没有按就挂机",
    "challenge_emergency": "改走紧急求助",
    "challenge_let_go": "说明后结束",
    "accepted": "已接听",
    "declined": "话务员拒接",
    "ring_no_answer": "无人应答",
    "caller_abandoned": "市民已挂机",
    "unreachable": "话机不可用",
    "rescinded": "已撤回",
    "answered": "已接听",
    "abandoned": "排队中放弃",
    "left_in_menu": "导航中挂机",
    "transferred_out": "已转出",
    "callback": "已登记回拨",
    "solved_yes": "已解决",
    "solved_partly": "部分解决",
    "solved_no": "没有解决",
    "task_dissatisfied": "评价不满意",
    "task_abandoned": "排队放弃",
    "task_callback_failed": "回拨未接通",
    "task_message": "留言",
    "task_reached": "已联系上",
    "task_not_reached": "多次未接通",
    "task_wrong_number": "号码有误",
    "task_not_needed": "无需回拨",
    "task_reached_meanwhile": "市民已再次来电并接通",
    "message": "已留言",
    "callback_answered": "市民已接听",
    "callback_gave_up": "未能接通，转人工回拨",
    "callback_expired": "已过期，转人工回拨",
    "callback_cancelled": "已取消",
    "callback_caller_called_again": "市民已再次来电",
    "no_answer": "无人应答",
    "busy": "占线",
    "refused": "市民拒接",
    "hung_up": "接听后挂机",
    "unknown": "结果不明",
    "fault": "系统故障",
    "completed": "已转接",
    "cancelled": "已取消",
    "failed": "未接通",
    "caller": "市民挂机",
    "agent": "话务员挂机",
    "platform": "系统挂机",
}


def timeline(
    events: Sequence[ev.Event],
    step_title: Callable[[str, str], str | None] = lambda flow, step: step,
) -> list[Entry]:
    """Entries of all events that a person cares about; `events` oldest first.

    `step_title(flow, step)` names a step of the menu; None: the caller hears nothing there, and
    the step is left out.
    """
    if not events:
        return []
    start = events[0].occurred_at
    entries = []
    for event in events:
        if isinstance(event, ev.MenuStepEntered):
            title = step_title(event.flow, event.step)
            if title is None:
                continue
            offset = (event.occurred_at - start).total_seconds()
            values = {"step": title}
            entries.append(Entry(event.occurred_at, offset, Lane.MENU, "播放“%(step)s”", values))
            continue
        describe = _DESCRIPTIONS.get(type(event))
        if describe is not None:
            lane, msgid, values = describe(event)
            offset = (event.occurred_at - start).total_seconds()
            linked, task_id = _linked(event), getattr(event, "task_id", None)
            entries.append(Entry(event.occurred_at, offset, lane, msgid, values, linked, task_id))
    return entries


def _linked(event: ev.Event) -> CallId | None:
    match event:
        case ev.CallbackEnded():
            return event.new_call_id
        case ev.CallbackReturned():
            return event.first_call_id
        case _:
            return None


def linked_calls(events: Sequence[ev.Event]) -> tuple[CallId | None, CallId | None]:
    """The call in which the citizen had asked to be called back, and the call that came of this
    one's callback; None where there is none."""
    before = after = None
    for event in events:
        if isinstance(event, ev.CallbackReturned):
            before = event.first_call_id
        elif isinstance(event, ev.CallbackEnded):
            after = event.new_call_id or after
    return before, after
