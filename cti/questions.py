"""The dialplan's questions and their answers: the dialogue, the waiting, the survey after.

Each question is answered within 5 s or by a safe answer: a caller whose dialogue fails goes to the
default team's queue, a caller whose survey fails is let go. Nothing here holds a caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from cti.core import answers
from cti.core.reports import (
    Begun,
    callback,
    caller_name,
    integer,
    language,
    milliseconds,
    valid_call_id,
)
from cti.core.words import LISTENED, AgiPath
from cti.core.words import AnswerVariable as Var
from cti.ports import (
    AfterCallSurvey,
    CallbackGreeter,
    CallerDialogue,
    Ears,
    Log,
    WaitingAnnouncer,
    WaitingKeys,
)
from kernel import telephony as tel
from kernel.clock import Clock
from kernel.ids import CallId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, clean

ANSWER_DEADLINE_S = 5.0


_GOING_ON = frozenset(
    {
        AgiPath.DIALOGUE_NEXT,
        AgiPath.WAITING_NEXT,
        AgiPath.CALLBACK_NEXT,
        AgiPath.SURVEY_NEXT,
    }
)


class Callers(Protocol):
    """The picture of the present callers, as far as answers depend on it."""

    def on_report(self, report: Begun) -> None: ...

    def let_go(
        self,
        call_id: CallId,
        number: PhoneNumber,
        spoken_s: int | None = None,
        place: tel.PlaceInLine | None = None,
    ) -> bool:
        """Mark a caller as let go, to be called at `number`, perhaps after speaking a message;
        `place` for one who does not wait yet. False: the caller's turn has come."""

    def message_begins(self, call_id: CallId, place: tel.PlaceInLine | None = None) -> None:
        """The caller is told to speak."""

    def still_waits(self, call_id: CallId) -> None:
        """The caller asks from the waiting loop."""


class Questions:
    """Answers one question at a time for each caller; `answer` never raises."""

    def __init__(
        self,
        *,
        dialogue: CallerDialogue,
        announcer: WaitingAnnouncer,
        keys: WaitingKeys,
        greeter: CallbackGreeter,
        survey: AfterCallSurvey,
        ears: Ears | None = None,
        clock: Clock,
        log: Log,
        place: answers.Place,
        default_team: TeamId,
        callers: Callers,
    ) -> None:
        self._dialogue = dialogue
        self._announcer = announcer
        self._keys = keys
        self._greeter = greeter
        self._survey = survey
        self._ears = ears
        self._clock = clock
        self._log = log
        self._place = place
        self._default_team = default_team
        self._callers = callers

    async def answer(self, path: str, args: Sequence[str]) -> Mapping[str, str]:
        """Channel variables to set, in order; none when the question makes no sense."""
        try:
            call_id = valid_call_id(args[0] if args else "")
        except ValueError:
            self._log.error("question_without_call", path=path)
            return {}
        try:
            return await self._answer(AgiPath(path), call_id, args[1:])
        except Exception:
            self._log.exception("question_failed", path=path, call_id=call_id)
            return self._safe_answer(AgiPath(path))

    async def _answer(
        self, path: AgiPath, call_id: CallId, args: Sequence[str]
    ) -> Mapping[str, str]:
        if path is AgiPath.WAITING_TURN:
            caller = self._waiting(call_id, args)
            return answers.play(self._announcer.announce(caller), self._place)
        async with asyncio.timeout(ANSWER_DEADLINE_S):
            said = await self._said(call_id, args) if path in _GOING_ON else None
            instruction = await self._instruction(path, call_id, args, said)
        if not self._lets_go(call_id, instruction, args):
            instruction = _waits_on(instruction)
        return _taken(args, said) | self._answered(call_id, instruction)

    def _answered(self, call_id: CallId, instruction: answers.Answer) -> dict[str, str]:
        if isinstance(instruction, tel.Listen) and self._ears is not None:
            ear = self._ears.open(call_id, instruction)
            if ear is not None:
                return answers.listen(ear.key, ear.port, instruction)
        return answers.answer(instruction, self._place)

    def _lets_go(self, call_id: CallId, instruction: answers.Answer, args: Sequence[str]) -> bool:
        """False for an answer that would let a caller go whose turn has come."""
        match instruction:
            case tel.PromiseCallback(number=number, place=place):
                return self._callers.let_go(call_id, number, None, place)
            case tel.KeepMessage(number=number, place=place):
                return self._callers.let_go(call_id, number, integer(args[1]), place)
            case tel.TakeMessage(place=place):
                self._callers.message_begins(call_id, place)
        return True

    async def _instruction(
        self,
        path: AgiPath,
        call_id: CallId,
        args: Sequence[str],
        said: tel.CallerInput | None,
    ) -> answers.Answer:
        if path is AgiPath.DIALOGUE_BEGIN:
            return await self._dialogue.begin(self._entered(call_id, args))
        if path is AgiPath.SURVEY_BEGIN:
            return await self._survey.begin(call_id)
        if path is AgiPath.WAITING_KEY:
            return await self._keys.key(self._waiting(call_id, args), args[4])
        if path is AgiPath.CALLBACK_BEGIN:
            return await self._greeter.begin(*self._called_back(call_id, args))
        assert said is not None
        if path is AgiPath.CALLBACK_NEXT:
            return await self._greeter.next(call_id, said)
        if path is AgiPath.WAITING_NEXT:
            return await self._keys.next(call_id, said)
        if path is AgiPath.SURVEY_NEXT:
            return await self._survey.next(call_id, said)
        return await self._dialogue.next(call_id, said)

    def _entered(self, call_id: CallId, args: Sequence[str]) -> tel.CallEntered:
        ani, name, dnis = (*args, "", "", "")[:3]
        begun = Begun(call_id, ani, caller_name(name), dnis)
        self._callers.on_report(begun)
        return tel.CallEntered(call_id, clean(ani), begun.name, dnis, self._clock.now())

    def _waiting(self, call_id: CallId, args: Sequence[str]) -> tel.WaitingCaller:
        self._callers.still_waits(call_id)
        team, speech, ani, arrived = args[:4]
        arrived_at = milliseconds(arrived) or self._clock.now()
        return tel.WaitingCaller(call_id, TeamId(team), language(speech), clean(ani), arrived_at)

    def _called_back(self, call_id: CallId, args: Sequence[str]) -> tuple[tel.WaitingCaller, str]:
        caller, (dnis, callback_id) = self._waiting(call_id, args), args[4:6]
        begun = Begun(call_id, caller.ani.digits, "", dnis, callback(callback_id))
        self._callers.on_report(begun)
        return caller, dnis

    async def _said(self, call_id: CallId, args: Sequence[str]) -> tel.CallerInput:
        kind, digits = (*args, "", "")[:2]
        if kind == LISTENED:
            if self._ears is not None:
                return await self._ears.heard(call_id)
            # Begun by an earlier run, whose ears are gone.
            kind = tel.InputKind.DEAF
        elif self._ears is not None:
            self._ears.close(call_id)
        return tel.CallerInput(tel.InputKind(kind), digits, self._clock.now())

    def _safe_answer(self, path: AgiPath) -> Mapping[str, str]:
        match path:
            case AgiPath.WAITING_TURN:
                return {}
            case (
                AgiPath.WAITING_KEY
                | AgiPath.WAITING_NEXT
                | AgiPath.CALLBACK_BEGIN
                | AgiPath.CALLBACK_NEXT
            ):
                # Whoever was called back goes to a person rather than hear nothing.
                return answers.answer(tel.KeepWaiting(), self._place)
            case AgiPath.SURVEY_BEGIN | AgiPath.SURVEY_NEXT:
                return answers.answer(tel.Disconnect(), self._place)
            case _:
                queue = tel.EnterQueue(self._default_team, Language.MANDARIN, 0)
                return answers.answer(queue, self._place)


def _taken(args: Sequence[str], said: tel.CallerInput | None) -> dict[str, str]:
    """How many of the keys that the dialplan noted were answers to a listening."""
    if said is None or said.kind is not tel.InputKind.DIGITS or args[0] != LISTENED:
        return {}
    return {Var.TAKEN: str(len(said.digits))}


def _waits_on(instruction: answers.Answer) -> answers.Answer:
    """Whoever cannot be let go waits for a person, at the old place or in the line chosen."""
    match instruction:
        case tel.PromiseCallback(place=place) | tel.KeepMessage(place=place) if place is not None:
            return tel.EnterQueue(place.team, place.language, place.priority)
        case _:
            return tel.KeepWaiting()
