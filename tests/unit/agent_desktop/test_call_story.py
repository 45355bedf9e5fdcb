"""A live call's story, folded from the events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from agent_desktop.core.call_story import CallStory, begin, tell
from agent_desktop.core.screen_pop import shown_name, shown_number, visible_steps
from agent_desktop.stories import KEPT, CallStories
from kernel.events import (
    CallAnswered,
    CallArrived,
    CallbackReturned,
    CallHeld,
    CallOffered,
    CallQueued,
    CallTransferred,
    Event,
    MenuKeyPressed,
    MenuStepEntered,
)
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, EventId, OfferId, TeamId
from kernel.language import Language
from tests.fakes.desk_ports import NOON

CALL = CallId("gz1-1-1")


def arrived(ani: str = "13800138000") -> CallArrived:
    return CallArrived(
        event_id=EventId("e1"),
        occurred_at=NOON,
        call_id=CALL,
        ani=ani,
        caller_name="",
        dnis="12345",
        line_name=None,
        team=None,
    )


def entered(step: str, after_s: float = 1) -> MenuStepEntered:
    return MenuStepEntered(
        event_id=EventId("e2"),
        occurred_at=NOON + timedelta(seconds=after_s),
        call_id=CALL,
        flow="main",
        flow_version="1",
        step=step,
        language=Language.CANTONESE,
    )


def pressed(step: str, keys: str) -> MenuKeyPressed:
    return MenuKeyPressed(
        event_id=EventId("e3"),
        occurred_at=NOON + timedelta(seconds=3),
        call_id=CALL,
        flow="main",
        step=step,
        keys=keys,
    )


def queued(team: str, position: int, cause: str = "entry") -> CallQueued:
    return CallQueued(
        event_id=EventId("e4"),
        occurred_at=NOON + timedelta(seconds=5),
        call_id=CALL,
        team=TeamId(team),
        language=Language.CANTONESE,
        priority=0,
        position=position,
        cause=cause,
        first_arrival_at=NOON + timedelta(seconds=5),
    )


def told(*events: Event) -> CallStory:
    story = begin(CALL, NOON)
    for event in events:
        story = tell(story, event)
    return story


def test_story_knows_number_menu_and_line_of_a_call() -> None:
    story = told(arrived(), entered("greeting_three"), pressed("greeting_three", "3"))
    assert story.ani == "13800138000"
    assert [(s.step, s.keys) for s in story.steps] == [("greeting_three", "3")]
    assert story.language is Language.CANTONESE


def test_every_entry_into_a_line_is_kept_with_its_position() -> None:
    story = told(arrived(), queued("labour", 4), queued("general", 1, "transfer"))
    assert [(p.team, p.position, p.cause) for p in story.places] == [
        ("labour", 4, "entry"),
        ("general", 1, "transfer"),
    ]
    assert story.team == "general"


def test_a_key_of_an_unknown_step_is_not_lost() -> None:
    story = told(arrived(), pressed("menu_own", "2"))
    assert [(s.step, s.keys) for s in story.steps] == [("menu_own", "2")]


def test_the_wait_is_the_one_that_the_offer_states() -> None:
    offer = CallOffered(
        event_id=EventId("e5"),
        occurred_at=NOON,
        call_id=CALL,
        offer_id=OfferId("gz1-1-1.1"),
        agent_id=AgentId("op0001"),
        booth_id=BoothId("018"),
        endpoint=Endpoint("booth018"),
        team=TeamId("labour"),
        waited_s=42.5,
        ring_timeout_s=15,
    )
    answer = CallAnswered(
        event_id=EventId("e6"),
        occurred_at=NOON + timedelta(seconds=50),
        call_id=CALL,
        offer_id=OfferId("gz1-1-1.1"),
        agent_id=AgentId("op0001"),
        booth_id=BoothId("018"),
        team=TeamId("labour"),
        waited_s=45.0,
    )
    assert told(arrived(), offer).waited_s == 42.5
    story = told(arrived(), offer, answer)
    assert story.waited_s == 45.0
    assert story.answered_by == "op0001"


def test_a_colleague_who_took_the_caller_over_is_the_one_who_answers() -> None:
    handed = CallTransferred(
        event_id=EventId("e8"),
        occurred_at=NOON,
        call_id=CALL,
        kind="consult",
        from_agent=AgentId("op0001"),
        to_team=None,
        to_agent=AgentId("op0002"),
    )
    story = told(arrived(), handed)
    assert (story.answered_by, story.answered_at) == ("op0002", NOON)
    blind = replace(handed, kind="blind")
    assert told(arrived(), blind).answered_by is None


def test_an_event_that_the_operator_need_not_know_changes_nothing() -> None:
    story = told(arrived())
    held = CallHeld(
        event_id=EventId("e7"), occurred_at=NOON, call_id=CALL, agent_id=AgentId("op0001")
    )
    assert tell(story, held) is story


def test_a_caller_who_walks_round_the_menu_for_ever_does_not_grow_the_story() -> None:
    story = told(arrived(), *(entered("menu_own", n) for n in range(200)))
    assert len(story.steps) == 50


def test_a_step_repeated_in_silence_is_shown_once() -> None:
    story = told(
        arrived(),
        entered("menu_own"),
        pressed("menu_own", ""),
        entered("menu_own"),
        pressed("menu_own", "3"),
    )
    assert [story.steps[i].keys for i in visible_steps(story)] == ["3"]


def test_the_number_is_masked_unless_the_policy_shows_it() -> None:
    assert shown_number("13800138000", full=False) == "138****8000"
    assert shown_number("13800138000", full=True) == "13800138000"
    assert shown_number("", full=True) == ""


@pytest.mark.parametrize(
    ("name", "full", "shown"),
    [
        ("", False, ""),
        ("13800138000", False, ""),
        ("13800138000", True, ""),
        ("+86 138 0013 8000", False, ""),
        ("刘先生", False, "刘先生"),
        ("刘先生 13912345678", False, "刘先生 139****5678"),
        ("刘先生 13912345678", True, "刘先生 13912345678"),
    ],
)
def test_the_name_never_tells_the_number_that_is_masked(name: str, full: bool, shown: str) -> None:
    # The web phone sends its number as the display name, as many carriers do: the first call
    # through a real Asterisk showed the masked number with the full one beside it.
    assert shown_name(name, "13800138000", full=full) == shown


def test_the_oldest_stories_are_forgotten_first() -> None:
    stories = CallStories()
    for n in range(KEPT + 1):
        stories.hear(
            CallArrived(
                event_id=EventId("e"),
                occurred_at=NOON,
                call_id=CallId(f"gz1-1-{n}"),
                ani="",
                caller_name="",
                dnis="12345",
                line_name=None,
                team=None,
            )
        )
    assert stories.story(CallId("gz1-1-0")) is None
    assert stories.story(CallId(f"gz1-1-{KEPT}")) is not None


def test_a_citizen_who_was_called_back_is_known_as_such_before_the_phone_rings() -> None:
    assert told(queued("labour", 1)).callback is None
    assert told(queued("labour", 1, "callback")).callback == "dialled"
    returned = CallbackReturned(
        event_id=EventId("e9"),
        occurred_at=NOON,
        call_id=CALL,
        callback_id=CallbackId("cb-1"),
        first_call_id=CallId("c-0"),
        dialled=False,
    )
    assert told(queued("labour", 1), returned).callback == "again"
    assert told(queued("labour", 1), returned, queued("labour", 1, "declined")).callback == "again"
