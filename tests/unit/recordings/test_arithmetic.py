"""The header, the peaks, the levels, the names and the proof of coverage."""

from __future__ import annotations

import io
import math
import wave
from array import array
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import CallId
from recordings.core import wav
from recordings.core.coverage import Coverage
from recordings.core.measure import NOTHING, WINDOW_FRAMES, measure
from recordings.core.names import archive_name, call_of_raw, is_call_id, peaks_name

CITY = timezone(timedelta(hours=8))


def interleave(caller: list[int], operator: list[int]) -> bytes:
    both = array("h")
    for left, right in zip(caller, operator, strict=True):
        both.extend((left, right))
    return both.tobytes()


def test_header_is_understood_by_the_standard_library() -> None:
    data = bytes(4 * 8000)
    with wave.open(io.BytesIO(wav.header(len(data)) + data)) as opened:
        assert opened.getnchannels() == 2
        assert opened.getframerate() == 8000
        assert opened.getsampwidth() == 2
        assert opened.getnframes() == 8000


def test_torn_last_frame_is_dropped() -> None:
    assert wav.whole_frames(4003) == 4000
    assert wav.whole_frames(3) == 0


def test_too_long_for_a_wave_file_is_an_error() -> None:
    with pytest.raises(ValueError):
        wav.header(wav.LARGEST_DATA + 1)


@given(st.floats(min_value=0, max_value=100_000))
def test_second_and_byte_agree(second: float) -> None:
    assert wav.second_at(wav.byte_at(second)) == pytest.approx(second, abs=1 / 8000)


def test_byte_in_the_header_is_the_beginning() -> None:
    assert wav.second_at(0) == 0
    assert wav.second_at(44) == 0


def test_peaks_follow_each_side_in_steps_of_100_ms() -> None:
    caller = [0] * WINDOW_FRAMES + [32767] * WINDOW_FRAMES
    operator = [-32768] * WINDOW_FRAMES + [100] * WINDOW_FRAMES
    found = measure(NOTHING, interleave(caller, operator))
    assert list(found.caller.peaks) == [0, 255]
    assert list(found.operator.peaks) == [255, 0]


def test_measuring_in_blocks_equals_measuring_at_once() -> None:
    samples = [round(9000 * math.sin(n / 7)) for n in range(5 * WINDOW_FRAMES + 33)]
    both = interleave(samples, [-s for s in samples])
    whole = measure(NOTHING, both)
    cut = wav.FRAME_BYTES * 3 * WINDOW_FRAMES
    parts = measure(measure(NOTHING, both[:cut]), both[cut:])
    assert parts.caller.peaks == whole.caller.peaks
    assert parts.caller.level_dbfs == pytest.approx(whole.caller.level_dbfs, abs=0.01)


def test_level_of_a_full_scale_sine_is_three_decibels_below_full_scale() -> None:
    sine = [round(32767 * math.sin(n * 0.7)) for n in range(16_000)]
    found = measure(NOTHING, interleave(sine, [0] * len(sine)))
    assert found.caller.level_dbfs == pytest.approx(-3.0, abs=0.1)


@pytest.mark.parametrize("loudest", [1, 3, 300])
def test_level_of_what_is_hardly_heard_is_exact(loudest: int) -> None:
    square = [loudest, -loudest] * 4_000
    found = measure(NOTHING, interleave(square, [0] * len(square)))
    assert found.caller.level_dbfs == pytest.approx(20 * math.log10(loudest / 32768), abs=0.05)


def test_silent_side_has_no_level() -> None:
    found = measure(NOTHING, interleave([500] * 800, [0] * 800))
    assert found.operator.level_dbfs is None


@pytest.mark.parametrize(
    ("recorded", "connected", "complete", "gap"),
    [(60, 60, True, 0), (60, 62, True, 2), (60, 62.5, False, 2.5), (70, 60, True, 0)],
)
def test_gap_above_two_seconds_is_flagged(
    recorded: float, connected: float, complete: bool, gap: float
) -> None:
    found = Coverage(timedelta(seconds=recorded), timedelta(seconds=connected))
    assert found.complete is complete
    assert found.gap == timedelta(seconds=gap)


def test_archive_is_filed_by_the_date_of_the_city() -> None:
    late = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert archive_name(CallId("gz-1-2"), late, CITY) == "2026/11/25/gz-1-2.wav"
    assert peaks_name("2026/11/25/gz-1-2.wav") == "2026/11/25/gz-1-2.peaks"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "", ".hidden", "a..b", "a\x00b", "x" * 101, "名字"]
)
def test_unsafe_name_is_no_call_id(name: str) -> None:
    assert not is_call_id(name)
    with pytest.raises(ValueError):
        archive_name(CallId(name), datetime(2026, 1, 1, tzinfo=UTC), CITY)


@pytest.mark.parametrize(
    ("file", "call"),
    [("gz-1-2.raw", "gz-1-2"), ("gz-1-2.wav", None), ("..raw", None), ("a b.raw", None)],
)
def test_only_raw_files_of_calls_are_taken_from_the_spool(file: str, call: str | None) -> None:
    assert call_of_raw(file) == call
