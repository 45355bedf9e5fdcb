"""The wire that brings a caller's audio: Asterisk's AudioSocket. Pure.

Each frame is one byte of kind, two of length (big endian), then the payload. Asterisk begins with
the 16 bytes of the identifier that its dialplan was given; then audio (signed 16-bit little-endian
mono at 8 kHz) goes both ways and keys come as one ASCII byte.

Source: Asterisk 22.10, res_audiosocket and app_audiosocket. Keys are forwarded since 22.3; a kind
that is neither audio nor hang-up, and a payload of no length, end the application with an error.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import IntEnum

FRAME_MS = 20
FRAME_BYTES = 320
HEADER_BYTES = 3
LONGEST_PAYLOAD = 6400
"""400 ms of audio; Asterisk sends what one RTP packet holds, 20 to 60 ms."""


class Kind(IntEnum):
    HANG_UP = 0x00
    IDENTIFIER = 0x01
    KEY = 0x03
    AUDIO = 0x10
    ERROR = 0xFF


class Garbled(Exception):
    """What came is no AudioSocket; the connection is of no use any more."""


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    payload: bytes


class Frames:
    """Cuts a stream of bytes into frames, wherever it was cut before."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now, oldest first. Raises Garbled."""
        self._rest += data
        found = []
        while len(self._rest) >= HEADER_BYTES:
            length = int.from_bytes(self._rest[1:HEADER_BYTES])
            kind = _kind(self._rest[0], length)
            end = HEADER_BYTES + length
            if len(self._rest) < end:
                break
            found.append(Frame(kind, bytes(self._rest[HEADER_BYTES:end])))
            del self._rest[:end]
        return found


def _kind(value: int, length: int) -> Kind:
    try:
        kind = Kind(value)
    except ValueError:
        raise Garbled(f"unknown kind {value:#04x}") from None
    wanted = {Kind.IDENTIFIER: 16, Kind.KEY: 1}.get(kind)
    if (wanted is not None and length != wanted) or length > LONGEST_PAYLOAD:
        raise Garbled(f"{kind.name} of {length} bytes")
    return kind


def identifier(frame: Frame) -> str:
    """The identifier in its text form. Raises Garbled for any other frame."""
    if frame.kind is not Kind.IDENTIFIER:
        raise Garbled(f"{frame.kind.name} before the identifier")
    return str(uuid.UUID(bytes=frame.payload))


def audio(payload: bytes) -> bytes:
    return bytes([Kind.AUDIO]) + len(payload).to_bytes(2) + payload


HANG_UP = bytes([Kind.HANG_UP, 0, 0])
SILENCE = audio(bytes(FRAME_BYTES))
