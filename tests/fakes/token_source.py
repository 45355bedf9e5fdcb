"""Tokens that count (port `directory.ports.TokenSource`)."""

from __future__ import annotations

from itertools import count


class CountedTokens:
    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> str:
        return f"token-{next(self._numbers)}"
