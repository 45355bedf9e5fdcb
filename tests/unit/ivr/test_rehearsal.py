"""The text simulator."""

from __future__ import annotations

from ivr.core.conditions import Around
from ivr.core.interpreter import Result
from ivr.core.rehearsal import Rehearsal, Said, example_answer, rehearse
from ivr.core.walk import Visit
from kernel.language import Language
from kernel.telephony import EnterQueue
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import catalogue, main_flow


def rehearsal(*keys: str, result: Result = Result.FOUND, ears: bool = False) -> Rehearsal:
    hearing = frozenset(Language) if ears else frozenset()
    visit = Visit(
        started_at=NOON,
        dnis="12345",
        answer=example_answer(result, NOON),
        around=Around(hearing=hearing),
    )
    return rehearse(main_flow(), catalogue(), keys, visit)


def test_rehearsal_stops_at_the_question_that_has_no_key_yet() -> None:
    found = rehearsal()
    assert found.ending is None
    (first,) = found.moments
    assert first.steps == ("opening", "direct_opening", "greeting_three")
    assert first.may_type == 1
    assert first.pressed is None


def test_phrases_of_one_language_are_read_as_one_text() -> None:
    (first,) = rehearsal().moments
    assert [said.language for said in first.said] == [
        Language.MANDARIN, Language.CANTONESE, Language.ENGLISH,
    ]  # fmt: skip
    assert Said(Language.ENGLISH, "Hello. For English, press 9.") in first.said


def test_key_and_silence_are_shown_before_what_came_of_them() -> None:
    found = rehearsal("9", "3", "")
    assert [m.pressed for m in found.moments] == [None, "9", "3", ""]
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.language is Language.ENGLISH


def test_every_outcome_of_a_lookup_can_be_tried() -> None:
    keys = ("6", "1", "20261124000123", "8000")
    last = {r: rehearsal(*keys, result=r).moments for r in Result}
    steps = {r: {s for m in moments for s in m.steps} for r, moments in last.items()}
    for result in Result:
        assert f"progress_{result}" in steps[result]


def test_words_are_shown_with_what_was_understood() -> None:
    found = rehearsal("", "我要查社保", ears=True)
    told = found.moments[-1].spoken
    assert told is not None
    assert (told.text, told.wish, told.asked) == ("我要查社保", "social_insurance", False)
    assert [m.may_speak for m in found.moments] == [False, True, False]


def test_words_where_nobody_listens_are_silence() -> None:
    found = rehearsal("我要查社保", ears=True)
    assert [m.pressed for m in found.moments] == [None, ""]
    assert not any(m.may_speak for m in rehearsal("", "").moments)
