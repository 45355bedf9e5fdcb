"""A server says nothing: is it lost, or does it only wait for a processor?

Theory of operation
-------------------
To kill a server is cheap for the callers and dear for the machine: everything it was doing begins
anew. So silence alone convicts nobody. The guardian looks at the thread that runs the event loop,
as the kernel keeps it, and only these are lost:

* *stopped* (SIGSTOP): nobody but a person would wake it, and the callers wait meanwhile;
* *busy*: it had the processor for seconds and the loop did not turn, so it turns in something else;
* *stuck*: it wants no processor and waits for something that does not come.

Whoever wants a processor and gets little of it (hundreds of callers and desktops that come back at
once, on a machine that does much else), or waits for the disk, is left in peace, and only given up
when the callers have long been with Asterisk's own queue.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

SILENCE_S = 6.0
"""So long a server may be silent before anything is asked."""
STOPPED_S = 2.0
"""Or so long, if it has been stopped. A short stop (of a profiler, a core dump) goes by."""
BUSY_S = 4.0
"""Processor time without a turn of the loop."""
STUCK_S = 2.0
"""So long it wanted no processor."""
LONGEST_S = 20.0
"""Whatever it does meanwhile. The dialplan loses patience after 10 s."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Lost(StrEnum):
    """Why a silent server is given up."""

    STOPPED = "stopped"
    BUSY = "busy"
    STUCK = "stuck"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Look:
    """The loop's thread at `at` (monotonic seconds): its state as in proc(5), one letter, and the
    processor time it has had."""

    at: float
    state: str
    worked_s: float


def look_at(pid: int, at: float) -> Look | None:
    """None when there is no such process any more. Source: proc(5), /proc/pid/task/tid/stat."""
    try:
        line = Path(f"/proc/{pid}/task/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is a name in brackets, in which anything may stand.
    fields = line.rpartition(")")[2].split()
    return Look(at, fields[0], (int(fields[11]) + int(fields[12])) * _TICK_S)


class Silence:
    """One silence after another: looks come about twice a second while the server says nothing."""

    def __init__(self) -> None:
        self._first: Look | None = None
        self._last: Look | None = None
        self._wanting_at = 0.0

    def over(self) -> None:
        """It spoke (or we were away ourselves, and know nothing)."""
        self._first = self._last = None

    def lost(self, look: Look, silent_s: float) -> Lost | None:
        """Whether the server is given up after this look, and why. None: wait.

        `silent_s`: since its last word, which came before the first look.
        """
        first, last = self._first or look, self._last or look
        self._first, self._last = first, look
        wants = look.worked_s > last.worked_s or look.state in "RD"
        if wants or look is first:
            self._wanting_at = look.at
        if silent_s >= STOPPED_S and look.state == last.state == "T" and look is not first:
            return Lost.STOPPED
        if silent_s < SILENCE_S:
            return None
        if look.worked_s - first.worked_s >= BUSY_S:
            return Lost.BUSY
        if look.at - self._wanting_at >= STUCK_S:
            return Lost.STUCK
        return Lost.TOO_LONG if silent_s >= LONGEST_S else None
