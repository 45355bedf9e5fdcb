"""Ears for citizens: one UDP socket for each call, which notes when the first sound arrives.

The time is the kernel's, stamped at the packet's arrival, so that it does not matter when this
process gets to read it. sipp's own media port would be shared with what sipp sends.
"""

from __future__ import annotations

import asyncio
import math
import resource
import socket
import struct

AUDIBLE_DBFS = -45.0
_SO_TIMESTAMPNS = 35  # Linux, asm-generic/socket.h; Python's socket module does not name it
_STAMP = struct.Struct("@qq")  # struct timespec
_PCMU = 0
_RTP_HEADER = 12
_SPARE_FILES = 512


class Ears:
    """`ports` in the order of the calls; `heard_at`: seconds since 1970, by port."""

    def __init__(self, count: int) -> None:
        _allow_open_files(count + _SPARE_FILES)
        self.heard_at: dict[int, float] = {}
        self._sockets = [_ear() for _ in range(count)]
        self.ports: list[int] = [ear.getsockname()[1] for ear in self._sockets]

    def open(self) -> None:
        """Listen from now on, in the running loop."""
        loop = asyncio.get_running_loop()
        for ear, port in zip(self._sockets, self.ports, strict=True):
            loop.add_reader(ear, self._read, ear, port)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for ear in self._sockets:
            loop.remove_reader(ear)
            ear.close()

    def _read(self, ear: socket.socket, port: int) -> None:
        packet, stamps, _, _ = ear.recvmsg(2048, socket.CMSG_SPACE(_STAMP.size))
        if not is_audible(packet):
            return
        seconds, nanoseconds = _STAMP.unpack(stamps[0][2])
        self.heard_at[port] = seconds + nanoseconds / 1e9
        # Enough is known; what else comes fills the socket's small buffer and is dropped there.
        asyncio.get_running_loop().remove_reader(ear)


def is_audible(packet: bytes) -> bool:
    """True for an RTP packet of mu-law whose sound is louder than -45 dB below full scale."""
    if len(packet) <= _RTP_HEADER or packet[0] >> 6 != 2 or packet[1] & 0x7F != _PCMU:
        return False
    sound = packet[_RTP_HEADER + 4 * (packet[0] & 0x0F) :]
    power = sum(_SQUARES[value] for value in sound) / max(1, len(sound))
    return power > 0 and 10 * math.log10(power / 32768**2) > AUDIBLE_DBFS


def _linear(value: int) -> int:
    """One mu-law byte as a 16-bit sample. Source: ITU-T G.711, table 2b."""
    value = ~value & 0xFF
    magnitude = (((value & 0x0F) << 3) + 0x84 << ((value & 0x70) >> 4)) - 0x84
    return -magnitude if value & 0x80 else magnitude


_SQUARES = [_linear(value) ** 2 for value in range(256)]


def _ear() -> socket.socket:
    ear = socket.socket(type=socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    ear.bind(("127.0.0.1", 0))
    ear.setblocking(False)
    return ear


def _allow_open_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
