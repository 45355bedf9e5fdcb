"""The delays after failed sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.backoff import (
    ACCOUNT,
    DEVICE,
    NONE_YET,
    SOURCE,
    Attempts,
    Patience,
    after_failure,
    blocked_until,
    wait,
)

T0 = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ZERO = timedelta(0)


def failed(times: int, patience: Patience, now: datetime = T0) -> Attempts:
    attempts = NONE_YET
    for _ in range(times):
        attempts = after_failure(attempts, patience, now)
    return attempts


def test_the_first_failures_cost_nothing() -> None:
    for failures in range(ACCOUNT.free):
        assert blocked_until(failed(failures, ACCOUNT), ACCOUNT) is None
        assert wait(failed(failures, ACCOUNT), ACCOUNT, T0) == ZERO


def test_then_the_delay_doubles_up_to_the_longest() -> None:
    delays = [wait(failed(n, ACCOUNT), ACCOUNT, T0).total_seconds() for n in range(5, 16)]

    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_the_wait_shrinks_with_time_and_ends() -> None:
    attempts = failed(ACCOUNT.free, ACCOUNT)

    assert wait(attempts, ACCOUNT, T0 + timedelta(seconds=1)) == timedelta(seconds=1)
    assert wait(attempts, ACCOUNT, T0 + timedelta(hours=1)) == ZERO


def test_failures_are_forgotten_after_a_quiet_time() -> None:
    attempts = failed(20, ACCOUNT)

    again = after_failure(attempts, ACCOUNT, T0 + ACCOUNT.memory)

    assert again.failures == 1


def test_a_flood_from_one_address_is_bent_but_never_locks_it_for_long() -> None:
    assert wait(failed(10_000, SOURCE), SOURCE, T0) <= timedelta(seconds=30)


@pytest.mark.parametrize("patience", [DEVICE, ACCOUNT, SOURCE])
@given(count=st.integers(0, 5000))
def test_no_number_of_failures_waits_longer_than_the_longest(
    patience: Patience, count: int
) -> None:
    assert ZERO <= wait(Attempts(count, T0), patience, T0) <= patience.longest


@given(st.integers(0, 60))
def test_one_failure_more_never_shortens_the_wait(count: int) -> None:
    fewer, more = Attempts(count, T0), Attempts(count + 1, T0)

    assert wait(fewer, ACCOUNT, T0) <= wait(more, ACCOUNT, T0)
