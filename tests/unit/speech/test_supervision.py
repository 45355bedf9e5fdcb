"""When a worker is taken for dead, and how patiently it is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from speech.core.capacity import LEAST, MOST, streams
from speech.core.supervision import (
    BEAT_EVERY_S,
    HEALTHY_AFTER_S,
    PAUSES_S,
    SILENT_LOOKS,
    BackOff,
    Beats,
)


def test_a_frozen_worker_is_found_within_two_seconds() -> None:
    beats = Beats()
    beats.beat()
    looks = 1
    while not beats.look():
        looks += 1
    assert looks * BEAT_EVERY_S <= 2.0


@given(st.lists(st.booleans(), max_size=100))
def test_only_looks_without_a_beat_in_between_count(beaten: list[bool]) -> None:
    beats, silent = Beats(), 0
    for beat in beaten:
        if beat:
            beats.beat()
            silent = 0
        silent += 1
        assert beats.look() is (silent > SILENT_LOOKS)


def test_starts_become_rarer_and_a_healthy_life_begins_anew() -> None:
    pauses = BackOff()
    assert [pauses.pause_s(0.1) for _ in range(8)] == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]
    assert pauses.pause_s(HEALTHY_AFTER_S) == PAUSES_S[0]


@given(st.floats(0, 10), st.integers(1, 256))
def test_streams_leave_room_for_the_telephone(load: float, cores: int) -> None:
    assert LEAST <= streams(load, cores) <= MOST
    # As exact as a quotient of floats is: 70 streams of 0.85 are 59.5 of 85 cores.
    assert streams(load, cores) * load <= cores * 0.7 + 1e-9 or streams(load, cores) == LEAST
