"""Processor time of the hotline's processes, from /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of processor time spent so far: the platform's process, and its Asterisk's."""

    platform_s: float
    asterisk_s: float

    @classmethod
    def now(cls, hotline_pid: int) -> Usage:
        """Of `hotline run`: the guardian with its server, and the Asterisk below them."""
        family = list(_family(hotline_pid))
        asterisk = sum(_spent_s(pid) for pid in family if _is_asterisk(pid))
        return cls(sum(map(_spent_s, family)) - asterisk, asterisk)

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.platform_s + other.platform_s, self.asterisk_s + other.asterisk_s)

    @property
    def total_s(self) -> float:
        return self.platform_s + self.asterisk_s

    def __sub__(self, earlier: Usage) -> Usage:
        return Usage(self.platform_s - earlier.platform_s, self.asterisk_s - earlier.asterisk_s)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _is_asterisk(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return any(word.endswith(b"/asterisk.conf") for word in command)


def _spent_s(pid: int) -> float:
    # The name of the program may hold spaces; it ends with the last parenthesis.
    _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    user, system = rest.split()[11:13]
    return (int(user) + int(system)) / _TICKS_PER_S
