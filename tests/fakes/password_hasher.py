"""Passwords that are hashed at no cost (port `directory.ports.PasswordHasher`)."""

from __future__ import annotations


class PlainHasher:
    """`strong:…` is today's hash, `weak:…` an outdated one. Counts the verifications, since their
    number is what an onlooker could time."""

    def __init__(self) -> None:
        self.verified = 0

    async def hash(self, password: str) -> str:
        return f"strong:{password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified += 1
        return password_hash in (f"strong:{password}", f"weak:{password}")

    def outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("weak:")
