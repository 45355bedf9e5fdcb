"""How numbers in a prompt are said: a synthesiser would read 12345 as twelve thousand and more."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kernel.language import Language

_RUN = re.compile(r"\d+")
_DIGITS: dict[Language, tuple[str, ...]] = {
    Language.MANDARIN: tuple("零一二三四五六七八九"),
    Language.CANTONESE: tuple("零一二三四五六七八九"),
    Language.ENGLISH: (
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ),
}  # fmt: skip
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
COUNT_LIMIT = 99


def count_words(number: int, language: Language) -> str:
    """A count of 0..99 things in words, before a measure word: 2 is 两.

    Raises:
        ValueError: the number is outside 0..99.
    """
    if not 0 <= number <= COUNT_LIMIT:
        raise ValueError("only 0..99 is counted aloud")
    if language is Language.ENGLISH:
        return _english_count(number)
    if number == 2:
        return "两"
    return _chinese_count(number)


def _chinese_count(number: int) -> str:
    digits = _DIGITS[Language.MANDARIN]
    tens, ones = divmod(number, 10)
    if tens == 0:
        return digits[ones]
    head = "十" if tens == 1 else f"{digits[tens]}十"
    return head + (digits[ones] if ones else "")


def _english_count(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _DIGITS[Language.ENGLISH][ones]
    if tens == 1:
        return _TEENS[ones]
    return _TENS[tens] + (f"-{_DIGITS[Language.ENGLISH][ones]}" if ones else "")


def digit_by_digit(digits: str, language: Language) -> str:
    """A number one dials, as it is said aloud: 12345 is 幺二三四五 in Mandarin.

    In Mandarin a 1 inside a longer number is `yao`, a key alone is `yi`.
    """
    words = [_DIGITS[language][int(d)] for d in digits]
    if language is Language.ENGLISH:
        return " ".join(words)
    if language is Language.MANDARIN and len(digits) > 1:
        words = ["幺" if word == "一" else word for word in words]
    return "".join(words)


def spoken(text: str, language: Language, readings: Mapping[str, str]) -> str:
    """`text` as it is given to the synthesiser: every run of digits spelled out, then `readings`
    put in, the longest where several match."""
    said = _RUN.sub(lambda run: digit_by_digit(run.group(), language), text)
    if not readings:
        return said
    longest_first = sorted(readings, key=lambda written: (-len(written), written))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return pattern.sub(lambda found: readings[found.group()], said)
