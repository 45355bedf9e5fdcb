"""Set up the demo city: the reviewed data, and an account for every operator and administrator.

Idempotent: a second run changes nothing but what the configuration changed. The password is made
by set-up and handed in; it is nowhere in the repository. All 793 accounts begin with a quick hash
(`passwords.quick_hash`: 793 strong ones would take 45 s) that the first sign-in replaces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from directory.adapters.city_store import SqlCityStore
from directory.adapters.config_files import load_city
from directory.adapters.passwords import quick_hash, quick_match
from directory.adapters.tables import AccountRow
from directory.core.city import City
from kernel.clock import Clock
from kernel.infra.database import Database
from kernel.language import ScreenLanguage
from kernel.policy import Role

CONFIG = Path(__file__).resolve().parents[2] / "config"
Progress = Callable[[str, int, int], None]
"""Hears what is being done (Chinese), how much is done, and of how much."""


async def seed(
    database: Database,
    accounts_password: str,
    progress: Progress,
    *,
    clock: Clock,
    config: Path = CONFIG,
) -> City:
    """Write the city and its accounts; return the city.

    Accounts that exist keep their password, unless it is still the one set-up gave and
    `accounts_password` is another (set-up made new secrets): those are given the new one.

    Raises:
        ConfigurationError: the reviewed data is wrong; nothing was written.
    """
    progress("读取城市资料", 0, 3)
    city = await asyncio.to_thread(load_city, config)
    progress("写入机构、专线、班组与座席", 1, 3)
    await SqlCityStore(database).save(city)
    progress("开通账号", 2, 3)
    accounts = [_operator_account(o.agent_id, o.name, o.name_en) for o in city.operators]
    accounts += [
        {
            "account": a.account,
            "display_name": a.name,
            "name_en": a.name_en,
            "title": a.title,
            "title_en": a.title_en,
            "agent_id": None,
            "roles": sorted(a.roles),
        }
        for a in city.administrators
    ]
    await _save_accounts(database, accounts, accounts_password, clock)
    progress("城市资料就绪", 3, 3)
    return city


def _operator_account(agent_id: str, name: str, name_en: str) -> dict[str, Any]:
    return {
        "account": agent_id,
        "display_name": name,
        "name_en": name_en,
        "title": "话务员",
        "title_en": "Operator",
        "agent_id": agent_id,
        "roles": [Role.OPERATOR.value],
    }


async def _save_accounts(
    database: Database, accounts: Sequence[dict[str, Any]], password: str, clock: Clock
) -> None:
    async with database.session() as session:
        existing = set(await session.scalars(select(AccountRow.account)))
        given = (
            await session.execute(
                select(AccountRow.account, AccountRow.password_hash)
                .where(AccountRow.demo_password)
                .order_by(AccountRow.account)
            )
        ).all()
    stale = [] if not given or await _fits(given[0].password_hash, password) else given
    fresh = [a for a in accounts if a["account"] not in existing]
    names = [a["account"] for a in fresh] + [row.account for row in stale]
    hashes = dict(zip(names, await asyncio.to_thread(_hashes, password, len(names)), strict=True))
    common = {
        "demo_password": True,
        "must_change": False,
        "active": True,
        "language": ScreenLanguage.CHINESE.value,
        "failed_count": 0,
        "created_at": clock.now(),
    }
    rows = [{**a, **common, "password_hash": hashes[a["account"]]} for a in fresh]
    insert = sqlite_insert if database.is_sqlite else postgresql_insert
    async with database.session() as session:
        if rows:
            await session.execute(insert(AccountRow).on_conflict_do_nothing(), rows)
        for row in stale:
            await session.execute(
                update(AccountRow)
                .where(AccountRow.account == row.account)
                .values(password_hash=hashes[row.account])
            )


async def _fits(password_hash: str, password: str) -> bool:
    return await asyncio.to_thread(quick_match, password_hash, password)


def _hashes(password: str, count: int) -> list[str]:
    """Each with a salt of its own."""
    return [quick_hash(password) for _ in range(count)]
