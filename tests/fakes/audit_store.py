"""The chain in a list (port `directory.ports.AuditStore`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from directory.core.audit_chain import AuditEntry, Head


class ListAuditStore:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.end = Head()

    async def append(self, link: Callable[[Head], AuditEntry]) -> AuditEntry:
        entry = link(self.end)
        self.entries.append(entry)
        self.end = Head(entry.seq, entry.hash)
        return entry

    async def after(self, seq: int, limit: int) -> Sequence[AuditEntry]:
        return [e for e in self.entries if e.seq > seq][:limit]

    async def before(self, seq: int | None, who: str, limit: int) -> Sequence[AuditEntry]:
        newest = [e for e in reversed(self.entries) if seq is None or e.seq < seq]
        return [e for e in newest if not who or e.who == who][:limit]

    async def head(self) -> Head:
        return self.end
