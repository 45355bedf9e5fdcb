"""Complaints about a flow, told again in the language of the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.core.flaw_words import TEXTS, UNREADABLE, FlawWords, in_words
from kernel.infra.i18n import Catalogue
from kernel.language import ScreenLanguage

ENGLISH = Catalogue(Path(__file__).resolve().parents[3] / "frontend" / "locale" / "en.po")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "step 'hello', silence: leads to the unknown step 'nowhere'",
            FlawWords("hello", "silence", "通往不存在的步骤“%(a)s”", {"a": "nowhere"}),
        ),
        ("flow, start: leads to the unknown step 'x'", ("", "start", {"a": "x"})),
        ("step 'trap': no way leads from here to a person", ("trap", "", {})),
        ("step 'a', keys.12: '12' cannot be pressed here", ("a", "keys.12", {"a": "12"})),
        ("99 is not between 0.1 and 10", ("", "", {"a": "99", "b": "0.1", "c": "10"})),
        ("lacks say, timeout_s", ("", "", {"a": "say, timeout_s"})),
        (
            "not YAML (expected ',' or ']', but got ':')",
            ("", "", {"a": "expected ',' or ']', but got ':'"}),
        ),
    ],
)
def test_complaint_is_told_with_its_place_and_its_values(message: str, told: object) -> None:
    found = in_words(message)
    assert found.text != UNREADABLE
    if isinstance(told, FlawWords):
        assert found == told
    else:
        assert (found.step, found.field, dict(found.values)) == told


@pytest.mark.parametrize("message", ["", "something new", "step 'a': something\nnew", "%(a)s %"])
def test_complaint_of_unknown_form_keeps_its_own_words(message: str) -> None:
    found = in_words(message)
    assert found.text == UNREADABLE
    assert found.values["a"] in message


@pytest.mark.parametrize("text", [UNREADABLE, *(text for _, text in TEXTS)])
def test_every_text_can_be_filled_in_both_languages(text: str) -> None:
    values = {"a": "one", "b": "two", "c": "three"}
    assert text % values
    english = ENGLISH.text(ScreenLanguage.ENGLISH, text)
    assert english != text
    assert english % values
