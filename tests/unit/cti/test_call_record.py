"""The call's record and timeline, folded from events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypedDict

from cti.core.call_record import CallRecord, fold, fold_all
from cti.core.timeline import _DESCRIPTIONS, Lane, linked_calls, timeline
from kernel import events as ev
from kernel.event_wire import event_types
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, EventId, OfferId, TeamId
from kernel.language import Language

T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CALL = CallId("gz1-1764212345-7")


class When(TypedDict):
    event_id: EventId
    occurred_at: datetime
    call_id: CallId | None


def at(seconds: float) -> When:
    return {
        "event_id": EventId(f"e{seconds}"),
        "occurred_at": T0 + timedelta(seconds=seconds),
        "call_id": CALL,
    }


def answered_call() -> list[ev.Event]:
    offer = OfferId(f"{CALL}.1")
    agent = AgentId("op0001")
    team = TeamId("labour")
    return [
        ev.CallArrived(
            **at(0), ani="13800138000", caller_name="", dnis="12345", line_name=None, team=None
        ),
        ev.MenuStepEntered(
            **at(0.1), flow="main", flow_version="1", step="greeting", language=Language.MANDARIN
        ),
        ev.MenuKeyPressed(**at(3), flow="main", step="greeting", keys="3"),
        ev.CallQueued(
            **at(4),
            team=team,
            language=Language.MANDARIN,
            priority=0,
            position=1,
            cause="entry",
            first_arrival_at=T0 + timedelta(seconds=4),
        ),
        ev.CallOffered(
            **at(5),
            offer_id=offer,
            agent_id=agent,
            booth_id=BoothId("001"),
            endpoint=Endpoint("booth001"),
            team=team,
            waited_s=1.0,
            ring_timeout_s=20.0,
        ),
        ev.OfferEnded(**at(7), offer_id=offer, agent_id=agent, outcome="accepted"),
        ev.CallAnswered(
            **at(7.1),
            offer_id=offer,
            agent_id=agent,
            booth_id=BoothId("001"),
            team=team,
            waited_s=3.1,
        ),
        ev.TalkFinished(
            **at(67), offer_id=offer, agent_id=agent, team=team, talk_s=60.0, held_s=5.0
        ),
        ev.SolvedAnswered(**at(74), agent_id=agent, solved="partly"),
        ev.SurveyAnswered(**at(75), agent_id=agent, score=1),
        ev.CallEnded(**at(76), outcome="answered", ended_by="caller", cause=16),
        ev.RecordingArchived(
            **at(80), file_name="x.wav", duration_s=60.0, size_bytes=1, sha256="0" * 64
        ),
    ]


def test_record_of_an_answered_call_tells_its_whole_story() -> None:
    record = fold_all(answered_call())

    assert record == CallRecord(
        call_id=CALL,
        arrived_at=T0,
        ani="13800138000",
        dnis="12345",
        team=TeamId("labour"),
        language=Language.MANDARIN,
        menu_path="3",
        queued_at=T0 + timedelta(seconds=4),
        answered_at=T0 + timedelta(seconds=7.1),
        agent_id=AgentId("op0001"),
        waited_s=3.1,
        talk_s=60.0,
        ended_at=T0 + timedelta(seconds=76),
        outcome="answered",
        ended_by="caller",
        score=1,
        solved="partly",
        recorded=True,
    )


def test_second_operator_adds_talk_time_but_keeps_the_first_answer() -> None:
    events = answered_call()[:-1]
    second = ev.CallAnswered(
        **at(90),
        offer_id=OfferId(f"{CALL}.2"),
        agent_id=AgentId("op0002"),
        booth_id=BoothId("002"),
        team=TeamId("general"),
        waited_s=80.0,
    )
    talk = ev.TalkFinished(
        **at(100),
        offer_id=OfferId(f"{CALL}.2"),
        agent_id=AgentId("op0002"),
        team=TeamId("general"),
        talk_s=10.0,
        held_s=0.0,
    )

    record = fold_all([*events, second, talk])

    assert record is not None
    assert record.answered_at == T0 + timedelta(seconds=7.1)
    assert record.waited_s == 3.1
    assert record.talk_s == 70.0
    assert record.agent_id == AgentId("op0002")


def test_the_key_of_the_survey_is_no_part_of_the_way_through_the_menu() -> None:
    rated = ev.MenuKeyPressed(**at(74), flow="survey", step="question", keys="1")

    record = fold_all([*answered_call(), rated])

    assert record is not None
    assert record.menu_path == "3"


def test_event_without_a_call_changes_nothing() -> None:
    event = ev.AgentLoggedOut(
        event_id=EventId("x"),
        occurred_at=T0,
        agent_id=AgentId("op0001"),
        booth_id=BoothId("001"),
        cause="agent",
    )

    assert fold(None, event) is None


def test_record_begins_even_when_the_arrival_was_never_heard() -> None:
    record = fold(None, ev.CallEnded(**at(9), outcome="fault", ended_by="fault", cause=0))

    assert record is not None
    assert record.arrived_at == T0 + timedelta(seconds=9)
    assert record.outcome == "fault"


def test_timeline_masks_the_number_and_counts_from_the_first_event() -> None:
    entries = timeline(answered_call())

    assert entries[0].values["ani"] == "138****8000"
    assert entries[0].lane is Lane.CALLER
    assert [e.offset_s for e in entries] == sorted(e.offset_s for e in entries)
    assert entries[-1].offset_s == 80.0
    assert len(entries) == len(answered_call())


def test_steps_are_named_and_those_that_nobody_hears_are_left_out() -> None:
    events = answered_call()

    named = timeline(events, lambda flow, step: f"{flow}/{step}")
    unnamed = timeline(events, lambda flow, step: None)

    assert named[1].values == {"step": "main/greeting"}
    assert len(unnamed) == len(named) - 1


def test_every_event_of_a_call_has_a_sentence_or_is_known_not_to_need_one() -> None:
    silent = {
        ev.MenuStepEntered,  # named by the flow's own titles, see below
        ev.SurveyAsked,  # the question stands there as a step of the menu
        ev.WaitForecastsScored,  # a matter of the forecasts, not of the caller
        ev.AgentLoggedIn,
        ev.AgentLoggedOut,
        ev.AgentStatusChanged,
        ev.AgentActivityChanged,
        ev.LineStateChanged,
        ev.AgentForced,
        ev.AgentContradicted,
        ev.RingOpened,
        ev.WrapUpRestricted,
        ev.SharingChanged,
        ev.GuardLevelChanged,
        ev.ConversationSpoken,  # private, and not in the journal
    }

    assert set(event_types().values()) - set(_DESCRIPTIONS) == silent


def test_both_calls_of_a_callback_lead_to_each_other_and_the_number_is_masked() -> None:
    callback = CallbackId("cb-gz1-1-1")
    noted = ev.CallbackNoted(
        **at(1),
        callback_id=callback,
        number="13800138000",
        team=TeamId("labour"),
        language=Language.MANDARIN,
        priority=0,
        first_arrival_at=T0,
        entered_at=T0,
        expires_at=T0 + timedelta(hours=4),
    )
    over = ev.CallbackEnded(
        **at(60),
        callback_id=callback,
        number="13800138000",
        team=TeamId("labour"),
        outcome="answered",
        attempts=1,
        new_call_id=CallId("gz1-1-2"),
    )
    made = ev.CallbackTaskMade(**at(70), task_id="t-1", kind="callback_failed")
    entries = timeline([noted, over, made])
    assert entries[0].values == {"number": "138****8000"}
    assert [(e.linked, e.task_id) for e in entries] == [
        (None, None),
        ("gz1-1-2", None),
        (None, "t-1"),
    ]
    assert linked_calls([noted, over]) == (None, "gz1-1-2")
    back = ev.CallbackReturned(
        **at(61), callback_id=callback, first_call_id=CallId("gz1-1-1"), dialled=True
    )
    assert linked_calls([back]) == ("gz1-1-1", None)
