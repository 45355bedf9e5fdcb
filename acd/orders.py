"""Performs the orders to the telephone: in order for each call, failures back as inputs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from acd.core import effects as fx
from acd.core.inputs import OrderFailed, OrderFault, OrderKind
from acd.ports import CallControl, Log
from kernel.errors import BadInput, Conflict, NotFound, Unavailable
from kernel.ids import CallId, OfferId
from kernel.phone import PhoneNumber

_KIND: dict[type[fx.Order], OrderKind] = {
    fx.Deliver: OrderKind.DELIVER,
    fx.CancelOffer: OrderKind.CANCEL_OFFER,
    fx.Requeue: OrderKind.REQUEUE,
    fx.Release: OrderKind.RELEASE,
    fx.StartConsult: OrderKind.START_CONSULT,
    fx.CompleteConsult: OrderKind.COMPLETE_CONSULT,
    fx.CancelConsult: OrderKind.CANCEL_CONSULT,
    fx.DialBack: OrderKind.DIAL_BACK,
    fx.CancelDialBack: OrderKind.CANCEL_DIAL_BACK,
}


class Orders:
    """One short task per call with orders under way; none otherwise."""

    def __init__(
        self, control: CallControl, failed: Callable[[OrderFailed], None], log: Log
    ) -> None:
        self._control = control
        self._failed = failed
        self._log = log
        self._waiting: dict[CallId, deque[fx.Order]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.given = 0
        """How many orders so far."""

    def give(self, order: fx.Order) -> None:
        """Perform after the earlier orders for the same call; returns at once."""
        self.given += 1
        line = self._waiting.get(order.call_id)
        if line is not None:
            line.append(order)
            return
        self._waiting[order.call_id] = deque((order,))
        task = asyncio.get_running_loop().create_task(self._perform_all(order.call_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up what has not been performed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._waiting.clear()

    def check(self, wish: fx.CheckPhone) -> None:
        """Perform at once, beside the orders of the calls: it decides nothing."""
        task = asyncio.get_running_loop().create_task(self._check(wish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self, wish: fx.CheckPhone) -> None:
        try:
            await self._control.check_phone(wish.endpoint, wish.call_id, free=wish.free)
        except Unavailable as error:
            # The alarm stays until the phone says otherwise.
            self._log.warning("phone_not_checked", endpoint=wish.endpoint, why=error.message)
        except Exception:
            self._log.exception("phone_check_crashed", endpoint=wish.endpoint)

    async def _perform_all(self, call_id: CallId) -> None:
        line = self._waiting[call_id]
        try:
            while line:
                order = line.popleft()
                fault = await self._perform(order)
                if fault is not None:
                    self._failed(failure(order, fault))
        finally:
            del self._waiting[call_id]

    async def _perform(self, order: fx.Order) -> OrderFault | None:
        try:
            await call(self._control, order)
        except NotFound:
            fault = OrderFault.NOT_FOUND
        except Conflict:
            fault = OrderFault.REFUSED
        except BadInput:
            fault = OrderFault.IMPOSSIBLE
        except Unavailable:
            fault = OrderFault.UNAVAILABLE
        except Exception:
            # A defect of the telephone's side must end the offer like a silent line, not hang it.
            self._log.exception("order_crashed", order=type(order).__name__, call_id=order.call_id)
            return OrderFault.UNAVAILABLE
        else:
            return None
        self._log.warning(
            "order_failed",
            order=type(order).__name__,
            call_id=order.call_id,
            fault=fault.value,
        )
        return fault


def call(control: CallControl, order: fx.Order) -> Awaitable[None]:
    """The call of the port that performs the order."""
    match order:
        case fx.Deliver():
            return control.deliver(
                order.call_id, order.offer_id, order.endpoint, order.ring_timeout
            )
        case fx.CancelOffer():
            return control.cancel_offer(order.call_id, order.offer_id)
        case fx.Requeue():
            return control.requeue(order.call_id, order.team, order.priority, order.wanted_agent)
        case fx.Release():
            return control.release(order.call_id)
        case fx.StartConsult():
            return control.start_consult(
                order.call_id, order.offer_id, order.endpoint, order.consulted
            )
        case fx.CompleteConsult():
            return control.complete_consult(order.call_id)
        case fx.CancelConsult():
            return control.cancel_consult(order.call_id)
        case fx.DialBack():
            return control.dial_back(
                order.callback_id,
                PhoneNumber(order.number),
                order.team,
                order.language,
                order.priority,
                order.arrived_at,
                order.ring_timeout,
            )
        case fx.CancelDialBack():
            return control.cancel_dial_back(order.callback_id)


def failure(order: fx.Order, fault: OrderFault) -> OrderFailed:
    """The input that tells of a failed order."""
    callback_id = order.callback_id if isinstance(order, fx.DialBack | fx.CancelDialBack) else None
    return OrderFailed(_KIND[type(order)], order.call_id, _offer_of(order), fault, callback_id)


def _offer_of(order: fx.Order) -> OfferId | None:
    if isinstance(order, fx.Deliver | fx.CancelOffer | fx.StartConsult):
        return order.offer_id
    return None
