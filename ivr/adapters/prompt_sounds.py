"""The folders of the sounds: what set-up rendered, and the studio's takes beside it.

The takes are files of their own, named by their number, in the data folder; none is ever changed,
so that callers who listen to one are not disturbed by the next. Fills `ivr.ports.PromptSounds`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from ivr.adapters.prompt_render import FROM_STUDIO, read_manifest
from ivr.adapters.sound_files import (
    BYTES_A_SECOND,
    WAV_HEADER,
    file_of,
    is_whole,
    samples_of,
    write_sound,
)
from ivr.core.prompt_lines import Rendered
from ivr.core.takes import Take
from kernel.language import Language


class SoundFolders:
    def __init__(self, prompts_dir: Path, takes_dir: Path) -> None:
        self._prompts_dir = prompts_dir
        self._takes_dir = takes_dir

    def rendered_place(self, language: Language, name: str) -> str:
        return f"{self._prompts_dir}/{language.value}/{name}"

    def take_place(self, take: Take) -> str:
        return f"{self._takes_dir}/{take.language.value}/{take.name}-{take.number}"

    async def rendered(self) -> Mapping[tuple[Language, str], Rendered]:
        return await asyncio.to_thread(_rendered, self._prompts_dir)

    async def rendered_file(self, language: Language, name: str) -> Path | None:
        return await asyncio.to_thread(_there, Path(self.rendered_place(language, name)))

    async def take_file(self, take: Take) -> Path | None:
        return await asyncio.to_thread(_there, Path(self.take_place(take)))

    async def put(self, take: Take, wav: bytes) -> None:
        await asyncio.to_thread(_put, Path(self.take_place(take)), wav)


def _put(stem: Path, wav: bytes) -> None:
    if not is_whole(stem):
        write_sound(stem, samples_of(wav))


def _there(stem: Path) -> Path | None:
    return file_of(stem) if file_of(stem).is_file() else None


def _rendered(folder: Path) -> dict[tuple[Language, str], Rendered]:
    made_from = read_manifest(folder)
    found = {}
    for language in Language:
        for path in (folder / language.value).glob("*.wav"):
            seconds = max(0, path.stat().st_size - WAV_HEADER) / BYTES_A_SECOND
            origin = made_from.get(f"{language.value}/{path.stem}", "")
            found[language, path.stem] = Rendered(seconds, origin.startswith(FROM_STUDIO))
    return found
