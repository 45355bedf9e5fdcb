"""A small world for the core: the exchange in memory, two wires, virtual time, no asyncio.

Orders travel on one wire (in order for each call), facts on another (in order). A test decides
when what travels arrives, and so plays every race. All published events are judged as they come:
each offer has exactly one outcome, and every assignment was the right one at its moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, cast

from acd import orders
from acd.core import effects as fx
from acd.core.effects import Effect
from acd.core.floor import Floor, Waiter
from acd.core.inputs import Input, OrderFault, TimerExpired, TimerKey
from acd.core.metrics import Metrics
from acd.core.rules import Rules
from acd.core.step import step
from acd.core.views import primary_team
from kernel import events as ev
from kernel.assignment import Choice
from kernel.errors import BadInput, Conflict, HotlineError, NotFound, Unavailable
from kernel.ids import CallbackId, CallId, OfferId
from kernel.telephony import TelephonyFact
from tests.fakes.call_control import Exchange
from tests.fakes.clock import SetClock
from tests.unit.acd.eligibility import may_take


class World:
    """The floor and all around it. `log` and `effects` are what a replay must repeat."""

    def __init__(self, rules: Rules, *, judge: bool = True) -> None:
        self.clock = SetClock()
        self.began_at = self.clock.now()
        self.floor = Floor(rules)
        self.metrics = Metrics(rules)
        self.exchange = Exchange(self.clock)
        self.exchange.subscribe(self._fact)
        self.orders: deque[fx.Order | fx.CheckPhone] = deque()
        self.facts: deque[TelephonyFact] = deque()
        self.timers: dict[TimerKey, datetime] = {}
        self.log: list[tuple[datetime, Input]] = []
        self.effects: list[tuple[Effect, ...]] = []
        self.events: list[ev.Event] = []
        self.outcomes: dict[OfferId, str | None] = {}
        self.ended: dict[CallId, ev.CallEnded] = {}
        self.callbacks: dict[CallbackId, str | None] = {}
        self._judge = judge
        self.exchange.restore()
        self.drain()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def _fact(self, fact: TelephonyFact) -> None:
        self.facts.append(fact)

    # --- stepping --------------------------------------------------------------------------

    def feed(self, item: Input) -> tuple[Effect, ...]:
        """One step. A refused command raises and is not logged."""
        _, effects = step(self.floor, item, self.now)
        self.log.append((self.now, item))
        self.effects.append(effects)
        for effect in effects:
            self._perform(effect)
        return effects

    def command(self, item: Input) -> bool:
        """Feed a command; False when it was refused."""
        try:
            self.feed(item)
        except HotlineError:
            return False
        return True

    def _perform(self, effect: Effect) -> None:
        match effect:
            case fx.StartTimer():
                self.timers[effect.timer] = effect.at
            case fx.CancelTimer():
                self.timers.pop(effect.timer, None)
            case fx.Publish():
                self._hear(effect.event)
            case fx.Show() | fx.Remark():
                pass
            case _:
                self.orders.append(effect)

    def _hear(self, event: ev.Event) -> None:
        self.events.append(event)
        if isinstance(event, ev.AgentLoggedIn):
            agent = self.floor.agents.get(event.agent_id)
            self.metrics.note_primary(event.agent_id, primary_team(agent) if agent else None)
        self.metrics.fold(event)
        if isinstance(event, ev.CallOffered):
            assert event.offer_id not in self.outcomes, "an offer's id is used once"
            self.outcomes[event.offer_id] = None
            if self._judge:
                self._judge_offer(event)
        elif isinstance(event, ev.CallEnded):
            assert event.call_id is not None
            assert event.call_id not in self.ended, "a call ends once"
            self.ended[event.call_id] = event
        elif isinstance(event, ev.OfferEnded):
            assert self.outcomes.get(event.offer_id) is None, "an offer ends once"
            self.outcomes[event.offer_id] = event.outcome
        elif isinstance(event, ev.CallbackNoted) and not event.joined:
            assert event.callback_id not in self.callbacks, "a callback's id is used once"
            self.callbacks[event.callback_id] = None
        elif isinstance(event, ev.CallbackEnded):
            assert self.callbacks[event.callback_id] is None, "a callback ends once"
            self.callbacks[event.callback_id] = event.outcome
        elif isinstance(event, ev.CallbackDialled) and self._judge:
            self._judge_dial(event)

    # --- judging ---------------------------------------------------------------------------

    def _judge_offer(self, record: ev.CallOffered) -> None:
        """No older call of equal right was passed over by this agent: no FIFO inversion."""
        agent = self.floor.agents.get(record.agent_id)
        chosen = self.floor.calls.get(record.call_id or CallId(""))
        if agent is None or chosen is None:
            return
        if record.why is not None and record.why.choice is Choice.HELD:
            return  # judged when it was dialled
        for call in self.floor.calls.values():
            if call.key < chosen.key:
                assert not may_take(self.floor, agent, call), ("inversion", record, call)

    def _judge_dial(self, record: ev.CallbackDialled) -> None:
        """Nobody older is passed over, neither a live caller nor another citizen to be called."""
        agent = self.floor.agents.get(record.agent_id)
        chosen = self.floor.callbacks.get(record.callback_id)
        if agent is None or chosen is None:
            return
        waiters: list[Waiter] = [*self.floor.calls.values(), *self.floor.callbacks.values()]
        for waiter in waiters:
            if waiter.key < chosen.key:
                assert not may_take(self.floor, agent, waiter), ("inversion", record, waiter)

    # --- what travels ----------------------------------------------------------------------

    def carry_order(self, place: int = 0) -> bool:
        """Perform one order (the first of its call); False when none travels."""
        if not self.orders:
            return False
        order = self.orders[place % len(self.orders)]
        order = next(o for o in self.orders if o.call_id == order.call_id)
        self.orders.remove(order)
        if isinstance(order, fx.CheckPhone):
            if self.exchange.up:
                run(self.exchange.check_phone(order.endpoint, order.call_id, free=order.free))
            return True
        try:
            run(orders.call(self.exchange, order))
        except NotFound:
            self.feed(orders.failure(order, OrderFault.NOT_FOUND))
        except Conflict:
            self.feed(orders.failure(order, OrderFault.REFUSED))
        except BadInput:
            self.feed(orders.failure(order, OrderFault.IMPOSSIBLE))
        except Unavailable:
            self.feed(orders.failure(order, OrderFault.UNAVAILABLE))
        return True

    def carry_fact(self) -> bool:
        if not self.facts:
            return False
        self.feed(self.facts.popleft())
        return True

    def drain(self) -> None:
        """Everything that travels arrives."""
        while self.carry_fact() or self.carry_order():
            pass

    def lose_line(self) -> None:
        """Facts under way are lost with the line."""
        self.facts.clear()
        self.exchange.lose()

    # --- time ------------------------------------------------------------------------------

    def due(self) -> datetime | None:
        return min(self.timers.values(), default=None)

    def expire(self) -> None:
        """Expire what is due now, earliest first."""
        due = sorted(
            (at, timer.kind, timer.of) for timer, at in self.timers.items() if at <= self.now
        )
        for _, kind, of in due:
            timer = TimerKey(kind, of)
            if self.timers.get(timer, self.now + timedelta(1)) <= self.now:
                del self.timers[timer]
                self.feed(TimerExpired(timer))

    def pass_time(self, seconds: float) -> None:
        """Timer by timer; nothing else arrives meanwhile."""
        end = self.now + timedelta(seconds=seconds)
        while (due := self.due()) is not None and due <= end:
            self.clock.advance(max(due - self.now, timedelta(0)))
            self.expire()
        self.clock.advance(end - self.now)


def run(awaitable: Any) -> None:
    """Run a coroutine that never waits."""
    coroutine = cast("Coroutine[Any, Any, None]", awaitable)
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the exchange in memory never waits")
