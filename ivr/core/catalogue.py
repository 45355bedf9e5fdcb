"""The prompt catalogue: what is said, in each language. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.language import Language


@dataclass(frozen=True, slots=True)
class PromptCatalogue:
    """`texts`: prompt name -> language -> text as it is written.

    `readings`: language -> written -> how it must be given to the synthesiser, for words that it
    would read wrongly (characters with several sounds).
    """

    texts: Mapping[str, Mapping[Language, str]]
    readings: Mapping[Language, Mapping[str, str]]

    def languages(self, name: str) -> frozenset[Language]:
        """The languages in which `name` can be said; empty for an unknown name."""
        return frozenset(self.texts.get(name, {}))

    def text(self, name: str, language: Language) -> str:
        """Raises KeyError if there is no such prompt."""
        return self.texts[name][language]
