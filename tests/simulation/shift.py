"""A shift on a virtual clock: the real core, the exchange in memory, people with habits.

Orders and facts take a few milliseconds each way (in order, as on the wire), phones are picked up
after seconds, callers lose patience. All chance comes from one seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush

from acd import orders
from acd.core import effects as fx
from acd.core import inputs as inp
from acd.core.effects import Effect
from acd.core.inputs import OrderFault, TimerExpired
from acd.core.rules import Rules
from kernel import events as ev
from kernel.errors import Conflict, NotFound, Unavailable
from kernel.ids import AgentId, BoothId, CallId, Endpoint, TeamId
from kernel.language import Language
from kernel.telephony import LineLost, PhoneChanged, TelephonyFact
from tests.unit.acd.rules import TEAMS
from tests.unit.acd.world import World, run


@dataclass(frozen=True)
class Habits:
    """Means in seconds, parts 0..1."""

    talk: float = 180
    wrap_up: float = 25
    patience: float = 150
    pick_up: float = 3
    ignores: float = 0.01
    refuses: float = 0.005
    transfers: float = 0.03
    consults: float = 0.01
    cantonese: float = 0.35
    english: float = 0.01
    asks_back: float = 0.0


class Shift(World):
    """`arrived`, `answered`, `left` are the exchange's own books, to compare ours with."""

    def __init__(self, rules: Rules, seed: int, habits: Habits | None = None) -> None:
        self.chance = random.Random(seed)
        self.habits = habits or Habits()
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._number = 0
        self._fact_at: datetime | None = None
        self._order_at: dict[CallId, datetime] = {}
        self.arrived = 0
        self.left = 0
        super().__init__(rules)

    # --- virtual time ----------------------------------------------------------------------

    def after(self, seconds: float, action: Callable[[], None]) -> datetime:
        return self._at(self.now + timedelta(seconds=seconds), action)

    def _at(self, at: datetime, action: Callable[[], None]) -> datetime:
        self._number += 1
        heappush(self._heap, (at, self._number, action))
        return at

    def run_for(self, seconds: float) -> None:
        end = self.now + timedelta(seconds=seconds)
        while self._heap and self._heap[0][0] <= end:
            at, _, action = heappop(self._heap)
            self.clock.advance(at - self.now)
            action()
        self.clock.advance(end - self.now)

    # --- the wires -------------------------------------------------------------------------

    def _fact(self, fact: TelephonyFact) -> None:
        # What a phone does is told right behind the fact that is the cause.
        at = self.now
        if not isinstance(fact, PhoneChanged):
            at += timedelta(seconds=self.chance.uniform(0.001, 0.01))
        if self._fact_at is not None and at < self._fact_at:
            at = self._fact_at
        self._fact_at = self._at(at, lambda: self._feed_if_up(fact))

    def _feed_if_up(self, fact: TelephonyFact) -> None:
        """Facts under way are lost with the line; that it is lost is noticed at once."""
        if self.exchange.up or isinstance(fact, LineLost):
            self.feed(fact)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case fx.StartTimer():
                self.timers[effect.timer] = effect.at
                self._at(effect.at, lambda: self._expire_one(effect.timer, effect.at))
            case fx.Publish():
                super()._perform(effect)
                self._live(effect.event)
            case fx.CancelTimer() | fx.Show() | fx.Remark():
                super()._perform(effect)
            case fx.CheckPhone():
                self.after(0.02, lambda: self._check(effect))
            case _:
                self._order(effect)

    def _expire_one(self, timer: inp.TimerKey, at: datetime) -> None:
        if self.timers.get(timer) == at:
            del self.timers[timer]
            self.feed(TimerExpired(timer))

    def _order(self, order: fx.Order) -> None:
        at = self.now + timedelta(seconds=self.chance.uniform(0.002, 0.02))
        at = max(at, self._order_at.get(order.call_id, at))
        self._order_at[order.call_id] = self._at(at, lambda: self._carry(order))

    def _check(self, wish: fx.CheckPhone) -> None:
        if self.exchange.up:
            run(self.exchange.check_phone(wish.endpoint, wish.call_id, free=wish.free))

    def _carry(self, order: fx.Order) -> None:
        try:
            run(orders.call(self.exchange, order))
        except NotFound:
            self.feed(orders.failure(order, OrderFault.NOT_FOUND))
        except Conflict:
            self.feed(orders.failure(order, OrderFault.REFUSED))
        except Unavailable:
            self.feed(orders.failure(order, OrderFault.UNAVAILABLE))

    # --- people ----------------------------------------------------------------------------

    def seat(self, number: int) -> None:
        """Log in one operator of the usual mixture, ready."""
        agent, phone = AgentId(f"op{number:04}"), Endpoint(f"booth{number:03}")
        home = TEAMS[number % 5]
        skills = {home: 5 + number % 5}
        if number % 20 < 13:
            skills.setdefault(TeamId("general"), 3)
        if number % 5 == 0:
            skills.setdefault(TEAMS[(number + 1) % 5], 2)
        languages = [Language.MANDARIN]
        languages += [Language.CANTONESE] if number % 10 < 6 else []
        languages += [Language.ENGLISH] if number % 11 == 0 else []
        self.exchange.register(phone)
        self.feed(
            inp.LogIn(
                agent,
                BoothId(f"{number:03}"),
                phone,
                tuple(sorted(skills.items())),
                tuple(sorted(languages)),
            )
        )
        self.feed(inp.ChooseReady(agent))

    def arrivals(self, per_second: float, seconds: float) -> None:
        """A Poisson stream of callers from now on."""
        end = self.now + timedelta(seconds=seconds)

        def next_one() -> None:
            if self.now < end:
                self._caller()
                self.after(self.chance.expovariate(per_second), next_one)

        self.after(self.chance.expovariate(per_second), next_one)

    def _caller(self) -> None:
        self.arrived += 1
        draw, habits = self.chance.random(), self.habits
        language = (
            Language.CANTONESE
            if draw < habits.cantonese
            else Language.ENGLISH
            if draw < habits.cantonese + habits.english
            else Language.MANDARIN
        )
        call_id = self.exchange.arrive(
            f"c-{self.arrived:06}", self.chance.choice(TEAMS), language=language
        )
        self.after(
            self.chance.expovariate(1 / habits.patience), lambda: self._lose_patience(call_id)
        )

    def _lose_patience(self, call_id: CallId) -> None:
        caller = self.exchange.callers.get(call_id)
        if caller is not None and caller.place in ("waiting", "offered"):
            self._leave(call_id)

    def _leave(self, call_id: CallId) -> None:
        if call_id in self.exchange.callers:
            self.left += 1
            self.exchange.caller_hangs_up(call_id)

    def _live(self, event: ev.Event) -> None:
        """What people do when something happens to them."""
        habits, chance = self.habits, self.chance
        match event:
            case ev.CallOffered():
                draw = chance.random()
                if draw >= habits.ignores:
                    act = self._refuse if draw < habits.ignores + habits.refuses else self._pick_up
                    self.after(0.1 + chance.expovariate(1 / habits.pick_up), lambda: act(event))
                else:
                    self.after(20, lambda: self._ring_out(event))
            case ev.ConsultStarted():
                other = self.floor.agents[event.consulted_agent_id].session.endpoint
                self.after(2, lambda: self._join(other))
            case ev.CallAnswered():
                self.after(
                    chance.expovariate(1 / habits.talk),
                    lambda: self._end_talk(event.agent_id, event.call_id),
                )
            case ev.CallTransferred(kind="consult") if event.to_agent is not None:
                to = event.to_agent
                self.after(
                    chance.expovariate(1 / habits.talk), lambda: self._end_talk(to, event.call_id)
                )
            case ev.TalkFinished():
                self.after(
                    chance.expovariate(1 / habits.wrap_up),
                    lambda: self._command(inp.FinishWrapUp(event.agent_id, "answered")),
                )
            case ev.AgentStatusChanged(status="not_ready"):
                self.after(45, lambda: self._command(inp.ChooseReady(event.agent_id)))
            case _:
                pass

    def _command(self, command: inp.Command) -> None:
        self.command(command)

    def _rings(self, event: ev.CallOffered) -> bool:
        caller = self.exchange.callers.get(event.call_id or CallId(""))
        return (
            caller is not None and caller.place == "offered" and caller.offer_id == event.offer_id
        )

    def _pick_up(self, event: ev.CallOffered) -> None:
        if self._rings(event):
            self.exchange.pick_up(event.endpoint)

    def _refuse(self, event: ev.CallOffered) -> None:
        if self._rings(event):
            self.exchange.refuse(event.endpoint)

    def _ring_out(self, event: ev.CallOffered) -> None:
        if self._rings(event):
            self.exchange.ring_out(event.endpoint)

    def _join(self, phone: Endpoint) -> None:
        if phone in self.exchange.ringing():
            self.exchange.pick_up(phone)
            self.after(20, lambda: self._hand_over(phone))

    def _hand_over(self, phone: Endpoint) -> None:
        agent_id = self.floor.endpoints.get(phone)
        for agent in list(self.floor.agents.values()):
            if getattr(agent.activity, "target", None) == agent_id:
                self.command(inp.EndConsultByTransfer(agent.agent_id))

    def _end_talk(self, agent_id: AgentId, call_id: CallId | None) -> None:
        """The talk is over: mostly goodbye, sometimes on to a team or a colleague."""
        agent = self.floor.agents.get(agent_id)
        conversation = agent.conversation if agent is not None else None
        if call_id is None or conversation is None or conversation.call_id != call_id:
            return
        self.command(inp.AbortConsult(agent_id))  # a consultation left hanging is given up
        draw, habits = self.chance.random(), self.habits
        if draw < habits.transfers:
            self.command(inp.TransferToTeam(agent_id, self.chance.choice(TEAMS)))
            self.after(10, lambda: self._end_talk(agent_id, call_id))
            return
        if draw < habits.transfers + habits.consults:
            free = [a for a in self.floor.agents.values() if self.floor.available(a)]
            if free and self.command(inp.BeginConsult(agent_id, free[0].agent_id)):
                self.after(60, lambda: self._end_talk(agent_id, call_id))
                return
        if self.command(inp.ReleaseCall(agent_id)):
            self.after(self.chance.uniform(1, 8), lambda: self._leave(call_id))
        # The order may be refused or lost with the line: people press again.
        self.after(10, lambda: self._end_talk(agent_id, call_id))
