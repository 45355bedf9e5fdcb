"""Telephone numbers: what is kept, what is recognised, what is hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.phone import MAX_LENGTH, PhoneNumber, callable_number, clean, mask, mask_in_text


@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        ("13800138000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("013800138000", "13800138000"),
        ("020-8123 4567", "02081234567"),
        ("12345", "12345"),
        ("*100#", "*100#"),
        ("anonymous", ""),
        ("unknown", ""),
        ("", ""),
        ("***", ""),
        ("<script>1</script>", "1"),
        ("8612345", "8612345"),
        ("+85291234567", "+85291234567"),
    ],
)
def test_numbers_are_cleaned(raw: str, digits: str) -> None:
    assert clean(raw).digits == digits


@given(st.text(max_size=200))
def test_a_cleaned_number_holds_only_dialable_characters(raw: str) -> None:
    digits = clean(raw).digits

    assert len(digits) <= MAX_LENGTH
    assert set(digits) <= set("0123456789+*#")
    assert digits == "" or any(c.isdigit() for c in digits)


@given(st.text(alphabet="0123456789 -()", max_size=40))
def test_cleaning_a_cleaned_number_changes_nothing_more(raw: str) -> None:
    once = clean(raw)

    # A prefix may stand twice ("+86 86 138..."): each cleaning takes one away, never a digit more.
    assert once.digits.endswith(clean(once.digits).digits)


def test_an_empty_number_is_anonymous() -> None:
    assert PhoneNumber("").anonymous
    assert not PhoneNumber("12345").anonymous


@pytest.mark.parametrize(
    ("digits", "hidden"),
    [
        ("13800138000", "138****8000"),
        ("02081234567", "020****4567"),
        ("81234567", "81****67"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_the_middle_of_a_number_is_hidden(digits: str, hidden: str) -> None:
    assert mask(digits) == hidden
    assert PhoneNumber(digits).masked == hidden


@given(st.text(alphabet="0123456789", min_size=7, max_size=18))
def test_a_mask_keeps_the_length_and_hides_at_least_three_digits(digits: str) -> None:
    hidden = mask(digits)

    assert len(hidden) == len(digits)
    assert hidden.count("*") >= 3


def test_numbers_in_free_text_are_hidden() -> None:
    text = "市民13800138000反映，身份证440106199001011234，工单12345"

    assert mask_in_text(text) == "市民138****8000反映，身份证440***********1234，工单12345"


@pytest.mark.parametrize(
    "digits", ["13800138000", "02081234567", "0755123456", "085512345678", "81234567", "38123456"]
)
def test_a_citizens_number_may_be_called(digits: str) -> None:
    assert callable_number(PhoneNumber(digits))


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "110",
        "12345",
        "10086",
        "95588",
        "4008001234",
        "16812345",  # premium rate
        "0085291234567",
        "+8613800138000",
        "138001380001",
        "13800138000#",
        "12000138000",
        "91234567",
    ],
)
def test_no_service_premium_or_foreign_number_may_be_called(digits: str) -> None:
    assert not callable_number(PhoneNumber(digits))
