"""Speaks notices into the folder of the prompts. Fills `ivr.ports.Voice`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from ivr.adapters.prompt_render import synthesise
from ivr.adapters.sound_files import is_whole, write_sound
from ivr.core.spoken import spoken
from kernel.language import Language


class EspeakVoice:
    def __init__(self, prompts_dir: Path, readings: Mapping[Language, Mapping[str, str]]) -> None:
        """`readings` are the catalogue's."""
        self._prompts_dir = prompts_dir
        self._readings = readings

    async def speak(self, prompt: str, language: Language, text: str) -> None:
        stem = self._prompts_dir / language.value / prompt
        if not is_whole(stem):
            said = spoken(text, language, self._readings.get(language, {}))
            await asyncio.to_thread(_make, stem, language, said)


def _make(stem: Path, language: Language, said: str) -> None:
    write_sound(stem, synthesise(said, language))
