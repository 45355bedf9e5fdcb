"""What a waiting caller is told about the place in the line and the time it will take."""

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


def wait_prompts(low_min: int, high_min: int | None, language: Language) -> tuple[Prompt, ...]:
    """The phrase for an expected wait of `low_min` to `high_min` minutes (None: longer).

    Each range that may be told is a sentence of its own; `config/ivr/prompts.yaml` holds them.
    """
    if high_min is None:
        name = f"wait_over_{low_min}"
    elif low_min == 0:
        name = f"wait_under_{high_min}"
    else:
        name = f"wait_{low_min}_{high_min}"
    return (Prompt(name, language),)
