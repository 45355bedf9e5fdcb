"""What a waiting caller is told about the place in the line."""

from __future__ import annotations

from kernel.language import Language
from kernel.telephony import Prompt

COUNTED = 20
"""Up to this many callers ahead are said as a number; beyond, a number only discourages."""


def position_prompts(position: int, language: Language) -> tuple[Prompt, ...]:
    """The phrases for a place in the line, counted from 1 (1: the next to be answered).

    Each number is a whole sentence of the catalogue, so that the voice never sounds pieced
    together.

    Raises:
        ValueError: `position` is below 1.
    """
    if position < 1:
        raise ValueError("positions count from 1")
    ahead = position - 1
    if ahead == 0:
        name = "position_next"
    elif ahead <= COUNTED:
        name = f"position_ahead_{ahead}"
    else:
        name = "position_many"
    return (Prompt(name, language),)
