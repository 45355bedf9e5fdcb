"""The clock never runs backwards, and naive times are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel.clock import require_aware, seconds
from kernel.infra import clock as clock_module
from kernel.infra.clock import SystemClock


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        require_aware(datetime.fromisoformat("2026-11-24"))
    aware = datetime(2026, 11, 24, tzinfo=UTC)
    assert require_aware(aware) is aware


def test_seconds_of_a_duration() -> None:
    assert seconds(timedelta(minutes=1, milliseconds=500)) == 60.5


class SteppedTime:
    """Stands for the module `datetime` and `time` of the machine: wall time that jumps."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
        self.mono = 100.0

    def now(self, zone: object) -> datetime:
        assert zone is UTC
        return self.wall

    def monotonic(self) -> float:
        return self.mono


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> SteppedTime:
    stepped = SteppedTime()
    # The machine's own clock is the third-party border here; it cannot be stepped otherwise.
    monkeypatch.setattr(clock_module, "datetime", stepped)
    monkeypatch.setattr(clock_module, "time", stepped)
    return stepped


def test_now_does_not_follow_the_machine_backwards(machine: SteppedTime) -> None:
    clock = SystemClock()
    before = clock.now()

    machine.wall -= timedelta(hours=1)
    machine.mono += 5

    assert clock.now() == before + timedelta(seconds=5)


def test_now_does_not_leap_forward_with_the_machine(machine: SteppedTime) -> None:
    clock = SystemClock()
    before = clock.now()

    machine.wall += timedelta(hours=1)
    machine.mono += 5

    assert clock.now() == before + timedelta(seconds=5)


def test_a_small_drift_forwards_is_followed(machine: SteppedTime) -> None:
    clock = SystemClock()
    machine.mono += 5
    machine.wall += timedelta(seconds=5.2)

    assert clock.now() == machine.wall
