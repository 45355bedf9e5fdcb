"""The words of recognisers in memory (port `ivr.ports.KnownWords`)."""

from __future__ import annotations

from kernel.language import Language


class WordList:
    """A language that is not in `lists` has no recogniser."""

    def __init__(self) -> None:
        self.lists: dict[Language, frozenset[str]] = {}

    async def known(self, language: Language, words: frozenset[str]) -> frozenset[str] | None:
        found = self.lists.get(language)
        return None if found is None else found & words
