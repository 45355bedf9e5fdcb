"""Numbers, dates, times and amounts, as they are heard in each language."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core import numerals
from ivr.core.flow import Reading
from ivr.core.saying import all_prompts, prompts_of
from ivr.core.spoken import spoken
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import catalogue

ZH, YUE, EN = Language.MANDARIN, Language.CANTONESE, Language.ENGLISH


def heard(names: tuple[str, ...], language: Language) -> str:
    """What the voice says: the pieces of the shipped catalogue in a row."""
    between = " " if language is EN else ""
    return between.join(spoken(catalogue().text(n, language), language, {}) for n in names)


@pytest.mark.parametrize(
    ("number", "chinese", "english"),
    [
        (0, "零", "zero"),
        (1, "一", "one"),
        (2, "二", "two"),
        (10, "十", "ten"),
        (12, "十二", "twelve"),
        (20, "二十", "twenty"),
        (99, "九十九", "ninety-nine"),
        (100, "一百", "one hundred"),
        (105, "一百零五", "one hundred five"),
        (110, "一百一十", "one hundred ten"),
        (112, "一百一十二", "one hundred twelve"),
        (222, "两百二十二", "two hundred twenty-two"),
        (1005, "一千零五", "one thousand five"),
        (1010, "一千零一十", "one thousand ten"),
        (1100, "一千一百", "one thousand one hundred"),
        (10_000, "一万", "ten thousand"),
        (10_015, "一万零一十五", "ten thousand fifteen"),
        (20_000, "两万", "twenty thousand"),
        (110_000, "十一万", "one hundred ten thousand"),
        (102_003, "十万两千零三", "one hundred two thousand three"),
        (1_000_000, "一百万", "one million"),
    ],
)
def test_number_is_said_as_each_language_counts(number: int, chinese: str, english: str) -> None:
    assert heard(numerals.number_names(number, ZH), ZH) == chinese
    assert heard(numerals.number_names(number, YUE), YUE) == chinese
    assert heard(numerals.number_names(number, EN), EN) == english


@pytest.mark.parametrize(
    ("number", "words"), [(2, "两"), (12, "十二"), (1, "一"), (102, "一百零二")]
)
def test_two_things_are_liang_and_twelve_are_not(number: int, words: str) -> None:
    assert heard(numerals.number_names(number, ZH, counted=True), ZH) == words


@given(number=st.integers(0, numerals.LARGEST), language=st.sampled_from(Language))
def test_every_number_has_its_pieces_in_the_catalogue(number: int, language: Language) -> None:
    names = numerals.number_names(number, language)
    assert names
    assert set(names) <= set(numerals.NUMBERS)
    assert all(language in catalogue().languages(name) for name in names)


@given(number=st.integers(0, numerals.LARGEST))
def test_what_is_heard_is_the_number_again(number: int) -> None:
    assert value_of(heard(numerals.number_names(number, ZH), ZH)) == number


def value_of(words: str) -> int:
    """A Chinese number read back, by the rule of places and not by how it was made."""
    figures = {word: n for n, word in enumerate("零一二三四五六七八九")} | {"两": 2}
    above, _, below = words.rpartition("万")
    total = value_of(above) * 10_000 if above else 0
    figure = 0
    for word in below:
        if word in figures:
            figure = figures[word]
        else:
            total += (figure or 1) * {"十": 10, "百": 100, "千": 1000}[word]
            figure = 0
    return total + figure


@pytest.mark.parametrize("number", [-1, numerals.LARGEST + 1])
def test_number_beyond_what_one_keeps_in_mind_is_not_said(number: int) -> None:
    assert numerals.number_names(number, ZH) == ()


@pytest.mark.parametrize(
    ("day", "chinese", "english"),
    [
        (date(2026, 11, 26), "二零二六年十一月二十六日", "November twenty-sixth twenty twenty-six"),
        (date(2005, 1, 1), "二零零五年一月一日", "January first two thousand five"),
        (date(2010, 10, 10), "二零一零年十月十日", "October tenth twenty ten"),
        (date(1999, 10, 31), "一九九九年十月三十一日", "October thirty-first nineteen ninety-nine"),
        (date(1900, 2, 2), "一九零零年二月二日", "February second nineteen hundred"),
        (date(1905, 3, 3), "一九零五年三月三日", "March third nineteen oh five"),
    ],
)  # fmt: skip
def test_date_is_said_with_its_year(day: date, chinese: str, english: str) -> None:
    assert heard(numerals.date_names(day, ZH), ZH) == chinese
    assert heard(numerals.date_names(day, YUE), YUE) == chinese
    assert heard(numerals.date_names(day, EN), EN) == english


@pytest.mark.parametrize(
    ("clock", "mandarin", "cantonese", "english"),
    [
        ("00:00", "凌晨零点", "凌晨十二点", "twelve o'clock at night"),
        ("02:05", "凌晨两点零五分", "凌晨两点零五分", "two oh five in the morning"),
        ("09:00", "上午九点", "上昼九点", "nine o'clock in the morning"),
        ("12:30", "中午十二点半", "中午十二点半", "half past twelve in the afternoon"),
        ("14:30", "下午两点半", "下昼两点半", "half past two in the afternoon"),
        ("14:15", "下午两点十五分", "下昼两点十五分", "two fifteen in the afternoon"),
        ("20:20", "晚上八点二十分", "夜晚八点二十分", "eight twenty in the evening"),
        ("23:59", "晚上十一点五十九分", "夜晚十一点五十九分", "eleven fifty-nine at night"),
    ],
)
def test_time_is_said_by_the_twelve_hours(
    clock: str, mandarin: str, cantonese: str, english: str
) -> None:
    at = time.fromisoformat(clock)
    assert heard(numerals.time_names(at, ZH), ZH) == mandarin
    assert heard(numerals.time_names(at, YUE), YUE) == cantonese
    assert heard(numerals.time_names(at, EN), EN) == english


@given(
    clock=st.times(),
    day=st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    language=st.sampled_from(Language),
)
def test_every_time_and_day_has_its_pieces(clock: time, day: date, language: Language) -> None:
    assert set(numerals.time_names(clock, language)) <= set(numerals.TIMES)
    assert set(numerals.date_names(day, language)) <= set(numerals.DATES)


@pytest.mark.parametrize(
    ("amount", "chinese", "english"),
    [
        ("0", "零元", "zero yuan"),
        ("2", "两元", "two yuan"),
        ("2.5", "两元五角", "two yuan fifty fen"),
        ("123.45", "一百二十三元四角五分", "one hundred twenty-three yuan forty-five fen"),
        ("123.05", "一百二十三元零五分", "one hundred twenty-three yuan five fen"),
        ("0.05", "五分", "five fen"),
        ("12345.00", "一万两千三百四十五元", "twelve thousand three hundred forty-five yuan"),
    ],
)
def test_amount_is_said_in_yuan_jiao_and_fen(amount: str, chinese: str, english: str) -> None:
    assert heard(numerals.money_names(amount, ZH), ZH) == chinese
    assert heard(numerals.money_names(amount, EN), EN) == english


def test_number_one_dials_has_yao_in_a_row_and_yi_alone() -> None:
    assert heard(numerals.digit_names("13800138000"), ZH) == "幺三八零零幺三八零零零"
    assert heard(numerals.digit_names("13800138000"), YUE) == "一三八零零一三八零零零"
    assert heard(numerals.digit_names("1"), ZH) == "一"
    assert heard(numerals.digit_names("110"), EN) == "one one zero"


AFTERNOON = datetime(2026, 11, 26, 6, 30, tzinfo=UTC).isoformat()  # half past two in the city


@pytest.mark.parametrize(
    ("reading", "value", "words"),
    [
        (Reading.NUMBER, "2", "二"),
        (Reading.COUNT, "2", "两"),
        (Reading.DATE, "2026-11-26", "二零二六年十一月二十六日"),
        (Reading.DATE, AFTERNOON, "二零二六年十一月二十六日"),
        (Reading.TIME, AFTERNOON, "下午两点半"),
        (Reading.TIME, "14:30", "下午两点半"),
        (Reading.MONEY, "2.5", "两元五角"),
    ],
)
def test_slot_is_read_as_the_flow_asks(reading: Reading, value: str, words: str) -> None:
    assert heard(prompts_of(reading, value, NOON, ZH), ZH) == words


@given(reading=st.sampled_from(Reading), value=st.text(max_size=30))
def test_whatever_stands_in_a_slot_is_said_or_passed_over(reading: Reading, value: str) -> None:
    for language in Language:
        assert set(prompts_of(reading, value, NOON, language)) <= set(all_prompts(reading))
