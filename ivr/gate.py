"""The gate before the dialogue: whoever is judged to pass comes to it at once, others press a key.

Theory of operation: the gate holds a caller only while a key is asked for, or a refusal is heard.
What follows then is the dialogue's matter; the gate only puts behind the others whom the guard
wants there, never somebody in an emergency (a priority above 0). Who came to the dialogue before a
flood was known to be one, and answers its questions with silence, is asked for the key in their
midst; the dialogue hears of that silence when the key has been pressed. A call that was being asked
when the platform was started anew is unknown here, and the dialogue leads it to a person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from ivr.core.screening import challenge
from ivr.core.screening.challenge import Hear, Hearing
from ivr.core.screening.present import Decision, Failure, Reason, Verdict
from ivr.ports import CallerMemory
from ivr.screening import Screening
from ivr.service import Dialogue
from kernel.ids import CallId
from kernel.telephony import (
    CallEntered,
    CallerInput,
    CallHungUp,
    Disconnect,
    EnterQueue,
    InputKind,
    Instruction,
    LineRestored,
    TelephonyFact,
    TransferOut,
)


@dataclass(slots=True)
class _Held:
    """A caller who is asked for a key, or hears why the call is refused. `silence`: what the
    dialogue, which the caller has come to before, has not been told yet."""

    call: CallEntered
    verdict: Verdict
    hearing: Hearing
    instruction: Instruction
    silence: CallerInput | None = None


class Gate:
    """Fills `cti.ports.CallerDialogue` before `ivr.service.Dialogue`."""

    def __init__(self, *, screening: Screening, dialogue: Dialogue, memory: CallerMemory) -> None:
        self._screening = screening
        self._dialogue = dialogue
        self._memory = memory
        self._held: dict[CallId, _Held] = {}
        self._behind: set[CallId] = set()
        self._silent: dict[CallId, CallEntered] = {}
        """Who passed and has pressed nothing so far."""

    def held(self) -> int:
        """How many callers are being asked."""
        return len(self._held)

    async def begin(self, call: CallEntered) -> Instruction:
        """The first instruction of a call. Asked twice, it is answered twice and happens once."""
        held = self._held.get(call.call_id)
        if held is not None:
            return held.instruction
        if self._dialogue.knows(call.call_id):
            return self._placed(call.call_id, await self._dialogue.begin(call))
        language = None if call.ani.anonymous else self._memory.language(call.ani)
        self._dialogue.arrived(call)
        verdict = self._screening.enter(call, familiar=language is not None)
        if verdict.after_others:
            self._behind.add(call.call_id)
        rules = self._screening.policy.challenge
        key = challenge.key_for(call.call_id, rules.keys)
        match verdict.decision:
            case Decision.PASS:
                self._silent[call.call_id] = call
                return await self._go_on(call)
            case Decision.CHALLENGE:
                heard = challenge.ask(key, verdict.tries, rules.timeout, language)
            case Decision.REFUSE:
                # Whoever is refused because the line is full cannot press the way in.
                key = "" if verdict.reason is Reason.LINE_FULL else key
                heard = challenge.refuse(key, rules.timeout, language)
            case _:
                assert_never(verdict.decision)
        self._held[call.call_id] = _Held(call, verdict, heard.hearing, heard.collect)
        return heard.collect

    async def next(self, call_id: CallId, given: CallerInput) -> Instruction:
        held = self._held.get(call_id)
        if held is None:
            return self._asked_now(call_id, given) or self._placed(
                call_id, await self._dialogue.next(call_id, given)
            )
        digits = given.digits if given.kind is InputKind.DIGITS else ""
        call = replace(held.call, at=given.at)
        match challenge.answer(held.hearing, digits):
            case Hear() as heard:
                return self._hear(held, heard)
            case challenge.GoOn():
                self._screening.passed(call_id)
                return await self._went_on(held, call)
            case challenge.Emergency():
                self._screening.emergency(call_id)
                await self._go_on(call)
                star = CallerInput(InputKind.DIGITS, challenge.EMERGENCY_KEY, given.at)
                return self._placed(call_id, await self._dialogue.next(call_id, star))
            case challenge.LeaveFor() as leave:
                return self._leave(call, leave)
            case challenge.Failed():
                pressed = bool(digits) or held.hearing.half
                return await self._failed(held, call, pressed)
            case challenge.LetGo():
                del self._held[call_id]
                self._screening.let_go(call_id)
                return Disconnect()

    def on_fact(self, fact: TelephonyFact) -> None:
        """A caller who is gone is held no longer."""
        match fact:
            case CallHungUp(call_id=call_id):
                self._behind.discard(call_id)
                self._silent.pop(call_id, None)
                if self._held.pop(call_id, None) is not None:
                    self._screening.left(call_id)
            case LineRestored(calls=calls):
                live = {call.call_id for call in calls}
                self._behind &= live
                for kept in (self._held, self._silent):
                    for call_id in kept.keys() - live:
                        del kept[call_id]
            case _:
                pass

    def _asked_now(self, call_id: CallId, given: CallerInput) -> Instruction | None:
        """The key, if the guard asks for it by now of who passed and stays silent; else None."""
        if given.kind is not InputKind.SILENCE:
            # What was only played is no answer; any other is a person's, and is not asked again.
            if given.kind is not InputKind.PLAYED:
                self._silent.pop(call_id, None)
            return None
        call = self._silent.get(call_id)
        if call is None:
            return None
        language = None if call.ani.anonymous else self._memory.language(call.ani)
        verdict = self._screening.again(call_id, familiar=language is not None)
        if verdict is None:
            return None
        del self._silent[call_id]
        if verdict.after_others:
            self._behind.add(call_id)
        rules = self._screening.policy.challenge
        key = challenge.key_for(call_id, rules.keys)
        heard = challenge.ask(key, verdict.tries, rules.timeout, language)
        self._held[call_id] = _Held(call, verdict, heard.hearing, heard.collect, given)
        return heard.collect

    async def _went_on(self, held: _Held, call: CallEntered) -> Instruction:
        """To the dialogue, or on with it."""
        if held.silence is None:
            return await self._go_on(call)
        self._held.pop(call.call_id, None)
        silence = replace(held.silence, at=call.at)
        return self._placed(call.call_id, await self._dialogue.next(call.call_id, silence))

    def _hear(self, held: _Held, heard: Hear) -> Instruction:
        held.hearing, held.instruction = heard.hearing, heard.collect
        return heard.collect

    async def _go_on(self, call: CallEntered) -> Instruction:
        self._held.pop(call.call_id, None)
        return self._placed(call.call_id, await self._dialogue.begin(call))

    async def _failed(self, held: _Held, call: CallEntered, pressed: bool) -> Instruction:
        match self._screening.failed(call.call_id, len(self._held), pressed=pressed):
            case Failure.AFTER_OTHERS:
                self._behind.add(call.call_id)
                return await self._went_on(held, call)
            case Failure.LET_GO:
                del self._held[call.call_id]
                return Disconnect()
            case Failure.REFUSE:
                hearing = held.hearing
                return self._hear(
                    held, challenge.refuse(hearing.key, hearing.timeout, hearing.language)
                )
            case way:
                assert_never(way)

    def _leave(self, call: CallEntered, leave: challenge.LeaveFor) -> Instruction:
        """For an emergency number. Should that fail, the dialogue is asked, which does not know
        the call and leads it to a person."""
        self._held.pop(call.call_id, None)
        self._screening.emergency(call.call_id)
        self._dialogue.left_for(call.call_id, leave.number)
        return TransferOut(leave.number, leave.prompts)

    def _placed(self, call_id: CallId, instruction: Instruction) -> Instruction:
        """Behind the others, if the guard wants the caller there."""
        if (
            call_id in self._behind
            and isinstance(instruction, EnterQueue)
            and instruction.priority <= 0
        ):
            self._behind.discard(call_id)
            self._screening.put_behind()
            return replace(instruction, priority=self._screening.policy.after_others)
        return instruction
