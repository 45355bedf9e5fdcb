"""The shipped survey, as callers live it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.interpreter import Scored
from ivr.core.walk import Journey, walk
from kernel.language import Language
from kernel.telephony import Disconnect, Prompt
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import survey_flow


def journey(*keys: str, language: Language = Language.MANDARIN) -> Journey:
    return walk(survey_flow(), keys, started_at=NOON, language=language)


def scores(found: Journey) -> list[int]:
    return [h.score for turn in found.turns for h in turn.happened if isinstance(h, Scored)]


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5"])
def test_one_digit_is_the_score(key: str) -> None:
    assert scores(journey(key)) == [int(key)]


def test_silence_ends_politely_without_a_score() -> None:
    found = journey()
    assert scores(found) == []
    assert found.ending == Disconnect((Prompt("farewell", Language.MANDARIN),))


def test_unknown_key_is_asked_once_more() -> None:
    assert scores(journey("9", "2")) == [2]
    assert scores(journey("9", "8")) == []


def test_question_is_asked_in_the_callers_language() -> None:
    assert journey("1", language=Language.CANTONESE).heard == (
        "yue/survey_question",
        "yue/survey_thanks",
    )


@given(keys=st.lists(st.text(alphabet="0123456789*#", max_size=3), max_size=10))
def test_survey_always_ends_with_at_most_one_score(keys: list[str]) -> None:
    found = walk(survey_flow(), keys, started_at=NOON, language=Language.ENGLISH)
    assert isinstance(found.ending, Disconnect)
    assert len(scores(found)) <= 1
