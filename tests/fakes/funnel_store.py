"""Funnel figures in a dictionary (port `ivr.ports.FunnelStore`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.core.funnel import Counts, Place


class DictFunnelStore:
    """Fills `ivr.ports.FunnelStore`. `broken`: nothing can be written."""

    def __init__(self) -> None:
        self.kept: dict[Place, Counts] = {}
        self.broken = False

    async def add(self, counted: Mapping[Place, Counts]) -> None:
        if self.broken:
            raise OSError("the database is away")
        for place, counts in counted.items():
            self.kept[place] = self.kept.get(place, Counts()) + counts

    async def counts(self, flow: str, version: str, since: date) -> dict[str, Counts]:
        found: dict[str, Counts] = {}
        for place, counts in self.kept.items():
            if (place.flow, place.version) == (flow, version) and place.day >= since:
                found[place.step] = found.get(place.step, Counts()) + counts
        return found
