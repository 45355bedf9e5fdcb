"""The audit trail in the database: append-only, one writer at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from directory.adapters.tables import AuditHeadRow, AuditRow
from directory.core.audit_chain import GENESIS, AuditEntry, Head
from kernel.errors import Unavailable
from kernel.infra.database import Database
from kernel.infra.log import get

log = get("audit")


class SqlAuditStore:
    """Fills `directory.ports.AuditStore`. Each head also goes to the log: whoever cuts off the
    end of the table must then alter the collected logs as well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, link: Callable[[Head], AuditEntry]) -> AuditEntry:
        try:
            entry = await self._append(link)
        except (SQLAlchemyError, OSError) as error:
            log.error("audit_failed", reason=str(error))
            raise Unavailable("操作记录无法保存，操作已取消") from error
        log.info("audit_recorded", seq=entry.seq, head=spaced(entry.hash), action=entry.action)
        return entry

    async def _append(self, link: Callable[[Head], AuditEntry]) -> AuditEntry:
        async with self._database.session() as session:
            # The write comes before the read: it takes the row's lock in PostgreSQL and the
            # database's write lock in SQLite, so that two writers never see the same head.
            await session.execute(
                update(AuditHeadRow).where(AuditHeadRow.id == 1).values(seq=AuditHeadRow.seq)
            )
            row = await session.get_one(AuditHeadRow, 1)
            entry = link(Head(row.seq, row.hash))
            session.add(
                AuditRow(
                    seq=entry.seq,
                    at=entry.at,
                    who=entry.who,
                    action=entry.action,
                    object_id=entry.object_id,
                    detail=dict(entry.detail),
                    prev_hash=entry.prev_hash,
                    hash=entry.hash,
                )
            )
            row.seq, row.hash = entry.seq, entry.hash
        return entry

    async def after(self, seq: int, limit: int) -> Sequence[AuditEntry]:
        query = select(AuditRow).where(AuditRow.seq > seq).order_by(AuditRow.seq).limit(limit)
        async with self._database.session() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def before(self, seq: int | None, who: str, limit: int) -> Sequence[AuditEntry]:
        query = select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit)
        if seq is not None:
            query = query.where(AuditRow.seq < seq)
        if who:
            query = query.where(AuditRow.who == who)
        async with self._database.session() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def head(self) -> Head:
        async with self._database.session() as session:
            row = await session.get(AuditHeadRow, 1)
            newest = await session.scalar(select(func.max(AuditRow.seq)))
        if row is None:
            return Head(newest or 0, GENESIS)
        return Head(max(row.seq, newest or 0), row.hash)


def spaced(digest: str) -> str:
    """A hash in groups of four: a longer run of digits would be masked in the log as a telephone
    number, and the head kept there would prove nothing."""
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        row.seq, row.at, row.who, row.action, row.object_id, row.detail, row.prev_hash, row.hash
    )
