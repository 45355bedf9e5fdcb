"""Identifiers sort in the order of making; the timeline of a call rests on it."""

from __future__ import annotations

import uuid

import pytest

from kernel.infra.clock import UuidSource


def test_ids_of_one_millisecond_sort_in_the_order_of_making(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kernel.infra.clock.time.time_ns", lambda: 1_764_000_000_000_000_000)
    source = UuidSource()

    made = [source.new() for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_clock_that_jumps_back_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    source = UuidSource()
    monkeypatch.setattr("kernel.infra.clock.time.time_ns", lambda: 2_000_000_000_000_000_000)
    before = source.new()
    monkeypatch.setattr("kernel.infra.clock.time.time_ns", lambda: 1_000_000_000_000_000_000)

    assert source.new() > before


def test_ids_are_of_version_seven_and_the_standard_variant() -> None:
    made = uuid.UUID(UuidSource().new())

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
