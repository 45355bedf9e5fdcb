"""What the quality listener may write into the address, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kernel.errors import BadInput
from recordings.core.search import Wanted, read

CITY = timezone(timedelta(hours=8))


def test_nothing_said_means_everything() -> None:
    assert read({}, CITY) == Wanted()
    assert read({"team": " ", "score": ""}, CITY) == Wanted()


def test_days_are_days_of_the_city_and_the_last_is_included() -> None:
    wanted = read({"from": "2026-11-24", "to": "2026-11-24"}, CITY)
    assert wanted.since == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert wanted.until == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_number_is_cleaned_like_any_number() -> None:
    assert read({"number": "+86 138-0013-8000"}, CITY).number == "13800138000"


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1:30", 90), ("0", 0), ("10:00", 600)])
def test_length_is_written_in_seconds_or_minutes(text: str, seconds: int) -> None:
    assert read({"shortest": text}, CITY).shortest == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("from", "24.11.2026"),
        ("to", "2026-13-01"),
        ("from", "0001-01-01"),
        ("to", "9999-12-31"),
        ("number", "abc"),
        ("shortest", "long"),
        ("longest", ":30"),
        ("longest", "-5"),
        ("longest", "999999"),
        ("score", "6"),
        ("score", "one"),
    ],
)
def test_what_cannot_be_understood_names_its_field(field: str, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        read({field: text}, CITY)
    assert caught.value.field == field


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        read({"from": "2026-11-25", "to": "2026-11-24"}, CITY)
    assert caught.value.field == "from"
