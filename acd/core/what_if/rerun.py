"""A day once more: the recorded callers and operators on a virtual floor. Pure.

Theory of operation: callers come when they came (a transferred one when the talk before is over)
and stay as long as they stayed; operators sit down, take breaks and leave when they did. Who talks
with whom, and when, is decided by the real core under the rules at hand. What was not seen is
drawn by the call's id (`Chance`), so that two re-runs differ only by what was changed:

* the patience of a caller who was answered: longer than the wait that was seen, by the day's
  Kaplan-Meier estimate of the team (`Survival`); of one who hung up it is the wait itself;
* how long the phone rings for a caller who was not answered, by the same estimate over all rings
  (longer than it rang, where it did);
* talk and wrap-up of a caller who was not answered: those of another of the team;
* whether an offer is taken: by the day's parts of offers declined and not answered; who did not
  take one is ready again after a time as seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from math import isinf
from typing import NamedTuple

from acd.core import agent as ag
from acd.core import effects as fx
from acd.core import inputs as inp
from acd.core.rules import Rules
from acd.core.virtual import ORDER_S, Agenda, VirtualFloor
from acd.core.what_if.chance import Chance
from acd.core.what_if.day import OWN_FAULT, Given, RecordedDay, Visit
from acd.core.what_if.score import Occupancy, Outcome
from acd.core.what_if.survival import Survival
from kernel import telephony as tel
from kernel.errors import HotlineError
from kernel.ids import AgentId, CallId, Endpoint, OfferId, TeamId
from kernel.phone import PhoneNumber

NOBODY = PhoneNumber("13800138000")
"""Numbers are not read from the log: the distribution does not look at them."""
ALIKE_AT_LEAST = 30
"""So many hang-ups make an estimate of a team's own; with fewer the whole day's is taken."""
TRY_AGAIN_S, TRIES = 15.0, 40
"""A booth may still be taken by who sat there before, in a longer call than recorded."""


class Handling(NamedTuple):
    talk_s: float
    wrap_up_s: float


class Seen:
    """What the day taught about what was not seen of each."""

    def __init__(self, day: RecordedDay) -> None:
        self.offers = day.offers
        self.recoveries = day.recoveries or (60.0,)
        ended = [v for v in day.visits if v.waited_s is not None]
        samples: dict[TeamId, list[tuple[float, bool]]] = {}
        for visit in ended:
            samples.setdefault(visit.team, []).append((visit.waited_s or 0.0, visit.left))
        self.everybody = Survival(s for team in samples.values() for s in team)
        self.patience = {team: Survival(s) for team, s in samples.items()}
        self.rings = Survival((v.ring_s, not v.left) for v in ended if v.ring_s is not None)
        self._handlings: dict[TeamId, list[Handling]] = {}
        for visit in ended:
            if visit.talk_s is not None:
                handling = Handling(visit.talk_s, visit.wrap_up_s)
                self._handlings.setdefault(visit.team, []).append(handling)
        self._all_handlings = [h for team in self._handlings.values() for h in team]

    def patience_of(self, team: TeamId) -> Survival:
        own = self.patience.get(team)
        return own if own is not None and own.ended >= ALIKE_AT_LEAST else self.everybody

    def handlings(self, team: TeamId) -> Sequence[Handling]:
        """Those of the team; of all when it has none; one of three minutes when nobody talked."""
        return self._handlings.get(team) or self._all_handlings or [Handling(180.0, 30.0)]


class Place(IntEnum):
    WAITING = 0  # the core may offer the call
    RINGING = 1
    RETURNING = 2  # from an offer, or to another line
    TALKING = 3
    GONE = 4


@dataclass(slots=True)
class Caller:
    """One call now. `turn` rises with each change of place: what was put on the agenda for an
    earlier one is void."""

    visit: Visit
    entered: float
    place: Place = Place.WAITING
    turn: int = 0
    visit_number: int = 1
    offers: int = 0
    offer_id: OfferId | None = None
    phone: Endpoint | None = None
    agent_id: AgentId | None = None

    def move(self, place: Place) -> int:
        self.place = place
        self.turn += 1
        return self.turn


@dataclass(frozen=True, slots=True)
class Rerun:
    """`drawn` says of how many visits the handling had to be drawn; `refused` counts what operators
    did and could not be done again."""

    outcomes: Sequence[Outcome]
    busy_idle: Mapping[TeamId, tuple[int, int]]
    drawn: int
    refused: int


def rerun(
    day: RecordedDay,
    rules: Rules,
    given: Sequence[Given],
    homes: Mapping[AgentId, TeamId],
    seen: Seen,
    chance: Chance,
) -> Rerun:
    """Play the day from its begin to its end under these rules and with these people."""
    hall = _Hall(day, rules, given, homes, seen, chance)
    hall.play((day.end - day.begin).total_seconds())
    return Rerun(hall.outcomes, hall.occupancy.close(day.end), hall.drawn, hall.refused)


class _Hall(Agenda):
    def __init__(
        self,
        day: RecordedDay,
        rules: Rules,
        given: Sequence[Given],
        homes: Mapping[AgentId, TeamId],
        seen: Seen,
        chance: Chance,
    ) -> None:
        super().__init__()
        self._day, self._rules, self._homes = day, rules, homes
        self._seen, self._chance = seen, chance
        self._callers: dict[CallId, Caller] = {}
        self.outcomes: list[Outcome] = []
        self.occupancy = Occupancy(homes)
        self.drawn = self.refused = 0
        self._core = VirtualFloor(
            rules,
            self,
            day.begin,
            {
                fx.Deliver: self._deliver,
                fx.CancelOffer: self._cancel,
                fx.Requeue: self._requeue,
                fx.Publish: lambda effect: self.occupancy.hear(effect.event),
            },
        )
        phones = frozenset(c.endpoint for _, c in given if isinstance(c, inp.LogIn))
        self._core.feed(inp.Started(rules))
        self._core.feed(tel.LineRestored((), phones, day.begin))
        for at, command in given:
            self.at(self._seconds(at), self._do, command, TRIES)
        for visit in day.visits:
            if not visit.transferred:
                self.at(self._seconds(visit.queued_at), self._arrive, visit)

    def _seconds(self, at: datetime) -> float:
        return (at - self._day.begin).total_seconds()

    # --- operators -------------------------------------------------------------------------

    def _do(self, command: inp.Command, tries: int) -> None:
        try:
            self._core.feed(command)
        except HotlineError:
            self._not_now(command, tries)

    def _not_now(self, command: inp.Command, tries: int) -> None:
        """Somebody else is in another call than recorded: who comes waits for the booth."""
        if isinstance(command, inp.LogIn) and tries:
            self.after(TRY_AGAIN_S, self._do, command, tries - 1)
        else:
            self.refused += 1

    def _recovered(self, agent_id: AgentId) -> None:
        agent = self._core.floor.agents.get(agent_id)
        if agent is not None and agent.status.reason in OWN_FAULT:
            self._do(inp.ChooseReady(agent_id), 0)

    def _finish_wrap_up(self, agent_id: AgentId, call_id: CallId) -> None:
        """Unless the limit has ended it already."""
        agent = self._core.floor.agents.get(agent_id)
        activity = agent.activity if agent is not None else None
        if isinstance(activity, ag.WrapUp) and activity.call_id == call_id:
            self._do(inp.FinishWrapUp(agent_id, self._rules.default_disposition or "answered"), 0)

    # --- callers ---------------------------------------------------------------------------

    def _arrive(self, visit: Visit) -> None:
        if visit.call_id in self._callers:
            return  # met again by a later run while this one is still here
        caller = self._callers[visit.call_id] = Caller(visit, self.now)
        self._await_patience(caller)
        self._stand(caller, caller.turn)

    def _stand(self, caller: Caller, turn: int) -> None:
        """The caller is in the waiting loop (again)."""
        if caller.turn != turn:
            return
        visit = caller.visit
        caller.move(Place.WAITING)
        now = self._core.time()
        first = now - (visit.queued_at - visit.first_arrival_at)
        self._core.feed(
            tel.CallWaiting(
                visit.call_id,
                visit.team,
                visit.language,
                visit.priority,
                first,
                NOBODY,
                "12345",
                None,
                now,
            )
        )

    def _await_patience(self, caller: Caller) -> None:
        visit = caller.visit
        if visit.left and visit.waited_s is not None:
            patience = visit.waited_s
        else:
            waited = visit.waited_s
            if waited is None:
                waited = (self._day.end - visit.queued_at).total_seconds()
            part = self._chance.part("patience", visit.call_id, caller.visit_number)
            patience = self._seen.patience_of(visit.team).beyond(waited, part)
        if not isinf(patience):
            self.after(patience, self._lose_patience, caller, visit)

    def _lose_patience(self, caller: Caller, visit: Visit) -> None:
        if caller.visit is not visit or caller.place > Place.RETURNING:
            return
        self.outcomes.append(Outcome(visit.team, self.now - caller.entered, False))
        self._hang_up(caller)

    def _hang_up(self, caller: Caller) -> None:
        caller.move(Place.GONE)
        call_id = caller.visit.call_id
        del self._callers[call_id]
        self._core.feed(tel.CallHungUp(call_id, tel.EndedBy.CALLER, 16, self._core.time()))

    # --- offers ----------------------------------------------------------------------------

    def _deliver(self, order: fx.Deliver) -> None:
        caller = self._callers.get(order.call_id)
        if caller is None or caller.place is not Place.WAITING:
            self.after(0.0, self._core.feed, _not_found(order))
            return
        caller.offers += 1
        caller.offer_id, caller.phone = order.offer_id, order.endpoint
        caller.agent_id = self._core.floor.endpoints[order.endpoint]
        turn = caller.move(Place.RINGING)
        ring_s, result = self._ring_time(caller), self._result(caller)
        if result is tel.OfferResult.NO_ANSWER:
            ring_s = order.ring_timeout.total_seconds()
        self.after(min(ORDER_S, ring_s), self._ring, caller, turn)
        if result is None:
            self.after(ring_s, self._answer, caller, turn)
        else:
            self.after(ring_s, self._fail, caller, turn, result)

    def _ring_time(self, caller: Caller) -> float:
        visit = caller.visit
        if visit.ring_s is not None and not visit.left:
            return visit.ring_s
        draw = self._chance.part("ring", visit.call_id, caller.visit_number, caller.offers)
        longest = self._rules.ring_timeout.total_seconds()
        return min(self._seen.rings.beyond(visit.ring_s or 0.0, draw), longest)

    def _result(self, caller: Caller) -> tel.OfferResult | None:
        """How the offer will end when the caller stays; None: answered."""
        offers = self._seen.offers
        draw = self._chance.part("offer", caller.visit.call_id, caller.visit_number, caller.offers)
        draw *= max(offers.made, 1)
        for result, number in (
            (tel.OfferResult.BUSY, offers.declined),
            (tel.OfferResult.NO_ANSWER, offers.ring_no_answer),
        ):
            if draw < number:
                return result
            draw -= number
        return None

    def _ring(self, caller: Caller, turn: int) -> None:
        if caller.turn == turn and caller.offer_id and caller.phone:
            call_id, now = caller.visit.call_id, self._core.time()
            self._core.feed(tel.OfferRinging(call_id, caller.offer_id, caller.phone, now))

    def _fail(self, caller: Caller, turn: int, result: tel.OfferResult) -> None:
        if caller.turn != turn or caller.offer_id is None or caller.phone is None:
            return
        agent_id = caller.agent_id
        turn = caller.move(Place.RETURNING)
        call_id, now = caller.visit.call_id, self._core.time()
        self._core.feed(tel.OfferFailed(call_id, caller.offer_id, caller.phone, result, now))
        self.after(ORDER_S, self._stand, caller, turn)
        if agent_id is not None:
            pause = self._chance.one_of(self._seen.recoveries, "recovery", call_id, caller.offers)
            self.after(pause, self._recovered, agent_id)

    def _cancel(self, order: fx.CancelOffer) -> None:
        caller = self._callers.get(order.call_id)
        if caller is not None and caller.place is Place.RINGING:
            self.after(ORDER_S, self._stand, caller, caller.move(Place.RETURNING))

    # --- talks -----------------------------------------------------------------------------

    def _answer(self, caller: Caller, turn: int) -> None:
        if caller.turn != turn or caller.offer_id is None or caller.phone is None:
            return
        visit = caller.visit
        turn = caller.move(Place.TALKING)
        home = self._homes.get(caller.agent_id) if caller.agent_id else None
        waited = self.now - caller.entered
        self.outcomes.append(Outcome(visit.team, waited, True, home == visit.team))
        talk_s, wrap_up_s = self._handling(caller)
        now = self._core.time()
        self._core.feed(tel.OfferAnswered(visit.call_id, caller.offer_id, caller.phone, now))
        self.after(talk_s, self._end_talk, caller, turn, wrap_up_s)

    def _handling(self, caller: Caller) -> Handling:
        visit = caller.visit
        if visit.talk_s is not None:
            return Handling(visit.talk_s, visit.wrap_up_s)
        self.drawn += 1
        seen = self._seen.handlings(visit.team)
        return self._chance.one_of(seen, "handling", visit.call_id, caller.visit_number)

    def _end_talk(self, caller: Caller, turn: int, wrap_up_s: float) -> None:
        if caller.turn != turn or caller.phone is None or caller.offer_id is None:
            return
        call_id, agent_id = caller.visit.call_id, caller.agent_id
        following = caller.visit.following
        if following is not None and agent_id is not None:
            self._do(inp.TransferToTeam(agent_id, following.team), 0)
        sent_on = caller.turn != turn
        if not sent_on:
            self._core.feed(
                tel.TalkEnded(call_id, caller.offer_id, caller.phone, self._core.time())
            )
            self._hang_up(caller)
        if agent_id is not None:
            # The conversation of a caller who is sent on ends with the arrival in the line.
            wrap_up_s += ORDER_S if sent_on else 0.0
            self.after(wrap_up_s, self._finish_wrap_up, agent_id, call_id)

    def _requeue(self, order: fx.Requeue) -> None:
        """On to another line, as recorded; or out of the hands of an operator who vanished."""
        caller = self._callers.get(order.call_id)
        if caller is None:
            return
        if caller.visit.following is not None:
            caller.visit = caller.visit.following
        caller.visit_number += 1
        turn = caller.move(Place.RETURNING)
        self.after(ORDER_S, self._enter_next, caller, turn)

    def _enter_next(self, caller: Caller, turn: int) -> None:
        if caller.turn == turn:
            caller.entered = self.now
            self._await_patience(caller)
            self._stand(caller, turn)


def _not_found(order: fx.Deliver) -> inp.OrderFailed:
    fault = inp.OrderFault.NOT_FOUND
    return inp.OrderFailed(inp.OrderKind.DELIVER, order.call_id, order.offer_id, fault)
