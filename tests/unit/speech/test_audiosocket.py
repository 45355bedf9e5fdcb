"""Frames come out the same wherever the stream of bytes is cut; what is no frame is refused."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.core.audiosocket import (
    HANG_UP,
    LONGEST_PAYLOAD,
    SILENCE,
    Frame,
    Frames,
    Garbled,
    Kind,
    audio,
    identifier,
)

NAME = uuid.UUID("8b1c9e0e-9d1f-4a2b-8c3d-0123456789ab")
FIRST = bytes([Kind.IDENTIFIER, 0, 16]) + NAME.bytes
KEY = bytes([Kind.KEY, 0, 1]) + b"7"


@given(st.lists(st.sampled_from([FIRST, KEY, SILENCE, HANG_UP, audio(b"ab")])), st.data())
def test_cutting_the_stream_changes_nothing(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    frames, got, rest = Frames(), [], whole
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        got += frames.feed(rest[:size])
        rest = rest[size:]
    assert got == Frames().feed(whole)
    assert [bytes([f.kind]) + len(f.payload).to_bytes(2) + f.payload for f in got] == pieces


@given(st.binary(max_size=2000))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    frames = Frames()
    try:
        found = frames.feed(data)
    except Garbled:
        return
    assert sum(3 + len(f.payload) for f in found) <= len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x07\0\0",
        b"GET / HTTP/1.1",
        bytes([Kind.IDENTIFIER, 0, 15]),
        bytes([Kind.KEY, 0, 2]),
        bytes([Kind.AUDIO]) + (LONGEST_PAYLOAD + 1).to_bytes(2),
    ],
)
def test_what_asterisk_never_sends_is_refused_at_its_header(data: bytes) -> None:
    with pytest.raises(Garbled):
        Frames().feed(data)


def test_the_name_comes_first_and_in_its_text_form() -> None:
    assert identifier(Frames().feed(FIRST)[0]) == str(NAME)
    with pytest.raises(Garbled):
        identifier(Frame(Kind.AUDIO, b"ab"))
