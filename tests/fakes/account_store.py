"""Accounts in a dictionary (port `directory.ports.AccountStore`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from directory.core.backoff import Attempts
from directory.ports import AccountRecord
from kernel.language import ScreenLanguage


class DictAccountStore:
    def __init__(self, accounts: Iterable[AccountRecord] = ()) -> None:
        self.accounts = {a.account: a for a in accounts}
        self.locked_until: dict[str, datetime | None] = {}

    async def account(self, name: str) -> AccountRecord | None:
        return self.accounts.get(name)

    async def save_attempts(
        self, name: str, attempts: Attempts, locked_until: datetime | None
    ) -> None:
        if name in self.accounts:
            self.accounts[name] = replace(self.accounts[name], attempts=attempts)
            self.locked_until[name] = locked_until

    async def save_password(self, name: str, password_hash: str, *, by_owner: bool) -> None:
        if name in self.accounts:
            account = replace(self.accounts[name], password_hash=password_hash)
            if by_owner:
                account = replace(account, must_change=False, demo_password=False)
            self.accounts[name] = account

    async def save_language(self, name: str, language: ScreenLanguage) -> None:
        if name in self.accounts:
            self.accounts[name] = replace(self.accounts[name], language=language)
