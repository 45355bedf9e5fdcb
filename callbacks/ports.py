"""What the duty callbacks need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callbacks.core.intake import Missed
from callbacks.core.task import Entry, Kind, State, Task
from kernel.ids import CallbackId, CallId, TeamId
from kernel.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What the list may be narrowed by; all that are set must hold. `states` empty: all."""

    states: tuple[State, ...] = ()
    kind: Kind | None = None
    team: TeamId | None = None
    number: str | None = None
    claimed_by: str | None = None


class TaskStore(Protocol):
    """The tasks, the calls they stand for, and their course."""

    async def add(self, task: Task, entry: Entry) -> bool:
        """Keep a new task with its call; False, and nothing changed, when this call has made or
        joined a task of this kind already."""

    async def join(self, task: Task, kind: Kind, entry: Entry) -> bool:
        """Keep the changed task and its new call; False as in `add`, or when it was changed
        meanwhile."""

    async def change(self, task: Task, entry: Entry) -> None:
        """Keep a changed task. Raises Conflict when somebody changed it meanwhile
        (`task.version` is one more than the stored one)."""

    async def task(self, task_id: str) -> Task | None: ...

    async def course(self, task_id: str) -> Sequence[Entry]:
        """Oldest first."""

    async def calls(self, task_id: str) -> Sequence[CallId]:
        """The calls the task stands for, oldest first."""

    async def unfinished(self, number: str) -> Sequence[Task]:
        """Open and claimed tasks of a number, oldest first."""

    async def of_call(self, call_id: CallId) -> Task | None:
        """The newest task that stands for the call."""

    async def search(self, wanted: TaskFilter, cursor: str | None, size: int) -> Page[Task]:
        """Oldest first, so that whoever waits longest stands first; closed ones newest first."""

    async def count(self, states: tuple[State, ...]) -> int: ...


class PastCalls(Protocol):
    """The records of calls that are over."""

    async def number(self, call_id: CallId) -> str | None:
        """The calling number; empty for an anonymous caller, None for an unknown call."""

    async def unspoken(self, since: datetime) -> Sequence[Missed]:
        """Callers with a number who gave up waiting (or were cut off) since then, and with whom
        nobody has spoken after that, or whom a callback did not reach; and all who left a
        message. Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCallback:
    """A citizen whom the distribution is to call back, as its view tells (`acd.core.views`)."""

    callback_id: CallbackId
    call_id: CallId
    number: str
    team: TeamId
    state: str
    position: int
    first_arrival_at: datetime
    attempts: int
    agent_id: str | None
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence of a message, as a machine understood it; seconds since the recording began.
    `doubtful`: whoever reads it should listen as well."""

    from_s: float
    text: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class MessageText:
    """The sentences in order; without any, `instead` is a sentence in Chinese that says why.
    `has_sound`: the recording is there to be listened to, or is about to be."""

    sentences: Sequence[Spoken] = ()
    instead: str = ""
    has_sound: bool = True


class Messages(Protocol):
    """What was said in the messages, for whoever may listen to them. Each reading is on record
    before a word is handed over; both raise what the trail raises."""

    async def text(self, account: str, task: Task) -> MessageText: ...

    async def beginnings(self, account: str, calls: Collection[CallId]) -> Mapping[CallId, Spoken]:
        """The first sentence of each of these that has one."""


class Line(Protocol):
    """The distribution's callbacks."""

    def waiting(self) -> Sequence[WaitingCallback]:
        """In the order of their turn; from memory."""

    async def cancel(self, callback_id: CallbackId, actor: str) -> None:
        """Raises NotFound when it is over, Conflict when the citizen has answered."""


class Log(Protocol):
    """The part of a structured logger that the service uses."""

    def info(self, event: str, **fields: object) -> object: ...
    def warning(self, event: str, **fields: object) -> object: ...
