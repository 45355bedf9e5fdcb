"""What became of the demo's cases after filing: ready-made courses, chosen by a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from workorders.core.case import Case, Dispatched, Outcome, Submitted
from workorders.core.words import Actor, CaseEvent, Urgency

DISPATCHER, AUDITOR, CALLBACK, SUPERVISOR = "ad05", "ad06", "ad07", "ad08"


@dataclass(frozen=True, slots=True)
class Step:
    """The next event: how long after the one before, by whom; an empty account stands for the
    authority's."""

    event: CaseEvent
    after: timedelta
    actor: Actor
    account: str = ""
    particulars: Mapping[str, str] = field(default_factory=dict)


def _hours(count: float) -> timedelta:
    return timedelta(hours=count)


_REPLY = {
    "contacted": "已电话联系诉求人",
    "solved": "是",
    "public_reply": "您反映的问题已核实处理，感谢您的监督",
    "internal_note": "现场核查属实，已责令整改并复查",
    "signed_off_by": "分管负责人",
}
_RETURN = {
    "reason": "不属于本单位职责",
    "legal_basis": "本单位职责清单中无此事项",
    "proposed_authority": "gov-yuexiu",
}


def _signed(after: timedelta) -> Step:
    return Step(CaseEvent.SIGNED, after, Actor.AUTHORITY, particulars={"handler": "综合科李工"})


def _replied(after: timedelta, extra: Mapping[str, str] | None = None) -> Step:
    return Step(CaseEvent.REPLIED, after, Actor.AUTHORITY, particulars={**_REPLY, **(extra or {})})


def _approved(after: timedelta) -> Step:
    return Step(CaseEvent.REPLY_APPROVED, after, Actor.AUDITOR, AUDITOR)


def _closed(after: timedelta) -> Step:
    return Step(
        CaseEvent.CLOSED,
        after,
        Actor.CALLBACK_OFFICER,
        CALLBACK,
        {"callback_result": "已解决，诉求人表示满意"},
    )


_DISPATCHED = Step(CaseEvent.DISPATCHED, _hours(3), Actor.DISPATCHER, DISPATCHER)
_DONE = (_signed(_hours(5)), _replied(_hours(52)), _approved(_hours(6)), _closed(_hours(20)))
_SLOW = (_signed(_hours(30)), _replied(_hours(210)), _approved(_hours(8)), _closed(_hours(30)))
_NOT_SIGNED: tuple[Step, ...] = ()
_BEING_HANDLED = (_signed(_hours(6)),)
_EXTENDED = (
    _signed(_hours(4)),
    Step(
        CaseEvent.EXTENDED,
        _hours(1),
        Actor.DISPATCHER,
        DISPATCHER,
        {"reason": "需现场检测，检测报告出具时间较长", "citizen_told": "已电话告知"},
    ),
)
_RETURNED = (
    _signed(_hours(3)),
    Step(CaseEvent.RETURN_REQUESTED, _hours(2), Actor.AUTHORITY, particulars=_RETURN),
)
_KEPT = (
    *_RETURNED,
    Step(
        CaseEvent.RETURN_REJECTED,
        _hours(3),
        Actor.DISPATCHER,
        DISPATCHER,
        {"reason": "经核对权责清单，属于你单位职责"},
    ),
    *_DONE,
)
_COORDINATED = (
    *_RETURNED,
    Step(
        CaseEvent.RETURN_REJECTED,
        _hours(3),
        Actor.DISPATCHER,
        DISPATCHER,
        {"reason": "请先行核查后再提出异议"},
    ),
    Step(CaseEvent.RETURN_REQUESTED, _hours(5), Actor.AUTHORITY, particulars=_RETURN),
    Step(CaseEvent.ESCALATED, _hours(1), Actor.SYSTEM, "system"),
)
_LONG_TERM = (
    _signed(_hours(6)),
    Step(
        CaseEvent.SUSPENDED,
        _hours(40),
        Actor.DISPATCHER,
        DISPATCHER,
        {
            "measures": "已纳入明年改造计划",
            "target_date": "2027-06-30",
            "citizen_told": "已电话告知",
        },
    ),
)
_REDONE = (
    _signed(_hours(5)),
    _replied(_hours(48)),
    _approved(_hours(5)),
    Step(
        CaseEvent.REDO_ORDERED,
        _hours(16),
        Actor.CALLBACK_OFFICER,
        CALLBACK,
        {"reason": "诉求人反映问题复发", "responsible": "承办单位责任"},
    ),
)
_REDO_FINISHED = (
    *_REDONE,
    _replied(_hours(30), {"self_assessment": "首次整改不彻底，已落实专人每日巡查"}),
    _approved(_hours(6)),
    _closed(_hours(18)),
)
_SUPERVISED = (
    _signed(_hours(20)),
    Step(
        CaseEvent.SUPERVISED,
        _hours(160),
        Actor.SUPERVISOR,
        SUPERVISOR,
        {"level": "1", "reason": "超过办理时限未回复"},
    ),
)
_WITHDRAWN = (
    Step(
        CaseEvent.WITHDRAWN,
        _hours(4),
        Actor.DISPATCHER,
        DISPATCHER,
        {"reason": "双方已自行协商解决", "requester_verified": "来电号码与登记一致"},
    ),
)

# How often, out of a hundred: most orders end well, some show what can go wrong.
_FATES: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (50, _DONE),
    (9, _SLOW),
    (6, _BEING_HANDLED),
    (3, _NOT_SIGNED),
    (5, _EXTENDED),
    (4, _RETURNED),
    (5, _KEPT),
    (3, _COORDINATED),
    (3, _LONG_TERM),
    (3, _REDONE),
    (4, _REDO_FINISHED),
    (2, _SUPERVISED),
    (3, _WITHDRAWN),
)


_UNFINISHED = (_BEING_HANDLED, _NOT_SIGNED, _EXTENDED, _RETURNED)
_FRESH = timedelta(days=8)


def fate_of(case: Case, draw: int, outcome: Outcome, age: timedelta) -> tuple[Step, ...]:
    """The events after filing; those beyond the present are left out by the caller.

    Urgent cases end well, what is unfinished is not old, and now and then a submitted case of
    the last two days still waits for its dispatcher.
    """
    if not isinstance(outcome, Dispatched | Submitted):
        return ()
    left = draw % sum(weight for weight, _ in _FATES)
    chosen: tuple[Step, ...] = _DONE
    for weight, fate in _FATES:
        left -= weight
        if left < 0:
            chosen = fate
            break
    if age > _FRESH and chosen in _UNFINISHED:
        chosen = _DONE
    if age < timedelta(days=3) and draw % 3 == 0:
        chosen = _NOT_SIGNED
    if case.content.urgency is not Urgency.NORMAL:
        chosen = (_signed(_hours(0.3)), _replied(_hours(5)), *_DONE[2:])
    if isinstance(outcome, Submitted):
        return () if age < timedelta(days=2) else (_DISPATCHED, *chosen)
    return chosen
