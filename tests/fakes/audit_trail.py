"""An audit trail that keeps what was recorded (port `kernel.audit.AuditTrail`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.audit import AuditValue


@dataclass(frozen=True, slots=True)
class Recorded:
    who: str
    action: str
    object_id: str
    detail: Mapping[str, AuditValue]


class KeptAudit:
    def __init__(self) -> None:
        self.entries: list[Recorded] = []

    async def record(
        self,
        *,
        who: str,
        action: str,
        object_id: str,
        detail: Mapping[str, AuditValue] | None = None,
    ) -> None:
        self.entries.append(Recorded(who, action, object_id, detail or {}))

    @property
    def actions(self) -> list[str]:
        return [entry.action for entry in self.entries]
