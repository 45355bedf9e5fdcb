"""The audit trail as a port: who did what to which object. `directory` keeps the trail.

A department that lets a person read a full number, hear a recording or export a list records it
here *before* it hands the data over, so that no reading goes unrecorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

AuditValue = str | int | float | bool | None


class AuditTrail(Protocol):
    """An append-only, hash-chained record. Source: reliability notes B2.5."""

    async def record(
        self,
        *,
        who: str,
        action: str,
        object_id: str,
        detail: Mapping[str, AuditValue] | None = None,
    ) -> None:
        """Append one entry and return when it is committed.

        Args:
            who: the account, or `-` when nobody is signed in.
            action: a verb in the past tense of at most 40 characters, e.g. `recording_played`.
            object_id: what it was done to, e.g. a call id; at most 120 characters.
            detail: small facts worth keeping, never a secret and never a full telephone number.

        Raises:
            Unavailable: the entry could not be written; the caller must not go on.
        """
