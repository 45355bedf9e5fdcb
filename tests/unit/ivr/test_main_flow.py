"""The shipped reception flow, as callers live it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import chain, cycle, repeat

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.conditions import Around
from ivr.core.flow import Digits, Flow, Listening, Menu, Queue
from ivr.core.history import History, PastCall
from ivr.core.interpreter import Answer, Entered, Result, begin, step
from ivr.core.rehearsal import example_order
from ivr.core.waiting import QueueOffers
from ivr.core.walk import Journey, Visit, visit_flow, walk
from kernel.ids import TeamId
from kernel.language import Language
from kernel.telephony import (
    CallerInput,
    Collect,
    EnterQueue,
    InputKind,
    Instruction,
    PromiseCallback,
    Prompt,
    TransferOut,
)
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import CONFIG, TEAMS, catalogue, main_flow

OLD_LINE = TeamId("labour")


def journey(*keys: str, language: Language | None = None, line: TeamId | None = None) -> Journey:
    return walk(main_flow(), keys, started_at=NOON, language=language, line_team=line)


def queue_of(found: Journey) -> EnterQueue:
    assert isinstance(found.ending, EnterQueue)
    return found.ending


def test_greeting_is_heard_first_in_mandarin_then_cantonese_then_english() -> None:
    assert journey().heard[:3] == ("zh/welcome", "yue/welcome_short", "en/welcome_short")


def test_silent_caller_reaches_the_comprehensive_team_after_greeting_and_menu() -> None:
    found = journey()
    assert found.steps == ("greeting_three", "menu_own", "person")
    assert queue_of(found).team == "general"
    assert queue_of(found).language is Language.MANDARIN


@pytest.mark.parametrize(
    ("key", "team"),
    [("1", "consumer"), ("2", "urban"), ("3", "labour"), ("4", "security"), ("5", "general")],
)
def test_digits_one_to_five_choose_the_five_teams(key: str, team: str) -> None:
    assert queue_of(journey(key)).team == team


def test_only_the_key_one_waits_for_more_digits_and_the_wait_is_filled_with_the_prompt() -> None:
    waiting = [s for s in main_flow().steps.values() if isinstance(s, Menu) and s.max_digits > 1]
    assert {s.name for s in waiting} == {"one", "known_one", "line_one", "emergency_one"}
    assert main_flow().steps["one"].phrases  # type: ignore[union-attr]
    assert all(s.timeout <= timedelta(seconds=1) for s in waiting)


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
def test_typed_emergency_number_is_recognised(number: str) -> None:
    found = journey(number[0], number[1:])
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == number


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
def test_typed_emergency_number_is_recognised_by_a_caller_of_an_old_line(number: str) -> None:
    found = journey(number[0], number[1:], line=OLD_LINE)
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == number


@pytest.mark.parametrize(
    ("key", "number"), [("1", "110"), ("2", "119"), ("3", "120"), ("4", "122")]
)
def test_star_opens_the_emergency_menu(key: str, number: str) -> None:
    found = journey("*", key)
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == number


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
def test_emergency_number_typed_in_the_emergency_menu_is_recognised(number: str) -> None:
    found = journey("*", number[0], number[1:])
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == number


@pytest.mark.parametrize("keys", [("*",), ("*", "7"), ("*", "*"), ("*", "0")])
def test_frightened_caller_who_presses_nothing_useful_goes_first_to_a_person(
    keys: tuple[str, ...],
) -> None:
    assert queue_of(journey(*keys)).priority == 10


def test_emergency_number_that_cannot_be_reached_leads_to_a_person_first() -> None:
    found = journey("1", "10")
    again = step(
        main_flow(),
        found.turns[-1].session,
        CallerInput(InputKind.PLAYED, "", NOON),
        NOON,
    )
    assert isinstance(again.instruction, EnterQueue)
    assert again.instruction.priority == 10


def test_zero_reaches_a_person_at_once() -> None:
    found = journey("0")
    assert len(found.turns) == 2
    assert queue_of(found).team == "general"


def test_nine_changes_the_language_and_the_menu_follows_in_it() -> None:
    found = journey("9", "2", "3")
    assert "yue/menu" in found.heard
    assert queue_of(found).language is Language.CANTONESE
    assert queue_of(found).team == "labour"


def test_each_language_is_offered_in_itself() -> None:
    found = journey("9")
    assert {f"{n}/choose_language" for n in ("zh", "yue", "en")} <= set(found.heard)


def test_unknown_key_is_asked_once_more_and_then_a_person_answers() -> None:
    found = journey("7", "8")
    assert found.steps == ("greeting_three", "menu_again", "person")
    assert "zh/no_such_key" in found.heard


def test_remembered_language_is_greeted_in_it_alone() -> None:
    found = journey(language=Language.ENGLISH)
    assert all(heard.startswith("en/") for heard in found.heard)


def test_old_line_chooses_its_team_without_asking() -> None:
    found = journey(line=OLD_LINE)
    assert found.heard[0] == "zh/line_labour"
    assert len(found.turns) == 2
    assert queue_of(found).team == "labour"


def test_caller_of_an_old_line_who_changes_language_keeps_the_team() -> None:
    found = journey("9", "3", line=OLD_LINE)
    assert queue_of(found) == EnterQueue(TeamId("labour"), Language.ENGLISH, 0)


def test_caller_who_plays_with_the_keys_is_given_a_person_in_the_end() -> None:
    found = journey(*["9", "2"] * 80)
    assert queue_of(found).team == "general"
    assert len(found.turns) < 40


def test_caller_past_the_limit_still_gets_what_was_just_chosen() -> None:
    turn = begin(main_flow(), language=None, line_team=None, now=NOON)
    late = NOON + timedelta(minutes=5)
    turn = step(main_flow(), turn.session, CallerInput(InputKind.DIGITS, "3", late), late)
    assert isinstance(turn.instruction, EnterQueue)
    assert turn.instruction.team == "labour"


def answers_at_once(flow: Flow, keys: Iterable[str]) -> tuple[Instruction, int]:
    """The end of a call whose keys take no time, and after how many answers; silence at last."""
    turn, answers = begin(flow, language=None, line_team=None, now=NOON), 0
    pressing = chain(keys, repeat(""))
    while not isinstance(turn.instruction, EnterQueue | TransferOut | PromiseCallback):
        key = next(pressing)
        kind = InputKind.DIGITS if key else InputKind.SILENCE
        turn = step(flow, turn.session, CallerInput(kind, key, NOON), NOON)
        answers += 1
    return turn.instruction, answers


def test_keys_that_take_no_time_lead_to_a_person_after_as_many_as_the_flow_allows() -> None:
    """Two keys for ever: to the languages and back. Time never ends it, for none passes."""
    ending, answers = answers_at_once(main_flow(), cycle(["9", "2"]))
    assert answers == main_flow().most_questions + 1
    assert isinstance(ending, EnterQueue)
    assert (ending.team, ending.language) == ("general", Language.CANTONESE)


def test_whoever_answered_too_often_still_gets_what_was_just_chosen() -> None:
    keys = ["9", "2"] * (main_flow().most_questions // 2)
    for chosen, team in (("3", "labour"), ("5", "general")):
        ending, answers = answers_at_once(main_flow(), [*keys, chosen])
        assert answers == main_flow().most_questions + 1
        assert isinstance(ending, EnterQueue)
        assert ending.team == team


@given(keys=st.lists(st.sampled_from("0123456789*#"), max_size=300), most=st.integers(20, 200))
def test_no_keys_however_fast_are_answered_more_often_than_a_flow_allows(
    keys: list[str], most: int
) -> None:
    _, answers = answers_at_once(replace(main_flow(), most_questions=most), keys)
    assert answers <= most + 1


def test_being_asked_again_in_the_queue_gives_the_same_answer_and_no_event() -> None:
    found = journey("3")
    again = step(
        main_flow(), found.turns[-1].session, CallerInput(InputKind.PLAYED, "", NOON), NOON
    )
    assert again.instruction == found.ending
    assert again.happened == ()


def test_prompts_of_the_opening_are_interruptible_by_a_key() -> None:
    first = journey().turns[0].instruction
    assert isinstance(first, Collect)
    assert first.max_digits == 1
    assert first.prompts[0] == Prompt("welcome", Language.MANDARIN)


KEYS = st.lists(
    st.one_of(
        st.sampled_from(["", *"0123456789*#"]),
        st.text(alphabet="0123456789*#ABCD\x00 ", max_size=40),
    ),
    max_size=60,
)


@given(
    keys=KEYS,
    language=st.sampled_from([None, *Language]),
    line=st.sampled_from([None, *TEAMS]),
)
def test_nobody_is_ever_stranded(
    keys: list[str], language: Language | None, line: TeamId | None
) -> None:
    found = walk(main_flow(), keys, started_at=NOON, language=language, line_team=line)
    assert isinstance(found.ending, EnterQueue | TransferOut)
    if isinstance(found.ending, EnterQueue):
        assert found.ending.team in TEAMS


@given(keys=KEYS)
def test_caller_who_hangs_up_anywhere_was_always_one_key_from_a_person(keys: list[str]) -> None:
    found = walk(main_flow(), keys, started_at=NOON)
    for turn in found.turns[:-1]:
        here = main_flow().steps[turn.session.step]
        if isinstance(here, Menu | Listening | Digits):
            answer = step(main_flow(), turn.session, CallerInput(InputKind.DIGITS, "0", NOON), NOON)
            assert isinstance(answer.instruction, EnterQueue)


def names(found: Journey) -> set[str]:
    return {h.step for turn in found.turns for h in turn.happened if isinstance(h, Entered)}


def test_every_step_of_the_flow_is_reached_by_some_caller() -> None:
    reached: set[str] = set()
    routes = [
        (), ("1",), ("2",), ("3",), ("4",), ("5",), ("7",), ("9", "2"), ("1", "10"), ("1", "19"),
        ("1", "20"), ("1", "22"), ("*", "1"), ("*", "1", "10"), ("*",),
    ]  # fmt: skip
    known = example_order("answered", NOON)
    for pressed in ([""], ["", "1", ""], ["", "3"]):
        reached |= names(visit_flow(main_flow(), pressed, Visit(started_at=NOON, known=known)))
    ears = Visit(started_at=NOON, around=Around(hearing=frozenset(Language)))
    reached |= names(visit_flow(main_flow(), ["", "消费投诉"], ears))
    gave_up = History((PastCall(NOON, "abandoned"),))
    reached |= names(visit_flow(main_flow(), [""], Visit(started_at=NOON, history=gave_up)))
    peak = Around(offers=dict.fromkeys(TEAMS, QueueOffers(True, at_once=True, message=True)))
    at_peak = Visit(started_at=NOON, around=peak)
    for key in ("7", "8"):
        reached |= names(visit_flow(main_flow(), ["3", key], at_peak))
    # The hours of callbacks end between the offer and the key.
    offered = visit_flow(main_flow(), ["3"], at_peak).turns[-1].session
    chosen = CallerInput(InputKind.DIGITS, "7", NOON)
    late = step(main_flow(), offered, chosen, NOON, replace(peak, calls_back=False))
    reached |= {h.step for h in late.happened if isinstance(h, Entered)}
    for item in ("4", *(f"{group}{n}" for group in "23" for n in range(1, 7))):
        reached |= names(walk(main_flow(), ["6", *item], started_at=NOON))
    enquiry = ("6", "1", "20261124000123", "8000")
    for result in Result:
        visit = Visit(started_at=NOON, answer=Answer(result))
        reached |= names(visit_flow(main_flow(), enquiry, visit))
    for language in (None, Language.ENGLISH):
        for line in (None, OLD_LINE):
            for keys in routes:
                found = walk(main_flow(), keys, started_at=NOON, language=language, line_team=line)
                reached |= names(found)
    assert reached == set(main_flow().steps)


def test_each_of_the_eleven_items_is_told_and_leads_to_its_team() -> None:
    items = yaml.safe_load((CONFIG.parent / "self_service.yaml").read_text())["items"]
    assert len(items) == 11
    for item in items:
        if item["id"] == "case-progress":
            assert "progress" in journey("6", "1").steps
            continue
        name = f"item_{item['id'].replace('-', '_')}"
        told = catalogue().text(name, Language.MANDARIN)
        assert told.startswith(item["zh"])
        assert (
            catalogue().text(name, Language.ENGLISH).startswith(item["en"].split(" complaints")[0])
        )
        # Something to go by, and not only where to look: what to do, what to bring, how long.
        assert 90 <= len(told) <= 140, "some thirty seconds"
        assert catalogue().text(name, Language.CANTONESE) != told
        assert "小程序里自助办理" not in told
        step = main_flow().steps[name]
        assert isinstance(step, Menu)
        queue = main_flow().steps[step.silence]
        assert isinstance(queue, Queue)
        assert queue.team == item["category"].partition(".")[0]


def test_tax_matters_go_to_their_own_line_and_a_person_if_it_cannot_be_reached() -> None:
    found = journey("6", "4")
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == "12366"
    again = step(
        main_flow(), found.turns[-1].session, CallerInput(InputKind.PLAYED, "", NOON), NOON
    )
    assert isinstance(again.instruction, EnterQueue)
    assert again.instruction.priority == 0
