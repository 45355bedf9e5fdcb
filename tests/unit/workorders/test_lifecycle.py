"""The transition table: every (state, event) pair, the guards, and what happens to the orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kernel.errors import BadInput, InvalidTransition, NotAllowed
from kernel.ids import AuthorityId
from workorders.core.deadline import Due
from workorders.core.diagram import mermaid
from workorders.core.lifecycle import (
    TRANSITIONS,
    Happening,
    MarkOrders,
    OpenOrder,
    Progress,
    actors_of,
    step,
)
from workorders.core.words import (
    ACTOR_NAMES,
    CLOSED_STATES,
    EVENT_NAMES,
    OPEN_STATES,
    PARTICULAR_NAMES,
    STATE_NAMES,
    Actor,
    CaseEvent,
    CaseState,
    OrderKind,
    OrderState,
)

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DIAGRAM = Path(__file__).resolve().parents[3] / "docs" / "diagrams" / "case_lifecycle.mmd"
MAIN = AuthorityId("gov-tianhe")


def due(start: datetime = NOW, days: int = 5) -> Due:
    whole = timedelta(days=days)
    return Due(start, start + whole / 2, start + whole * 0.8, start + whole, provisional=False)


def at_state(state: CaseState) -> Progress:
    """A case that may take every event its state allows."""
    return Progress(
        state,
        filed_by="op0001",
        version=3,
        authority=MAIN if state is not CaseState.DRAFT else None,
        due=due(NOW - timedelta(days=1)),
        returns=2,
        handled_by="handler",
        closed_at=NOW - timedelta(days=2) if state in CLOSED_STATES else None,
    )


def happening(state: CaseState, event: CaseEvent) -> Happening:
    """The event with everything its line of the table asks for (or a plausible set, if none)."""
    rule = TRANSITIONS.get((state, event))
    particulars = dict.fromkeys(PARTICULAR_NAMES, "有")
    particulars |= {"authority": "gov-yuexiu", "level": "2", "answer": "已答复"}
    actor = sorted(rule.actors)[0] if rule else sorted(actors_of(event))[0]
    new = due(NOW - timedelta(days=1), 7) if event is CaseEvent.EXTENDED else due()
    return Happening(
        event=event,
        actor=actor,
        account="somebody",
        at=NOW,
        particulars=particulars,
        due=new if rule is None or rule.clock else None,
    )


PAIRS = [(s, e) for s in CaseState for e in CaseEvent]


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_either_moves_as_the_table_says_or_changes_nothing(
    state: CaseState, event: CaseEvent
) -> None:
    before = at_state(state)
    rule = TRANSITIONS.get((state, event))

    if rule is None:
        with pytest.raises(InvalidTransition):
            step(before, happening(state, event))
        assert before == at_state(state)
    else:
        after, _ = step(before, happening(state, event))
        assert after.state is rule.to
        assert after.version == before.version + 1


@pytest.mark.parametrize(("state", "event"), sorted(TRANSITIONS))
def test_each_required_particular_is_named_when_it_is_missing(
    state: CaseState, event: CaseEvent
) -> None:
    complete = happening(state, event)
    for name in TRANSITIONS[state, event].required:
        lacking = {k: v for k, v in complete.particulars.items() if k != name}
        with pytest.raises(BadInput) as caught:
            step(at_state(state), replace(complete, particulars=lacking))
        assert caught.value.field == name


@pytest.mark.parametrize(("state", "event"), sorted(TRANSITIONS))
def test_no_other_function_may_do_what_the_table_gives_to_one(
    state: CaseState, event: CaseEvent
) -> None:
    complete = happening(state, event)
    for actor in set(Actor) - TRANSITIONS[state, event].actors:
        with pytest.raises(NotAllowed):
            step(at_state(state), replace(complete, actor=actor))


@pytest.mark.parametrize(
    ("state", "event"), [pair for pair, rule in sorted(TRANSITIONS.items()) if rule.clock]
)
def test_an_event_that_starts_a_clock_needs_one(state: CaseState, event: CaseEvent) -> None:
    with pytest.raises(BadInput):
        step(at_state(state), replace(happening(state, event), due=None))


def test_every_state_and_event_has_its_chinese_name() -> None:
    assert set(STATE_NAMES) == set(CaseState)
    assert set(EVENT_NAMES) == set(CaseEvent)
    assert set(ACTOR_NAMES) == set(Actor)


def test_every_particular_of_the_table_has_its_chinese_name() -> None:
    asked = {name for rule in TRANSITIONS.values() for name in rule.required}

    assert asked <= set(PARTICULAR_NAMES)


def test_only_closed_cases_have_no_way_out_but_reopening() -> None:
    leaving = {state for (state, event) in TRANSITIONS if event is not CaseEvent.REOPENED}

    assert leaving == OPEN_STATES


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached, frontier = {CaseState.DRAFT}, {CaseState.DRAFT}
    while frontier:
        frontier = {r.to for (s, _), r in TRANSITIONS.items() if s in frontier} - reached
        reached |= frontier

    assert reached == set(CaseState)


def test_every_open_case_can_be_brought_to_an_end() -> None:
    ending = set(CLOSED_STATES)
    while more := {s for (s, _), r in TRANSITIONS.items() if r.to in ending} - ending:
        ending |= more

    assert ending == set(CaseState)


# --- guards -----------------------------------------------------------------------------------


def test_signing_and_asking_for_a_return_leave_the_clock_running() -> None:
    progress = replace(at_state(CaseState.DISPATCHED))
    signed, _ = step(progress, happening(CaseState.DISPATCHED, CaseEvent.SIGNED))
    returned, _ = step(signed, happening(CaseState.IN_PROGRESS, CaseEvent.RETURN_REQUESTED))

    assert signed.due == returned.due == progress.due


def test_after_a_ruling_the_authority_cannot_return_the_order() -> None:
    ruled, _ = step(
        at_state(CaseState.COORDINATING), happening(CaseState.COORDINATING, CaseEvent.RULED)
    )
    with pytest.raises(InvalidTransition):
        step(ruled, happening(CaseState.DISPATCHED, CaseEvent.RETURN_REQUESTED))


def test_one_return_is_not_enough_for_coordination() -> None:
    once = replace(at_state(CaseState.RETURN_REQUESTED), returns=1)
    with pytest.raises(InvalidTransition):
        step(once, happening(CaseState.RETURN_REQUESTED, CaseEvent.ESCALATED))


def test_an_order_is_extended_once_only() -> None:
    once, _ = step(
        at_state(CaseState.IN_PROGRESS), happening(CaseState.IN_PROGRESS, CaseEvent.EXTENDED)
    )
    with pytest.raises(InvalidTransition):
        step(once, happening(CaseState.IN_PROGRESS, CaseEvent.EXTENDED))


def test_an_extension_after_the_due_time_is_refused() -> None:
    late = replace(happening(CaseState.IN_PROGRESS, CaseEvent.EXTENDED), at=NOW + timedelta(days=9))
    with pytest.raises(InvalidTransition):
        step(at_state(CaseState.IN_PROGRESS), late)


@pytest.mark.parametrize("days", [1, 12])
def test_an_extension_is_neither_shorter_nor_longer_than_the_original_period(days: int) -> None:
    wanted = replace(
        happening(CaseState.IN_PROGRESS, CaseEvent.EXTENDED),
        due=due(NOW - timedelta(days=1), days),
    )
    with pytest.raises(BadInput):
        step(at_state(CaseState.IN_PROGRESS), wanted)


def test_a_refusal_is_decided_by_another_person_than_the_receiver() -> None:
    own = replace(happening(CaseState.DRAFT, CaseEvent.REFUSED), account="op0001")
    with pytest.raises(InvalidTransition):
        step(at_state(CaseState.DRAFT), own)


@pytest.mark.parametrize("account", ["op0001", "handler"])
@pytest.mark.parametrize("event", [CaseEvent.CLOSED, CaseEvent.REDO_ORDERED])
def test_the_callback_is_made_by_neither_receiver_nor_handler(
    account: str, event: CaseEvent
) -> None:
    own = replace(happening(CaseState.CALLBACK_PENDING, event), account=account)
    with pytest.raises(InvalidTransition):
        step(at_state(CaseState.CALLBACK_PENDING), own)


def test_a_case_closed_long_ago_is_not_reopened() -> None:
    old = replace(at_state(CaseState.CLOSED), closed_at=NOW - timedelta(days=31))
    with pytest.raises(InvalidTransition):
        step(old, happening(CaseState.CLOSED, CaseEvent.REOPENED))


@pytest.mark.parametrize("level", ["0", "4", "一"])
def test_supervision_has_three_levels(level: str) -> None:
    wrong = happening(CaseState.IN_PROGRESS, CaseEvent.SUPERVISED)
    wrong = replace(wrong, particulars={**wrong.particulars, "level": level})
    with pytest.raises(BadInput):
        step(at_state(CaseState.IN_PROGRESS), wrong)


def test_an_answer_needs_an_article_or_words() -> None:
    empty = replace(happening(CaseState.DRAFT, CaseEvent.ANSWERED), particulars={})
    with pytest.raises(BadInput) as caught:
        step(at_state(CaseState.DRAFT), empty)
    assert caught.value.field == "answer"


def test_a_redo_goes_back_to_the_same_authority_and_counts() -> None:
    before = at_state(CaseState.CALLBACK_PENDING)
    after, effects = step(before, happening(CaseState.CALLBACK_PENDING, CaseEvent.REDO_ORDERED))

    assert after.authority == before.authority
    assert after.redos == before.redos + 1
    assert effects == (MarkOrders(OrderState.REDO, due()),)


def test_a_redo_is_not_replied_to_without_a_self_assessment() -> None:
    reply = happening(CaseState.REDO, CaseEvent.REPLIED)
    lacking = {k: v for k, v in reply.particulars.items() if k != "self_assessment"}
    with pytest.raises(BadInput) as caught:
        step(at_state(CaseState.REDO), replace(reply, particulars=lacking))
    assert caught.value.field == "self_assessment"


def test_dispatch_opens_one_main_order_and_one_for_each_assisting_authority() -> None:
    sent = replace(
        happening(CaseState.PENDING_DISPATCH, CaseEvent.DISPATCHED),
        assisting=(AuthorityId("transport"), AuthorityId("gov-yuexiu")),
    )
    _, effects = step(at_state(CaseState.PENDING_DISPATCH), sent)

    assert effects == (
        OpenOrder(AuthorityId("gov-yuexiu"), OrderKind.MAIN, due()),
        OpenOrder(AuthorityId("transport"), OrderKind.ASSIST, due()),
    )


def test_redispatch_ends_the_old_order_before_the_new_one_begins() -> None:
    _, effects = step(
        at_state(CaseState.RETURN_REQUESTED),
        happening(CaseState.RETURN_REQUESTED, CaseEvent.REDISPATCHED),
    )

    assert effects[0] == MarkOrders(OrderState.RETURNED, None)
    assert isinstance(effects[1], OpenOrder)


def test_the_diagram_in_the_documentation_is_made_from_the_table() -> None:
    assert DIAGRAM.read_text(encoding="utf-8") == mermaid()
