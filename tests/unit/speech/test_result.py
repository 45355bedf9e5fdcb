"""What the recogniser's JSON says, and what it must never be taken for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.core.result import NOTHING, NoResult, Utterance, partial, utterance


def result(*words: tuple[str, float]) -> str:
    rows = [{"word": w, "conf": c, "start": 0.1, "end": 0.4} for w, c in words]
    return json.dumps({"result": rows, "text": " ".join(w for w, _ in words)})


def test_spaces_are_stripped_and_the_least_sure_word_counts() -> None:
    found = utterance(result(("我要", 1.0), ("查询", 0.61), ("社保", 0.9)))
    assert found == Utterance("我要查询社保", 0.61, True)


def test_the_empty_result_of_every_five_seconds_of_silence_is_nothing_said() -> None:
    assert utterance('{"text": ""}') == NOTHING
    assert partial('{"partial": ""}') == NOTHING


def test_unknown_words_are_said_and_not_understood() -> None:
    assert utterance(result(("[unk]", 1.0))) == Utterance("", 0.0, True)
    assert utterance(result(("[unk]", 0.2), ("社保", 0.8))) == Utterance("社保", 0.8, True)
    assert partial('{"partial": "[unk] 社保"}') == Utterance("社保", 0.0, True)


def test_a_result_without_confidences_is_not_sure() -> None:
    assert utterance('{"text": "社保"}') == Utterance("社保", 0.0, True)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-6.8", '"1"', "true", "null"])
def test_a_confidence_that_is_none_makes_the_word_unsure_or_at_most_certain(value: str) -> None:
    found = utterance(f'{{"text": "社保", "result": [{{"word": "社保", "conf": {value}}}]}}')
    assert found.confidence_fraction in (0.0, 1.0)


@given(st.text() | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps))
def test_anything_else_is_refused(text: str) -> None:
    for read in (utterance, partial):
        try:
            found = read(text)
        except NoResult:
            continue
        assert 0 <= found.confidence_fraction <= 1
