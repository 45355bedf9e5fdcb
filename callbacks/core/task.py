"""One citizen to be called by a person: states, results, and the one table of what may follow.

Theory of operation: a task is OPEN until somebody claims it, CLAIMED while that person tries, and
CLOSED with a result. An attempt that did not reach the citizen leaves it claimed; it may be given
back. What was closed by a person may be undone for a while, by that person or by a supervisor, and
is claimed again by whoever undoes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.errors import BadInput, Conflict, InvalidTransition
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language

DUE_AFTER = timedelta(minutes=30)
"""Source: contact-centre notes 4 (abandoned callers are called back within half an hour)."""
LEARN_WITHIN = timedelta(hours=24)
"""A dissatisfied citizen is asked for the reason by the next day. Source: domain 1h (91)."""
UNDO_WITHIN = timedelta(hours=24)
NOTE_LENGTH = 500


class Kind(StrEnum):
    """Why there is a task."""

    ABANDONED = "abandoned"  # gave up waiting
    CALLBACK_FAILED = "callback_failed"  # asked to be called back, and was not reached
    MESSAGE = "message"  # left a message
    DISSATISFIED = "dissatisfied"  # said so in the survey: the reason is to be learnt


ALONE = frozenset({Kind.MESSAGE, Kind.DISSATISFIED})
"""Kinds that stand for one call each: another call of the number neither joins nor closes them."""


class State(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Act(StrEnum):
    """What happens to a task; each is an entry of its course."""

    CREATE = "create"
    JOIN = "join"  # another call of the same number
    CLAIM = "claim"
    RELEASE = "release"
    ATTEMPT = "attempt"  # tried, and the citizen was not reached
    CLOSE = "close"
    REACH = "reach"  # the citizen reached a person meanwhile
    UNDO = "undo"


class Result(StrEnum):
    """How a task was closed."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"
    NOT_NEEDED = "not_needed"
    REACHED_MEANWHILE = "reached_meanwhile"  # by itself: the citizen called and was answered


CHOSEN = (Result.REACHED, Result.NOT_REACHED, Result.WRONG_NUMBER, Result.NOT_NEEDED)
"""The results a person may choose."""

_S, _A = State, Act
TASK: Mapping[tuple[State, Act], State] = {
    (_S.OPEN, _A.JOIN): _S.OPEN,
    (_S.OPEN, _A.CLAIM): _S.CLAIMED,
    (_S.OPEN, _A.REACH): _S.CLOSED,
    (_S.CLAIMED, _A.JOIN): _S.CLAIMED,
    (_S.CLAIMED, _A.RELEASE): _S.OPEN,
    (_S.CLAIMED, _A.ATTEMPT): _S.CLAIMED,
    (_S.CLAIMED, _A.CLOSE): _S.CLOSED,
    (_S.CLAIMED, _A.REACH): _S.CLOSED,
    (_S.CLOSED, _A.UNDO): _S.CLAIMED,
}

REFUSALS: Mapping[Act, str] = {
    _A.CREATE: "该任务已经存在",
    _A.JOIN: "该任务已经办结",
    _A.CLAIM: "该任务已被领取或办结",
    _A.RELEASE: "该任务没有被领取",
    _A.ATTEMPT: "请先领取任务",
    _A.CLOSE: "请先领取任务",
    _A.REACH: "该任务已经办结",
    _A.UNDO: "该任务尚未办结",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`calls` counts the calls it stands for, `last_call_id` is the newest; `attempts` the times
    a person tried. `about` is the operator whom a dissatisfied citizen spoke with: somebody else
    calls. `version` grows with each change."""

    task_id: str
    kind: Kind
    number: str
    team: TeamId | None
    language: Language | None
    last_call_id: CallId
    created_at: datetime
    due_at: datetime
    state: State = State.OPEN
    calls: int = 1
    attempts: int = 0
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    result: Result | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    about: AgentId | None = None
    version: int = 1

    def overdue(self, now: datetime) -> bool:
        """Nobody has closed it in time."""
        return self.state is not State.CLOSED and now >= self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a task's course. `who` is an account, or `-` for what happened by itself;
    `call_id` for the call that made or joined or closed it."""

    at: datetime
    who: str
    act: Act
    result: Result | None = None
    note: str = ""
    call_id: CallId | None = None


BY_ITSELF = "-"


def new_task(
    task_id: str,
    kind: Kind,
    number: str,
    call_id: CallId,
    team: TeamId | None,
    language: Language | None,
    at: datetime,
    about: AgentId | None = None,
) -> Task:
    """A task for a call that ended at `at`."""
    return Task(
        task_id=task_id,
        kind=kind,
        number=number,
        team=team,
        language=language,
        last_call_id=call_id,
        created_at=at,
        due_at=at + (LEARN_WITHIN if kind is Kind.DISSATISFIED else DUE_AFTER),
        about=about,
    )


def _moved(task: Task, act: Act, **changes: object) -> Task:
    """Raises InvalidTransition when the table has no such row."""
    state = TASK.get((task.state, act))
    if state is None:
        raise InvalidTransition(REFUSALS[act])
    return replace(task, state=state, version=task.version + 1, **changes)  # type: ignore[arg-type]


def joined(task: Task, call_id: CallId) -> Task:
    """Another call of the same number: one citizen, one task."""
    return _moved(task, Act.JOIN, calls=task.calls + 1, last_call_id=call_id)


def claimed(task: Task, who: str, at: datetime) -> Task:
    """Raises Conflict for the operator whom the citizen was dissatisfied with."""
    if who == task.about:
        raise Conflict("市民评价的是您的服务，请由其他人员回访")
    return _moved(task, Act.CLAIM, claimed_by=who, claimed_at=at)


def released(task: Task, who: str, *, supervisor: bool) -> Task:
    """Given back; a supervisor may take it from somebody."""
    _demand_own(task, who, supervisor)
    return _moved(task, Act.RELEASE, claimed_by=None, claimed_at=None)


def attempted(task: Task, who: str) -> Task:
    """Tried without reaching the citizen; it stays with whoever tried."""
    _demand_own(task, who, False)
    return _moved(task, Act.ATTEMPT, attempts=task.attempts + 1)


def closed(task: Task, who: str, result: Result, note: str, at: datetime) -> Task:
    """Closed by the person who has it.

    Raises:
        BadInput: a result that nobody may choose, or none reached without a word of why.
    """
    _demand_own(task, who, False)
    if result not in CHOSEN:
        raise BadInput("请选择回拨结果", "result")
    if result is Result.NOT_NEEDED and not note.strip():
        raise BadInput("请说明为什么无需回拨", "note")
    tried = result in (Result.REACHED, Result.NOT_REACHED, Result.WRONG_NUMBER)
    return _moved(
        task,
        Act.CLOSE,
        result=result,
        closed_by=who,
        closed_at=at,
        attempts=task.attempts + tried,
    )


def reached(task: Task, at: datetime) -> Task:
    """The citizen reached a person meanwhile."""
    return _moved(
        task, Act.REACH, result=Result.REACHED_MEANWHILE, closed_by=BY_ITSELF, closed_at=at
    )


def undone(task: Task, who: str, at: datetime, *, supervisor: bool) -> Task:
    """Open again, with whoever undoes it. Raises Conflict after `UNDO_WITHIN`, or for another's."""
    if task.state is State.CLOSED:
        if task.closed_by != who and not supervisor:
            raise Conflict("只有办结人或值班长可以撤销办结")
        if task.closed_at is not None and at - task.closed_at > UNDO_WITHIN:
            raise Conflict("办结已超过24小时，不能撤销")
    return _moved(
        task,
        Act.UNDO,
        result=None,
        closed_by=None,
        closed_at=None,
        claimed_by=who,
        claimed_at=at,
    )


def _demand_own(task: Task, who: str, supervisor: bool) -> None:
    if task.state is State.CLAIMED and task.claimed_by != who and not supervisor:
        raise Conflict("该任务由他人处理中")
