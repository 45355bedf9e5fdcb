"""What the directory needs from the world. Each port has one adapter and one fake for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from directory.core.audit_chain import AuditEntry, Head
from directory.core.backoff import Attempts
from directory.core.city import City
from directory.core.session_rules import SessionTimes
from kernel.ids import AgentId
from kernel.language import ScreenLanguage
from kernel.policy import Role


class CityStore(Protocol):
    """The city as it is kept."""

    async def load(self) -> City:
        """Everything, in the order of display; empty tuples before set-up."""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as kept. `demo_password`: given by set-up and never changed by its owner."""

    account: str
    display_name: str
    roles: frozenset[Role]
    agent_id: AgentId | None
    password_hash: str
    demo_password: bool
    must_change: bool
    active: bool
    language: ScreenLanguage
    attempts: Attempts
    name_en: str = ""


class AccountStore(Protocol):
    async def account(self, name: str) -> AccountRecord | None: ...

    async def save_attempts(
        self, name: str, attempts: Attempts, locked_until: datetime | None
    ) -> None:
        """Keep the failures, so that a restart does not forgive a guesser."""

    async def save_password(self, name: str, password_hash: str, *, by_owner: bool) -> None:
        """`by_owner` clears `must_change` and `demo_password`; a mere rehash leaves them."""

    async def save_language(self, name: str, language: ScreenLanguage) -> None: ...


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A signed-in browser, known by the SHA-256 of its token."""

    token_hash: str
    account: str
    csrf_token: str
    times: SessionTimes


class SessionStore(Protocol):
    async def begin(self, session: SessionRecord) -> None: ...

    async def find(self, token_hash: str) -> SessionRecord | None: ...

    async def touch(self, token_hash: str, now: datetime) -> None: ...

    async def end(self, token_hash: str) -> None:
        """No error if there is none."""

    async def end_all(self, account: str) -> None: ...

    async def purge(self, now: datetime) -> None:
        """Forget the sessions that ran out before `now`."""


class DeviceMemory(Protocol):
    """The browsers from which somebody has signed in."""

    async def known(self, token_hash: str, since: datetime) -> bool:
        """True if it was used at or after `since`."""

    async def remember(self, token_hash: str, now: datetime) -> None: ...


class PasswordHasher(Protocol):
    """Slow on purpose; runs beside the event loop, never on it."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """False for None, after the same time as for a wrong password."""

    def outdated(self, password_hash: str) -> bool:
        """True if made with weaker parameters than today's."""


class TokenSource(Protocol):
    """Unguessable values."""

    def new(self) -> str:
        """256 random bits, safe in a cookie and in a URL."""


class AuditStore(Protocol):
    """The kept chain. Appending is serial across all processes on one database."""

    async def append(self, link: Callable[[Head], AuditEntry]) -> AuditEntry:
        """Read the head, add `link(head)`, move the head: one transaction.

        Raises:
            Unavailable: nothing was written.
        """

    async def after(self, seq: int, limit: int) -> Sequence[AuditEntry]:
        """The next entries after `seq`, oldest first."""

    async def before(self, seq: int | None, who: str, limit: int) -> Sequence[AuditEntry]:
        """The entries before `seq` (None: from the end), newest first; `who` empty for all."""

    async def head(self) -> Head: ...
