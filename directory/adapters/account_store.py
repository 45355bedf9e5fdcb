"""Accounts, sessions and known devices in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from directory.adapters.tables import AccountRow, KnownDeviceRow, WebSessionRow
from directory.core.backoff import Attempts
from directory.core.session_rules import SessionTimes
from directory.ports import AccountRecord, SessionRecord
from kernel.ids import AgentId
from kernel.infra.database import Database
from kernel.language import ScreenLanguage
from kernel.policy import Role


class SqlAccountStore:
    """Fills `directory.ports.AccountStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, name: str) -> AccountRecord | None:
        async with self._database.session() as session:
            row = await session.get(AccountRow, name)
            return _record(row) if row else None

    async def save_attempts(
        self, name: str, attempts: Attempts, locked_until: datetime | None
    ) -> None:
        await self._change(
            name,
            failed_count=attempts.failures,
            last_failed_at=attempts.last_failed_at,
            locked_until=locked_until,
        )

    async def save_password(self, name: str, password_hash: str, *, by_owner: bool) -> None:
        values: dict[str, Any] = {"password_hash": password_hash}
        if by_owner:
            values |= {"must_change": False, "demo_password": False}
        await self._change(name, **values)

    async def save_language(self, name: str, language: ScreenLanguage) -> None:
        await self._change(name, language=language.value)

    async def _change(self, name: str, **values: Any) -> None:
        async with self._database.session() as session:
            await session.execute(
                update(AccountRow).where(AccountRow.account == name).values(**values)
            )


class SqlSessionStore:
    """Fills `directory.ports.SessionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, session: SessionRecord) -> None:
        async with self._database.session() as transaction:
            transaction.add(
                WebSessionRow(
                    token_hash=session.token_hash,
                    account=session.account,
                    csrf_token=session.csrf_token,
                    created_at=session.times.created_at,
                    last_seen_at=session.times.last_seen_at,
                    expires_at=session.times.expires_at,
                )
            )

    async def find(self, token_hash: str) -> SessionRecord | None:
        async with self._database.session() as session:
            row = await session.get(WebSessionRow, token_hash)
        if row is None:
            return None
        times = SessionTimes(row.created_at, row.last_seen_at, row.expires_at)
        return SessionRecord(row.token_hash, row.account, row.csrf_token, times)

    async def touch(self, token_hash: str, now: datetime) -> None:
        async with self._database.session() as session:
            await session.execute(
                update(WebSessionRow)
                .where(WebSessionRow.token_hash == token_hash, WebSessionRow.last_seen_at < now)
                .values(last_seen_at=now)
            )

    async def end(self, token_hash: str) -> None:
        await self._delete(WebSessionRow.token_hash == token_hash)

    async def end_all(self, account: str) -> None:
        await self._delete(WebSessionRow.account == account)

    async def purge(self, now: datetime) -> None:
        await self._delete(WebSessionRow.expires_at <= now)

    async def _delete(self, condition: Any) -> None:
        async with self._database.session() as session:
            await session.execute(delete(WebSessionRow).where(condition))


class SqlDeviceMemory:
    """Fills `directory.ports.DeviceMemory`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, token_hash: str, since: datetime) -> bool:
        async with self._database.session() as session:
            found = await session.scalar(
                select(KnownDeviceRow.token_hash).where(
                    KnownDeviceRow.token_hash == token_hash, KnownDeviceRow.last_used_at >= since
                )
            )
        return found is not None

    async def remember(self, token_hash: str, now: datetime) -> None:
        # One statement: a read before the write would, in SQLite, fail at once when another writer
        # came between, however long the busy time-out.
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(KnownDeviceRow).values(token_hash=token_hash, last_used_at=now)
        async with self._database.session() as session:
            await session.execute(
                statement.on_conflict_do_update(
                    index_elements=[KnownDeviceRow.token_hash], set_={"last_used_at": now}
                )
            )


def _record(row: AccountRow) -> AccountRecord:
    return AccountRecord(
        account=row.account,
        display_name=row.display_name,
        roles=frozenset(Role(role) for role in row.roles),
        agent_id=AgentId(row.agent_id) if row.agent_id else None,
        password_hash=row.password_hash,
        demo_password=row.demo_password,
        must_change=row.must_change,
        active=row.active,
        language=ScreenLanguage(row.language),
        attempts=Attempts(row.failed_count, row.last_failed_at),
        name_en=row.name_en,
    )
