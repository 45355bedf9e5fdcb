"""Listenings in a list (port `recordings.ports.ListeningLog`), and an audit trail in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.audit import AuditValue
from kernel.errors import Unavailable
from kernel.ids import CallId
from recordings.ports import ListeningEntry


class ListedListenings:
    def __init__(self) -> None:
        self.entries: list[tuple[CallId, ListeningEntry]] = []

    async def note(
        self, *, account: str, call_id: CallId, at: datetime, from_s: float, act: str
    ) -> None:
        self.entries.append((call_id, ListeningEntry(account, at, from_s, act)))

    async def of_call(self, call_id: CallId, limit: int) -> Sequence[ListeningEntry]:
        return [entry for of, entry in reversed(self.entries) if of == call_id][:limit]


class ListedTrail:
    """Fills `kernel.audit.AuditTrail`; `broken` makes it refuse."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str, dict[str, AuditValue]]] = []
        self.broken = False

    async def record(
        self,
        *,
        who: str,
        action: str,
        object_id: str,
        detail: Mapping[str, AuditValue] | None = None,
    ) -> None:
        if self.broken:
            raise Unavailable("审计记录暂时无法写入")
        self.entries.append((who, action, object_id, dict(detail or {})))
