"""Decides when: keeps a session for each live call and answers the dialplan's questions.

Each answer is made from memory; only where a flow looks something up does a question wait, for
`ivr.enquiries` and its deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from ivr.core.conditions import Around, caller_kind
from ivr.core.flow import Asks, Flow
from ivr.core.history import History
from ivr.core.interpreter import (
    Entered,
    Happening,
    LanguageChosen,
    LeftFor,
    OffersHeard,
    Pressed,
    Scored,
    Session,
    Spoke,
    Turn,
    begin,
    inform,
    rescue,
    resume,
    step,
)
from ivr.enquiries import Enquiries
from ivr.notices import Notices
from ivr.ports import CallerMemory, LineBook, Log, Surroundings
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    CallTransferredOut,
    Event,
    MenuKeyPressed,
    MenuStepEntered,
    MenuWordsHeard,
    SolvedAnswered,
    SurveyAnswered,
    SurveyAsked,
    arrival_id,
)
from kernel.ids import AgentId, CallId, EventId, IdSource, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import CallEntered, CallerInput, InputKind, Instruction


@dataclass(slots=True)
class _Place:
    """A live call: the flow version it began with, where it stands, what it was told last."""

    flow: Flow
    session: Session
    instruction: Instruction
    ani: PhoneNumber
    recognising: asyncio.Task[Mapping[str, str]] | None = None
    remembering: asyncio.Task[History] | None = None


class _Publisher:
    """Publishes what happened in a flow. Scores are the survey's own matter."""

    def __init__(self, bus: EventBus, clock: Clock, ids: IdSource) -> None:
        self.bus = bus
        self.clock = clock
        self._ids = ids

    def event_id(self) -> EventId:
        return EventId(self._ids.new())

    def publish(self, call_id: CallId, flow: Flow, happened: tuple[Happening, ...]) -> None:
        now = self.clock.now()
        for happening in happened:
            event = self._event(call_id, flow, happening, now)
            if event is not None:
                self.bus.publish(event)

    def _event(
        self, call_id: CallId, flow: Flow, happening: Happening, now: datetime
    ) -> Event | None:
        match happening:
            case Entered(step=name, language=language):
                return MenuStepEntered(
                    event_id=self.event_id(),
                    occurred_at=now,
                    call_id=call_id,
                    flow=flow.name,
                    flow_version=flow.version,
                    step=name,
                    language=language,
                )
            case Pressed(step=name, keys=keys):
                return MenuKeyPressed(
                    event_id=self.event_id(),
                    occurred_at=now,
                    call_id=call_id,
                    flow=flow.name,
                    step=name,
                    keys=keys,
                )
            case Spoke(step=name, wish=wish, asked=asked, confidence_fraction=sure):
                return MenuWordsHeard(
                    event_id=self.event_id(),
                    occurred_at=now,
                    call_id=call_id,
                    flow=flow.name,
                    step=name,
                    wish=wish,
                    asked_back=asked,
                    confidence_fraction=sure,
                )
            case LeftFor(number=number):
                return CallTransferredOut(
                    event_id=self.event_id(), occurred_at=now, call_id=call_id, number=number
                )
            case LanguageChosen() | Scored() | OffersHeard():
                return None


class Dialogue:
    """What a caller hears before a person. Fills `cti.ports.CallerDialogue`."""

    def __init__(
        self,
        *,
        flow: Flow,
        lines: LineBook,
        memory: CallerMemory,
        surroundings: Surroundings,
        enquiries: Enquiries,
        notices: Notices,
        bus: EventBus,
        clock: Clock,
        ids: IdSource,
        log: Log,
        offers_heard: Callable[[CallId], None] = lambda call_id: None,
    ) -> None:
        """`offers_heard` is told of who heard before the wait what waiting callers are told."""
        self._flow = flow
        self._lines = lines
        self._memory = memory
        self._surroundings = surroundings
        self._enquiries = enquiries
        self._notices = notices
        self._publisher = _Publisher(bus, clock, ids)
        self._log = log
        self._offers_heard = offers_heard
        self._places: dict[CallId, _Place] = {}
        self._arrived: set[CallId] = set()

    @property
    def flow(self) -> Flow:
        """The version that new calls begin with."""
        return self._flow

    def switch(self, flow: Flow) -> None:
        """New calls begin with `flow`; live calls finish on theirs."""
        self._flow = flow

    def live_calls(self) -> int:
        return len(self._places)

    def knows(self, call_id: CallId) -> bool:
        return call_id in self._places

    def arrived(self, call: CallEntered) -> None:
        """Tell that the call came in; `begin` does, unless it was told before."""
        self._arrived.add(call.call_id)
        entry = self._lines.line(call.dnis)
        self._publisher.bus.publish(
            CallArrived(
                event_id=arrival_id(call.call_id),
                occurred_at=call.at,
                call_id=call.call_id,
                ani=call.ani.digits,
                caller_name=call.caller_name,
                dnis=call.dnis,
                line_name=entry.name if entry else None,
                team=entry.team if entry else None,
            )
        )

    def left_for(self, call_id: CallId, number: str) -> None:
        """Tell that the caller leaves for an outside number without the dialogue."""
        self._publisher.publish(call_id, self._flow, (LeftFor(number),))

    async def begin(self, call: CallEntered) -> Instruction:
        """The first instruction of a call. Asked twice, it is answered twice and happens once."""
        place = self._places.get(call.call_id)
        if place is not None:
            return place.instruction
        entry = self._lines.line(call.dnis)
        turn = begin(
            self._flow,
            language=None if call.ani.anonymous else self._memory.language(call.ani),
            line_team=None if entry is None else entry.team,
            now=call.at,
            dnis=call.dnis,
            caller=caller_kind(call.ani),
            ani=call.ani,
            around=self._around(call.at),
        )
        place = _Place(self._flow, turn.session, turn.instruction, call.ani)
        self._places[call.call_id] = place
        loop = asyncio.get_running_loop()
        place.recognising = loop.create_task(
            self._enquiries.recognise(call.ani, call.at), name=f"recognise-{call.call_id}"
        )
        place.remembering = loop.create_task(
            self._enquiries.history(call.ani, call.at), name=f"remember-{call.call_id}"
        )
        if call.call_id not in self._arrived:
            self.arrived(call)
        self._publisher.publish(call.call_id, self._flow, turn.happened)
        return await self._settled(call.call_id, place, turn, call.at)

    async def next(self, call_id: CallId, given: CallerInput) -> Instruction:
        """The next instruction. A call begun before a restart goes to a person at once."""
        place = self._places.get(call_id)
        if place is None:
            return self._rescue(call_id, given)
        self._recognised(place)
        if given.kind is InputKind.DEAF:
            self._log.warning("caller_goes_on_by_keys", call_id=call_id)
        around = self._around(given.at)
        turn = step(place.flow, place.session, given, given.at, around)
        self._take(call_id, place, turn)
        return await self._settled(call_id, place, turn, given.at)

    async def _settled(
        self, call_id: CallId, place: _Place, turn: Turn, now: datetime
    ) -> Instruction:
        """The instruction at the end of a row of lookups; validation proves that the row ends."""
        while turn.ask is not None:
            answer = await self._enquiries.answer(turn.ask, place.ani, now)
            if place.session is not turn.session:
                # The dialplan asked once more meanwhile, and the call has gone on without it.
                return place.instruction
            around = self._around(now)
            turn = resume(place.flow, turn.session, answer, now, around)
            self._take(call_id, place, turn)
        return turn.instruction

    def _around(self, now: datetime) -> Around:
        return replace(self._surroundings.around(now), notices=self._notices.active(now))

    def _recognised(self, place: _Place) -> None:
        """Tell the session what was found so far; nobody waits for it."""
        orders, calls = place.recognising, place.remembering
        if orders is not None and orders.done():
            place.recognising = None
            if not orders.cancelled():
                place.session = inform(place.session, orders.result())
        if calls is not None and calls.done():
            place.remembering = None
            if not calls.cancelled():
                place.session = replace(place.session, history=calls.result())

    def _take(self, call_id: CallId, place: _Place, turn: Turn) -> None:
        self._remember(place, turn)
        if any(isinstance(happening, OffersHeard) for happening in turn.happened):
            self._offers_heard(call_id)
        place.session, place.instruction = turn.session, turn.instruction
        self._publisher.publish(call_id, place.flow, turn.happened)

    def language(self, call_id: CallId) -> Language | None:
        """The language a live call speaks; None for an unknown call."""
        place = self._places.get(call_id)
        return place.session.language if place else None

    def forget(self, call_id: CallId) -> None:
        """The call is over. Forgetting an unknown call is no error."""
        self._arrived.discard(call_id)
        place = self._places.pop(call_id, None)
        for task in (place.recognising, place.remembering) if place is not None else ():
            if task is not None:
                task.cancel()

    async def on_call_ended(self, event: CallEnded) -> None:
        if event.call_id is not None:
            self.forget(event.call_id)

    def _rescue(self, call_id: CallId, given: CallerInput) -> Instruction:
        self._log.warning("unknown_call_sent_to_a_person", call_id=call_id)
        turn = rescue(self._flow, language=Language.MANDARIN, now=given.at)
        self._places[call_id] = _Place(self._flow, turn.session, turn.instruction, PhoneNumber(""))
        self._publisher.publish(call_id, self._flow, turn.happened)
        return turn.instruction

    def _remember(self, place: _Place, turn: Turn) -> None:
        for happening in turn.happened:
            if isinstance(happening, LanguageChosen) and not place.ani.anonymous:
                self._memory.remember(place.ani, happening.language)


@dataclass(slots=True)
class _Conversation:
    """What the survey must know of a call: the language spoken, who answered last, for which
    team."""

    language: Language = Language.MANDARIN
    agent_id: AgentId | None = None
    team: TeamId | None = None


_SOLVED = {1: "yes", 2: "partly", 3: "no"}


class Survey:
    """The questions after the conversation. Fills `cti.ports.AfterCallSurvey`.

    It learns the language and the operator from events; for a call that began before a restart
    it asks in Mandarin and names no operator.
    """

    def __init__(self, *, flow: Flow, bus: EventBus, clock: Clock, ids: IdSource, log: Log) -> None:
        self._flow = flow
        self._publisher = _Publisher(bus, clock, ids)
        self._log = log
        self._conversations: dict[CallId, _Conversation] = {}
        self._places: dict[CallId, _Place] = {}

    def switch(self, flow: Flow) -> None:
        """New surveys begin with `flow`; running ones finish on theirs."""
        self._flow = flow

    async def on_event(self, event: Event) -> None:
        """Hears CallQueued, CallAnswered and CallEnded; everything else is ignored."""
        call_id = event.call_id
        if call_id is None:
            return
        match event:
            case CallQueued(language=language):
                self._conversation(call_id).language = language
            case CallAnswered(agent_id=agent_id, team=team):
                conversation = self._conversation(call_id)
                conversation.agent_id, conversation.team = agent_id, team
            case CallEnded():
                self.forget(call_id)
            case _:
                return

    def forget(self, call_id: CallId) -> None:
        self._conversations.pop(call_id, None)
        self._places.pop(call_id, None)

    async def begin(self, call_id: CallId) -> Instruction:
        """The question, in the caller's language. Asked twice, it is answered twice."""
        place = self._places.get(call_id)
        if place is not None:
            return place.instruction
        turn = begin(
            self._flow,
            language=self._conversation(call_id).language,
            line_team=None,
            now=self._publisher.clock.now(),
        )
        self._places[call_id] = _Place(self._flow, turn.session, turn.instruction, PhoneNumber(""))
        self._publish_asked(call_id)
        self._publisher.publish(call_id, self._flow, turn.happened)
        return turn.instruction

    async def next(self, call_id: CallId, given: CallerInput) -> Instruction:
        """The next instruction; `Disconnect` ends it. An unknown call is wished good-bye."""
        place = self._places.get(call_id)
        if place is None:
            self._log.warning("survey_of_unknown_call", call_id=call_id)
            return rescue(self._flow, language=Language.MANDARIN, now=given.at).instruction
        turn = step(place.flow, place.session, given, given.at)
        place.session, place.instruction = turn.session, turn.instruction
        self._publisher.publish(call_id, place.flow, turn.happened)
        self._publish_scores(call_id, turn)
        return turn.instruction

    def _publish_asked(self, call_id: CallId) -> None:
        conversation = self._conversation(call_id)
        self._publisher.bus.publish(
            SurveyAsked(
                event_id=self._publisher.event_id(),
                occurred_at=self._publisher.clock.now(),
                call_id=call_id,
                agent_id=conversation.agent_id,
                team=conversation.team,
            )
        )

    def _publish_scores(self, call_id: CallId, turn: Turn) -> None:
        for happening in turn.happened:
            if isinstance(happening, Scored):
                self._publisher.bus.publish(self._answer(call_id, happening))

    def _answer(self, call_id: CallId, scored: Scored) -> Event:
        event_id, now = self._publisher.event_id(), self._publisher.clock.now()
        agent_id = self._conversation(call_id).agent_id
        match scored.asks:
            case Asks.SOLVED:
                return SolvedAnswered(
                    event_id=event_id,
                    occurred_at=now,
                    call_id=call_id,
                    agent_id=agent_id,
                    solved=_SOLVED[scored.score],
                )
            case Asks.OPERATOR:
                return SurveyAnswered(
                    event_id=event_id,
                    occurred_at=now,
                    call_id=call_id,
                    agent_id=agent_id,
                    score=scored.score,
                )
            case _:
                assert_never(scored.asks)

    def _conversation(self, call_id: CallId) -> _Conversation:
        return self._conversations.setdefault(call_id, _Conversation())
