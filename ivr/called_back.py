"""Decides when: greets the citizens whom the hotline calls back. From memory."""

from __future__ import annotations

from ivr.core.called_back import Greeting, Turn, greet, step
from ivr.core.waiting import WaitingRules
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.events import CallArrived, CallEnded, MenuKeyPressed, arrival_id
from kernel.ids import CallId, EventId, IdSource
from kernel.telephony import CallerInput, GreetingAnswer, KeepWaiting, WaitingCaller

FLOW = "callback"


class CitizenGreeting:
    """Fills `cti.ports.CallbackGreeter`. Whoever is unknown (after a restart) goes to a person."""

    def __init__(self, *, rules: WaitingRules, bus: EventBus, clock: Clock, ids: IdSource) -> None:
        self._rules = rules
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._greetings: dict[CallId, Greeting] = {}

    async def begin(self, caller: WaitingCaller, dnis: str) -> GreetingAnswer:
        """The call's record begins here, as that of a caller begins in the menu."""
        self._bus.publish(
            CallArrived(
                event_id=arrival_id(caller.call_id),
                occurred_at=self._clock.now(),
                call_id=caller.call_id,
                ani=caller.ani.digits,
                caller_name="",
                dnis=dnis,
                line_name=None,
                team=caller.team,
            )
        )
        return self._keep(caller.call_id, greet(self._rules, caller.language))

    async def next(self, call_id: CallId, said: CallerInput) -> GreetingAnswer:
        greeting = self._greetings.get(call_id)
        if greeting is None:
            return KeepWaiting()
        self._bus.publish(
            MenuKeyPressed(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=call_id,
                flow=FLOW,
                step="greeting",
                keys=said.digits,
            )
        )
        return self._keep(call_id, step(self._rules, greeting, said))

    async def on_call_ended(self, event: CallEnded) -> None:
        if event.call_id is not None:
            self._greetings.pop(event.call_id, None)

    def _keep(self, call_id: CallId, turn: Turn) -> GreetingAnswer:
        greeting, answer = turn
        if greeting is None:
            self._greetings.pop(call_id, None)
        else:
            self._greetings[call_id] = greeting
        return answer
