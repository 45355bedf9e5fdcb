"""What Asterisk's own queue noted while nobody else listened: who came, was answered, gave up.

One line for each step: `<epoch>|<unique id>|<queue>|<phone>|<event>|<data>|<data>|...`. A caller
enters anew at each turn of the dialplan's loop, so the first entry counts, and the last end. Pure.

Source: `queue_log` of Asterisk 22.10.1 (`app_queue.c`: ENTERQUEUE url|number|position, CONNECT,
COMPLETECALLER, COMPLETEAGENT, ABANDON).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cti.core.reports import valid_call_id
from kernel.ids import CallId, TeamId
from kernel.phone import clean

QUEUE_PREFIX = "fallback-"
_ANSWERED = frozenset({"CONNECT", "COMPLETECALLER", "COMPLETEAGENT"})


@dataclass(frozen=True, slots=True)
class QueuedCaller:
    """One caller of a native queue. `ended_at` is the moment of the last line about the call."""

    call_id: CallId
    number: str
    team: TeamId
    entered_at: datetime
    ended_at: datetime
    answered: bool = False


def callers(lines: Iterable[str]) -> tuple[QueuedCaller, ...]:
    """Everybody who entered a native queue, first first. A line that says nothing of a caller, or
    that was cut short, is passed over."""
    found: dict[CallId, QueuedCaller] = {}
    for line in lines:
        at, unique_id, queue, _, event, *data = [*line.rstrip("\n").split("|"), "", "", "", ""][:8]
        try:
            moment = datetime.fromtimestamp(int(at), UTC)
            call_id = valid_call_id(unique_id.replace(".", "-"))
        except (ValueError, OverflowError, OSError):
            continue
        known = found.get(call_id)
        if known is None and event == "ENTERQUEUE" and queue.startswith(QUEUE_PREFIX):
            team = TeamId(queue.removeprefix(QUEUE_PREFIX))
            found[call_id] = QueuedCaller(call_id, clean(data[1]).digits, team, moment, moment)
        elif known is not None:
            answered = known.answered or event in _ANSWERED
            found[call_id] = replace(known, ended_at=moment, answered=answered)
    return tuple(found.values())
