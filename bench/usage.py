"""Processor time of the hotline's processes, from /proc (Linux)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of processor time spent so far: the platform's process, and its Asterisk's."""

    platform_s: float
    asterisk_s: float

    @classmethod
    def now(cls, platform_pid: int) -> Usage:
        children = Path(f"/proc/{platform_pid}/task/{platform_pid}/children").read_text().split()
        telephony = (int(child) for child in children if _is_asterisk(int(child)))
        return cls(_spent_s(platform_pid), sum(map(_spent_s, telephony)))

    def __sub__(self, earlier: Usage) -> Usage:
        return Usage(self.platform_s - earlier.platform_s, self.asterisk_s - earlier.asterisk_s)


def _is_asterisk(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return any(word.endswith(b"/asterisk.conf") for word in command)


def _spent_s(pid: int) -> float:
    # The name of the program may hold spaces; it ends with the last parenthesis.
    _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    user, system = rest.split()[11:13]
    return (int(user) + int(system)) / _TICKS_PER_S
