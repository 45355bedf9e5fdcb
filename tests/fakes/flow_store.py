"""Versions of flows and funnel figures in dictionaries (ports `ivr.ports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from ivr.core.funnel import Counts, Place
from ivr.core.versions import FlowVersion, VersionState
from kernel.errors import Conflict


class DictFlowStore:
    """Fills `ivr.ports.FlowStore`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], FlowVersion] = {}

    async def versions(self, flow: str, limit: int) -> list[FlowVersion]:
        found = [v for v in self.kept.values() if v.flow == flow]
        return sorted(found, key=lambda v: -v.number)[:limit]

    async def version(self, flow: str, number: int) -> FlowVersion | None:
        return self.kept.get((flow, number))

    async def published(self, flow: str) -> FlowVersion | None:
        found = [v for v in self.kept.values() if v.flow == flow]
        return next((v for v in found if v.state is VersionState.PUBLISHED), None)

    async def add(self, version: FlowVersion) -> FlowVersion:
        numbers = [number for flow, number in self.kept if flow == version.flow]
        kept = replace(version, number=max(numbers, default=0) + 1)
        self.kept[kept.flow, kept.number] = kept
        return kept

    async def save(self, version: FlowVersion) -> FlowVersion:
        old = self.kept.get((version.flow, version.number))
        if old is None or old.state is not VersionState.DRAFT or old.revision != version.revision:
            raise Conflict("这份草稿刚被别人修改过，请刷新后再改")
        new = replace(
            old,
            body=version.body,
            note=version.note,
            digest=version.digest,
            revision=old.revision + 1,
        )
        self.kept[new.flow, new.number] = new
        return new

    async def move(self, changed: Sequence[FlowVersion], current: int | None) -> None:
        present = await self.published(changed[0].flow)
        if (present.number if present else None) != current:
            raise Conflict("线上版本刚刚变更过，请刷新后再操作")
        for version in changed:
            if self.kept[version.flow, version.number].revision != version.revision:
                raise Conflict("线上版本刚刚变更过，请刷新后再操作")
        for version in changed:
            self.kept[version.flow, version.number] = version


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
