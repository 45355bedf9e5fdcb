"""Versions of flows and intents in dictionaries (port `ivr.ports.VersionStore`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivr.core.versions import Version, VersionState
from kernel.errors import Conflict


class DictVersionStore:
    """Fills `ivr.ports.VersionStore`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Version] = {}
        self.before: dict[tuple[str, int, int], Version] = {}

    async def versions(self, name: str, limit: int) -> list[Version]:
        found = [v for v in self.kept.values() if v.name == name]
        return sorted(found, key=lambda v: -v.number)[:limit]

    async def version(self, name: str, number: int) -> Version | None:
        return self.kept.get((name, number))

    async def published(self, name: str) -> Version | None:
        found = [v for v in self.kept.values() if v.name == name]
        return next((v for v in found if v.state is VersionState.PUBLISHED), None)

    async def as_saved(self, name: str, number: int, revision: int) -> Version | None:
        now = self.kept.get((name, number))
        if now is None or now.revision == revision:
            return now
        was = self.before.get((name, number, revision))
        if was is None:
            return None
        return replace(
            now,
            revision=was.revision,
            body=was.body,
            note=was.note,
            digest=was.digest,
            saved_by=was.saved_by,
            saved_at=was.saved_at,
        )

    async def add(self, version: Version) -> Version:
        numbers = [number for name, number in self.kept if name == version.name]
        kept = replace(version, number=max(numbers, default=0) + 1)
        self.kept[kept.name, kept.number] = kept
        return kept

    async def save(self, version: Version) -> Version:
        old = self.kept.get((version.name, version.number))
        if old is None or old.state is not VersionState.DRAFT:
            raise Conflict("只有草稿可以修改")
        if old.revision != version.revision:
            raise Conflict("这份草稿刚被别人修改过，请刷新后再改")
        new = replace(
            old,
            body=version.body,
            note=version.note,
            digest=version.digest,
            saved_by=version.saved_by,
            saved_at=version.saved_at,
            revision=old.revision + 1,
        )
        self.before[old.name, old.number, old.revision] = old
        self.kept[new.name, new.number] = new
        return new

    async def move(self, changed: Sequence[Version], current: int | None) -> None:
        present = await self.published(changed[0].name)
        if (present.number if present else None) != current:
            raise Conflict("线上版本刚刚变更过，请刷新后再操作")
        for version in changed:
            if self.kept[version.name, version.number].revision != version.revision:
                raise Conflict("线上版本刚刚变更过，请刷新后再操作")
        for version in changed:
            self.kept[version.name, version.number] = version
