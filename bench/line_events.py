"""When each caller came into the line, as Asterisk tells it.

The moment is Asterisk's own, written by the dialplan into the event (`Arrived`, milliseconds since
1970, cut off, so that a delay counted from it is up to 1 ms too long, never too short).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench.ami import Ami, Event
from cti.core.words import USER_EVENT, Tell


class LineEvents:
    """`arrived_at`: seconds since 1970, `team_of`: the line's team; both by call id. `counts`:
    events by name, as the platform's own connection gets them."""

    def __init__(self) -> None:
        self.ami = Ami()
        self.arrived_at: dict[str, float] = {}
        self.team_of: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.ami.hear(self._heard)

    async def open(self, manager_conf: Path) -> None:
        """Raises Unavailable when Asterisk refuses the login."""
        await self.ami.open(manager_conf)

    async def close(self) -> None:
        await self.ami.close()

    def _heard(self, event: Event) -> None:
        name = event.get("Event", "")
        if not name:
            return
        self.counts[name] += 1
        told = name == "UserEvent" and event.get("UserEvent") == USER_EVENT
        if told and event.get("Fact") == Tell.WAITING:
            self.arrived_at.setdefault(event["Call"], int(event["Arrived"]) / 1000)
            self.team_of.setdefault(event["Call"], event["Team"])
