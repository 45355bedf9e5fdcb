"""Speaks notices into the folder of the prompts. Fills `ivr.ports.Voice`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from ivr.adapters.prompt_render import synthesise, wav_of
from ivr.core.spoken import spoken
from kernel.language import Language


class EspeakVoice:
    def __init__(self, prompts_dir: Path) -> None:
        self._prompts_dir = prompts_dir

    async def speak(self, prompt: str, language: Language, text: str) -> None:
        path = self._prompts_dir / language.value / f"{prompt}.wav"
        if not path.is_file():
            await asyncio.to_thread(_make, path, language, text)


def _make(path: Path, language: Language, text: str) -> None:
    body = wav_of(synthesise(spoken(text, language, {}), language))
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_suffix(".part")
    waiting.write_bytes(body)
    os.replace(waiting, path)
