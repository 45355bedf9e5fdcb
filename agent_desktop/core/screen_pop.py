"""Which screen pop belongs to a call: masking, and what is shown while the past is being read."""

from __future__ import annotations

from agent_desktop.core.call_story import CallStory
from kernel.phone import clean, mask, mask_in_text


def shown_number(ani: str, *, full: bool) -> str:
    """The number as this person may see it; empty for an anonymous caller."""
    return ani if full else mask(ani)


def shown_name(name: str, ani: str, *, full: bool) -> str:
    """The name that came with the call. Carriers often send the number as the name: then there is
    none, and a number inside a name is masked like any other."""
    if not name or clean(name).digits == ani != "":
        return ""
    return name if full else mask_in_text(name)


def visible_steps(story: CallStory) -> tuple[int, ...]:
    """Indices of the menu steps worth showing: one line for repeats of a step without a key.

    A caller who stays silent hears the same step again; the operator needs to know it once.
    """
    kept: list[int] = []
    for index, step in enumerate(story.steps):
        following = story.steps[index + 1] if index + 1 < len(story.steps) else None
        repeated = following is not None and following.step == step.step
        if not (repeated and not step.keys):
            kept.append(index)
    return tuple(kept)
