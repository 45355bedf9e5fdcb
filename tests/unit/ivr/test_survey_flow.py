"""The shipped survey, as callers live it: two questions, two figures, and a way out at any time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.flow import Asks
from ivr.core.interpreter import Scored
from ivr.core.walk import Journey, walk
from kernel.language import Language
from kernel.telephony import Disconnect, Prompt
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import survey_flow


def journey(*keys: str, language: Language = Language.MANDARIN) -> Journey:
    return walk(survey_flow(), keys, started_at=NOON, language=language)


def scores(found: Journey) -> list[tuple[str, int]]:
    scored = [h for turn in found.turns for h in turn.happened if isinstance(h, Scored)]
    return [(h.asks.value, h.score) for h in scored]


@pytest.mark.parametrize("solved", ["1", "2", "3"])
@pytest.mark.parametrize("score", ["1", "2", "3", "4", "5"])
def test_one_key_answers_each_of_the_two_questions(solved: str, score: str) -> None:
    found = journey(solved, score)
    assert scores(found) == [("solved", int(solved)), ("operator", int(score))]
    assert found.heard[-1] == "zh/survey_thanks"


def test_silence_ends_politely_without_an_answer() -> None:
    found = journey()
    assert scores(found) == []
    assert found.ending == Disconnect((Prompt("farewell", Language.MANDARIN),))


def test_whoever_answers_one_question_only_has_answered_that_one() -> None:
    assert scores(journey("3", "")) == [("solved", 3)]


@pytest.mark.parametrize("keys", [("0",), ("2", "0")])
def test_zero_says_that_one_does_not_want_to_be_asked(keys: tuple[str, ...]) -> None:
    found = journey(*keys)
    assert found.heard[-1] == "zh/farewell"
    assert len(found.turns) == len(keys) + 1


def test_unknown_key_is_asked_once_more_and_then_the_other_question_follows() -> None:
    assert scores(journey("9", "2", "1")) == [("solved", 2), ("operator", 1)]
    assert scores(journey("9", "8", "4")) == [("operator", 4)]
    assert scores(journey("1", "9", "8")) == [("solved", 1)]


def test_questions_are_asked_in_the_callers_language() -> None:
    assert journey("1", "1", language=Language.CANTONESE).heard == (
        "yue/survey_solved",
        "yue/survey_question",
        "yue/survey_thanks",
    )


@given(keys=st.lists(st.text(alphabet="0123456789*#", max_size=3), max_size=10))
def test_survey_always_ends_with_at_most_one_answer_to_each(keys: list[str]) -> None:
    found = walk(survey_flow(), keys, started_at=NOON, language=Language.ENGLISH)
    assert isinstance(found.ending, Disconnect)
    asked = [name for name, _ in scores(found)]
    assert sorted(asked) == sorted(set(asked))
    assert set(asked) <= set(Asks)
