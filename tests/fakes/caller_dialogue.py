"""A dialogue, an announcer and a survey that say what a test has written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from kernel import telephony as tel
from kernel.ids import CallId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber

GREETING = tel.Prompt("greeting", Language.MANDARIN)
RATE = tel.Prompt("rate", Language.MANDARIN)
ASK_ONE_KEY = tel.Collect((GREETING,), 1, timedelta(seconds=1))
RATE_BY_KEY = tel.Collect((RATE,), 1, timedelta(seconds=1))
IN_NO_HURRY = timedelta(seconds=6)
"""For tests in which a key is pressed, or not pressed, in time on a busy machine."""


def to_queue(team: str = "general", priority: int = 0) -> tel.EnterQueue:
    return tel.EnterQueue(TeamId(team), Language.MANDARIN, priority)


def queue_by_key(said: tel.CallerInput) -> tel.Instruction:
    return to_queue("labour" if said.digits == "3" else "general")


class ScriptedDialogue:
    """Fills `CallerDialogue`. Keeps what it was asked."""

    def __init__(
        self,
        first: tel.Instruction = ASK_ONE_KEY,
        then: Callable[[tel.CallerInput], tel.Instruction] = queue_by_key,
    ) -> None:
        self.first = first
        self.then = then
        self.begun: list[tel.CallEntered] = []
        self.said: list[tuple[CallId, tel.CallerInput]] = []
        self.fault: Exception | None = None

    async def begin(self, call: tel.CallEntered) -> tel.Instruction:
        self.begun.append(call)
        if self.fault is not None:
            raise self.fault
        return self.first

    async def next(self, call_id: CallId, said: tel.CallerInput) -> tel.Instruction:
        self.said.append((call_id, said))
        if self.fault is not None:
            raise self.fault
        return self.then(said)


class ScriptedSurvey:
    """Fills `AfterCallSurvey`: one question, then good-bye."""

    def __init__(self, first: tel.Instruction = RATE_BY_KEY) -> None:
        self.first = first
        self.begun: list[CallId] = []
        self.scores: list[str] = []

    async def begin(self, call_id: CallId) -> tel.Instruction:
        self.begun.append(call_id)
        return self.first

    async def next(self, call_id: CallId, said: tel.CallerInput) -> tel.Instruction:
        self.scores.append(said.digits)
        return tel.Disconnect()


class ScriptedAnnouncer:
    """Fills `WaitingAnnouncer`."""

    def __init__(self, prompts: tuple[tel.Prompt, ...] = ()) -> None:
        self.prompts = prompts
        self.asked: asyncio.Queue[CallId] = asyncio.Queue()

    def announce(self, caller: tel.WaitingCaller) -> tuple[tel.Prompt, ...]:
        self.asked.put_nowait(caller.call_id)
        return self.prompts


class ScriptedGreeter:
    """Fills `CallbackGreeter`: one question; 1 leads into the line, all else ends the call."""

    def __init__(self) -> None:
        self.begun: list[tuple[tel.WaitingCaller, str]] = []
        self.said: list[tel.CallerInput] = []

    async def begin(self, caller: tel.WaitingCaller, dnis: str) -> tel.GreetingAnswer:
        self.begun.append((caller, dnis))
        return tel.Collect((GREETING,), 1, timedelta(seconds=3))

    async def next(self, call_id: CallId, said: tel.CallerInput) -> tel.GreetingAnswer:
        self.said.append(said)
        return tel.KeepWaiting() if said.digits == "1" else tel.Disconnect()


ASK_NUMBER = tel.Collect((GREETING,), 1, timedelta(seconds=5))


class ScriptedKeys:
    """Fills `WaitingKeys`: key 1 asks once, 1 then is confirmed; key 2 takes a message; everything
    else waits on."""

    def __init__(self) -> None:
        second = timedelta(seconds=1)
        number = PhoneNumber("13800138000")
        self.message = tel.TakeMessage(number, (GREETING,), second, 2 * second, 10 * second)
        self.pressed: list[tuple[tel.WaitingCaller, str]] = []
        self.said: list[tuple[CallId, tel.CallerInput]] = []
        self.fault: Exception | None = None

    async def key(self, caller: tel.WaitingCaller, key: str) -> tel.WaitingAnswer:
        self.pressed.append((caller, key))
        if self.fault is not None:
            raise self.fault
        if key == "2":
            return self.message
        return ASK_NUMBER if key == "1" else tel.KeepWaiting()

    async def next(self, call_id: CallId, said: tel.CallerInput) -> tel.WaitingAnswer:
        self.said.append((call_id, said))
        if said.kind is tel.InputKind.MESSAGE:
            enough = int(said.digits) >= self.message.shortest.total_seconds()
            return tel.KeepMessage(self.message.number) if enough else tel.KeepWaiting()
        if said.digits != "1":
            return tel.KeepWaiting()
        caller = next(c for c, _ in self.pressed if c.call_id == call_id)
        return tel.PromiseCallback(caller.ani, (GREETING,))
