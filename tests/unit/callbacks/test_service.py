"""Who becomes a task and who does not, and that nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from callbacks.core.intake import Missed
from callbacks.core.task import Act, Kind, Result, State, Task
from callbacks.ports import WaitingCallback
from callbacks.service import DutyCallbacks, Person
from kernel import events as ev
from kernel.errors import BadInput, Conflict, InvalidTransition, NotFound
from kernel.ids import AgentId, BoothId, CallbackId, CallId, EventId, OfferId, TeamId
from kernel.language import Language
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.log import KeptLog
from tests.fakes.task_store import DictTaskStore

LABOUR = TeamId("labour")
ANN, BEA, SUP = Person("ann"), Person("bea"), Person("sup", supervisor=True)


@dataclass
class Past:
    """Records of earlier calls."""

    numbers: dict[CallId, str] = field(default_factory=dict)
    left: list[Missed] = field(default_factory=list)
    asked_since: datetime | None = None

    async def number(self, call_id: CallId) -> str | None:
        return self.numbers.get(call_id)

    async def unspoken(self, since: datetime) -> Sequence[Missed]:
        self.asked_since = since
        return self.left


class NoLine:
    """A distribution that calls nobody back."""

    cancelled: CallbackId | None = None

    def waiting(self) -> Sequence[WaitingCallback]:
        return ()

    async def cancel(self, callback_id: CallbackId, actor: str) -> None:
        if callback_id == "cb-gone":
            raise NotFound("该回拨已经结束")
        self.cancelled = callback_id


class Office:
    def __init__(self) -> None:
        self.store, self.past, self.line = DictTaskStore(), Past(), NoLine()
        self.audit, self.clock, self.log = KeptAudit(), SetClock(), KeptLog()
        self.bus = CollectingBus()
        self.duty = DutyCallbacks(
            store=self.store,
            past=self.past,
            line=self.line,
            audit=self.audit,
            bus=self.bus,
            clock=self.clock,
            ids=CountedIds(),
            log=self.log,
        )

    async def hear(self, *events: ev.Event) -> None:
        for event in events:
            await self.duty.hear(event)
        await self.duty.drain()

    @property
    def tasks(self) -> list[Task]:
        return list(self.store.tasks.values())

    async def one(self) -> Task:
        """A task of somebody who gave up waiting."""
        await self.hear(*gave_up("c-1", "13800138000"))
        return self.tasks[0]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office()
    await made.duty.start()
    yield made
    await made.duty.stop()


def about(call: str, minutes: float = 0) -> dict[str, Any]:
    return {
        "event_id": EventId(f"{call}@{minutes}"),
        "occurred_at": NOON + timedelta(minutes=minutes),
        "call_id": CallId(call),
    }


def arrived(call: str, ani: str, minutes: float = 0) -> ev.CallArrived:
    return ev.CallArrived(
        **about(call, minutes), ani=ani, caller_name="", dnis="12345", line_name=None, team=None
    )


def queued(call: str, minutes: float = 0) -> ev.CallQueued:
    return ev.CallQueued(
        **about(call, minutes),
        team=LABOUR,
        language=Language.CANTONESE,
        priority=0,
        position=1,
        cause="entry",
        first_arrival_at=NOON,
    )


def abandoned(call: str, minutes: float = 1) -> ev.CallAbandoned:
    return ev.CallAbandoned(**about(call, minutes), team=LABOUR, waited_s=60, position=1)


def answered(call: str, minutes: float = 1) -> ev.CallAnswered:
    return ev.CallAnswered(
        **about(call, minutes),
        offer_id=OfferId("o"),
        agent_id=AgentId("op0001"),
        booth_id=BoothId("001"),
        team=LABOUR,
        waited_s=3,
    )


def callback_over(call: str, outcome: str) -> ev.CallbackEnded:
    return ev.CallbackEnded(
        **about(call, 9),
        callback_id=CallbackId(f"cb-{call}"),
        number="13800138000",
        team=LABOUR,
        outcome=outcome,
        attempts=3,
    )


def gave_up(call: str, ani: str, minutes: float = 0) -> tuple[ev.Event, ...]:
    return arrived(call, ani, minutes), queued(call, minutes), abandoned(call, minutes + 1)


async def test_who_gave_up_waiting_is_to_be_called(office: Office) -> None:
    task = await office.one()
    assert (task.kind, task.number, task.team) == (Kind.ABANDONED, "13800138000", LABOUR)
    assert task.language is Language.CANTONESE
    assert task.due_at == NOON + timedelta(minutes=31)
    assert "13800138000" not in str(office.log.lines)


async def test_an_anonymous_caller_cannot_be_called(office: Office) -> None:
    await office.hear(*gave_up("c-1", ""))
    assert office.tasks == []


async def test_a_message_of_an_anonymous_caller_is_heard_all_the_same(office: Office) -> None:
    for n in (1, 2):
        call_id = CallId(f"c-{n}")
        office.duty.take(Missed(Kind.MESSAGE, call_id, "", LABOUR, Language.MANDARIN, NOON))
    await office.duty.drain()
    assert [t.number for t in office.tasks] == ["", ""]


async def test_one_citizen_who_gives_up_again_is_called_once(office: Office) -> None:
    await office.one()
    await office.hear(*gave_up("c-2", "13800138000", 5))
    await office.hear(callback_over("c-3", "gave_up"))
    [task] = office.tasks
    assert (task.calls, task.last_call_id) == (3, "c-3")
    assert await office.duty.calls(task.task_id) == ["c-1", "c-2", "c-3"]


async def test_the_same_event_heard_twice_is_one_call(office: Office) -> None:
    await office.one()
    await office.hear(abandoned("c-1"))
    [task] = office.tasks
    assert task.calls == 1


async def test_who_reached_a_person_meanwhile_is_not_called(office: Office) -> None:
    await office.one()
    await office.hear(arrived("c-2", "13800138000", 3), answered("c-2", 4))
    [task] = office.tasks
    assert (task.state, task.result) == (State.CLOSED, Result.REACHED_MEANWHILE)
    course = await office.duty.course(task.task_id)
    assert (course[-1].act, course[-1].call_id) == (Act.REACH, "c-2")


async def test_an_answer_before_the_abandonment_does_not_count(office: Office) -> None:
    await office.one()
    await office.hear(arrived("c-0", "13800138000", -9), answered("c-0", -5))
    assert office.tasks[0].state is State.OPEN


async def test_a_message_is_heard_whatever_else_was_said(office: Office) -> None:
    await office.one()
    office.duty.take(
        Missed(Kind.MESSAGE, CallId("c-1"), "13800138000", LABOUR, Language.MANDARIN, NOON)
    )
    await office.hear(arrived("c-2", "13800138000", 3), answered("c-2", 4))
    states = {t.kind: t.state for t in office.tasks}
    assert states == {Kind.ABANDONED: State.CLOSED, Kind.MESSAGE: State.OPEN}


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [
        ("gave_up", True),
        ("expired", True),
        ("answered", False),
        ("cancelled", False),
        ("caller_called_again", False),
    ],
)
async def test_a_callback_that_did_not_bring_its_citizen_is_done_by_a_person(
    office: Office, outcome: str, becomes: bool
) -> None:
    await office.hear(callback_over("c-1", outcome))
    assert [t.kind for t in office.tasks] == ([Kind.CALLBACK_FAILED] if becomes else [])


async def test_a_number_that_was_heard_by_an_earlier_run_is_looked_up(office: Office) -> None:
    """A killed platform: the callers of the run before vanish, and only the records know them."""
    office.past.numbers[CallId("c-1")] = "13800138000"
    await office.hear(abandoned("c-1"))
    assert [t.number for t in office.tasks] == ["13800138000"]


async def test_nobody_is_forgotten_while_the_database_is_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbacks.service.RETRY_AFTER_S", 0.001)
    office.store.down = True
    for event in gave_up("c-1", "13800138000"):
        await office.duty.hear(event)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(office.duty.drain(), 0.05)
    assert "callback_task_unwritten" in office.log.events
    assert office.tasks == []
    office.store.down = False
    await office.duty.drain()
    assert len(office.tasks) == 1


async def test_what_a_broken_run_did_not_write_is_caught_up_once() -> None:
    office = Office()
    office.past.left = [
        Missed(Kind.ABANDONED, CallId(f"c-{n}"), f"1380013800{n}", LABOUR, None, NOON)
        for n in range(3)
    ]
    for _ in range(2):
        await office.duty.start()
        await office.hear(*gave_up("c-1", "13800138001"))
        await office.duty.stop()
    assert sorted(t.number[-1] for t in office.tasks) == ["0", "1", "2"]
    assert office.past.asked_since == NOON - timedelta(hours=24)


async def test_claiming_is_on_record_before_the_number_is_shown(office: Office) -> None:
    task = await office.one()
    await office.duty.claim(task.task_id, ANN)
    [record] = office.audit.entries
    assert (record.who, record.action, record.object_id) == (
        "ann",
        "callback_claimed",
        task.task_id,
    )
    assert record.detail["number"] == "138****8000"
    with pytest.raises(InvalidTransition):
        await office.duty.claim(task.task_id, BEA)


async def test_a_task_is_tried_closed_and_opened_again(office: Office) -> None:
    task = await office.one()
    await office.duty.claim(task.task_id, ANN)
    await office.duty.attempt(task.task_id, ANN, " 无人接听 ")
    closed = await office.duty.close(task.task_id, ANN, "reached", "")
    assert (closed.attempts, closed.result) == (2, Result.REACHED)
    assert await office.duty.unfinished() == 0
    again = await office.duty.undo(task.task_id, SUP)
    assert (again.state, again.claimed_by) == (State.CLAIMED, "sup")
    await office.duty.release(task.task_id, SUP)
    course = await office.duty.course(task.task_id)
    assert [(e.act, e.who) for e in course] == [
        (Act.CREATE, "-"),
        (Act.CLAIM, "ann"),
        (Act.ATTEMPT, "ann"),
        (Act.CLOSE, "ann"),
        (Act.UNDO, "sup"),
        (Act.RELEASE, "sup"),
    ]
    assert course[2].note == "无人接听"


async def test_a_closed_task_stays_so_when_the_number_has_a_new_one(office: Office) -> None:
    task = await office.one()
    await office.duty.claim(task.task_id, ANN)
    await office.duty.close(task.task_id, ANN, "not_reached", "")
    await office.hear(*gave_up("c-2", "13800138000", 9))
    with pytest.raises(Conflict):
        await office.duty.undo(task.task_id, ANN)


@pytest.mark.parametrize("result", ["", "reached_meanwhile", "nonsense"])
async def test_a_result_nobody_may_choose_is_refused(office: Office, result: str) -> None:
    task = await office.one()
    await office.duty.claim(task.task_id, ANN)
    with pytest.raises(BadInput):
        await office.duty.close(task.task_id, ANN, result, "")
    with pytest.raises(BadInput):
        await office.duty.attempt(task.task_id, ANN, "长" * 501)
    with pytest.raises(NotFound):
        await office.duty.claim("t-9", ANN)


async def test_each_call_is_told_what_becomes_of_its_caller(office: Office) -> None:
    task = await office.one()
    await office.hear(*gave_up("c-2", "13800138000", 5))
    await office.hear(abandoned("c-2", 6))
    await office.duty.claim(task.task_id, ANN)
    await office.duty.close(task.task_id, ANN, "reached", "")
    made = office.bus.of(ev.CallbackTaskMade)
    assert [(e.call_id, e.task_id, e.kind) for e in made] == [
        ("c-1", task.task_id, "abandoned"),
        ("c-2", task.task_id, "abandoned"),
    ]
    [closed] = office.bus.of(ev.CallbackTaskClosed)
    assert (closed.call_id, closed.result, closed.closed_by) == ("c-2", "reached", "ann")


async def test_a_callback_of_the_line_is_cancelled_on_record(office: Office) -> None:
    await office.duty.cancel(CallbackId("cb-1"), SUP)
    assert office.line.cancelled == "cb-1"
    assert office.audit.actions == ["callback_cancelled"]
    with pytest.raises(NotFound):
        await office.duty.cancel(CallbackId("cb-gone"), SUP)
    assert office.audit.actions == ["callback_cancelled"]


# --- dissatisfied in the survey -------------------------------------------------------------------


def asked(call: str) -> ev.SurveyAsked:
    return ev.SurveyAsked(**about(call), agent_id=AgentId("ann"), team=LABOUR)


def rated(call: str, score: int) -> ev.SurveyAnswered:
    return ev.SurveyAnswered(**about(call), agent_id=AgentId("ann"), score=score)


def told(call: str, solved: str) -> ev.SolvedAnswered:
    return ev.SolvedAnswered(**about(call), agent_id=AgentId("ann"), solved=solved)


async def test_a_dissatisfied_citizen_is_called_by_the_next_day_to_learn_why(
    office: Office,
) -> None:
    await office.hear(arrived("c-1", "13800138000"), queued("c-1"), asked("c-1"), rated("c-1", 4))
    [task] = office.tasks
    assert (task.kind, task.number, task.team) == (Kind.DISSATISFIED, "13800138000", LABOUR)
    assert task.language is Language.CANTONESE
    assert task.due_at == NOON + timedelta(hours=24)


@pytest.mark.parametrize("score", [1, 2, 3])
async def test_whoever_is_not_dissatisfied_is_left_in_peace(office: Office, score: int) -> None:
    await office.hear(
        arrived("c-1", "13800138000"), asked("c-1"), told("c-1", "partly"), rated("c-1", score)
    )
    assert office.tasks == []


async def test_a_matter_that_is_not_solved_and_a_bad_score_are_one_task(office: Office) -> None:
    await office.hear(
        arrived("c-1", "13800138000"), asked("c-1"), told("c-1", "no"), rated("c-1", 5)
    )
    assert len(office.tasks) == 1


async def test_the_operator_who_was_rated_does_not_make_that_call(office: Office) -> None:
    await office.hear(arrived("c-1", "13800138000"), asked("c-1"), rated("c-1", 5))
    [task] = office.tasks
    with pytest.raises(Conflict):
        await office.duty.claim(task.task_id, ANN)
    assert (await office.duty.claim(task.task_id, BEA)).claimed_by == "bea"


async def test_another_call_of_the_number_neither_joins_nor_closes_it(office: Office) -> None:
    await office.hear(arrived("c-1", "13800138000"), asked("c-1"), rated("c-1", 5))
    await office.hear(*gave_up("c-2", "13800138000"))
    assert [t.kind for t in office.tasks] == [Kind.DISSATISFIED, Kind.ABANDONED]
    await office.hear(arrived("c-3", "13800138000", 5), answered("c-3", 6))
    assert [t.state for t in office.tasks] == [State.OPEN, State.CLOSED]


async def test_a_caller_without_a_number_cannot_be_asked_why(office: Office) -> None:
    await office.hear(arrived("c-1", ""), asked("c-1"), rated("c-1", 5))
    assert office.tasks == []
