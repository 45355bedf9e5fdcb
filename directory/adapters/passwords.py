"""Password hashes and tokens.

Argon2id with 19 MiB, two passes, one lane (OWASP): 56 ms measured on the reference machine. It
runs in two threads of its own (argon2 releases the interpreter's lock), so that a change of shift
with 506 sign-ins never delays the event loop and at most two cores are busy with it.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import Argon2Error, InvalidHashError

_THREADS = 2


class Argon2Passwords:
    """Fills `directory.ports.PasswordHasher`."""

    def __init__(self, *, memory_kib: int = 19_456, passes: int = 2) -> None:
        self._argon2 = Argon2(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._argon2.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._check, password_hash, password)

    def outdated(self, password_hash: str) -> bool:
        """Also true of what is no hash at all: it fits no password, and must take as long."""
        try:
            return self._argon2.check_needs_rehash(password_hash)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Wait for what is being computed and end the threads."""
        self._pool.shutdown(wait=True)

    @cached_property
    def _nobody(self) -> str:
        return self._argon2.hash(secrets.token_hex())

    def _check(self, password_hash: str | None, password: str) -> bool:
        good = password_hash is not None and self._matches(password_hash, password)
        # An unknown account, and a cheap hash from set-up, must take as long as any other wrong
        # password, or the answer's delay would tell which accounts exist.
        if password_hash is None or (not good and self.outdated(password_hash)):
            self._matches(self._nobody, password)
        return good

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False


_QUICK = Argon2(time_cost=1, memory_cost=64, parallelism=1)


def quick_hash(password: str) -> str:
    """A weak hash in well under a millisecond, for the 793 accounts of the demo city.

    `Argon2Passwords.outdated` is true of it, so the first sign-in replaces it by a strong one. Use
    it for generated passwords only: their entropy, not the hash, protects them meanwhile.
    """
    return _QUICK.hash(password)


def quick_match(password_hash: str, password: str) -> bool:
    """True if `password` fits a hash of any strength; blocks for as long as that takes."""
    try:
        return _QUICK.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


class SecretTokens:
    """Fills `directory.ports.TokenSource` from the operating system's randomness."""

    def new(self) -> str:
        return secrets.token_urlsafe(32)
