"""How times and durations are written, and whose requests are ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel.infra.web import clock_time, day, duration, moment, same_origin
from kernel.language import ScreenLanguage

AT = datetime(2026, 11, 24, 16, 5, 9, tzinfo=UTC)
ZH, EN = ScreenLanguage.CHINESE, ScreenLanguage.ENGLISH


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0:00"),
        (59.9, "0:59"),
        (61, "1:01"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (timedelta(hours=25, seconds=5), "25:00:05"),
        (-3, "0:00"),
    ],
)
def test_durations_are_written_as_minutes_and_seconds(
    value: float | timedelta | None, text: str
) -> None:
    assert duration(value) == text


def test_times_are_written_in_the_citys_zone_and_the_readers_way() -> None:
    assert moment(AT, ZH) == "2026-11-25 00:05:09"
    assert moment(AT, EN) == "25 Nov 2026 00:05:09"
    assert clock_time(AT, ZH) == "00:05:09"
    assert day(AT, ZH) == "2026年11月25日"


@pytest.mark.parametrize("write", [moment, clock_time, day])
def test_no_time_is_written_as_a_dash(write: object) -> None:
    assert callable(write)
    assert write(None, ZH) == "–"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"host": "h:8000", "origin": "http://h:8000"}, True),
        ({"host": "h:8000", "origin": "http://evil.example"}, False),
        ({"host": "h:8000", "origin": "null"}, False),
        ({"host": "h:8000", "origin": "http://h:8000.evil.example"}, False),
        ({"host": "h:8000", "origin": "http://h:8001"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_only_requests_from_our_own_pages_are_ours(headers: dict[str, str], ours: bool) -> None:
    assert same_origin(headers) is ours
