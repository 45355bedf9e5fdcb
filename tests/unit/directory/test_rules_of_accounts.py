"""Passwords, the length of a session, the first page, and where a link may lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core import password_rules
from directory.core.session_rules import (
    ABSOLUTE,
    IDLE,
    SessionTimes,
    alive,
    begun,
    home,
    needs_touch,
    safe_path,
)
from kernel.policy import Role

T0 = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SUPERVISOR, OPERATOR = frozenset({Role.SUPERVISOR}), frozenset({Role.OPERATOR})


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("短密码", "至少"),
        ("a1b2c3d4e", "至少"),
        ("x1y2" * 33, "最多"),
        ("我的OP0001密码很长", "账号"),
        ("aaaaaaaaaaaa", "过于简单"),
        ("Password2026!", "过于简单"),
        ("1234567890", "过于简单"),
    ],
)
def test_a_bad_password_is_told_why(password: str, part: str) -> None:
    assert part in (password_rules.fault(password, "op0001") or "")


@pytest.mark.parametrize("password", ["珠江潮水连海平白云山高", "river-lantern-42", "k8mwqz3vnehf"])
def test_a_good_password_passes(password: str) -> None:
    assert password_rules.fault(password, "op0001") is None


def test_a_supervisors_session_ends_after_half_an_hour_of_idleness() -> None:
    times = begun(T0)

    assert alive(times, SUPERVISOR, T0 + IDLE - SECOND)
    assert not alive(times, SUPERVISOR, T0 + IDLE)


def test_an_operators_session_lasts_a_shift_without_a_click() -> None:
    times = begun(T0)

    assert alive(times, OPERATOR, T0 + ABSOLUTE - SECOND)
    assert not alive(times, OPERATOR, T0 + ABSOLUTE)


def test_no_use_carries_a_session_beyond_twelve_hours() -> None:
    busy = SessionTimes(T0, T0 + ABSOLUTE - SECOND, T0 + ABSOLUTE)

    assert not alive(busy, SUPERVISOR, T0 + ABSOLUTE)


def test_the_time_of_last_use_is_written_once_a_minute() -> None:
    assert not needs_touch(begun(T0), T0 + timedelta(seconds=59))
    assert needs_touch(begun(T0), T0 + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("roles", "path"),
    [
        ({Role.OPERATOR}, "/desk"),
        ({Role.SUPERVISOR}, "/wallboard"),
        ({Role.QUALITY}, "/recordings"),
        ({Role.DISPATCHER}, "/cases"),
        ({Role.ADMINISTRATOR}, "/directory"),
        ({Role.SUPERVISOR, Role.ADMINISTRATOR}, "/wallboard"),
        (set(), "/account"),
    ],
)
def test_each_role_begins_on_its_own_page(roles: set[Role], path: str) -> None:
    assert home(roles) == path


@pytest.mark.parametrize("path", ["/", "/cases?q=物业&cursor=abc", "/directory/lines#top"])
def test_a_path_of_this_site_is_followed(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "cases",
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=y",
        "/" + "a" * 500,
        "javascript:alert(1)",
    ],
)
def test_a_path_that_leads_elsewhere_is_not_followed(path: str) -> None:
    assert safe_path(path) is None


@given(st.text(max_size=40))
def test_whatever_is_followed_stays_on_this_site(path: str) -> None:
    followed = safe_path(path)

    assert followed is None or (followed[0] == "/" and followed[1:2] not in ("/", "\\"))
