"""What may follow in a task, from every state by every act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from callbacks.core import task as tasks
from callbacks.core.task import REFUSALS, TASK, Act, Result, State, Task
from callbacks.core.words import ACT_NAMES, KIND_NAMES, LINE_STATES, RESULT_NAMES, STATE_NAMES
from kernel.errors import BadInput, Conflict, InvalidTransition
from kernel.ids import CallId
from tests.fakes.clock import NOON

OPEN = tasks.new_task("t", tasks.Kind.ABANDONED, "13800138000", CallId("c"), None, None, NOON)
CLAIMED = tasks.claimed(OPEN, "ann", NOON)
CLOSED = tasks.closed(CLAIMED, "ann", Result.REACHED, "", NOON)
BY_STATE = {State.OPEN: OPEN, State.CLAIMED: CLAIMED, State.CLOSED: CLOSED}
DO: dict[Act, Callable[[Task], Task]] = {
    Act.JOIN: lambda t: tasks.joined(t, CallId("d")),
    Act.CLAIM: lambda t: tasks.claimed(t, "ann", NOON),
    Act.RELEASE: lambda t: tasks.released(t, "ann", supervisor=False),
    Act.ATTEMPT: lambda t: tasks.attempted(t, "ann"),
    Act.CLOSE: lambda t: tasks.closed(t, "ann", Result.REACHED, "", NOON),
    Act.REACH: lambda t: tasks.reached(t, NOON),
    Act.UNDO: lambda t: tasks.undone(t, "ann", NOON, supervisor=False),
}


@pytest.mark.parametrize(("state", "act"), list(product(State, DO)))
def test_a_task_moves_by_the_table_only(state: State, act: Act) -> None:
    task = BY_STATE[state]
    if (state, act) in TASK:
        moved = DO[act](task)
        assert moved.state is TASK[state, act]
        assert moved.version == task.version + 1
    else:
        with pytest.raises(InvalidTransition) as refused:
            DO[act](task)
        assert refused.value.message == REFUSALS[act]


@pytest.mark.parametrize("act", [Act.RELEASE, Act.ATTEMPT, Act.CLOSE])
def test_what_is_anothers_is_left_alone(act: Act) -> None:
    theirs = tasks.claimed(OPEN, "bea", NOON)
    with pytest.raises(Conflict):
        DO[act](theirs)


def test_a_supervisor_takes_back_what_somebody_holds() -> None:
    assert tasks.released(CLAIMED, "sup", supervisor=True).claimed_by is None


def test_closing_is_undone_by_who_did_it_or_a_supervisor_and_only_for_a_day() -> None:
    with pytest.raises(Conflict):
        tasks.undone(CLOSED, "bea", NOON, supervisor=False)
    again = tasks.undone(CLOSED, "sup", NOON, supervisor=True)
    assert (again.state, again.claimed_by, again.result) == (State.CLAIMED, "sup", None)
    late = NOON + timedelta(hours=24, seconds=1)
    with pytest.raises(Conflict):
        tasks.undone(CLOSED, "ann", late, supervisor=False)


def test_a_result_is_chosen_and_none_needed_is_explained() -> None:
    with pytest.raises(BadInput):
        tasks.closed(CLAIMED, "ann", Result.REACHED_MEANWHILE, "", NOON)
    with pytest.raises(BadInput):
        tasks.closed(CLAIMED, "ann", Result.NOT_NEEDED, "  ", NOON)
    closed = tasks.closed(CLAIMED, "ann", Result.NOT_NEEDED, "已网上办结", NOON)
    assert closed.attempts == 0
    assert CLOSED.attempts == 1


def test_half_an_hour_is_the_limit() -> None:
    assert not OPEN.overdue(NOON + timedelta(minutes=29))
    assert OPEN.overdue(NOON + timedelta(minutes=30))
    assert not CLOSED.overdue(NOON + timedelta(minutes=30))


def test_everything_has_a_name() -> None:
    assert set(ACT_NAMES) == set(Act)
    assert set(KIND_NAMES) == set(tasks.Kind)
    assert set(RESULT_NAMES) == set(Result)
    assert set(STATE_NAMES) == set(State)
    assert set(LINE_STATES) == {"due", "dialling", "arriving", "taken_back", "resting"}
