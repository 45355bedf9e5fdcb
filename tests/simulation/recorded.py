"""A shift that the real service steps and writes down: its log is what a replay and a what-if read.

The service's own `_step` is called with what the wires of the shift bring, in virtual time; its
timers, orders and bus are the shift's. Somebody looks at the wallboard now and then, and callers
are told how long they will wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from acd.core import effects as fx
from acd.core import inputs as inp
from acd.core.effects import Effect
from acd.core.inputs import Input, TimerKey
from acd.core.rules import Rules
from acd.orders import Orders
from acd.ports import EventLog
from acd.service import Distribution
from kernel import events as ev
from kernel.bus import E, Handler
from kernel.ids import AgentId, CallbackId, CallId
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.roster import DictRoster
from tests.fakes.timers import HandTimers
from tests.simulation.shift import Habits, Shift
from tests.unit.acd.rules import TEAMS

LOOK_EVERY_S = 20.0
BROWSERS_BACK_S = 2.0
TOLD_AFTER_S = 8.0


class RecordedShift(Shift):
    """`begin` before the first operator sits down; once more is a restart of the platform."""

    acd: Distribution

    def __init__(
        self, rules: Rules, seed: int, event_log: EventLog, habits: Habits | None = None
    ) -> None:
        super().__init__(rules, seed, habits)
        self._rules = rules
        self._event_log = event_log
        self.runs: list[str] = []

    async def begin(self, name: str) -> None:
        """A new process around the same exchange, callers and log."""
        if self.runs:
            self.exchange.lose()
            self.timers.clear()
        self.acd = Distribution(
            rules=self._rules,
            roster=DictRoster(),
            control=self.exchange,
            timers=_Timers(self),
            clock=self.clock,
            bus=_Bus(self),
            ids=CountedIds(name),
            event_log=self._event_log,
            log=KeptLog(),
            code="test",
        )
        # Orders travel in virtual time.
        self.acd._orders = _Wire(self)
        self.floor = self.acd._floor
        await self.acd.start()
        # The shift steps by itself, in virtual time.
        await self.acd.stop()
        if self.runs:
            self.exchange.restore()
            self.after(BROWSERS_BACK_S, self._connect)
        else:
            self.after(LOOK_EVERY_S, self._look)
        self.runs.append(f"{name}-000001")

    def feed(self, item: Input) -> tuple[Effect, ...]:
        refusal = self.acd._step(item)
        if refusal is not None:
            raise refusal
        return ()

    def _connect(self) -> None:
        for agent_id in sorted(self.floor.agents):
            self.command(inp.ConnectionBack(agent_id))

    def _look(self) -> None:
        self.acd.wallboard()
        self.after(LOOK_EVERY_S, self._look)

    def lead(self, seconds: float) -> None:
        """A supervisor's day, and a line that breaks."""
        team = TEAMS[2]
        orders: list[inp.Command] = [
            inp.OpenRing(team, 2, "supervisor", "ad01"),
            inp.RestrictWrapUp(team, timedelta(seconds=8), "supervisor", "ad01"),
            inp.ForceState(AgentId("op0003"), inp.ForcedState.NOT_READY, "去培训", "plan", "p"),
            inp.ChooseNotReady(AgentId("op0007"), "break"),
            inp.ConnectionLost(AgentId("op0008")),
            inp.ConnectionBack(AgentId("op0008")),
            inp.LogOut(AgentId("op0009")),
            inp.RestrictWrapUp(team, None, "supervisor", "ad01"),
            inp.OpenRing(team, 1, "supervisor", "ad01"),
        ]
        for number, order in enumerate(orders, start=1):
            self.after(seconds * number / 10, partial(self._command, order))
        self.after(seconds * 0.55, self.exchange.lose)
        self.after(seconds * 0.56, self.exchange.restore)

    def hear(self, event: ev.Event) -> None:
        self.events.append(event)
        self._live(event)
        call_id = event.call_id
        if isinstance(event, ev.CallbackDialled):
            self.after(5, lambda: self._dial(event.callback_id))
        elif isinstance(event, ev.CallQueued) and call_id is not None:
            self.after(TOLD_AFTER_S, lambda: self._tell(call_id))

    def _tell(self, call_id: CallId) -> None:
        """Who hears how long it will take may rather be called back."""
        caller = self.exchange.callers.get(call_id)
        told = self.acd.announce(call_id)
        if caller is None or told is None or caller.place != "waiting" or not self.exchange.up:
            return
        if self.chance.random() < self.habits.asks_back:
            self.left += 1
            self.exchange.ask_for_callback(call_id, f"1390000{self.left:04}")

    def _dial(self, callback_id: CallbackId) -> None:
        """The citizen picks up, or not."""
        if callback_id not in self.exchange.dialling or not self.exchange.up:
            return
        if self.chance.random() < 0.3:
            self.exchange.citizen_not_had(callback_id)
            return
        self.arrived += 1
        call_id = self.exchange.citizen_picks_up(callback_id, f"b-{self.arrived:06}")
        self.after(self.habits.patience, lambda: self._lose_patience(call_id))

    def start_timer(self, timer: TimerKey, at: datetime) -> None:
        self._perform(fx.StartTimer(timer, at))

    def send(self, order: fx.Order) -> None:
        self._order(order)


class _Bus:
    def __init__(self, shift: RecordedShift) -> None:
        self._shift = shift

    def publish(self, event: ev.Event) -> None:
        self._shift.hear(event)

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        raise AssertionError("nobody subscribes in a shift")

    async def drain(self) -> None:
        return


class _Timers(HandTimers):
    """Of the shift's own clock."""

    def __init__(self, shift: RecordedShift) -> None:
        super().__init__()
        self._shift = shift

    def start(self, timer: TimerKey, at: datetime) -> None:
        self._shift.start_timer(timer, at)

    def cancel(self, timer: TimerKey) -> None:
        self._shift.timers.pop(timer, None)


class _Wire(Orders):
    def __init__(self, shift: RecordedShift) -> None:
        self._shift = shift

    def give(self, order: fx.Order) -> None:
        self._shift.send(order)

    async def stop(self) -> None:
        return
