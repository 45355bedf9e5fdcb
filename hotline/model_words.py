"""What the installed speech models can write down, for the page of the intents."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kernel.errors import ConfigurationError
from kernel.language import Language
from speech.adapters.model_shelf import FolderShelf, words_in


class ModelWords:
    """Fills `ivr.ports.KnownWords`. A model's list has up to a million lines: it is read in a
    thread, and only what was asked for is kept, until another model is installed."""

    def __init__(self, folder: Path) -> None:
        self._shelf = FolderShelf(folder)
        self._edition = ""
        self._answers: dict[tuple[Language, frozenset[str]], frozenset[str]] = {}
        self._turn = asyncio.Lock()

    async def known(self, language: Language, words: frozenset[str]) -> frozenset[str] | None:
        """None, too, when the list of models is damaged: that is told where models are."""
        async with self._turn:
            try:
                return await asyncio.to_thread(self._known, language, words)
            except (ConfigurationError, OSError):
                return None

    def _known(self, language: Language, words: frozenset[str]) -> frozenset[str] | None:
        edition = self._shelf.edition()
        if edition != self._edition:
            self._edition = edition
            self._answers.clear()
        model = next((m for m in self._shelf.models() if language in m.languages), None)
        if model is None:
            return None
        key = language, words
        if key not in self._answers:
            while len(self._answers) >= 12:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = words_in(model.folder, words)
        return self._answers[key]
