"""What the hotline knows of earlier calls of a number, for a flow that asks for it. Pure.

It is looked up in the background while the greeting is heard, and is there from the next answer
on: a condition that stands before the first question finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids import TeamId

CALLS_KEPT = 30
LONGEST = timedelta(days=90)


class CallKind(StrEnum):
    """Which of the earlier calls are counted."""

    CALLS = "calls"  # all of them
    ABANDONED = "abandoned"  # gave up waiting
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class PastCall:
    """`outcome` as in `kernel.events.CallEnded`; `team` answered, or was waited for."""

    at: datetime
    outcome: str
    team: TeamId | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The last calls of a number that are over, newest first, at most `CALLS_KEPT`."""

    calls: tuple[PastCall, ...] = ()

    def count(self, kind: CallKind, within: timedelta, now: datetime) -> int:
        return sum(
            1
            for call in self.calls
            if now - call.at <= within and (kind is CallKind.CALLS or call.outcome == kind.value)
        )

    @property
    def last_team(self) -> TeamId | None:
        """The team of the last call that had one."""
        return next((call.team for call in self.calls if call.team is not None), None)


NO_HISTORY = History()
