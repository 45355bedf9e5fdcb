"""The hash chain of the audit trail: each entry carries the hash of the one before it.

Theory of operation: `hash = SHA-256(canonical JSON of all fields, with the previous hash)`. An
entry altered, removed or slipped in breaks the chain from there on. Cutting off the end can only
be seen against a head kept elsewhere; therefore each head is also written to the log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.audit import AuditValue

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One recorded act. `seq` counts from 1 without gaps."""

    seq: int
    at: datetime
    who: str
    action: str
    object_id: str
    detail: Mapping[str, AuditValue]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry's number and hash; (0, GENESIS) for an empty trail."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """`checked` entries were read; `broken_at` is the first wrong number, None when all is well."""

    checked: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def link(
    head: Head,
    *,
    at: datetime,
    who: str,
    action: str,
    object_id: str,
    detail: Mapping[str, AuditValue],
) -> AuditEntry:
    """The entry that follows `head`."""
    seq = head.seq + 1
    digest = _digest(seq, at, who, action, object_id, detail, head.hash)
    return AuditEntry(seq, at, who, action, object_id, dict(detail), head.hash, digest)


def check(head: Head, entries: Iterable[AuditEntry]) -> tuple[Head, ChainVerdict]:
    """Follow `entries` (oldest first) from `head`; stop at the first that does not fit."""
    checked = 0
    for entry in entries:
        checked += 1
        expected = head.seq + 1
        if entry.seq != expected:
            return head, ChainVerdict(checked, expected, "missing")
        if entry.prev_hash != head.hash:
            return head, ChainVerdict(checked, entry.seq, "unlinked")
        digest = _digest(
            entry.seq,
            entry.at,
            entry.who,
            entry.action,
            entry.object_id,
            entry.detail,
            entry.prev_hash,
        )
        if digest != entry.hash:
            return head, ChainVerdict(checked, entry.seq, "altered")
        head = Head(entry.seq, entry.hash)
    return head, ChainVerdict(checked)


def _digest(
    seq: int,
    at: datetime,
    who: str,
    action: str,
    object_id: str,
    detail: Mapping[str, AuditValue],
    prev_hash: str,
) -> str:
    fields = [seq, at.isoformat(), who, action, object_id, dict(detail), prev_hash]
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
