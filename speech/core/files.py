"""Which files a phrase is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from kernel.telephony import Prompt

Place = Callable[[Prompt], str]
"""Where the sound of a prompt is: a path without an ending. Answers from memory."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]{0,79}")


def in_folder(folder: Path) -> Place:
    """Every prompt as `<folder>/<language>/<name>`."""
    return lambda prompt: str(folder / prompt.language.value / prompt.name)


def prompt_files(prompts: Sequence[Prompt], place: Place) -> tuple[str, ...]:
    """The recordings, in order. Raises ValueError for a name that could lead elsewhere."""
    for prompt in prompts:
        if not _NAME.fullmatch(prompt.name):
            raise ValueError(f"no name of a phrase: {prompt.name[:80]!r}")
    return tuple(f"{place(prompt)}.wav" for prompt in prompts)
