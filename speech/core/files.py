"""Which files a phrase is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from kernel.telephony import Prompt

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]{0,79}")


def prompt_files(prompts: Sequence[Prompt], folder: Path) -> tuple[str, ...]:
    """The recordings, in order. Raises ValueError for a name that could lead elsewhere."""
    for prompt in prompts:
        if not _NAME.fullmatch(prompt.name):
            raise ValueError(f"no name of a phrase: {prompt.name[:80]!r}")
    return tuple(str(folder / p.language.value / f"{p.name}.wav") for p in prompts)
