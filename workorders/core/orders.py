"""From the lifecycle's effects to work orders. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workorders.core.case import WorkOrder
from workorders.core.lifecycle import Effect, MarkOrders, OpenOrder
from workorders.core.numbers import order_number
from workorders.core.words import OPEN_ORDER_STATES, OrderState


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed on a new order beside its clock: the rule and the time to sign by."""

    rule_id: str
    due_text: str
    policy_version: str
    sign_due_at: datetime


def apply(
    orders: Sequence[WorkOrder],
    effects: Sequence[Effect],
    *,
    case_number: str,
    printed: Printed | None,
    now: datetime,
) -> tuple[WorkOrder, ...]:
    """The orders that `effects` change or add, by number; the others are left out.

    Raises ValueError when an order is to be opened and nothing says what to print on it.
    """
    current = {o.number: o for o in orders}
    touched: dict[str, WorkOrder] = {}
    for effect in effects:
        match effect:
            case MarkOrders():
                for order in list(current.values()):
                    if order.open or effect.state is OrderState.REDO:
                        touched[order.number] = _marked(order, effect, now)
            case OpenOrder():
                if printed is None:
                    raise ValueError("an order cannot be opened without its rule")
                order = _opened(effect, case_number, len(current) + 1, printed)
                current[order.number] = touched[order.number] = order
    return tuple(touched[number] for number in sorted(touched))


def _marked(order: WorkOrder, effect: MarkOrders, now: datetime) -> WorkOrder:
    signed = order.signed_at
    if effect.state is OrderState.IN_PROGRESS and signed is None:
        signed = now
    closed = None if effect.state in OPEN_ORDER_STATES else now
    return replace(
        order,
        state=effect.state,
        due=effect.due or order.due,
        signed_at=signed,
        closed_at=closed,
    )


def _opened(effect: OpenOrder, case_number: str, ordinal: int, printed: Printed) -> WorkOrder:
    return WorkOrder(
        number=order_number(case_number, ordinal),
        case_number=case_number,
        ordinal=ordinal,
        kind=effect.kind,
        authority=effect.authority,
        state=OrderState.DISPATCHED,
        due=effect.due,
        sign_due_at=printed.sign_due_at,
        rule_id=printed.rule_id,
        due_text=printed.due_text,
        policy_version=printed.policy_version,
    )
