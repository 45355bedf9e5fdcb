"""What this department needs: the three who answer for a caller, and the switch with its doors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cti.core.dial_back import DialOut
from cti.core.read_back import ChannelRow
from cti.core.reports import Headers, Report
from kernel.ids import CallId, Endpoint, TeamId
from kernel.telephony import (
    CallEntered,
    CallerInput,
    GreetingAnswer,
    Instruction,
    Listen,
    Prompt,
    WaitingAnswer,
    WaitingCaller,
)

# --- who answers ----------------------------------------------------------------------------


class CallerDialogue(Protocol):
    """What a caller hears before a person. One question, one answer; at most 5 s for each."""

    async def begin(self, call: CallEntered) -> Instruction: ...

    async def next(self, call_id: CallId, said: CallerInput) -> Instruction: ...


class WaitingAnnouncer(Protocol):
    """What a waiting caller hears between the music, from memory; empty for nothing."""

    def announce(self, caller: WaitingCaller) -> tuple[Prompt, ...]: ...


class WaitingKeys(Protocol):
    """What a waiting caller may choose by key; the place in the line is kept meanwhile. At most 5 s
    for each answer."""

    async def key(self, caller: WaitingCaller, key: str) -> WaitingAnswer:
        """A digit was pressed during the music or an announcement."""

    async def next(self, call_id: CallId, said: CallerInput) -> WaitingAnswer: ...


class CallbackGreeter(Protocol):
    """What a citizen hears who was called back and picked up. `KeepWaiting` leads into the line,
    `Disconnect` ends the call; at most 5 s for each answer."""

    async def begin(self, caller: WaitingCaller, dnis: str) -> GreetingAnswer: ...

    async def next(self, call_id: CallId, said: CallerInput) -> GreetingAnswer: ...


class AfterCallSurvey(Protocol):
    """What a caller hears after the operator has hung up; `Disconnect` ends it."""

    async def begin(self, call_id: CallId) -> Instruction: ...

    async def next(self, call_id: CallId, said: CallerInput) -> Instruction: ...


class Ear(Protocol):
    """Where a caller's audio is expected, and under which name (a UUID, used once)."""

    @property
    def key(self) -> str: ...

    @property
    def port(self) -> int: ...


class Ears(Protocol):
    """Listens to callers. What came of it is asked here, and never believed from the dialplan."""

    def open(self, call_id: CallId, listen: Listen) -> Ear | None:
        """Expect this caller's audio from now on; None when nobody can listen."""

    def close(self, call_id: CallId) -> None:
        """The audio expected of this caller, if any, will not come: earlier keys answered."""

    async def heard(self, call_id: CallId) -> CallerInput:
        """What came of it, after the audio has ended: `HEARD`, `DIGITS`, `SILENCE` or `DEAF`.
        Within a second, never raises."""


# --- the switch -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send a channel to a place of the dialplan, and with it perhaps a second one."""

    channel: str
    context: str
    exten: str
    other: tuple[str, str, str] | None = None  # channel, context, exten


@dataclass(frozen=True, slots=True)
class HangUp:
    channel: str


@dataclass(frozen=True, slots=True)
class SetVariable:
    """On a channel, or global when `channel` is None."""

    channel: str | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Let the native fallback queue of a team ring this phone."""

    team: TeamId
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    team: TeamId
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class DialCitizen:
    """Ring a citizen. The only order that makes a channel."""

    out: DialOut


Order = Redirect | HangUp | SetVariable | JoinQueue | LeaveQueue | DialCitizen


class SwitchListener(Protocol):
    """Told by the switch in the order things happened, from one task."""

    def on_report(self, report: Report) -> None: ...

    async def on_connected(self) -> None:
        """Logged in; reports may already flow. Raising ends this connection."""

    def on_lost(self, reason: str) -> None: ...


class Switch(Protocol):
    """The control connection to the telephone system.

    Orders and reads have a deadline of 5 s each. They raise `NotFound` when the channel is gone and
    `Unavailable` when the link is down, silent, cut or refuses. Nothing is ever sent twice.
    """

    async def start(self, listener: SwitchListener) -> None:
        """Begin connecting, and keep connecting until `stop`."""

    async def stop(self) -> None: ...

    def cut(self) -> None:
        """Break the present connection; the next one begins by itself."""

    async def order(self, *orders: Order) -> None:
        """Send all at once, carried out in this order. Raises for the first that failed."""

    async def channels(self) -> Sequence[ChannelRow]: ...

    async def contacts(self) -> Sequence[Headers]: ...

    async def queue_members(self) -> Mapping[TeamId, frozenset[Endpoint]]:
        """Who is in each fallback queue."""

    async def started_at(self) -> str:
        """When the telephone system itself started: equal text means the same life."""


Answerer = Callable[[str, Sequence[str]], Awaitable[Mapping[str, str]]]
"""Path of a question and its arguments -> channel variables to set, in order. Never raises."""


class QuestionDoor(Protocol):
    """Where the dialplan's questions come in (FastAGI)."""

    async def start(self, answerer: Answerer) -> None: ...

    async def stop(self) -> None: ...


class RecordingSpool(Protocol):
    """The folder the telephone system writes recordings to."""

    async def completed(self, call_id: CallId) -> int:
        """Wait until the call's file is complete; its size in bytes, 0 if nothing was recorded. A
        message becomes the call's file."""

    def file_name(self, call_id: CallId) -> str:
        """Relative to the folder."""

    async def discard(self, call_id: CallId) -> None:
        """Remove the file of a call that nobody answered."""

    async def drop_message(self, call_id: CallId) -> None:
        """Remove what a caller spoke and did not leave as a message."""

    async def left_over(self) -> Sequence[CallId]:
        """Calls whose files lie there."""


class Log(Protocol):
    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...

    def exception(self, event: str, **fields: object) -> object: ...
