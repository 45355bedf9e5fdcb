"""The form of the archived files: 8 kHz, 16-bit, two channels, in a plain RIFF/WAVE header."""

from __future__ import annotations

from datetime import timedelta

RATE = 8000
CHANNELS = 2
FRAME_BYTES = 2 * CHANNELS
HEADER_BYTES = 44
LARGEST_DATA = 0xFFFFFFFF - HEADER_BYTES
"""A WAVE header counts in 32 bits: 37 hours of two channels."""


def whole_frames(size_bytes: int) -> int:
    """Bytes of complete frames in a raw file of this size; a torn last frame is dropped."""
    return size_bytes // FRAME_BYTES * FRAME_BYTES


def duration(data_bytes: int) -> timedelta:
    return timedelta(seconds=data_bytes / (RATE * FRAME_BYTES))


def header(data_bytes: int) -> bytes:
    """The 44 bytes before the samples.

    Raises:
        ValueError: the data is longer than a WAVE file can say.
    """
    if not 0 <= data_bytes <= LARGEST_DATA:
        raise ValueError("too long for a WAVE file")
    return b"".join(
        (
            b"RIFF",
            (data_bytes + HEADER_BYTES - 8).to_bytes(4, "little"),
            b"WAVEfmt ",
            (16).to_bytes(4, "little"),
            (1).to_bytes(2, "little"),
            CHANNELS.to_bytes(2, "little"),
            RATE.to_bytes(4, "little"),
            (RATE * FRAME_BYTES).to_bytes(4, "little"),
            FRAME_BYTES.to_bytes(2, "little"),
            (16).to_bytes(2, "little"),
            b"data",
            data_bytes.to_bytes(4, "little"),
        )
    )


def byte_at(second: float) -> int:
    """Where a second of the conversation stands in the file."""
    return HEADER_BYTES + int(max(second, 0.0) * RATE) * FRAME_BYTES


def second_at(byte: int) -> float:
    """The second that stands at a byte of the file; 0 within the header."""
    return max(0, byte - HEADER_BYTES) / (RATE * FRAME_BYTES)
