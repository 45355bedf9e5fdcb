"""The funnel: how many entered each step, and how they left it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivr.core.funnel import Counts, Funnel, Place, StepKind
from ivr.funnel_keeper import FunnelKeeper
from kernel.events import CallEnded, CallQueued, CallTransferredOut, Event, MenuStepEntered
from kernel.ids import CallId, EventId, TeamId
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.fakes.funnel_store import DictFunnelStore
from tests.fakes.log import KeptLog

KINDS = {"person": StepKind.TO_PERSON, "bye": StepKind.LAST}
DAY = date(2026, 11, 24)


def kind_of(flow: str, version: str, step: str) -> StepKind:
    return KINDS.get(step, StepKind.OTHER)


def entered(step: str, call: str = "c1", at: datetime = NOON) -> Event:
    return MenuStepEntered(
        event_id=EventId("e"),
        occurred_at=at,
        call_id=CallId(call),
        flow="main",
        flow_version="v1",
        step=step,
        language=Language.MANDARIN,
    )


def queued(call: str = "c1") -> Event:
    return CallQueued(
        event_id=EventId("e"),
        occurred_at=NOON,
        call_id=CallId(call),
        team=TeamId("labour"),
        language=Language.MANDARIN,
        priority=0,
        position=1,
        cause="entry",
        first_arrival_at=NOON,
    )


def out(call: str = "c1") -> Event:
    return CallTransferredOut(
        event_id=EventId("e"), occurred_at=NOON, call_id=CallId(call), number="110"
    )


def ended(call: str = "c1") -> Event:
    return CallEnded(
        event_id=EventId("e"),
        occurred_at=NOON,
        call_id=CallId(call),
        outcome="left_in_menu",
        ended_by="caller",
        cause=16,
    )


def counted(*events: Event) -> dict[str, Counts]:
    funnel = Funnel(kind_of)
    for event in events:
        funnel.hear(event)
    return {place.step: counts for place, counts in funnel.take().items()}


def test_caller_who_goes_through_the_menu_to_a_person_leaves_each_step_once() -> None:
    assert counted(entered("hello"), entered("menu"), entered("person"), queued(), ended()) == {
        "hello": Counts(entered=1, left=1),
        "menu": Counts(entered=1, to_person=1),
        "person": Counts(entered=1, to_person=1),
    }


def test_caller_who_hangs_up_did_so_in_the_step_that_was_being_heard() -> None:
    found = counted(entered("hello"), entered("menu"), ended())
    assert found["menu"] == Counts(entered=1, hung_up=1)


def test_caller_who_hears_the_good_bye_has_not_hung_up() -> None:
    found = counted(entered("question"), entered("bye"), ended())
    assert found["bye"] == Counts(entered=1, left=1)


def test_caller_who_left_for_an_emergency_number_left() -> None:
    found = counted(entered("call_110"), out(), ended())
    assert found["call_110"] == Counts(entered=1, left=1)


def test_caller_who_is_still_there_is_the_difference() -> None:
    assert counted(entered("hello")) == {"hello": Counts(entered=1)}


def test_survey_after_the_conversation_begins_anew() -> None:
    found = counted(entered("person"), queued(), entered("question"), ended())
    assert found["question"] == Counts(entered=1, hung_up=1)


def test_day_is_the_citys() -> None:
    funnel = Funnel(kind_of)
    funnel.hear(entered("hello", at=datetime(2026, 11, 23, 17, tzinfo=UTC)))
    assert set(funnel.take()) == {Place(DAY, "main", "v1", "hello")}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["hello", "menu", "person", "bye", "-queued", "-out", "-ended"]),
        st.sampled_from(["c1", "c2", "c3"]),
    ),
    max_size=60,
)
MADE = {"-queued": queued, "-out": out, "-ended": ended}


@given(happened=EVENTS)
def test_who_entered_a_step_left_it_in_one_way_once_every_call_is_over(
    happened: list[tuple[str, str]],
) -> None:
    events = [MADE[what](call) if what in MADE else entered(what, call) for what, call in happened]
    found = counted(*events, ended("c1"), ended("c2"), ended("c3"))
    for counts in found.values():
        assert counts.entered == counts.left + counts.hung_up + counts.to_person


# --- keeping -------------------------------------------------------------------------------------


async def test_figures_are_those_of_the_database_and_of_the_last_seconds() -> None:
    keeper = FunnelKeeper(Funnel(kind_of), DictFunnelStore(), KeptLog())
    await keeper.on_event(entered("hello"))
    await keeper.flush()
    await keeper.on_event(entered("hello", "c2"))
    assert await keeper.figures("main", "v1", DAY) == {"hello": Counts(entered=2)}
    assert await keeper.figures("main", "v2", DAY) == {}
    assert await keeper.figures("main", "v1", DAY + timedelta(days=1)) == {}


async def test_figures_that_cannot_be_written_are_kept_until_they_can() -> None:
    store, log = DictFunnelStore(), KeptLog()
    keeper = FunnelKeeper(Funnel(kind_of), store, log)
    store.broken = True
    await keeper.on_event(entered("hello"))
    await keeper.flush()
    assert log.events == ["funnel_not_written"]
    store.broken = False
    await keeper.on_event(ended())
    await keeper.flush()
    assert store.kept == {Place(DAY, "main", "v1", "hello"): Counts(entered=1, hung_up=1)}


async def test_stopping_writes_what_was_counted() -> None:
    store = DictFunnelStore()
    keeper = FunnelKeeper(Funnel(kind_of), store, KeptLog(), every_s=3600)
    await keeper.start()
    await keeper.on_event(entered("hello"))
    await keeper.stop()
    assert store.kept == {Place(DAY, "main", "v1", "hello"): Counts(entered=1)}
