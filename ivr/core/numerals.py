"""Numbers, dates, times and amounts as rows of phrases, as each language says them. Pure.

Each phrase is a recorded piece of the catalogue (`number_26`, `hundred_3`, `month_11`), so that a
voice from a studio can say them, too. The order of the pieces is the language's own: Chinese counts
by ten thousands, puts the part of the day first and the year in front; English counts by
thousands and puts the year last. What the pieces say is in `config/ivr/prompts.yaml`; the tables of
`tests/unit/ivr/test_numerals.py` show what is heard.
"""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal

from kernel.language import Language

LARGEST = 99_999_999
"""Beyond, nothing is said: no citizen keeps such a number in mind."""
_WAN = 10_000
_AMOUNT = re.compile(r"\d{1,8}(?:\.\d{1,2})?")
_TWO = "liang"  # two of something, in Chinese another word than the figure
DAY_PARTS = ("midnight", "night", "morning", "noon", "afternoon", "evening", "late")
_PART_OF_HOUR = (
    *("midnight",), *("night",) * 5, *("morning",) * 6, "noon",
    *("afternoon",) * 5, *("evening",) * 4, *("late",) * 2,
)  # fmt: skip

Names = tuple[str, ...]


def digit_names(text: str) -> Names:
    """Figure by figure, as one dials it. In a row a 1 has a name of its own: in Mandarin it is said
    `yao` there and `yi` alone. Anything but figures is passed over."""
    figures = [figure for figure in text if figure in "0123456789"]
    if len(figures) == 1:
        return (f"digit_{figures[0]}",)
    return tuple("digit_1_in_row" if figure == "1" else f"digit_{figure}" for figure in figures)


def number_names(number: int, language: Language, *, counted: bool = False) -> Names:
    """A whole number; `counted`: of things, where a Chinese 2 is 两. Nothing outside 0..LARGEST."""
    if not 0 <= number <= LARGEST:
        return ()
    if language is Language.ENGLISH:
        return _english(number)
    return (_TWO,) if counted and number == 2 else _chinese(number)


def _chinese(number: int) -> Names:
    above, rest = divmod(number, _WAN)
    if not above:
        return _below_wan(rest, leading=True)
    head = (_TWO,) if above == 2 else _below_wan(above, leading=True)
    if not rest:
        return (*head, "wan")
    gap = ("number_0",) if rest < 1000 else ()
    return (*head, "wan", *gap, *_below_wan(rest, leading=False))


def _below_wan(number: int, *, leading: bool) -> Names:
    """1..9999, and 0 where it leads. A gap between the figures is said as a zero, and what follows
    a higher figure is 一十, where alone it is 十."""
    thousands, below = divmod(number, 1000)
    hundreds, rest = divmod(below, 100)
    said: Names = (f"thousand_{thousands}",) if thousands else ()
    if hundreds:
        said += (f"hundred_{hundreds}",)
    if not rest:
        return said or ("number_0",)
    if (thousands and not hundreds) or (hundreds and rest < 10):
        said += ("number_0",)
    after = bool(said) or not leading
    return (*said, f"tail_{rest}" if after and 10 <= rest <= 19 else f"number_{rest}")


def _english(number: int) -> Names:
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest)
    millions, thousands = divmod(thousands, 1000)
    said: Names = (*_below_thousand(millions), "million") if millions else ()
    if thousands:
        said += (*_below_thousand(thousands), "thousand")
    return (*said, *_below_thousand(rest)) if rest else said


def _below_thousand(number: int) -> Names:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return (f"number_{rest}",)
    return (f"hundred_{hundreds}", f"number_{rest}") if rest else (f"hundred_{hundreds}",)


def date_names(day: date, language: Language) -> Names:
    """A day of the calendar with its year."""
    month, of_month = f"month_{day.month}", f"monthday_{day.day}"
    if language is Language.ENGLISH:
        return (month, of_month, *_english_year(day.year))
    year = tuple(f"digit_{figure}" for figure in f"{day.year:04}")
    return (*year, "year", month, of_month)


def _english_year(year: int) -> Names:
    """2026 is twenty twenty-six, 2005 two thousand five, 1900 nineteen hundred."""
    century, rest = divmod(year, 100)
    if century % 10 == 0 and rest < 10:
        return _english(year)
    if rest == 0:
        return (f"number_{century}", "hundred")
    return (f"number_{century}", *(("oh",) if rest < 10 else ()), f"number_{rest}")


def time_names(clock: time, language: Language) -> Names:
    """A time of day to the minute, by the twelve hours that people say."""
    part, minute = f"part_{_PART_OF_HOUR[clock.hour]}", clock.minute
    if language is Language.ENGLISH:
        hour = f"number_{clock.hour % 12 or 12}"
        return (*_english_clock(hour, minute), part)
    at_midnight = 0 if language is Language.MANDARIN else 12
    hour_number = at_midnight if clock.hour == 0 else clock.hour % 12 or 12
    return (
        part,
        *number_names(hour_number, language, counted=True),
        "hour",
        *_chinese_minutes(minute),
    )


def _english_clock(hour: str, minute: int) -> Names:
    if minute == 0:
        return (hour, "o_clock")
    if minute == 30:
        return ("half_past", hour)
    return (hour, *(("oh",) if minute < 10 else ()), f"number_{minute}")


def _chinese_minutes(minute: int) -> Names:
    if minute == 0:
        return ()
    if minute == 30:
        return ("half",)
    return (*(("number_0",) if minute < 10 else ()), f"number_{minute}", "minute")


def money_names(amount: str, language: Language) -> Names:
    """An amount of yuan, as `12`, `12.5` or `12.05`; nothing for what is no such amount."""
    if not _AMOUNT.fullmatch(amount):
        return ()
    fen = int(Decimal(amount) * 100)
    yuan, below = divmod(fen, 100)
    if language is Language.ENGLISH:
        whole = (*number_names(yuan, language), "yuan") if yuan or not below else ()
        return (*whole, f"number_{below}", "fen") if below else whole
    jiao, fen = divmod(below, 10)
    said = (*number_names(yuan, language, counted=True), "yuan") if yuan or not below else ()
    if jiao:
        said += (*number_names(jiao, language, counted=True), "jiao")
    elif fen and yuan:
        said += ("number_0",)
    return (*said, *number_names(fen, language, counted=True), "fen") if fen else said


# --- everything that may be needed, for the validation of a flow ----------------------------------

DIGITS = (*(f"digit_{figure}" for figure in range(10)), "digit_1_in_row")
NUMBERS = (
    *(f"number_{n}" for n in range(100)),
    *(f"tail_{n}" for n in range(10, 20)),
    *(f"hundred_{n}" for n in range(1, 10)),
    *(f"thousand_{n}" for n in range(1, 10)),
    _TWO, "wan", "thousand", "million",
)  # fmt: skip
DATES = (
    *DIGITS, *NUMBERS, "year", "hundred", "oh",
    *(f"month_{n}" for n in range(1, 13)),
    *(f"monthday_{n}" for n in range(1, 32)),
)  # fmt: skip
TIMES = (
    *NUMBERS, *(f"part_{part}" for part in DAY_PARTS),
    "hour", "half", "minute", "half_past", "o_clock", "oh",
)  # fmt: skip
AMOUNTS = (*NUMBERS, "yuan", "jiao", "fen")
