"""The telephone's audio at the recogniser's rate."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from speech.core.samples import Upsampler, frames


@given(st.lists(st.integers(-32768, 32767), max_size=400), st.data())
def test_cutting_the_stream_changes_no_sample(samples: list[int], data: st.DataObject) -> None:
    audio = array("h", samples).tobytes()
    pieces, upsample, rest = b"", Upsampler(), audio
    while rest:
        size = 2 * data.draw(st.integers(1, len(rest) // 2))
        pieces += upsample(rest[:size])
        rest = rest[size:]
    assert pieces == Upsampler()(audio)
    assert len(pieces) == 2 * len(audio)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=100))
def test_every_second_sample_is_the_old_one_and_the_rest_lie_between(samples: list[int]) -> None:
    doubled = array("h", Upsampler()(array("h", samples).tobytes())).tolist()
    assert doubled[1::2] == samples
    before = [0, *samples[:-1]]
    for a, between, b in zip(before, doubled[0::2], samples, strict=True):
        assert min(a, b) <= between <= max(a, b)


def test_the_last_frame_is_filled_up_with_silence() -> None:
    assert list(frames(b"abcde", 2)) == [b"ab", b"cd", b"e\0"]
