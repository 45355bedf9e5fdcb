"""Decides when: what waiting callers are told of their choices, and the dialogues they begin.

Everything is answered from memory; a caller of whom nothing is known (after a restart) waits on.
"""

from __future__ import annotations

from datetime import datetime

from ivr.core.number_talk import Speaking
from ivr.core.waiting import QueueOffers, Talk, WaitingRules, announcement, begin, step
from ivr.ports import WaitingOffers
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.events import CallEnded, MenuKeyPressed
from kernel.ids import CallId, EventId, IdSource, TeamId
from kernel.phone import mask
from kernel.telephony import (
    CallerInput,
    KeepWaiting,
    Prompt,
    WaitingAnswer,
    WaitingCaller,
)

FLOW = "waiting"


class StandingOffers:
    """Fills `WaitingOffers` where no plan says otherwise: what the reviewed data always offers."""

    def __init__(self, rules: WaitingRules) -> None:
        self._offers = QueueOffers(callback=rules.callback_always, message=rules.message_always)

    def offers(self, team: TeamId) -> QueueOffers:
        return self._offers


class WaitingDialogue:
    """Fills `cti.ports.WaitingKeys`."""

    def __init__(
        self,
        *,
        rules: WaitingRules,
        offers: WaitingOffers,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._rules = rules
        self._offers = offers
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._talks: dict[CallId, Talk] = {}
        self._told_at: dict[CallId, datetime] = {}

    def heard_before(self, call_id: CallId) -> None:
        """This caller was told of the choices just before the wait: not again at once."""
        self._told_at[call_id] = self._clock.now()

    def announce(self, caller: WaitingCaller) -> tuple[Prompt, ...]:
        """What this caller is told of the choices just now; empty when it is not due."""
        now, told_at = self._clock.now(), self._told_at.get(caller.call_id)
        prompts = announcement(self._rules, self._offers.offers(caller.team), caller, told_at, now)
        if prompts:
            self._told_at[caller.call_id] = now
        return prompts

    async def key(self, caller: WaitingCaller, key: str) -> WaitingAnswer:
        """A digit during the music begins a dialogue, or means nothing."""
        talk, answer = begin(self._rules, self._offers.offers(caller.team), caller, key)
        self._keep(caller.call_id, talk)
        self._tell(caller.call_id, "key", key)
        return answer

    async def next(self, call_id: CallId, said: CallerInput) -> WaitingAnswer:
        talk = self._talks.get(call_id)
        if talk is None:
            return KeepWaiting()
        if not isinstance(talk.asked, Speaking):
            self._tell(call_id, type(talk.asked).__name__.lower(), said.digits)
        after, answer = step(self._rules, talk, said)
        self._keep(call_id, after)
        return answer

    async def on_call_ended(self, event: CallEnded) -> None:
        if event.call_id is not None:
            self._talks.pop(event.call_id, None)
            self._told_at.pop(event.call_id, None)

    def _keep(self, call_id: CallId, talk: Talk | None) -> None:
        if talk is None:
            self._talks.pop(call_id, None)
        else:
            self._talks[call_id] = talk

    def _tell(self, call_id: CallId, step: str, digits: str) -> None:
        """For the call's timeline. A typed number is personal, and stands there masked."""
        self._bus.publish(
            MenuKeyPressed(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=call_id,
                flow=FLOW,
                step=step,
                keys=mask(digits) if len(digits) > 1 else digits,
            )
        )
