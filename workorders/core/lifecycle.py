"""The life of a case: one literal transition table, and `step`, which walks it. Pure.

Theory of operation: a case is registered (`draft`), then either ends at once (answered, transferred
out, not accepted, merged) or becomes a work order of an authority. The clock starts at *dispatch*,
not at signing, and a request to return the order does not stop it: otherwise delay could hide
there. A redo goes back to the same authority with a new, shorter clock. Everything absent from
`TRANSITIONS` raises `InvalidTransition` and changes nothing.

Source: domain notes, sections 2a and 2b, with the regulation each line rests on in `basis`.
The diagram `docs/diagrams/case_lifecycle.mmd` is made from the table by `workorders.core.diagram`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kernel.errors import BadInput, InvalidTransition, NotAllowed
from kernel.ids import AuthorityId
from workorders.core.deadline import Due
from workorders.core.words import (
    CLOSED_STATES,
    OPEN_STATES,
    Actor,
    CaseEvent,
    CaseState,
    OrderKind,
    OrderState,
)

RETURNS_BEFORE_COORDINATION = 2
REOPEN_WITHIN = timedelta(days=30)
MAX_SUPERVISION_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    `required` names the particulars that must be filled in; `order` is what becomes of the main
    work order; `clock` says that a new clock must come with the event.
    """

    to: CaseState
    actors: frozenset[Actor]
    required: tuple[str, ...]
    basis: str
    order: OrderState | None = None
    clock: bool = False


S, E, A, O = CaseState, CaseEvent, Actor, OrderState  # noqa: E741  # the table is read as a table


def _by(*actors: Actor) -> frozenset[Actor]:
    return frozenset(actors)


_DISPATCH_BASIS = "北京市接诉即办工作条例第十一条至第十三条"
TRANSITIONS: dict[tuple[CaseState, CaseEvent], Rule] = {
    # --- at reception -------------------------------------------------------------------------
    (S.DRAFT, E.ANSWERED): Rule(
        S.ANSWERED, _by(A.AGENT), (), "济南市12345市民服务热线条例第二十三条第一项"
    ),
    (S.DRAFT, E.TRANSFERRED_OUT): Rule(
        S.TRANSFERRED_OUT, _by(A.AGENT), ("target", "reason"), "国办发〔2022〕12号"
    ),
    (S.DRAFT, E.REFUSED): Rule(
        S.NOT_ACCEPTED,
        _by(A.REVIEWER),
        ("ground", "channel_told"),
        "潍坊市12345政务服务便民热线条例第十九条",
    ),
    (S.DRAFT, E.MERGED): Rule(S.MERGED, _by(A.AGENT), ("master",), "国办函〔2025〕66号"),
    (S.DRAFT, E.SUBMITTED): Rule(
        S.PENDING_DISPATCH, _by(A.AGENT), (), "济南市12345市民服务热线条例第二十二条"
    ),
    (S.DRAFT, E.DISPATCHED): Rule(
        S.DISPATCHED, _by(A.AGENT), ("authority",), _DISPATCH_BASIS, O.DISPATCHED, clock=True
    ),
    (S.PENDING_DISPATCH, E.DISPATCHED): Rule(
        S.DISPATCHED, _by(A.DISPATCHER), ("authority",), _DISPATCH_BASIS, O.DISPATCHED, clock=True
    ),
    # --- at the authority ---------------------------------------------------------------------
    (S.DISPATCHED, E.SIGNED): Rule(
        S.IN_PROGRESS, _by(A.AUTHORITY), ("handler",), "政策包：签收时限", O.IN_PROGRESS
    ),
    (S.DISPATCHED, E.RETURN_REQUESTED): Rule(
        S.RETURN_REQUESTED,
        _by(A.AUTHORITY),
        ("reason", "legal_basis", "proposed_authority"),
        "潍坊市12345政务服务便民热线条例第二十二条",
        O.RETURN_REQUESTED,
    ),
    (S.IN_PROGRESS, E.RETURN_REQUESTED): Rule(
        S.RETURN_REQUESTED,
        _by(A.AUTHORITY),
        ("reason", "legal_basis", "proposed_authority"),
        "北京市接诉即办工作条例第十二条第三款",
        O.RETURN_REQUESTED,
    ),
    (S.RETURN_REQUESTED, E.RETURN_REJECTED): Rule(
        S.DISPATCHED,
        _by(A.DISPATCHER),
        ("reason",),
        "潍坊市12345政务服务便民热线条例第二十二条",
        O.DISPATCHED,
    ),
    (S.RETURN_REQUESTED, E.REDISPATCHED): Rule(
        S.DISPATCHED,
        _by(A.DISPATCHER),
        ("authority", "reason"),
        "国办函〔2025〕66号",
        O.DISPATCHED,
        clock=True,
    ),
    (S.RETURN_REQUESTED, E.ESCALATED): Rule(
        S.COORDINATING, _by(A.SYSTEM, A.DISPATCHER), (), "广州热线多级协调机制"
    ),
    (S.COORDINATING, E.RULED): Rule(
        S.DISPATCHED,
        _by(A.COORDINATOR),
        ("authority", "ruling"),
        "潍坊市12345政务服务便民热线条例第二十二条",
        O.DISPATCHED,
        clock=True,
    ),
    (S.COORDINATING, E.REPORTED_UPWARDS): Rule(
        S.COORDINATING, _by(A.COORDINATOR), ("report_number",), "广州热线多级协调机制"
    ),
    (S.IN_PROGRESS, E.EXTENDED): Rule(
        S.IN_PROGRESS,
        _by(A.DISPATCHER),
        ("reason", "citizen_told"),
        "北京市接诉即办工作条例第十五条第二项",
        clock=True,
    ),
    (S.IN_PROGRESS, E.SUSPENDED): Rule(
        S.LONG_TERM,
        _by(A.DISPATCHER),
        ("measures", "target_date", "citizen_told"),
        "济南市12345市民服务热线条例第二十四条第三项",
        O.LONG_TERM,
    ),
    (S.LONG_TERM, E.REVIEWED): Rule(
        S.LONG_TERM, _by(A.DISPATCHER), ("finding", "target_date"), "政策包：挂账复核"
    ),
    (S.LONG_TERM, E.RESUMED): Rule(
        S.IN_PROGRESS, _by(A.DISPATCHER), ("reason",), "政策包：挂账复核", O.IN_PROGRESS, clock=True
    ),
    (S.IN_PROGRESS, E.REPLIED): Rule(
        S.REPLIED,
        _by(A.AUTHORITY),
        ("contacted", "solved", "public_reply", "internal_note", "signed_off_by"),
        "济南市12345市民服务热线条例第二十四条、第二十七条",
        O.REPLIED,
    ),
    (S.REDO, E.REPLIED): Rule(
        S.REPLIED,
        _by(A.AUTHORITY),
        (
            "contacted",
            "solved",
            "public_reply",
            "internal_note",
            "signed_off_by",
            "self_assessment",
        ),
        "广州热线回访退回机制",
        O.REPLIED,
    ),
    (S.IN_PROGRESS, E.TERMINATED): Rule(
        S.TERMINATED,
        _by(A.DISPATCHER),
        ("ground", "written_request"),
        "潍坊市12345政务服务便民热线条例第二十一条",
        O.CANCELLED,
    ),
    # --- review, callback, redo ---------------------------------------------------------------
    (S.REPLIED, E.DEFECTS_FOUND): Rule(
        S.IN_PROGRESS,
        _by(A.AUDITOR),
        ("defects",),
        "济南市12345市民服务热线条例第二十七条",
        O.IN_PROGRESS,
    ),
    (S.REPLIED, E.REPLY_APPROVED): Rule(
        S.CALLBACK_PENDING, _by(A.AUDITOR), (), "济南市12345市民服务热线条例第二十七条"
    ),
    (S.CALLBACK_PENDING, E.CLOSED): Rule(
        S.CLOSED,
        _by(A.CALLBACK_OFFICER, A.SYSTEM),
        ("callback_result",),
        "北京市接诉即办工作条例第二十三条",
        O.CLOSED,
    ),
    (S.CALLBACK_PENDING, E.REDO_ORDERED): Rule(
        S.REDO,
        _by(A.CALLBACK_OFFICER),
        ("reason", "responsible"),
        "济南市12345市民服务热线条例第二十七条",
        O.REDO,
        clock=True,
    ),
    (S.CLOSED, E.REOPENED): Rule(
        S.REDO,
        _by(A.REQUESTER, A.SUPERVISOR),
        ("reason",),
        "办结不等于解决：诉求人可要求重启",
        O.REDO,
        clock=True,
    ),
}

# Two lines hold for every open state, so they are laid down once.
_WITHDRAWAL = Rule(
    S.WITHDRAWN,
    _by(A.AGENT, A.DISPATCHER),
    ("reason", "requester_verified"),
    "诉求人自愿撤回",
    O.CANCELLED,
)
for _state in sorted(OPEN_STATES):
    TRANSITIONS[_state, E.WITHDRAWN] = _WITHDRAWAL
    if _state is not S.DRAFT:
        TRANSITIONS[_state, E.SUPERVISED] = Rule(
            _state,
            _by(A.SUPERVISOR),
            ("level", "reason"),
            "济南市12345市民服务热线条例第二十八条",
        )

_OPENS_ORDER = frozenset({E.DISPATCHED, E.REDISPATCHED, E.RULED})


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one case stands and what its guards need to know.

    `authority` and `due` are set from the first dispatch on; `returns` and `redos` count;
    `ruled` forbids a further return; `filed_by` is the receiving agent's account, `handled_by`
    the last handler named at signing; `version` grows by 1 with each event.
    """

    state: CaseState
    filed_by: str
    version: int = 0
    authority: AuthorityId | None = None
    due: Due | None = None
    returns: int = 0
    redos: int = 0
    extended: bool = False
    ruled: bool = False
    supervised: int = 0
    handled_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """What is about to happen to a case: who, when (aware UTC), with which particulars.

    `due` comes with events whose rule says `clock`; `assisting` with those that open orders.
    """

    event: CaseEvent
    actor: Actor
    account: str
    at: datetime
    particulars: Mapping[str, str] = field(default_factory=dict)
    due: Due | None = None
    assisting: tuple[AuthorityId, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """Effect: make a work order for an authority with this clock."""

    authority: AuthorityId
    kind: OrderKind
    due: Due


@dataclass(frozen=True, slots=True)
class MarkOrders:
    """Effect: the orders that are still open take this state, and this clock if there is one."""

    state: OrderState
    due: Due | None


Effect = OpenOrder | MarkOrders


def rule_for(state: CaseState, event: CaseEvent) -> Rule:
    """Raises InvalidTransition when the table has no such line."""
    rule = TRANSITIONS.get((state, event))
    if rule is None:
        raise InvalidTransition("工单当前状态不允许此操作")
    return rule


def actors_of(event: CaseEvent) -> frozenset[Actor]:
    """Everybody whose function ever does this, in whatever state."""
    return frozenset().union(*(r.actors for (_, e), r in TRANSITIONS.items() if e is event))


def step(progress: Progress, happening: Happening) -> tuple[Progress, tuple[Effect, ...]]:
    """The case after `happening`, and what must be done to its work orders.

    Raises:
        InvalidTransition: the table or a guard forbids it.
        NotAllowed: the actor's function may not do this.
        BadInput: a required particular is missing (`field` names it).
        Nothing is changed in each of these.
    """
    rule = rule_for(progress.state, happening.event)
    if happening.actor not in rule.actors:
        raise NotAllowed("您没有执行此操作的权限")
    for name in rule.required:
        if not happening.particulars.get(name, "").strip():
            raise BadInput("请填写必填项", name)
    if rule.clock and happening.due is None:
        raise BadInput("请填写办理期限", "due_at")
    _guard(progress, happening)
    return _moved(progress, rule, happening), _effects(rule, happening)


def _guard(progress: Progress, h: Happening) -> None:
    """Conditions that the table's columns cannot say."""
    match h.event:
        case E.ANSWERED:
            if not (h.particulars.get("article_id") or h.particulars.get("answer")):
                raise BadInput("请选择知识条目或填写答复内容", "answer")
        case E.REFUSED if h.account == progress.filed_by:
            raise InvalidTransition("不予受理须由另一人复核")
        case E.RETURN_REQUESTED if progress.ruled:
            raise InvalidTransition("经裁定的工单不得退回")
        case E.ESCALATED if progress.returns < RETURNS_BEFORE_COORDINATION:
            raise InvalidTransition("退单次数未达到转疑难协调的条件")
        case E.EXTENDED:
            _guard_extension(progress, h)
        case E.REOPENED:
            if progress.closed_at is None or h.at - progress.closed_at > REOPEN_WITHIN:
                raise InvalidTransition("已超过可重启办理的期限")
        case E.CLOSED | E.REDO_ORDERED if h.account in (progress.filed_by, progress.handled_by):
            raise InvalidTransition("回访员不得是受理人或承办人")
        case E.SUPERVISED:
            level = h.particulars["level"]
            if level not in {str(n) for n in range(1, MAX_SUPERVISION_LEVEL + 1)}:
                raise BadInput("督办级别为一至三级", "level")
        case _:
            pass


def _guard_extension(progress: Progress, h: Happening) -> None:
    """Once only, before the due time, by no more than the original period."""
    old, new = progress.due, h.due
    if progress.extended:
        raise InvalidTransition("每张工单只能延期一次")
    if old is None or new is None or h.at >= old.due_at:
        raise InvalidTransition("延期须在到期之前提出")
    if not old.due_at < new.due_at <= old.due_at + (old.due_at - old.started_at):
        raise BadInput("延长的时间不得超过原期限", "due_at")


def _moved(progress: Progress, rule: Rule, h: Happening) -> Progress:
    changes: dict[str, object] = {"state": rule.to, "version": progress.version + 1}
    if rule.clock:
        changes["due"] = h.due
    if h.event in _OPENS_ORDER:
        changes["authority"] = AuthorityId(h.particulars["authority"])
        changes["handled_by"] = None
        changes["extended"] = False
    match h.event:
        case E.SIGNED:
            changes["handled_by"] = h.particulars["handler"]
        case E.RETURN_REQUESTED:
            changes["returns"] = progress.returns + 1
        case E.RULED:
            changes["ruled"] = True
        case E.EXTENDED:
            changes["extended"] = True
        case E.REDO_ORDERED | E.REOPENED:
            changes["redos"] = progress.redos + 1
        case E.SUPERVISED:
            changes["supervised"] = int(h.particulars["level"])
        case _:
            pass
    if rule.to in CLOSED_STATES:
        changes["closed_at"] = h.at
    elif progress.closed_at is not None:
        changes["closed_at"] = None
    return replace(progress, **changes)  # type: ignore[arg-type]


def _effects(rule: Rule, h: Happening) -> tuple[Effect, ...]:
    if h.event not in _OPENS_ORDER:
        if rule.order is None:
            return () if h.due is None else (MarkOrders(OrderState.IN_PROGRESS, h.due),)
        return (MarkOrders(rule.order, h.due),)
    assert h.due is not None
    main = AuthorityId(h.particulars["authority"])
    opened = [OpenOrder(main, OrderKind.MAIN, h.due)]
    opened += [OpenOrder(a, OrderKind.ASSIST, h.due) for a in h.assisting if a != main]
    moved = h.event in (E.REDISPATCHED, E.RULED)
    return ((MarkOrders(OrderState.RETURNED, None),) if moved else ()) + tuple(opened)
