"""Numbers and places in the line, as they are said."""

from __future__ import annotations

import pytest

from ivr.core.announce import COUNTED, position_prompts, wait_prompts
from ivr.core.spoken import count_words, digit_by_digit, spoken
from kernel.language import Language
from kernel.telephony import Prompt
from tests.unit.ivr.shipped import catalogue

ZH, YUE, EN = Language.MANDARIN, Language.CANTONESE, Language.ENGLISH


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [
        (0, ZH, "零"),
        (2, ZH, "两"),
        (2, YUE, "两"),
        (10, ZH, "十"),
        (12, YUE, "十二"),
        (20, ZH, "二十"),
        (99, ZH, "九十九"),
        (7, EN, "seven"),
        (13, EN, "thirteen"),
        (20, EN, "twenty"),
        (42, EN, "forty-two"),
    ],
)
def test_count_is_said_as_people_count(number: int, language: Language, words: str) -> None:
    assert count_words(number, language) == words


@pytest.mark.parametrize("number", [-1, 100])
def test_count_outside_its_range_is_an_error(number: int) -> None:
    with pytest.raises(ValueError):
        count_words(number, ZH)


def test_hotline_number_is_said_digit_by_digit() -> None:
    assert digit_by_digit("12345", ZH) == "幺二三四五"
    assert digit_by_digit("12345", YUE) == "一二三四五"
    assert digit_by_digit("110", EN) == "one one zero"


def test_single_key_is_yi_and_not_yao() -> None:
    assert digit_by_digit("1", ZH) == "一"


def test_longest_reading_is_put_in_first() -> None:
    readings = {"银行": "yin2 hang2", "行": "xing2"}
    assert spoken("银行行", ZH, readings) == "yin2 hang2xing2"


@pytest.mark.parametrize("language", list(Language))
def test_every_place_in_the_line_has_its_prompt(language: Language) -> None:
    for position in range(1, COUNTED + 10):
        for prompt in position_prompts(position, language):
            assert language in catalogue().languages(prompt.name)


def test_place_in_the_line_counts_those_ahead() -> None:
    assert position_prompts(1, ZH) == (Prompt("position_next", ZH),)
    assert position_prompts(2, ZH) == (Prompt("position_ahead_1", ZH),)
    assert position_prompts(21, ZH) == (Prompt("position_ahead_20", ZH),)
    assert position_prompts(22, ZH) == (Prompt("position_many", ZH),)


def test_position_below_one_is_an_error() -> None:
    with pytest.raises(ValueError):
        position_prompts(0, ZH)


def test_two_callers_ahead_are_said_with_the_right_measure_word() -> None:
    assert catalogue().text("position_ahead_2", ZH) == "您前面还有两位，请稍候。"
    assert "two callers" in catalogue().text("position_ahead_2", EN)


def test_digit_two_is_er_and_not_liang() -> None:
    assert spoken(catalogue().text("digit_2", ZH), ZH, {}) == "二"


def test_an_expected_wait_is_one_sentence() -> None:
    assert catalogue().text("wait_3_5", ZH) == "预计等待三到五分钟。"
    assert catalogue().text("wait_2_3", ZH) == "预计等待两到三分钟。"
    assert catalogue().text("wait_3_5", EN) == "We expect it to take three to five minutes."
    assert wait_prompts(3, 5, ZH) == (Prompt("wait_3_5", ZH),)
    assert wait_prompts(0, 2, ZH) == (Prompt("wait_under_2", ZH),)
    assert wait_prompts(60, None, ZH) == (Prompt("wait_over_60", ZH),)
