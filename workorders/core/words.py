"""The closed lists of this department: request types, urgencies, states, events, actors.

The values are what tables, JSON and URLs carry; the Chinese names are what screens show (they are
msgids of the catalogue). Nothing here decides anything.
"""

from __future__ import annotations

from enum import StrEnum


class RequestType(StrEnum):
    """What the citizen wants. Source: the hotline's five request types, and praise."""

    CONSULT = "consult"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    HELP = "help"
    PRAISE = "praise"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class CaseState(StrEnum):
    """Where a case stands. Source: domain notes, section 2a."""

    DRAFT = "draft"
    ANSWERED = "answered"
    NOT_ACCEPTED = "not_accepted"
    TRANSFERRED_OUT = "transferred_out"
    MERGED = "merged"
    PENDING_DISPATCH = "pending_dispatch"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RETURN_REQUESTED = "return_requested"
    COORDINATING = "coordinating"
    LONG_TERM = "long_term"
    REPLIED = "replied"
    CALLBACK_PENDING = "callback_pending"
    REDO = "redo"
    CLOSED = "closed"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"


class CaseEvent(StrEnum):
    """What happened to a case; each is one line of its visible timeline."""

    ANSWERED = "answered"
    TRANSFERRED_OUT = "transferred_out"
    REFUSED = "refused"
    MERGED = "merged"
    SUBMITTED = "submitted"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    RETURN_REQUESTED = "return_requested"
    RETURN_REJECTED = "return_rejected"
    REDISPATCHED = "redispatched"
    ESCALATED = "escalated"
    RULED = "ruled"
    REPORTED_UPWARDS = "reported_upwards"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    REVIEWED = "reviewed"
    RESUMED = "resumed"
    REPLIED = "replied"
    DEFECTS_FOUND = "defects_found"
    REPLY_APPROVED = "reply_approved"
    CLOSED = "closed"
    REDO_ORDERED = "redo_ordered"
    REOPENED = "reopened"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"
    SUPERVISED = "supervised"


class Note(StrEnum):
    """What the timeline shows beside transitions: facts that change no state."""

    OPENED = "opened"
    CALL_LINKED = "call_linked"
    IDENTITY_REVEALED = "identity_revealed"
    DUE_RECALCULATED = "due_recalculated"


class Actor(StrEnum):
    """In which function somebody acts on a case."""

    AGENT = "agent"
    DISPATCHER = "dispatcher"
    REVIEWER = "reviewer"
    AUTHORITY = "authority"
    AUDITOR = "auditor"
    COORDINATOR = "coordinator"
    CALLBACK_OFFICER = "callback_officer"
    SUPERVISOR = "supervisor"
    REQUESTER = "requester"
    SYSTEM = "system"


class OrderState(StrEnum):
    """Where one work order stands with its authority."""

    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"
    LONG_TERM = "long_term"
    REPLIED = "replied"
    REDO = "redo"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class OrderKind(StrEnum):
    MAIN = "main"
    ASSIST = "assist"


CLOSED_STATES = frozenset(
    {
        CaseState.ANSWERED,
        CaseState.NOT_ACCEPTED,
        CaseState.TRANSFERRED_OUT,
        CaseState.MERGED,
        CaseState.CLOSED,
        CaseState.TERMINATED,
        CaseState.WITHDRAWN,
    }
)
OPEN_STATES = frozenset(CaseState) - CLOSED_STATES
OPEN_ORDER_STATES = frozenset(OrderState) - {
    OrderState.RETURNED,
    OrderState.CLOSED,
    OrderState.CANCELLED,
}

REQUEST_TYPE_NAMES: dict[RequestType, str] = {
    RequestType.CONSULT: "咨询",
    RequestType.COMPLAINT: "投诉",
    RequestType.REPORT: "举报",
    RequestType.SUGGESTION: "建议",
    RequestType.HELP: "求助",
    RequestType.PRAISE: "表扬",
}
URGENCY_NAMES: dict[Urgency, str] = {
    Urgency.NORMAL: "一般",
    Urgency.URGENT: "紧急",
    Urgency.CRITICAL: "特急",
}
STATE_NAMES: dict[CaseState, str] = {
    CaseState.DRAFT: "登记中",
    CaseState.ANSWERED: "直接答复办结",
    CaseState.NOT_ACCEPTED: "不予受理",
    CaseState.TRANSFERRED_OUT: "已转接其他热线",
    CaseState.MERGED: "已并单",
    CaseState.PENDING_DISPATCH: "待派单",
    CaseState.DISPATCHED: "已派单待签收",
    CaseState.IN_PROGRESS: "办理中",
    CaseState.RETURN_REQUESTED: "申请退单",
    CaseState.COORDINATING: "疑难协调",
    CaseState.LONG_TERM: "挂账跟踪",
    CaseState.REPLIED: "已回复待审核",
    CaseState.CALLBACK_PENDING: "待回访",
    CaseState.REDO: "重办",
    CaseState.CLOSED: "办结归档",
    CaseState.TERMINATED: "终止办理",
    CaseState.WITHDRAWN: "诉求人撤回",
}
EVENT_NAMES: dict[CaseEvent, str] = {
    CaseEvent.ANSWERED: "直接答复",
    CaseEvent.TRANSFERRED_OUT: "转接其他热线",
    CaseEvent.REFUSED: "不予受理",
    CaseEvent.MERGED: "并单",
    CaseEvent.SUBMITTED: "提交派单审核",
    CaseEvent.DISPATCHED: "派单",
    CaseEvent.SIGNED: "签收",
    CaseEvent.RETURN_REQUESTED: "申请退单",
    CaseEvent.RETURN_REJECTED: "驳回退单",
    CaseEvent.REDISPATCHED: "改派",
    CaseEvent.ESCALATED: "转疑难协调",
    CaseEvent.RULED: "裁定承办单位",
    CaseEvent.REPORTED_UPWARDS: "专报市政府",
    CaseEvent.EXTENDED: "延期",
    CaseEvent.SUSPENDED: "挂账",
    CaseEvent.REVIEWED: "挂账复核",
    CaseEvent.RESUMED: "恢复办理",
    CaseEvent.REPLIED: "承办单位回复",
    CaseEvent.DEFECTS_FOUND: "审核退回",
    CaseEvent.REPLY_APPROVED: "审核通过",
    CaseEvent.CLOSED: "办结",
    CaseEvent.REDO_ORDERED: "退回重办",
    CaseEvent.REOPENED: "重启办理",
    CaseEvent.TERMINATED: "终止办理",
    CaseEvent.WITHDRAWN: "诉求人撤回",
    CaseEvent.SUPERVISED: "督办",
}
NOTE_NAMES: dict[Note, str] = {
    Note.OPENED: "受理登记",
    Note.CALL_LINKED: "关联来电",
    Note.IDENTITY_REVEALED: "查看诉求人身份",
    Note.DUE_RECALCULATED: "重新计算期限",
}
ACTOR_NAMES: dict[Actor, str] = {
    Actor.AGENT: "话务员",
    Actor.DISPATCHER: "派单员",
    Actor.REVIEWER: "复核员",
    Actor.AUTHORITY: "承办单位",
    Actor.AUDITOR: "审核员",
    Actor.COORDINATOR: "协调员",
    Actor.CALLBACK_OFFICER: "回访员",
    Actor.SUPERVISOR: "督办员",
    Actor.REQUESTER: "诉求人",
    Actor.SYSTEM: "系统",
}
ORDER_STATE_NAMES: dict[OrderState, str] = {
    OrderState.DISPATCHED: "待签收",
    OrderState.IN_PROGRESS: "办理中",
    OrderState.RETURN_REQUESTED: "申请退单",
    OrderState.RETURNED: "已改派",
    OrderState.LONG_TERM: "挂账跟踪",
    OrderState.REPLIED: "已回复",
    OrderState.REDO: "重办",
    OrderState.CLOSED: "已办结",
    OrderState.CANCELLED: "已撤销",
}
ORDER_KIND_NAMES: dict[OrderKind, str] = {OrderKind.MAIN: "主办", OrderKind.ASSIST: "协办"}

PARTICULAR_NAMES: dict[str, str] = {
    "authority": "承办单位",
    "assisting": "协办单位",
    "article_id": "知识条目",
    "answer": "答复内容",
    "target": "转接号码",
    "reason": "理由",
    "ground": "依据",
    "channel_told": "告知途径",
    "master": "主单",
    "handler": "经办人",
    "legal_basis": "法律依据",
    "proposed_authority": "建议承办单位",
    "ruling": "裁定意见",
    "report_number": "专报编号",
    "citizen_told": "已告知诉求人",
    "measures": "推进措施",
    "target_date": "目标日期",
    "finding": "复核情况",
    "contacted": "联系诉求人",
    "solved": "是否解决",
    "public_reply": "公开回复",
    "internal_note": "内部说明",
    "signed_off_by": "签发人",
    "self_assessment": "自查情况",
    "written_request": "书面申请",
    "defects": "问题清单",
    "callback_result": "回访结果",
    "responsible": "责任认定",
    "requester_verified": "身份核实",
    "level": "督办级别",
    "call_id": "来电编号",
    "before": "原期限",
    "after": "新期限",
}
